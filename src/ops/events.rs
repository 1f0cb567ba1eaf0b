//! 事件: the log, as far as a caller may see it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::watch;

use crate::db::Db;
use crate::db::log::Logged;
use crate::kernel::access::{Actor, Role};
use crate::kernel::error::{Error, Result};
use crate::kernel::region::Region;

/// Entries that a watch reads at once.
const BATCH: u64 = 500;
/// The longest that an entry which another instance has sequenced waits for a watch here.
const POLL: Duration = Duration::from_secs(1);

/// Entries after a position, as far as the caller may see them, and the last position that was looked at.
pub async fn list(db: &Db, actor: &Actor, after: i64, most: u64) -> Result<(Vec<Logged>, i64)> {
    let mut entries = db.logged_after(after, most).await?;
    let last = entries.last().map_or(after, |entry| entry.position);
    entries.retain(|entry| visible(actor, &entry.area));
    Ok((entries, last))
}

/// An entry of an area is for those who hold the area; one of the whole server is for its operators.
fn visible(actor: &Actor, area: &str) -> bool {
    if area.is_empty() {
        return actor.role == Some(Role::Ops);
    }
    Region::find(area).is_some_and(|area| actor.holds(&area))
}

/// A caller who reads the log as it grows.
pub struct Watch {
    db: Db,
    actor: Actor,
    after: i64,
    waiting: VecDeque<Logged>,
    log: watch::Receiver<i64>,
    draining: watch::Receiver<bool>,
}

impl Watch {
    /// A watch from a position on, woken through `log` and ended through `draining`.
    pub fn begin(
        db: Db,
        actor: Actor,
        after: i64,
        log: watch::Receiver<i64>,
        draining: watch::Receiver<bool>,
    ) -> Self {
        Self { db, actor, after, waiting: VecDeque::new(), log, draining }
    }

    /// The next entry, as soon as there is one. An error ends the watch: the caller comes back, perhaps to another
    /// instance, with the last position that it has dealt with.
    pub async fn next(&mut self) -> Result<Logged> {
        loop {
            if *self.draining.borrow() {
                return Err(going_down());
            }
            if let Some(entry) = self.waiting.pop_front() {
                return Ok(entry);
            }
            // Before the look: what comes after it wakes us.
            self.log.mark_unchanged();
            let (entries, last) = list(&self.db, &self.actor, self.after, BATCH).await?;
            if last == self.after {
                self.sleep().await?;
            }
            self.after = last;
            self.waiting = entries.into();
        }
    }

    /// Until something may be new.
    async fn sleep(&mut self) -> Result<()> {
        tokio::select! {
            // A sender that is gone wakes nobody any more: then there is the clock.
            Ok(()) = self.log.changed() => Ok(()),
            _ = self.draining.wait_for(|draining| *draining) => Err(going_down()),
            () = tokio::time::sleep(POLL) => Ok(()),
        }
    }
}

fn going_down() -> Error {
    Error::Unavailable("the server is going down")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Settings;
    use crate::db::keys::Keys;
    use crate::db::source::{Random, TimeSource};
    use crate::db::work::Owner;
    use time::macros::datetime;

    fn actor(role: Role, areas: &[&str]) -> Actor {
        let areas = areas.iter().map(|code| Region::find(code).unwrap()).collect();
        Actor { role: Some(role), areas, ..Actor::system() }
    }

    #[test]
    fn a_caller_sees_its_areas_and_an_operator_the_server() {
        for (role, areas, area, expected) in [
            (Role::Bureau, ["620900"], "620902", true),
            (Role::Bureau, ["620902"], "620900", false),
            (Role::Bureau, ["620900"], "620702", false),
            (Role::NationalPlatform, ["100000"], "620902", true),
            (Role::NationalPlatform, ["100000"], "", false),
            (Role::Bureau, ["620900"], "", false),
            (Role::Ops, ["620900"], "", true),
            (Role::Ops, ["620900"], "620702", false),
            (Role::Ops, ["100000"], "000000", false),
        ] {
            assert_eq!(visible(&actor(role, &areas), area), expected, "{role:?} {areas:?} {area}");
        }
    }

    async fn database(folder: &std::path::Path) -> Db {
        let random = Random::seeded(7);
        let keys = Keys::parse(&Keys::generate(&random).unwrap()).unwrap();
        let url = format!("sqlite://{}", folder.join("opsp.db").display());
        let settings = Settings {
            url,
            pool: 4,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        };
        let clock = TimeSource::simulated(datetime!(2025-03-06 1:00 UTC));
        let db = Db::open(&settings, keys, clock, random).await.unwrap();
        db.migrate().await.unwrap();
        db
    }

    async fn happen(db: &Db, area: &str) {
        let owner = Owner::Area(Region::find(area).unwrap());
        let work = db.work(&Actor::system(), owner).await.unwrap();
        work.record_read(&format!("areas/{area}")).await.unwrap();
        work.commit().await.unwrap();
        let lease = db.lease("sequence", "test", 60).await.unwrap().unwrap();
        assert_eq!(db.sequence(&lease).await.unwrap(), 1);
        db.release(lease, 1, "").await.unwrap();
    }

    #[tokio::test]
    async fn a_listing_leaves_out_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path()).await;
        for area in ["620702", "620902", "620702"] {
            happen(&db, area).await;
        }
        let bureau = actor(Role::Bureau, &["620900"]);
        for (after, most, seen, last) in
            [(0, 10, vec![2], 3), (0, 1, vec![], 1), (1, 1, vec![2], 2), (2, 9, vec![], 3), (3, 9, vec![], 3)]
        {
            let (entries, position) = list(&db, &bureau, after, most).await.unwrap();
            let positions: Vec<_> = entries.iter().map(|entry| entry.position).collect();
            assert_eq!((positions, position), (seen, last), "after {after}, most {most}");
        }
    }

    #[tokio::test]
    async fn a_watch_wakes_for_what_is_new_and_ends_when_the_server_drains() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path()).await;
        let (log, wake) = watch::channel(0);
        let (drain, draining) = watch::channel(false);
        happen(&db, "620902").await;
        happen(&db, "620702").await;
        let bureau = actor(Role::Bureau, &["620900"]);
        let mut watch = Watch::begin(db.clone(), bureau, 0, wake, draining);
        assert_eq!(watch.next().await.unwrap().position, 1);
        let later = async {
            happen(&db, "620902").await;
            log.send_replace(3);
        };
        let (next, ()) = tokio::join!(watch.next(), later);
        assert_eq!(next.unwrap().position, 3);
        // Sequenced by another instance: nobody wakes the watch, the clock does.
        let (next, ()) = tokio::join!(watch.next(), happen(&db, "620902"));
        assert_eq!(next.unwrap().position, 4);
        let (end, _) = tokio::join!(watch.next(), async { drain.send_replace(true) });
        assert!(matches!(end, Err(Error::Unavailable(_))));
    }
}

//! A calendar that is imported while many cases are open: every due date that it moves is moved and explained, and no
//! other. `CALENDAR_CASES` is their number, 300 where it is not set.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use opsp::db::source::Random;
use opsp::db::work::Owner;
use opsp::deadline::domain::{Kind, Subject};
use opsp::deadline::store;
use opsp::deadline::sweep::derive;
use opsp::deadline::sweep::store::is_any_outdated;
use opsp::kernel::access::Actor;
use opsp::kernel::calendar::{Calendar, EMBEDDED};
use opsp::kernel::clock::{Clock, Extension, Ground};
use opsp::kernel::id::{Id, PsnNo};
use opsp::kernel::region::Region;
use rstest::rstest;
use serde_json::Value;
use time::macros::date;
use time::{Date, Duration, Weekday};

use crate::deadlines::{YEAR, calendar, events, import};
use crate::world::chance::size;
use crate::world::scenario::row;
use crate::world::{Engine, World};

fn cases() -> usize {
    usize::try_from(size("CALENDAR_CASES", 300)).expect("a number of cases")
}

/// A clock as it is made up, so that the test can count it itself.
#[derive(Clone)]
struct Case {
    started: Date,
    budget: u32,
    pause: Option<(Date, Option<Date>)>,
    extra: u32,
}

impl Case {
    fn random(random: &Random) -> Self {
        let [start, budget, from, stands, pause, extra] = random.bytes();
        let started = date!(2026 - 11 - 20) + Duration::days(i64::from(start % 45));
        let budget = [1, 5, 20, 30][usize::from(budget % 4)];
        let from = started + Duration::days(i64::from(from % 8));
        let to = Some(from + Duration::days(i64::from(stands % 12)));
        let pause = match pause % 4 {
            0 => Some((from, None)),
            1 | 2 => Some((from, to)),
            _ => None,
        };
        Self { started, budget, pause, extra: if extra % 5 == 0 { 10 } else { 0 } }
    }

    fn clock(&self) -> Clock {
        let mut clock = Clock::start(self.started, self.budget);
        if let Some((from, to)) = self.pause {
            clock = clock.pause(from, Ground::Supplement, "", "officer");
            clock = to.into_iter().fold(clock, Clock::resume);
        }
        if self.extra == 0 {
            return clock;
        }
        let extension = Extension {
            working_days: self.extra,
            reason: String::new(),
            by: String::new(),
            on: self.started,
        };
        let plain = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
        clock.extend(&plain, extension).unwrap()
    }

    /// The last day in time, counted day by day from a table of special days.
    fn due(&self, special: &HashMap<Date, bool>) -> Option<Date> {
        let (mut day, mut left) = (self.started, self.budget + self.extra);
        if matches!(self.pause, Some((_, None))) {
            return None;
        }
        while left > 0 {
            day = day.next_day().unwrap();
            let weekend = [Weekday::Saturday, Weekday::Sunday].contains(&day.weekday());
            let works = special.get(&day).copied().unwrap_or(!weekend);
            let stands = self.pause.is_some_and(|(from, to)| from < day && to.is_some_and(|to| day <= to));
            if works && !stands {
                left -= 1;
            }
        }
        Some(day)
    }
}

fn special(text: &str) -> HashMap<Date, bool> {
    let line = |line: &str| {
        let mut parts = line.split_whitespace();
        let day = opsp::kernel::calendar::parse_date(parts.next()?)?;
        Some((day, parts.next()? == "work"))
    };
    text.lines().filter_map(line).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_open_case_follows_a_new_calendar(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    world.wait_until(date!(2026 - 12 - 14));
    let random = Random::seeded(20_261_214);
    let before = special(EMBEDDED.1);
    let mut after = before.clone();
    after.extend(special(YEAR));
    let mut expected = BTreeMap::new();
    let rows: Vec<_> = (0..cases()).map(|_| row()).collect();
    let people: Vec<String> = rows.iter().map(|row| row.psn_no.clone()).collect();
    assert_eq!(world.import(rows).await.len(), people.len());
    let mut opened = Vec::new();
    for psn_no in people {
        let case = Case::random(&random);
        let (old, new) = (case.due(&before), case.due(&after));
        opened.push((psn_no.clone(), case.clock()));
        if old != new {
            expected.insert(psn_no, [old, new].map(|day| day.map(|day| day.to_string())));
        }
    }
    let began = Instant::now();
    open(&world, opened.clone()).await;
    println!("{engine:?}: {} cases opened in {:.1?}", opened.len(), began.elapsed());

    let began = Instant::now();
    let told = import(&world, calendar("2027-1", YEAR)).await.unwrap();
    let imported = began.elapsed();
    assert_eq!(told.deadlines_running, i64::try_from(opened.len()).unwrap());
    assert_eq!(told.deadlines_moved, i64::try_from(expected.len()).unwrap());
    let began = Instant::now();
    // As the job does, without a caller who would have to wait for it.
    let app = &world.running.app;
    let view = app.db.view(&Actor::system(), Owner::Nobody).await.unwrap();
    derive::run(app).await.unwrap();
    while is_any_outdated(&view, &app.calendar.now()).await.unwrap() {
        derive::run(app).await.unwrap();
    }
    println!(
        "{engine:?}: {} of {} moved; the call took {imported:.1?}, the job {:.1?}",
        expected.len(),
        opened.len(),
        began.elapsed()
    );
    check(&world, &expected).await;
    import(&world, calendar("2027-1", YEAR)).await.unwrap();
    assert_eq!(world.job("derive-deadlines").await, 0, "the same again changes nothing");
    check(&world, &expected).await;
}

/// A step may meet a new calendar before the job that derives anew, or be taken by an instance that has not heard of it:
/// what it moved is said once, and not taken back.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_beside_a_new_calendar_moves_a_due_date_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    world.wait_until(date!(2026 - 12 - 14));
    let (app, psn_no) = (&world.running.app, world.person(row()).await);
    let (known, subject) = (app.calendar.now(), review(&psn_no, app.db.new_id()));
    let keep = async |calendar: &Calendar| {
        let person = Owner::Person(PsnNo::parse(&psn_no).unwrap());
        let work = app.db.work(&Actor::system(), person).await.unwrap();
        let clock = Clock::start(date!(2026 - 12 - 14), 20);
        store::keep(&work, calendar, &subject, Some(&clock)).await.unwrap();
        work.commit().await.unwrap();
    };
    keep(&known).await;
    import(&world, calendar("2027-1", YEAR)).await.unwrap();
    keep(&known).await;
    keep(&app.calendar.now()).await;
    world.job("derive-deadlines").await;
    let moved = events(&world, &["deadline.moved"]).await;
    let days = |(_, data): &(_, Value)| ["due_date_before", "due_date"].map(|field| data[field].clone());
    assert_eq!(moved.iter().map(days).collect::<Vec<_>>(), [["2027-01-11", "2027-01-12"]]);
}

/// A clock that starts anew or gets more days is told of anew; one that only stood still is not.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_starts_anew_is_told_of_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (app, psn_no) = (&world.running.app, world.person(row()).await);
    let subject = review(&psn_no, app.db.new_id());
    let keep = async |clock: Clock| {
        let person = Owner::Person(PsnNo::parse(&psn_no).unwrap());
        let work = app.db.work(&Actor::system(), person).await.unwrap();
        store::keep(&work, &app.calendar.now(), &subject, Some(&clock)).await.unwrap();
        work.commit().await.unwrap();
        world.job("escalate-deadlines").await;
        events(&world, &["deadline.escalated", "deadline.breached"]).await.len()
    };
    let first = Clock::start(world.today(), 3);
    world.wait_days(3);
    assert_eq!(keep(first.clone()).await, 1);
    let paused = first.pause(world.today(), Ground::Supplement, "", "officer");
    assert_eq!(keep(paused.resume(world.today())).await, 1);
    let again = Clock::start(world.today(), 3);
    assert_eq!(keep(again.clone()).await, 1);
    world.wait_days(4);
    assert_eq!(keep(again.clone()).await, 2);
    let (reason, by) = (String::new(), String::new());
    let more = Extension { working_days: 3, reason, by, on: world.today() };
    assert_eq!(
        keep(again.extend(&app.calendar.now(), more).unwrap()).await,
        3,
        "at five, though that is over by one already"
    );
    world.wait_days(4);
    world.job("escalate-deadlines").await;
    assert_eq!(events(&world, &["deadline.escalated", "deadline.breached"]).await.len(), 4);
}

fn review(psn_no: &str, id: Id) -> Subject {
    Subject {
        within: None,
        name: format!("insured/{psn_no}/applications/{id}"),
        id,
        kind: Kind::Review,
        area: Region::find("620902").unwrap(),
        officer: "officer.li".to_owned(),
        codes: vec!["M01600".to_owned()],
        state: "accepted".to_owned(),
    }
}

/// Opens a case of each, by sixteen at once.
async fn open(world: &World, cases: Vec<(String, Clock)>) {
    let app = &world.running.app;
    let lanes: Vec<_> =
        (0..16).map(|lane| cases.iter().skip(lane).step_by(16).cloned().collect::<Vec<_>>()).collect();
    let lanes = lanes.into_iter().map(|lane| {
        let app = app.clone();
        tokio::spawn(async move {
            for (psn_no, clock) in lane {
                let person = Owner::Person(PsnNo::parse(&psn_no).unwrap());
                let work = app.db.work(&Actor::system(), person).await.unwrap();
                let subject = review(&psn_no, work.new_id());
                store::keep(&work, &app.calendar.now(), &subject, Some(&clock)).await.unwrap();
                work.commit().await.unwrap();
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.unwrap();
    }
}

/// Exactly the expected due dates were moved, each once, from the old day to the new one.
async fn check(world: &World, expected: &BTreeMap<String, [Option<String>; 2]>) {
    let mut found = BTreeMap::new();
    for (event, data) in events(world, &["deadline.moved"]).await {
        let psn_no = event.resource.split('/').nth(1).unwrap().to_owned();
        let days = ["due_date_before", "due_date"].map(|field| data[field].as_str().map(str::to_owned));
        assert_eq!(data["why"], "a calendar was imported");
        assert!(found.insert(psn_no, days).is_none(), "{}: moved twice", event.resource);
    }
    assert!(found == *expected, "{} moved, {} expected", found.len(), expected.len());
}

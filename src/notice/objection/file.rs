//! 提出异议: by anybody, while the notice is open.

use super::domain::{Filed, Objection, Refused};
use super::store::{self, About, Stored};
use crate::app::App;
use crate::db::work::{Owner, View, Work};
use crate::kernel::clock::Clock;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::notice::entry::store as entries;
use crate::notice::store as notices;
use crate::notice::{name, open};

/// What somebody says against an entry.
pub struct Input {
    /// The entry's resource name.
    pub entry_name: String,
    /// 异议理由.
    pub ground: String,
    /// 异议人姓名.
    pub objector_name: String,
    /// 异议人电话.
    pub objector_tel: String,
}

/// So many objections of nobody may stand against one entry.
const ANONYMOUS_MAX: usize = 20;

/// The person behind an entry, `areas/{admdvs}/notices/{id}/entries/{reference}`. Who objects need not reach them, and
/// is told nothing of them.
pub async fn person(view: &View, entry_name: &str) -> Result<Owner> {
    Ok(Owner::Through(claim(view, entry_name).await?.psn_no))
}

/// The person behind the entry of an objection.
pub async fn person_of(view: &View, objection: &str) -> Result<Owner> {
    let (entry_name, _) = name::objection_parts(objection)?;
    person(view, entry_name).await.map_err(|error| name::absent(error, objection))
}

/// Where the entry of a name is.
pub async fn claim(view: &View, entry_name: &str) -> Result<entries::Place> {
    let (area, notice, reference) = name::entry_parts(entry_name)?;
    notices::get(view, &area, notice).await.map_err(|error| name::absent(error, entry_name))?;
    let claim = entries::claim(view, reference).await?.filter(|claim| claim.notice == notice);
    claim.ok_or_else(|| Error::not_found(entry_name))
}

/// 提出异议. The entry moves too, so that this and the clearing of the entry exclude each other.
pub async fn file(work: &Work, app: &App, input: Input) -> Result<Stored> {
    let stored = entry(work, &input.entry_name).await?;
    let (area, notice, _) = name::entry_parts(&input.entry_name)?;
    let header = notices::get(work, &area, notice).await?;
    let calendar = app.calendar.now();
    let running = header.notice.running(&calendar, work.today()).map_err(Refusal::from)?;
    let rules = open::rules(app, header.notice.head())?.catalog.rules.objection;
    check(&input, rules.anonymous)?;
    once(work, &stored, &input).await?;
    let filed = Filed {
        id: work.new_id(),
        entry: stored.entry.listing().id,
        entry_name: input.entry_name,
        ground: input.ground,
        objector_name: input.objector_name,
        objector_tel: input.objector_tel,
        filed_by: work.actor().operator().unwrap_or_default().to_owned(),
        clock: Some(Clock::start(work.today(), rules.working_days)),
        filed_at: work.now(),
    };
    let step = stored.entry.object(&running, filed.id).map_err(Refusal::from)?;
    let saved = entries::save(work, stored.version, step).await?;
    let about = About { calendar: &calendar, listing: saved.entry.listing() };
    store::create(work, about, Objection::file(filed)).await
}

/// Nobody objects twice at a time to the same entry, so that no one person's objections keep others from theirs.
async fn once(work: &Work, stored: &entries::Stored, input: &Input) -> Result<()> {
    let standing = stored.entry.standing();
    let mut nobody = 0;
    for filed in store::standing(work, &standing).await? {
        let same = filed.objector_tel == input.objector_tel;
        nobody += usize::from(same && filed.objector_tel.is_empty());
        if same && !filed.objector_tel.is_empty() {
            return Err(Refusal::from(Refused::ObjectsAlready { anonymous: false }).into());
        }
    }
    if nobody >= ANONYMOUS_MAX {
        return Err(Refusal::from(Refused::ObjectsAlready { anonymous: true }).into());
    }
    Ok(())
}

/// The entry of a name.
pub async fn entry(work: &Work, entry_name: &str) -> Result<entries::Stored> {
    let (_, _, reference) = name::entry_parts(entry_name)?;
    let claim = entries::claim(work, reference).await?.ok_or_else(|| Error::not_found(entry_name))?;
    let stored = entries::get(work, claim.entry).await?;
    if stored.entry.listing().name == entry_name { Ok(stored) } else { Err(Error::not_found(entry_name)) }
}

/// Who objects says by whom, unless the policy takes it from nobody; then both are left out, or neither.
fn check(input: &Input, anonymous: bool) -> Result<()> {
    let said = [("objector_name", &input.objector_name), ("objector_tel", &input.objector_tel)];
    let missing: Vec<_> = said.iter().filter(|(_, text)| text.trim().is_empty()).collect();
    if missing.is_empty() || (anonymous && missing.len() == said.len()) {
        return Ok(());
    }
    let (zh, en) = if anonymous {
        (
            "匿名提出的须与另一项同时留空，实名提出的须填写",
            "must be filled in, or left empty together with the other one",
        )
    } else {
        ("必填：本公示只受理实名异议", "is required: objections to this notice are not taken from nobody")
    };
    Err(Error::Invalid(missing.into_iter().map(|(field, _)| Violation::new(field, zh, en)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_objects_says_by_whom_unless_nobody_need_to() {
        let wrong = |name: &str, tel: &str, anonymous| {
            let (objector_name, objector_tel) = (name.to_owned(), tel.to_owned());
            let input =
                Input { entry_name: String::new(), ground: String::new(), objector_name, objector_tel };
            match check(&input, anonymous) {
                Ok(()) => Vec::new(),
                Err(Error::Invalid(found)) => found.into_iter().map(|found| found.field).collect(),
                Err(other) => panic!("{other}"),
            }
        };
        for anonymous in [false, true] {
            assert!(wrong("某某", "13812345678", anonymous).is_empty());
            assert_eq!(wrong(" ", "13812345678", anonymous), ["objector_name"]);
            assert_eq!(wrong("某某", "", anonymous), ["objector_tel"]);
        }
        assert_eq!(wrong("", "", false), ["objector_name", "objector_tel"]);
        assert!(wrong("", "", true).is_empty());
    }
}

//! 评审专家: an area's registry of experts, as officers keep it.

use super::domain::Refused;
use super::registry::{self, Card, Expert, Load, Party, Relation, Term};
use super::store::{Stored, loads};
use crate::catalog::domain::Catalog;
use crate::catalog::store::Catalogs;
use crate::config::Config;
use crate::db::page::{Page, Paged};
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::{Id, PsnNo};

/// What is said of an expert.
pub struct Registration {
    /// 姓名.
    pub name: String,
    /// 所在机构.
    pub fixmedins_code: String,
    /// 专业.
    pub specialties: Vec<String>,
    /// 医师编码.
    pub diag_dr_codg: String,
    /// 任期.
    pub term: Term,
    /// 利害关系.
    pub relations: Vec<SaidRelation>,
}

/// What is said of a relation: of the three one is not empty.
pub struct SaidRelation {
    /// 人员编号.
    pub psn_no: String,
    /// 医师编码.
    pub diag_dr_codg: String,
    /// 定点医药机构编号.
    pub fixmedins_code: String,
    /// Which.
    pub reason: String,
}

/// An expert as officers see it.
pub struct Listed {
    /// The expert.
    pub stored: Stored<Expert>,
    /// How much it has to do.
    pub load: Load,
}

/// Adds an expert to the registry of this call's area. An officer is none: whoever decides does not judge.
pub async fn create(
    work: &Work,
    catalogs: &Catalogs,
    config: &Config,
    operator: &str,
    said: Registration,
) -> Result<Listed> {
    let area = work.area()?.clone();
    let card = said.read(&catalogs.in_force(&area, work.today())?.catalog, None).map_err(Error::Invalid)?;
    let mut reasons = Vec::new();
    if config.callers.values().any(|caller| caller.operators.iter().any(|officer| officer == operator)) {
        reasons.push(Refusal::from(Refused::ExpertIsOfficer { operator: operator.to_owned() }));
    }
    if registry::store::operator_taken(work, operator).await? {
        reasons.push(Refusal::from(Refused::OperatorTaken { operator: operator.to_owned() }));
    }
    if !reasons.is_empty() {
        return Err(Error::Refused(reasons));
    }
    let step = Expert::register(work.new_id(), area, operator.to_owned(), card);
    let stored = registry::store::create(work, step).await?;
    Ok(Listed { stored, load: Load::default() })
}

/// Replaces what may change of an expert. An empty etag asks for no comparison.
pub async fn update(
    work: &Work,
    catalogs: &Catalogs,
    id: Id,
    etag: &str,
    said: Registration,
) -> Result<Listed> {
    let stored = registry::store::get(work, id).await?;
    if !etag.is_empty() && etag != stored.etag() {
        return Err(Error::Stale);
    }
    let catalog = &catalogs.in_force(work.area()?, work.today())?.catalog;
    let card = said.read(catalog, Some(&stored.value.card)).map_err(Error::Invalid)?;
    let stored = registry::store::save(work, stored.version, stored.value.change(card)).await?;
    let loads = loads(work, [id]).await?;
    Ok(Listed { stored, load: loads.get(&id).copied().unwrap_or_default() })
}

impl Registration {
    /// What it says, or everything that is wrong with it. A conflict of interest is found by the institution, and
    /// fitness by the group: both must be the catalogue's, or stay what they were `before`. So a term can be ended also
    /// when they have left the catalogue.
    fn read(self, catalog: &Catalog, before: Option<&Card>) -> Result<Card, Vec<Violation>> {
        let mut faults = Vec::new();
        let worked_there = before.is_some_and(|card| card.fixmedins_code == self.fixmedins_code);
        if !worked_there && catalog.institution(&self.fixmedins_code).is_none() {
            faults.push(Violation::new(
                "fixmedins_code",
                "不在定点医药机构名录中",
                "is no institution of the catalogue",
            ));
        }
        for (index, name) in self.specialties.iter().enumerate() {
            let judged = before.is_some_and(|card| card.specialties.contains(name));
            if !judged && catalog.groups.iter().all(|group| group.name != *name) {
                let field = format!("specialties[{index}]");
                faults.push(Violation::new(&field, "不是目录中的病种大类", "is no group of the catalogue"));
            }
        }
        if let (Some(from), Some(until)) = (self.term.from, self.term.until)
            && until < from
        {
            faults.push(Violation::new("active_until", "不得早于 active_from", "is before active_from"));
        }
        let mut relations = Vec::new();
        for (index, said) in self.relations.into_iter().enumerate() {
            match said.read() {
                Some(relation) => relations.push(relation),
                None => faults.push(Violation::new(
                    &format!("relations[{index}]"),
                    "psn_no、diag_dr_codg、fixmedins_code 须且只须填一项",
                    "must name exactly one of psn_no, diag_dr_codg and fixmedins_code",
                )),
            }
        }
        let Self { name, fixmedins_code, specialties, diag_dr_codg, term, .. } = self;
        let card = Card { name, fixmedins_code, specialties, diag_dr_codg, term, relations };
        if faults.is_empty() { Ok(card) } else { Err(faults) }
    }
}

impl SaidRelation {
    fn read(self) -> Option<Relation> {
        let Self { psn_no, diag_dr_codg, fixmedins_code, reason } = self;
        let party = match (psn_no.as_str(), diag_dr_codg.as_str(), fixmedins_code.as_str()) {
            (person, "", "") => Party::Person(PsnNo::parse(person).ok()?),
            ("", _, "") => Party::Doctor(diag_dr_codg),
            ("", "", _) => Party::Institution(fixmedins_code),
            _ => return None,
        };
        Some(Relation { party, reason })
    }
}

/// One page of the registry of this call's area.
pub async fn list(view: &View, page: Page) -> Result<Paged<Listed>> {
    let after = page.after.as_deref().map(Id::parse).transpose()?;
    let experts = registry::store::list(view, after, page.limit()).await?;
    let loads = loads(view, experts.iter().map(|stored| stored.value.id)).await?;
    let listed = experts.into_iter().map(|stored| {
        let load = loads.get(&stored.value.id).copied().unwrap_or_default();
        Listed { stored, load }
    });
    page.close(view, listed.collect(), |listed| listed.stored.value.id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of an expert at an institution and of a group that the catalogue has not.
    fn gone(until: time::Date) -> Registration {
        Registration {
            name: "专家".to_owned(),
            fixmedins_code: "H00000000000".to_owned(),
            specialties: vec!["撤销的大类".to_owned()],
            diag_dr_codg: String::new(),
            term: Term { from: None, until: Some(until) },
            relations: Vec::new(),
        }
    }

    #[test]
    fn a_term_is_ended_also_when_the_institution_has_left_the_catalogue() {
        let catalog = Catalog::parse(crate::catalog::domain::SAMPLE).unwrap();
        let fields = |read: Result<Card, Vec<Violation>>| -> Vec<String> {
            read.err().unwrap_or_default().into_iter().map(|fault| fault.field).collect()
        };
        let day = time::macros::date!(2025 - 12 - 31);
        assert_eq!(fields(gone(day).read(&catalog, None)), ["fixmedins_code", "specialties[0]"]);
        let Registration { name, fixmedins_code, specialties, diag_dr_codg, .. } = gone(day);
        let relations = Vec::new();
        let before =
            Card { name, fixmedins_code, specialties, diag_dr_codg, term: Term::default(), relations };
        let ended = gone(day).read(&catalog, Some(&before)).unwrap();
        assert_eq!(ended.term.until, Some(day));
        let moved = Registration { fixmedins_code: "H00000000001".to_owned(), ..gone(day) };
        assert_eq!(fields(moved.read(&catalog, Some(&before))), ["fixmedins_code"]);
    }
}

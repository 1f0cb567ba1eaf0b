//! 评审专家: an area's registry of experts.

use super::domain::{Event, Expert, Refused};
use super::store;
use crate::catalog::domain::Catalog;
use crate::catalog::store::Catalogs;
use crate::config::Config;
use crate::db::page::{Page, Paged};
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::Id;
use crate::kernel::step::Step;

/// What is said of a new expert.
pub struct New {
    /// 姓名.
    pub name: String,
    /// How it signs in.
    pub operator: String,
    /// 所在机构.
    pub fixmedins_code: String,
    /// 专业.
    pub specialties: Vec<String>,
    /// 医师编码.
    pub diag_dr_codg: String,
}

/// Adds an expert to the registry of this call's area. An officer is none: whoever decides does not judge.
pub async fn create(work: &Work, catalogs: &Catalogs, config: &Config, new: New) -> Result<Expert> {
    let area = work.area()?.clone();
    let faults = faults(&new, &catalogs.in_force(&area, work.today())?.catalog);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let mut reasons = Vec::new();
    if config.callers.values().any(|caller| caller.operators.contains(&new.operator)) {
        reasons.push(Refusal::from(Refused::ExpertIsOfficer { operator: new.operator.clone() }));
    }
    if store::operator_taken(work, &new.operator).await? {
        reasons.push(Refusal::from(Refused::OperatorTaken { operator: new.operator.clone() }));
    }
    if !reasons.is_empty() {
        return Err(Error::Refused(reasons));
    }
    let event = Event::ExpertAdded { fixmedins_code: new.fixmedins_code.clone() };
    let expert = Expert {
        id: work.new_id(),
        area,
        name: new.name,
        operator: new.operator,
        fixmedins_code: new.fixmedins_code,
        specialties: new.specialties,
        diag_dr_codg: new.diag_dr_codg,
    };
    store::create_expert(work, Step::new(expert, event)).await
}

/// A conflict of interest is found by the institution, and fitness by the group: both must be the catalogue's.
fn faults(new: &New, catalog: &Catalog) -> Vec<Violation> {
    let mut faults = Vec::new();
    if catalog.institution(&new.fixmedins_code).is_none() {
        faults.push(Violation::new(
            "fixmedins_code",
            "不在定点医药机构名录中",
            "is no institution of the catalogue",
        ));
    }
    for (index, name) in new.specialties.iter().enumerate() {
        if catalog.groups.iter().all(|group| group.name != *name) {
            let field = format!("specialties[{index}]");
            faults.push(Violation::new(&field, "不是目录中的病种大类", "is no group of the catalogue"));
        }
    }
    faults
}

/// One page of the registry of this call's area, each with the number of its open tasks.
pub async fn list(view: &View, page: Page) -> Result<Paged<(Expert, u64)>> {
    let after = page.after.as_deref().map(Id::parse).transpose()?;
    let experts = store::experts(view, after, page.limit()).await?;
    let open = store::open_tasks(view, &experts).await?;
    let counted = experts.into_iter().map(|expert| {
        let count = open.get(&expert.id).copied().unwrap_or(0);
        (expert, count)
    });
    page.close(view, counted.collect(), |(expert, _)| expert.id.to_string())
}

//! 分配专家: draws the first panel, and a third expert when the two differ.

use super::domain::{Assigned, Expert, Line, Open, Task};
use super::draw::{Candidate, Concern, Drawn, Matter, Seed, draw};
use super::panel::{Panel, Seated};
use super::store::{self, Stored};
use crate::application::domain::{Accepted, Filed};
use crate::catalog::domain::Catalog;
use crate::catalog::store::Catalogs;
use crate::db::work::{View, Work};
use crate::insured::domain::NotEligible;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// Experts that are drawn when the others differ: one, so that no tie is left.
const THIRD: usize = 1;

/// Draws whoever is needed now.
pub async fn assign(work: &Work, catalogs: &Catalogs, id: Id) -> Result<Seated> {
    let application = crate::application::store::get(work, id).await?.application;
    let accepted = application.into_accepted().map_err(Refusal::from)?;
    match store::seated(work, id).await? {
        None => first(work, catalogs, &accepted).await,
        Some(seated) => third(work, &accepted, seated).await,
    }
}

async fn first(work: &Work, catalogs: &Catalogs, accepted: &Accepted) -> Result<Seated> {
    let filed = &accepted.filed;
    let published = catalogs.named(&filed.case.area, filed.appy_date, &filed.catalog_sha256)?;
    let lines = lines(filed, &published.catalog)?;
    let seed = Seed(work.random().bytes());
    let matter = matter(work, accepted, &lines).await?;
    let candidates = candidates(work, &filed.case.area).await?;
    let drawn = draw(candidates, &matter, &[], published.catalog.rules.experts, seed)?;
    let tasks = hand_out(work, filed, &lines, &drawn).await?;
    let step = Panel::first(filed.case.id, seed, &drawn, &ids(&tasks));
    let panel = store::save_panel(work, None, step).await?;
    Ok(Seated { panel, tasks })
}

async fn third(work: &Work, accepted: &Accepted, stored: Stored<Seated>) -> Result<Seated> {
    let filed = &accepted.filed;
    stored.value.needs_third().map_err(Refusal::from)?;
    let Seated { panel, mut tasks } = stored.value;
    let lines = tasks.first().map(|task| task.assigned().lines.clone()).unwrap_or_default();
    let seed = Seed::parse(&panel.seed)
        .ok_or_else(|| Error::internal(format!("panel of {}: its seed is none", panel.application)))?;
    let matter = matter(work, accepted, &lines).await?;
    let candidates = candidates(work, &filed.case.area).await?;
    let drawn = draw(candidates, &matter, &panel.members, THIRD, seed)?;
    let new = hand_out(work, filed, &lines, &drawn).await?;
    let step = panel.join(&drawn, &ids(&new));
    let panel = store::save_panel(work, Some(stored.version), step).await?;
    tasks.extend(new);
    Ok(Seated { panel, tasks })
}

fn ids(tasks: &[Task]) -> Vec<Id> {
    tasks.iter().map(|task| task.assigned().id).collect()
}

/// The lines of an application with the standards that they are judged by.
fn lines(filed: &Filed, catalog: &Catalog) -> Result<Vec<Line>, Vec<Refusal>> {
    let mut unknown = Vec::new();
    let mut lines = Vec::new();
    for code in filed.form.codes() {
        match catalog.disease(&code) {
            Some(disease) => lines.push(Line {
                code,
                name: disease.name.clone(),
                group: catalog.group_name(disease).to_owned(),
                criteria: disease.criteria.clone(),
            }),
            None => unknown.push(Refusal::from(NotEligible::UnknownDisease { code })),
        }
    }
    if unknown.is_empty() { Ok(lines) } else { Err(unknown) }
}

async fn matter(view: &View, accepted: &Accepted, lines: &[Line]) -> Result<Matter> {
    let filed = &accepted.filed;
    let insured = crate::insured::store::get(view).await?.insured;
    let agent = filed.form.agent.iter().map(|agent| agent.name.clone());
    let doctors = filed.form.lines.iter().map(|line| line.diag_dr_name.clone());
    let names = std::iter::once(insured.psn_name).chain(agent).chain(doctors);
    let materials = crate::material::store::get_all(view, &filed.form.materials).await?;
    let issuers = materials
        .into_iter()
        .map(|stored| stored.material.label.fixmedins_code)
        .filter(|code| !code.is_empty());
    let concern = |line: &Line| {
        let form = filed.form.lines.iter().find(|form| form.code == line.code)?;
        Some(Concern {
            code: line.code.clone(),
            ide_fixmedins_no: form.ide_fixmedins_no.clone(),
            diag_dr_codg: form.diag_dr_codg.clone(),
            group: line.group.clone(),
        })
    };
    Ok(Matter {
        lines: lines.iter().filter_map(concern).collect(),
        issuers: issuers.collect(),
        officer: accepted.accepted_by.clone(),
        names: names.collect(),
    })
}

/// Experts in the registries of the area and of the areas above it, each with what the same operator is elsewhere.
async fn candidates(view: &View, area: &Region) -> Result<Vec<Candidate>> {
    let mut areas = vec![area.clone(), area.pooling()];
    areas.extend(Region::find(&format!("{}0000", &area.as_str()[..2])));
    let all = store::experts_of(view, &areas, &area.pooling()).await?;
    let open = store::open_tasks(view, &all).await?;
    let candidate = |expert: &Expert| Candidate {
        expert: expert.clone(),
        elsewhere: all
            .iter()
            .filter(|other| other.operator == expert.operator && other.id != expert.id)
            .cloned()
            .collect(),
        open_tasks: open.get(&expert.id).copied().unwrap_or(0),
    };
    Ok(all.iter().filter(|expert| areas.contains(&expert.area)).map(candidate).collect())
}

/// Gives a task to each who was drawn.
async fn hand_out(work: &Work, filed: &Filed, lines: &[Line], drawn: &Drawn) -> Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for expert in &drawn.experts {
        let step = Open::assign(Assigned {
            id: work.new_id(),
            application: filed.case.id,
            area: filed.case.area.clone(),
            expert: expert.id,
            operator: expert.operator.clone(),
            lines: lines.to_vec(),
            sample: filed.sample,
            cited: filed.cited(),
            assigned_at: work.now(),
        });
        tasks.push(store::create_task(work, step).await?);
    }
    Ok(tasks)
}

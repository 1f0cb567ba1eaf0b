//! 分配专家: draws the first panel, whoever is missing since somebody left it, and a third expert when the others differ.

use std::sync::Arc;

use super::clock::with_experts;
use super::domain::{Assigned, Line, Open, Refused, Task};
use super::draw::{Candidate, Concern, Drawn, Matter, Seed, draw};
use super::panel::{Member, Panel, Seated};
use super::quality;
use super::quality::domain::{Purpose, QualityReview, Second};
use super::registry;
use super::store::{self, Stored};
use crate::application::domain::{Application, Filed};
use crate::catalog::domain::Catalog;
use crate::catalog::store::{Catalogs, Published};
use crate::db::work::{View, Work};
use crate::insured::domain::NotEligible;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// Experts that are drawn when the others differ: one, so that no tie is left.
pub(super) const THIRD: usize = 1;

/// Draws whoever is needed now.
pub async fn assign(work: &Work, catalogs: &Catalogs, calendar: &Calendar, id: Id) -> Result<Seated> {
    let application = crate::application::store::get(work, id).await?.application;
    let accepted = application.into_accepted().map_err(Refusal::from)?;
    let reviewed = Reviewed::of(work, catalogs, calendar, Application::Accepted(accepted))?;
    match store::seated(work, id).await? {
        None => reviewed.first().await,
        Some(seated) => reviewed.further(seated).await,
    }
}

/// An application that experts judge, with what is needed to draw some.
pub(super) struct Reviewed<'a> {
    work: &'a Work,
    calendar: &'a Calendar,
    published: Arc<Published>,
    /// What is fixed by the submission.
    pub filed: Filed,
    /// The officer who accepted it, and who confirmed what is judged again.
    officers: Vec<String>,
    /// The quality review that judges it again; none where the decision is still to be made.
    quality: Option<QualityReview>,
}

impl<'a> Reviewed<'a> {
    /// An application, when it is accepted, or was before it began to wait for its applicant.
    pub fn of(
        work: &'a Work,
        catalogs: &Catalogs,
        calendar: &'a Calendar,
        application: Application,
    ) -> Result<Self> {
        let (filed, officer) = with_experts(application).map_err(Refusal::from)?;
        let published = catalogs.named(&filed.case.area, filed.appy_date, &filed.catalog_sha256)?;
        Ok(Self { work, calendar, published, filed, officers: vec![officer], quality: None })
    }

    /// A decided application, for those who judge its drawn lines again.
    pub async fn again(
        work: &'a Work,
        catalogs: &Catalogs,
        calendar: &'a Calendar,
        quality: QualityReview,
    ) -> Result<Self> {
        let filed = match crate::application::store::get(work, quality.application).await?.application {
            Application::Decided(decided) if quality.is_open() => decided.filed,
            _ => return Err(Refusal::from(Refused::NotUnderReview).into()),
        };
        let published = catalogs.named(&filed.case.area, filed.appy_date, &filed.catalog_sha256)?;
        let officers = vec![quality.accepted_by.clone(), quality.decided_by.clone()];
        Ok(Self { work, calendar, published, filed, officers, quality: Some(quality) })
    }

    /// The application of a task of this call's person, for whoever sits on the task's panel.
    pub async fn of_task(
        work: &'a Work,
        catalogs: &Catalogs,
        calendar: &'a Calendar,
        assigned: &Assigned,
    ) -> Result<Self> {
        if let Some(second) = assigned.purpose.quality() {
            let review = quality::store::get(work, second.review).await?.value;
            return Self::again(work, catalogs, calendar, review).await;
        }
        let application = crate::application::store::get(work, assigned.application).await?.application;
        Self::of(work, catalogs, calendar, application)
    }

    async fn first(&self) -> Result<Seated> {
        let lines = self.lines()?;
        let drawn = self.draw(&lines, &[], self.published.catalog.rules.experts).await??;
        let tasks = self.hand_out(&lines, &drawn).await?;
        let step = Panel::first(self.filed.case.id, &drawn, &ids(&tasks));
        let panel = store::save_panel(self.work, None, step).await?;
        Ok(Seated { panel, tasks, former: Vec::new() })
    }

    async fn further(&self, stored: Stored<Seated>) -> Result<Seated> {
        let missing = stored.value.panel.missing();
        if missing == 0 {
            stored.value.needs_third().map_err(Refusal::from)?;
        }
        let drawn = self.draw_further(&stored.value, if missing == 0 { THIRD } else { missing }).await??;
        self.seat(stored, &drawn).await
    }

    /// Seats those who were drawn: instead of who is missing, or because the others differ.
    pub async fn seat(&self, stored: Stored<Seated>, drawn: &Drawn) -> Result<Seated> {
        let new = self.hand_out(&self.lines_of(&stored.value)?, drawn).await?;
        let Seated { panel, mut tasks, former } = stored.value;
        let is_whole = panel.missing() == 0;
        let step = if is_whole { panel.join(drawn, &ids(&new)) } else { panel.fill(drawn, &ids(&new)) };
        let panel = store::save_panel(self.work, Some(stored.version), step).await?;
        tasks.extend(new);
        Ok(Seated { panel, tasks, former })
    }

    /// Draws for a panel that there is already, or tells why nobody can be drawn.
    pub async fn draw_further(&self, seated: &Seated, wanted: usize) -> Result<Result<Drawn, Vec<Refusal>>> {
        let sat = store::sat(self.work, seated.panel.application).await?;
        self.draw(&self.lines_of(seated)?, &sat, wanted).await
    }

    /// What there is to judge: every line, or the drawn ones.
    fn lines(&self) -> Result<Vec<Line>> {
        let mut lines = lines(&self.filed, &self.published.catalog)?;
        if let Some(quality) = &self.quality {
            lines.retain(|line| quality.drawn().any(|code| code == line.code));
        }
        Ok(lines)
    }

    /// What a panel judges, also while nobody sits on it.
    fn lines_of(&self, seated: &Seated) -> Result<Vec<Line>> {
        match seated.lines() {
            [] => self.lines(),
            lines => Ok(lines.to_vec()),
        }
    }

    fn purpose(&self) -> Purpose {
        let shown = |quality: &QualityReview| Clock::start(self.work.today(), quality.shown_days);
        let second = |quality: &QualityReview| Second { review: quality.id, shown: shown(quality) };
        self.quality.as_ref().map_or(Purpose::Decision, |quality| Purpose::Quality(second(quality)))
    }

    async fn draw(
        &self,
        lines: &[Line],
        panel: &[Member],
        wanted: usize,
    ) -> Result<Result<Drawn, Vec<Refusal>>> {
        let matter = self.matter(lines).await?;
        let candidates = candidates(self.work, &self.filed.case.area).await?;
        Ok(draw(candidates, &matter, panel, wanted, Seed(self.work.random().bytes())))
    }

    /// Gives a task to each who was drawn.
    pub async fn hand_out(&self, lines: &[Line], drawn: &Drawn) -> Result<Vec<Task>> {
        let (work, filed) = (self.work, &self.filed);
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
                opinion_working_days: self.published.catalog.rules.opinion_working_days,
                purpose: self.purpose(),
            });
            tasks.push(store::create_task(work, self.calendar, step).await?);
        }
        Ok(tasks)
    }

    async fn matter(&self, lines: &[Line]) -> Result<Matter> {
        let (work, form) = (self.work, &self.filed.form);
        let insured = crate::insured::store::get(work).await?.insured;
        let agent = form.agent.iter().map(|agent| agent.name.clone());
        let doctors = form.lines.iter().map(|line| line.diag_dr_name.clone());
        let names = std::iter::once(insured.psn_name).chain(agent).chain(doctors);
        let materials = crate::material::store::get_all(work, &form.materials).await?;
        let issuers = materials
            .into_iter()
            .map(|stored| stored.material.label.fixmedins_code)
            .filter(|code| !code.is_empty());
        let concern = |line: &Line| {
            let form = form.lines.iter().find(|form| form.code == line.code)?;
            Some(Concern {
                code: line.code.clone(),
                ide_fixmedins_no: form.ide_fixmedins_no.clone(),
                diag_dr_codg: form.diag_dr_codg.clone(),
                group: line.group.clone(),
            })
        };
        Ok(Matter {
            day: work.today(),
            psn_no: work.person()?.psn_no.clone(),
            avoided_by: store::avoided_by(work).await?,
            lines: lines.iter().filter_map(concern).collect(),
            issuers: issuers.collect(),
            officers: self.officers.clone(),
            names: names.collect(),
        })
    }
}

/// The ids of some tasks.
pub(super) fn ids(tasks: &[Task]) -> Vec<Id> {
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

/// Experts in the registries of the area and of the areas above it, each with what the same operator is and does elsewhere.
async fn candidates(view: &View, area: &Region) -> Result<Vec<Candidate>> {
    let mut areas = vec![area.clone(), area.pooling()];
    areas.extend(Region::find(&format!("{}0000", &area.as_str()[..2])));
    let all = registry::store::of(view, &areas, &area.pooling()).await?;
    let loads = store::loads(view, all.iter().map(|expert| expert.id)).await?;
    Ok(Candidate::all(&all, &areas, &loads))
}

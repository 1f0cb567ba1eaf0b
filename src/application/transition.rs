//! The transitions of an application: each takes the old state and gives the new one with its event.

use time::{Date, OffsetDateTime};

use super::checklist::Complete;
use super::domain::{
    Accepted, Application, Asked, Awaiting, Case, Decided, Draft, Event, Filed, Form, Line, LineState,
    Refused, Request, StepRefused, Submitted, Withdrawn,
};
use crate::catalog::published::{Cited, Published};
use crate::insured::domain::Eligible;
use crate::kernel::clock::{Clock, Ground};
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::kernel::step::Step;
impl Case {
    /// The same case under the insurance against which eligibility was just proved.
    fn under(self, eligible: &Eligible) -> Self {
        let insured = eligible.insured();
        Self { insutype: eligible.insutype(), area: insured.insu_admdvs.clone(), ..self }
    }
}

impl Draft {
    /// Begins a draft for somebody who may apply.
    pub fn begin(eligible: &Eligible, id: Id, form: Form, now: OffsetDateTime) -> Step<Self, Event> {
        let insured = eligible.insured();
        let case =
            Case { id, insutype: eligible.insutype(), area: insured.insu_admdvs.clone(), created_at: now };
        let opsp_dise_codes = form.codes();
        Step::new(Self { case, form }, Event::Created { opsp_dise_codes })
    }

    /// Replaces what it says.
    pub fn update(self, eligible: &Eligible, form: Form) -> Step<Self, Event> {
        let opsp_dise_codes = form.codes();
        Step::new(Self { case: self.case.under(eligible), form }, Event::Updated { opsp_dise_codes })
    }

    /// Submits it. `eligible` proves that the person may still apply, `complete` that the checklist is served.
    pub fn submit(
        self,
        eligible: &Eligible,
        _complete: &Complete,
        published: &Published,
        today: Date,
    ) -> Step<Submitted, Event> {
        let catalog = &published.catalog;
        let cited = published.cited();
        let event = Event::Submitted {
            opsp_dise_codes: self.form.codes(),
            cited: cited.clone(),
            sample: catalog.sample,
        };
        let filed = Filed {
            case: self.case.under(eligible),
            form: self.form,
            appy_date: today,
            catalog_version: cited.catalog_version,
            catalog_sha256: cited.catalog_sha256,
            sample: catalog.sample,
            clock: Clock::start(today, catalog.rules.review_working_days),
            acceptance_working_days: catalog.rules.acceptance_working_days,
            requests: Vec::new(),
        };
        Step::new(Submitted { filed }, event)
    }

    /// 撤回.
    pub fn withdraw(self) -> Step<Withdrawn, Event> {
        Step::new(Withdrawn { case: self.case, form: self.form, filed: None }, Event::Withdrawn {})
    }
}

impl Filed {
    /// The catalogue that every decision on it rests on.
    pub fn cited(&self) -> Cited {
        Cited { catalog_version: self.catalog_version.clone(), catalog_sha256: self.catalog_sha256.clone() }
    }

    fn refuse(self, reasons: Vec<Refusal>) -> Step<Refused, Event> {
        let event = Event::Refused { receipt_sha256: String::new(), cited: self.cited() };
        Step::new(Refused { filed: self, reasons }, event)
    }
}

impl Submitted {
    /// 受理.
    pub fn accept(self, officer: &str) -> Step<Accepted, Event> {
        let event = Event::Accepted { cited: self.filed.cited() };
        Step::new(Accepted { filed: self.filed, accepted_by: officer.to_owned() }, event)
    }

    /// 不予受理.
    pub fn refuse(self, reasons: Vec<Refusal>) -> Step<Refused, Event> {
        self.filed.refuse(reasons)
    }
}

impl Accepted {
    /// 办结: each line's fate.
    pub fn decide(self, lines: Vec<Line>, officer: &str, today: Date) -> Step<Decided, Event> {
        let codes =
            |state| lines.iter().filter(|line| line.state == state).map(|line| line.code.clone()).collect();
        let event = Event::Decided {
            approved: codes(LineState::Approved),
            rejected: codes(LineState::Rejected),
            receipt_sha256: String::new(),
            cited: self.filed.cited(),
        };
        Step::new(
            Decided { filed: self.filed, decided_on: today, decided_by: officer.to_owned(), lines },
            event,
        )
    }
}

/// Something that the bureau has and has not decided: submitted or accepted.
pub struct Pending {
    filed: Filed,
    accepted_by: Option<String>,
}

impl Pending {
    /// What is fixed by the submission.
    pub fn filed(&self) -> &Filed {
        &self.filed
    }

    /// 告知补正: everything that is missing, at once, with the words for the applicant. The clock stands still.
    pub fn ask(
        self,
        items: Vec<Asked>,
        wanted: Vec<Refusal>,
        officer: &str,
        today: Date,
    ) -> Step<Awaiting, Event> {
        let event = Event::SupplementRequested { items: wanted.len(), cited: self.filed.cited() };
        let mut filed = self.filed;
        filed.requests.push(Request {
            items,
            materials: filed.form.materials.len(),
            on: today,
            nothing_to_add: false,
        });
        filed.clock = filed.clock.pause(today, Ground::Supplement, "", officer);
        Step::new(Awaiting { filed, wanted, accepted_by: self.accepted_by }, event)
    }
}

impl Awaiting {
    /// Whether any of these materials is new to the application. A supplement that adds nothing answers nothing.
    pub fn lacks_any(&self, materials: &[Id]) -> bool {
        materials.iter().any(|material| !self.filed.form.materials.contains(material))
    }

    /// 补正: the clock goes on, and the application is back where it was.
    pub fn supplement(self, materials: &[Id], today: Date) -> Step<Application, Event> {
        let mut filed = self.filed;
        filed.clock = filed.clock.resume(today);
        let before = filed.form.materials.len();
        for material in materials {
            if !filed.form.materials.contains(material) {
                filed.form.materials.push(*material);
            }
        }
        let event = Event::Supplemented { materials: filed.form.materials.len() - before };
        let state = match self.accepted_by {
            Some(accepted_by) => Application::Accepted(Accepted { filed, accepted_by }),
            None => Application::Submitted(Submitted { filed }),
        };
        Step::new(state, event)
    }

    /// 无补充材料: there is no further proof of what the criteria name, and the clock goes on. A paper of the checklist
    /// cannot be answered so: without it the application is not complete.
    pub fn nothing_to_add(mut self, today: Date) -> Result<Step<Application, Event>, StepRefused> {
        let last = self.filed.requests.last_mut();
        let papers = |request: &Request| {
            let papers = request.items.iter().filter(|asked| matches!(asked, Asked::Paper { .. }));
            papers.map(|asked| asked.name().to_owned()).collect::<Vec<_>>()
        };
        match last.as_deref().map(papers) {
            Some(titles) if titles.is_empty() => {}
            titles => return Err(StepRefused::MaterialNeeded { titles: titles.unwrap_or_default() }),
        }
        if let Some(last) = last {
            last.nothing_to_add = true;
        }
        Ok(self.supplement(&[], today))
    }

    /// 不予受理 of what was never accepted: its applicant does not answer, or not with what is needed.
    pub fn refuse(self, reasons: Vec<Refusal>) -> Result<Step<Refused, Event>, StepRefused> {
        if self.accepted_by.is_some() {
            let needed = "submitted, or awaiting_supplement before acceptance";
            return Err(StepRefused::WrongState { needed, is: "awaiting_supplement" });
        }
        Ok(self.filed.refuse(reasons))
    }
}

impl Decided {
    /// An approved line goes into a notice.
    pub fn notice(self, code: &str, notice: String) -> Result<Step<Self, Event>, StepRefused> {
        let event = Event::LineNoticed { opsp_dise_code: code.to_owned(), notice };
        self.move_line(code, LineState::Approved, LineState::InNotice, event)
    }

    /// A line is taken out of its notice: it waits for the next one.
    pub fn unlist(self, code: &str, notice: String) -> Result<Step<Self, Event>, StepRefused> {
        let event = Event::LineUnlisted { opsp_dise_code: code.to_owned(), notice };
        self.move_line(code, LineState::InNotice, LineState::Approved, event)
    }

    /// A line whose notice ended undisputed becomes a benefit.
    pub fn grant(self, code: &str, benefit: String) -> Result<Step<Self, Event>, StepRefused> {
        let event = Event::LineGranted { opsp_dise_code: code.to_owned(), benefit };
        self.move_line(code, LineState::InNotice, LineState::Granted, event)
    }

    /// An objection to a line was upheld.
    pub fn object(self, code: &str, reason: Refusal) -> Result<Step<Self, Event>, StepRefused> {
        let event = Event::LineObjected { opsp_dise_code: code.to_owned() };
        let mut step = self.move_line(code, LineState::InNotice, LineState::Objected, event)?;
        for line in step.state.lines.iter_mut().filter(|line| line.code == code) {
            line.reasons.push(reason.clone());
        }
        Ok(step)
    }

    fn move_line(
        mut self,
        code: &str,
        from: LineState,
        to: LineState,
        event: Event,
    ) -> Result<Step<Self, Event>, StepRefused> {
        let line = self.lines.iter_mut().find(|line| line.code == code && line.state == from);
        let line = line.ok_or_else(|| StepRefused::LineNotReady { code: code.to_owned() })?;
        line.state = to;
        Ok(Step::new(self, event))
    }
}

impl Application {
    /// The draft, or why it is none.
    pub fn into_draft(self) -> Result<Draft, StepRefused> {
        match self {
            Self::Draft(draft) => Ok(draft),
            other => Err(other.wrong("draft")),
        }
    }

    /// The submitted application.
    pub fn into_submitted(self) -> Result<Submitted, StepRefused> {
        match self {
            Self::Submitted(submitted) => Ok(submitted),
            other => Err(other.wrong("submitted")),
        }
    }

    /// The accepted application.
    pub fn into_accepted(self) -> Result<Accepted, StepRefused> {
        match self {
            Self::Accepted(accepted) => Ok(accepted),
            other => Err(other.wrong("accepted")),
        }
    }

    /// The application that waits for its applicant.
    pub fn into_awaiting(self) -> Result<Awaiting, StepRefused> {
        match self {
            Self::AwaitingSupplement(awaiting) => Ok(awaiting),
            other => Err(other.wrong("awaiting_supplement")),
        }
    }

    /// The decided application.
    pub fn into_decided(self) -> Result<Decided, StepRefused> {
        match self {
            Self::Decided(decided) => Ok(decided),
            other => Err(other.wrong("decided")),
        }
    }

    /// What the bureau has and has not decided.
    pub fn into_pending(self) -> Result<Pending, StepRefused> {
        match self {
            Self::Submitted(Submitted { filed }) => Ok(Pending { filed, accepted_by: None }),
            Self::Accepted(accepted) => {
                let Accepted { filed, accepted_by } = accepted.running()?;
                Ok(Pending { filed, accepted_by: Some(accepted_by) })
            }
            other => Err(other.wrong("submitted or accepted")),
        }
    }

    /// 撤回, from every state before the decision.
    pub fn withdraw(self) -> Result<Step<Withdrawn, Event>, StepRefused> {
        match self {
            Self::Draft(draft) => Ok(draft.withdraw()),
            Self::Submitted(Submitted { filed })
            | Self::Accepted(Accepted { filed, .. })
            | Self::AwaitingSupplement(Awaiting { filed, .. }) => {
                let (case, form) = (filed.case.clone(), filed.form.clone());
                Ok(Step::new(Withdrawn { case, form, filed: Some(filed) }, Event::Withdrawn {}))
            }
            other => Err(other.wrong("draft, submitted, accepted or awaiting_supplement")),
        }
    }

    pub(super) fn wrong(&self, needed: &'static str) -> StepRefused {
        StepRefused::WrongState { needed, is: self.word() }
    }
}

#[cfg(test)]
#[path = "transition_tests.rs"]
mod tests;

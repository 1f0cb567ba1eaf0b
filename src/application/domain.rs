//! 门诊慢特病申请: its states as types. A transition takes the old state and gives the new one with its event.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::checklist::Complete;
pub use super::event::Event;
pub use super::form::{Agent, Form, LineForm};
pub use super::refusal::{MaterialFault, StepRefused};
use crate::catalog::domain::{Catalog, Insutype};
use crate::insured::domain::Eligible;
use crate::kernel::clock::Clock;
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// An application in any state, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "few are in memory at once, and never many in one place")]
pub enum Application {
    /// 草稿.
    Draft(Draft),
    /// 已提交.
    Submitted(Submitted),
    /// 已受理.
    Accepted(Accepted),
    /// 待补正.
    AwaitingSupplement(Awaiting),
    /// 已办结.
    Decided(Decided),
    /// 不予受理.
    Refused(Refused),
    /// 已撤回.
    Withdrawn(Withdrawn),
}

/// What never changes once it is submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: Id,
    /// 险种 when it was submitted, or the draft last written.
    pub insutype: Insutype,
    /// 参保地 when it was submitted, or the draft last written.
    pub area: Region,
    /// When it was begun.
    pub created_at: OffsetDateTime,
}

/// 草稿.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// What never changes.
    pub case: Case,
    /// What the applicant says.
    pub form: Form,
}

/// What is fixed by the submission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filed {
    /// What never changes.
    pub case: Case,
    /// What the applicant says.
    pub form: Form,
    /// 申请日期.
    pub appy_date: Date,
    /// Catalogue against which it was submitted.
    pub catalog_version: String,
    /// Its hash.
    pub catalog_sha256: String,
    /// Whether that is the sample.
    pub sample: bool,
    /// The 20 working days.
    pub clock: Clock,
}

/// 已提交.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    /// What is fixed.
    pub filed: Filed,
}

/// 已受理.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// What is fixed.
    pub filed: Filed,
    /// The officer who accepted it.
    pub accepted_by: String,
}

/// 待补正.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Awaiting {
    /// What is fixed.
    pub filed: Filed,
    /// What is asked for, all of it.
    pub wanted: Vec<Refusal>,
    /// The officer who had accepted it before; none when it was asked for before acceptance.
    pub accepted_by: Option<String>,
}

/// 已办结.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// What is fixed.
    pub filed: Filed,
    /// When.
    pub decided_on: Date,
    /// The officer who confirmed it.
    pub decided_by: String,
    /// Each line's fate.
    pub lines: Vec<Line>,
}

/// One decided line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// 病种代码.
    pub code: String,
    /// Where it stands.
    pub state: LineState,
    /// Why it was rejected.
    #[serde(default)]
    pub reasons: Vec<Refusal>,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// 待审核.
    Pending,
    /// 审核通过.
    Approved,
    /// 审核不通过.
    Rejected,
    /// 公示中.
    InNotice,
    /// 待遇生效.
    Granted,
    /// 异议成立.
    Objected,
}

impl LineState {
    /// Its word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::InNotice => "in_notice",
            Self::Granted => "granted",
            Self::Objected => "objected",
        }
    }
}

/// 不予受理.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// What is fixed.
    pub filed: Filed,
    /// Why.
    pub reasons: Vec<Refusal>,
}

/// 已撤回.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// What never changes.
    pub case: Case,
    /// What the applicant said.
    pub form: Form,
    /// What was fixed by the submission; none when it was a draft.
    #[serde(default)]
    pub filed: Option<Filed>,
}

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
        catalog: &Catalog,
        sha256: &str,
        today: Date,
    ) -> Step<Submitted, Event> {
        let event = Event::Submitted {
            opsp_dise_codes: self.form.codes(),
            catalog_version: catalog.version.clone(),
            sample: catalog.sample,
        };
        let filed = Filed {
            case: self.case.under(eligible),
            form: self.form,
            appy_date: today,
            catalog_version: catalog.version.clone(),
            catalog_sha256: sha256.to_owned(),
            sample: catalog.sample,
            clock: Clock::start(today, catalog.rules.review_working_days),
        };
        Step::new(Submitted { filed }, event)
    }

    /// 撤回.
    pub fn withdraw(self) -> Step<Withdrawn, Event> {
        Step::new(Withdrawn { case: self.case, form: self.form, filed: None }, Event::Withdrawn {})
    }
}

impl Submitted {
    /// 受理.
    pub fn accept(self, officer: &str) -> Step<Accepted, Event> {
        Step::new(Accepted { filed: self.filed, accepted_by: officer.to_owned() }, Event::Accepted {})
    }

    /// 不予受理.
    pub fn refuse(self, reasons: Vec<Refusal>) -> Step<Refused, Event> {
        Step::new(Refused { filed: self.filed, reasons }, Event::Refused {})
    }
}

impl Accepted {
    /// 办结: each line's fate.
    pub fn decide(self, lines: Vec<Line>, officer: &str, today: Date) -> Step<Decided, Event> {
        let codes =
            |state| lines.iter().filter(|line| line.state == state).map(|line| line.code.clone()).collect();
        let event =
            Event::Decided { approved: codes(LineState::Approved), rejected: codes(LineState::Rejected) };
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
    /// 告知补正: everything that is missing, at once. The clock stands still.
    pub fn ask(self, wanted: Vec<Refusal>, today: Date) -> Step<Awaiting, Event> {
        let event = Event::SupplementRequested { items: wanted.len() };
        let mut filed = self.filed;
        filed.clock = filed.clock.pause(today, "supplement");
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

    /// 不予受理 of what was never accepted: its applicant does not answer, or not with what is needed.
    pub fn refuse(self, reasons: Vec<Refusal>) -> Result<Step<Refused, Event>, StepRefused> {
        if self.accepted_by.is_some() {
            let needed = "submitted, or awaiting_supplement before acceptance";
            return Err(StepRefused::WrongState { needed, is: "awaiting_supplement" });
        }
        Ok(Step::new(Refused { filed: self.filed, reasons }, Event::Refused {}))
    }
}

impl Decided {
    /// An approved line goes into a notice.
    pub fn notice(self, code: &str, notice: String) -> Result<Step<Self, Event>, StepRefused> {
        let event = Event::LineNoticed { opsp_dise_code: code.to_owned(), notice };
        self.move_line(code, LineState::Approved, LineState::InNotice, event)
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
    /// What never changes once it is submitted.
    pub fn case(&self) -> &Case {
        self.said().0
    }

    /// What the applicant says.
    pub fn form(&self) -> &Form {
        self.said().1
    }

    fn said(&self) -> (&Case, &Form) {
        match self {
            Self::Draft(Draft { case, form }) | Self::Withdrawn(Withdrawn { case, form, .. }) => (case, form),
            Self::Submitted(Submitted { filed })
            | Self::Accepted(Accepted { filed, .. })
            | Self::AwaitingSupplement(Awaiting { filed, .. })
            | Self::Decided(Decided { filed, .. })
            | Self::Refused(Refused { filed, .. }) => (&filed.case, &filed.form),
        }
    }

    /// What is fixed by the submission; none in a draft, withdrawn or not.
    pub fn filed(&self) -> Option<&Filed> {
        match self {
            Self::Draft(_) => None,
            Self::Withdrawn(Withdrawn { filed, .. }) => filed.as_ref(),
            Self::Submitted(Submitted { filed })
            | Self::Accepted(Accepted { filed, .. })
            | Self::AwaitingSupplement(Awaiting { filed, .. })
            | Self::Decided(Decided { filed, .. })
            | Self::Refused(Refused { filed, .. }) => Some(filed),
        }
    }

    /// The clock of the review, while the bureau or the applicant has something to do.
    pub fn clock(&self) -> Option<&Clock> {
        match self {
            Self::Submitted(Submitted { filed })
            | Self::Accepted(Accepted { filed, .. })
            | Self::AwaitingSupplement(Awaiting { filed, .. }) => Some(&filed.clock),
            Self::Draft(_) | Self::Decided(_) | Self::Refused(_) | Self::Withdrawn(_) => None,
        }
    }

    /// Each line with where it stands.
    pub fn lines(&self) -> Vec<Line> {
        match self {
            Self::Decided(decided) => decided.lines.clone(),
            _ => {
                let pending = |code| Line { code, state: LineState::Pending, reasons: Vec::new() };
                self.form().codes().into_iter().map(pending).collect()
            }
        }
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Draft(_) => "draft",
            Self::Submitted(_) => "submitted",
            Self::Accepted(_) => "accepted",
            Self::AwaitingSupplement(_) => "awaiting_supplement",
            Self::Decided(_) => "decided",
            Self::Refused(_) => "refused",
            Self::Withdrawn(_) => "withdrawn",
        }
    }

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
            Self::Accepted(Accepted { filed, accepted_by }) => {
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

    fn wrong(&self, needed: &'static str) -> StepRefused {
        StepRefused::WrongState { needed, is: self.word() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::checklist::complete;
    use crate::catalog::domain::SAMPLE;
    use crate::insured::domain::{Held, Insured};
    use crate::insured::sample::person;
    use crate::kernel::calendar::{Calendar, EMBEDDED};
    use time::macros::{date, datetime};
    use uuid::Uuid;

    const TODAY: Date = date!(2025 - 03 - 03);
    const CODES: [&str; 2] = ["M01600", "M03900"];

    fn catalog() -> Catalog {
        Catalog::parse(SAMPLE).unwrap()
    }

    fn eligible(area: &str) -> Eligible {
        let insured = Insured { insu_admdvs: Region::find(area).unwrap(), ..person() };
        insured.eligible(&catalog(), &[], &Held::default(), TODAY).ok().unwrap()
    }

    fn form(codes: &[&str]) -> Form {
        let line = |code: &&str| LineForm {
            code: (*code).to_owned(),
            ide_fixmedins_no: "H62090200001".to_owned(),
            hosp_ide_date: TODAY,
            diag_dr_codg: "D1".to_owned(),
            diag_dr_name: "李医生".to_owned(),
        };
        Form {
            appy_rea: "理由".to_owned(),
            tel: "13800000000".to_owned(),
            agent: Some(Agent {
                name: "王五".to_owned(),
                cert_type: "01".to_owned(),
                certno: "620982197512310020".to_owned(),
                tel: "13800000000".to_owned(),
                rlts: "2".to_owned(),
                addr: "样例路".to_owned(),
            }),
            lines: codes.iter().map(line).collect(),
            materials: vec![id(7)],
            dcla_souc: "03".to_owned(),
        }
    }

    fn id(number: u128) -> Id {
        Id(Uuid::from_u128(number))
    }

    fn reason() -> Refusal {
        Refusal::new("WHY", "理由。", "why.").help("办法。", "help.").about("M01600").met_on(TODAY)
    }

    fn draft() -> Draft {
        Draft::begin(&eligible("620902"), id(1), form(&CODES), datetime!(2025-03-03 01:02:03 UTC)).state
    }

    fn submitted() -> Submitted {
        let catalog = catalog();
        let bare = Catalog { materials: Vec::new(), ..catalog.clone() };
        let complete = complete(&form(&[]), &bare, &[], TODAY).ok().unwrap();
        draft().submit(&eligible("620902"), &complete, &catalog, "hash", TODAY).state
    }

    fn accepted() -> Accepted {
        submitted().accept("officer").state
    }

    fn awaiting(application: Application) -> Awaiting {
        application.into_pending().unwrap().ask(vec![reason()], TODAY).state
    }

    fn decided() -> Decided {
        let line = |code: &str, state, reasons| Line { code: code.to_owned(), state, reasons };
        let lines = vec![
            line(CODES[0], LineState::Approved, Vec::new()),
            line(CODES[1], LineState::Rejected, vec![reason()]),
        ];
        accepted().decide(lines, "officer", TODAY).state
    }

    fn all() -> [Application; 7] {
        [
            Application::Draft(draft()),
            Application::Submitted(submitted()),
            Application::Accepted(accepted()),
            Application::AwaitingSupplement(awaiting(Application::Accepted(accepted()))),
            Application::Decided(decided()),
            Application::Refused(submitted().refuse(vec![reason()]).state),
            Application::Withdrawn(Application::Submitted(submitted()).withdraw().unwrap().state),
        ]
    }

    /// The step is allowed in these states and in no other; a refusal says what the state is.
    fn check(step: fn(Application) -> Result<(), StepRefused>, allowed: &[&str]) {
        let mut found = Vec::new();
        for application in all() {
            let word = application.word();
            match step(application) {
                Ok(()) => found.push(word),
                Err(StepRefused::WrongState { is, .. }) => assert_eq!(is, word),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(found, allowed);
    }

    #[test]
    fn each_step_is_allowed_in_its_states_only() {
        check(|any| any.into_draft().map(drop), &["draft"]);
        check(|any| any.into_submitted().map(drop), &["submitted"]);
        check(|any| any.into_accepted().map(drop), &["accepted"]);
        check(|any| any.into_awaiting().map(drop), &["awaiting_supplement"]);
        check(|any| any.into_decided().map(drop), &["decided"]);
        check(|any| any.into_pending().map(drop), &["submitted", "accepted"]);
        check(|any| any.withdraw().map(drop), &["draft", "submitted", "accepted", "awaiting_supplement"]);
    }

    #[test]
    fn the_clock_is_there_while_there_is_something_to_do() {
        let with_clock = all().into_iter().filter(|any| any.clock().is_some()).map(|any| any.word());
        assert_eq!(with_clock.collect::<Vec<_>>(), ["submitted", "accepted", "awaiting_supplement"]);
    }

    #[test]
    fn what_is_stored_comes_back_as_it_was() {
        for application in all() {
            let text = serde_json::to_string(&application).unwrap();
            assert_eq!(serde_json::from_str::<Application>(&text).unwrap(), application, "{text}");
        }
    }

    #[test]
    fn a_draft_follows_the_insurance_until_it_is_submitted() {
        let moved = draft().update(&eligible("620981"), form(&["M01600"])).state;
        assert_eq!((moved.case.area.as_str(), moved.case.id), ("620981", id(1)));
        assert_eq!(moved.form.codes(), ["M01600"]);
    }

    #[test]
    fn a_supplement_stops_the_clock_and_starts_it_again() {
        let calendar = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
        let plain = Application::Accepted(accepted()).clock().unwrap().due(&calendar).unwrap().date;
        let awaiting = awaiting(Application::Accepted(accepted()));
        assert_eq!(awaiting.filed.clock.paused_since(), Some(TODAY));
        assert_eq!(awaiting.filed.clock.due(&calendar), None);
        let step = awaiting.supplement(&[id(7), id(8)], date!(2025 - 03 - 10));
        assert_eq!(step.event, Event::Supplemented { materials: 1 });
        assert_eq!(step.state.form().materials, [id(7), id(8)]);
        let due = step.state.clock().unwrap().due(&calendar).unwrap().date;
        assert_eq!((plain, due), (date!(2025 - 03 - 31), date!(2025 - 04 - 08)));
    }

    #[test]
    fn a_supplement_leads_back_to_where_it_was_asked_for() {
        for before in [Application::Submitted(submitted()), Application::Accepted(accepted())] {
            let word = before.word();
            assert_eq!(awaiting(before).supplement(&[id(8)], TODAY).state.word(), word);
        }
    }

    #[test]
    fn a_supplement_is_new_or_none() {
        let awaiting = awaiting(Application::Submitted(submitted()));
        for (materials, new) in [(vec![id(7)], false), (vec![id(8)], true), (vec![id(7), id(8)], true)] {
            assert_eq!(awaiting.lacks_any(&materials), new, "{materials:?}");
        }
    }

    #[test]
    fn a_withdrawal_forgets_nothing_of_the_submission() {
        for before in all() {
            let filed = before.filed().cloned();
            if let Ok(step) = before.withdraw() {
                assert_eq!(Application::from(step.state).filed(), filed.as_ref());
            }
        }
    }

    #[test]
    fn who_never_answers_is_refused_only_before_acceptance() {
        let refuse = |before| awaiting(before).refuse(vec![reason()]);
        let step = refuse(Application::Submitted(submitted())).unwrap();
        assert_eq!((step.state.reasons, step.event), (vec![reason()], Event::Refused {}));
        let after = refuse(Application::Accepted(accepted())).unwrap_err();
        assert!(matches!(after, StepRefused::WrongState { is: "awaiting_supplement", .. }));
    }

    #[test]
    fn lines_move_only_forward() {
        type Move = fn(Decided, &str) -> Result<Step<Decided, Event>, StepRefused>;
        let moves: [Move; 3] = [
            |decided, code| decided.notice(code, "n".to_owned()),
            |decided, code| decided.grant(code, "b".to_owned()),
            |decided, code| decided.object(code, reason()),
        ];
        let allowed = |from| match from {
            LineState::Approved => [true, false, false],
            LineState::InNotice => [false, true, true],
            LineState::Pending | LineState::Rejected | LineState::Granted | LineState::Objected => [false; 3],
        };
        for from in [
            LineState::Pending,
            LineState::Approved,
            LineState::Rejected,
            LineState::InNotice,
            LineState::Granted,
            LineState::Objected,
        ] {
            let mut decided = decided();
            decided.lines[0].state = from;
            let found = moves.map(|go| go(decided.clone(), CODES[0]).is_ok());
            assert_eq!(found, allowed(from), "{from:?}");
            assert!(moves.iter().all(|go| go(decided.clone(), "NONE").is_err()));
        }
    }

    #[test]
    fn an_upheld_objection_says_why() {
        let noticed = decided().notice(CODES[0], "n".to_owned()).unwrap().state;
        let objected = noticed.object(CODES[0], reason()).unwrap().state;
        assert_eq!(objected.lines[0].state, LineState::Objected);
        assert_eq!(objected.lines[0].reasons, [reason()]);
        assert_eq!(objected.lines[1], decided().lines[1]);
    }
}

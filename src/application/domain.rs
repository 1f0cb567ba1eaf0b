//! 门诊慢特病申请: its states as types. A transition takes the old state and gives the new one with its event.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

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

/// What never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: Id,
    /// 险种 when it was begun.
    pub insutype: Insutype,
    /// 参保地 when it was begun.
    pub area: Region,
    /// When it was begun.
    pub created_at: OffsetDateTime,
}

/// What the applicant says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// 申请理由.
    pub appy_rea: String,
    /// 联系电话.
    pub tel: String,
    /// 代办人.
    pub agent: Option<Agent>,
    /// 申报病种.
    pub lines: Vec<LineForm>,
    /// Materials.
    pub materials: Vec<Id>,
    /// 申报来源.
    pub dcla_souc: String,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Form(…)")
    }
}

/// 代办人.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// 姓名.
    pub name: String,
    /// 证件类型.
    pub cert_type: String,
    /// 证件号码.
    pub certno: String,
    /// 电话.
    pub tel: String,
    /// 关系.
    pub rlts: String,
}

/// What is said of one disease.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineForm {
    /// 病种代码.
    pub code: String,
    /// 鉴定机构.
    pub ide_fixmedins_no: String,
    /// 鉴定日期.
    pub hosp_ide_date: Date,
    /// 诊断医师编码.
    pub diag_dr_codg: String,
    /// 诊断医师姓名.
    pub diag_dr_name: String,
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
}

/// What happened to an application. No personal data.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Begun.
    #[serde(rename = "application.created")]
    Created { opsp_dise_codes: Vec<String> },
    /// Changed by the applicant.
    #[serde(rename = "application.updated")]
    Updated { opsp_dise_codes: Vec<String> },
    /// Submitted.
    #[serde(rename = "application.submitted")]
    Submitted { opsp_dise_codes: Vec<String>, catalog_version: String, sample: bool },
    /// 受理.
    #[serde(rename = "application.accepted")]
    Accepted {},
    /// 不予受理.
    #[serde(rename = "application.refused")]
    Refused {},
    /// 告知补正.
    #[serde(rename = "application.supplement_requested")]
    SupplementRequested { items: usize },
    /// 已补正.
    #[serde(rename = "application.supplemented")]
    Supplemented { materials: usize },
    /// 撤回.
    #[serde(rename = "application.withdrawn")]
    Withdrawn {},
    /// 办结.
    #[serde(rename = "application.decided")]
    Decided { approved: Vec<String>, rejected: Vec<String> },
    /// A line went into a notice.
    #[serde(rename = "application.line_noticed")]
    LineNoticed { opsp_dise_code: String, notice: String },
    /// A line became a benefit.
    #[serde(rename = "application.line_granted")]
    LineGranted { opsp_dise_code: String, benefit: String },
    /// An objection to a line was upheld.
    #[serde(rename = "application.line_objected")]
    LineObjected { opsp_dise_code: String },
}

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepRefused {
    /// Not in the state that the step needs.
    WrongState { needed: &'static str, is: &'static str },
    /// Something that the checklist asks for is missing or does not serve.
    Material { code: String, title: String, fault: MaterialFault },
    /// A line names an institution that the catalogue does not have.
    InstitutionUnknown { code: String, fixmedins_code: String },
    /// The date of the identification lies in the future.
    IdentifiedInFuture { code: String },
    /// The line is not there or not where it has to be.
    LineNotReady { code: String },
}

/// What is wrong with a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaterialFault {
    /// There is none.
    Missing,
    /// None of the formats that are taken.
    Format,
    /// Older than allowed, or without its date.
    TooOld {
        /// Greatest age.
        months_max: i32,
    },
    /// Without seal.
    Seal,
    /// Its issuer is unknown, or its level too low.
    Issuer,
}

impl Draft {
    /// Begins a draft for somebody who may apply.
    pub fn begin(eligible: &Eligible, id: Id, form: Form, now: OffsetDateTime) -> Step<Self, Event> {
        let insured = eligible.insured();
        let case =
            Case { id, insutype: insured.insutype, area: insured.insu_admdvs.clone(), created_at: now };
        let opsp_dise_codes = form.codes();
        Step::new(Self { case, form }, Event::Created { opsp_dise_codes })
    }

    /// Replaces what it says.
    pub fn update(self, form: Form) -> Step<Self, Event> {
        let opsp_dise_codes = form.codes();
        Step::new(Self { form, ..self }, Event::Updated { opsp_dise_codes })
    }

    /// Submits it. `complete` is the proof that the checklist is served.
    pub fn submit(
        self,
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
            case: self.case,
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
        Step::new(Withdrawn { case: self.case, form: self.form }, Event::Withdrawn {})
    }
}

/// Proof that everything that the checklist asks for is there. Only `application::checklist::complete` makes one.
pub struct Complete(pub(super) ());

impl Form {
    /// The diseases.
    pub fn codes(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.code.clone()).collect()
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
    /// What never changes.
    pub fn case(&self) -> &Case {
        match self {
            Self::Draft(draft) => &draft.case,
            Self::Withdrawn(withdrawn) => &withdrawn.case,
            Self::Submitted(_)
            | Self::Accepted(_)
            | Self::AwaitingSupplement(_)
            | Self::Decided(_)
            | Self::Refused(_) => &self.filed().expect("all other states are filed").case,
        }
    }

    /// What the applicant says.
    pub fn form(&self) -> &Form {
        match self {
            Self::Draft(draft) => &draft.form,
            Self::Withdrawn(withdrawn) => &withdrawn.form,
            Self::Submitted(_)
            | Self::Accepted(_)
            | Self::AwaitingSupplement(_)
            | Self::Decided(_)
            | Self::Refused(_) => &self.filed().expect("all other states are filed").form,
        }
    }

    /// What is fixed by the submission; none in a draft and after a withdrawal.
    pub fn filed(&self) -> Option<&Filed> {
        match self {
            Self::Draft(_) | Self::Withdrawn(_) => None,
            Self::Submitted(Submitted { filed })
            | Self::Accepted(Accepted { filed, .. })
            | Self::AwaitingSupplement(Awaiting { filed, .. })
            | Self::Decided(Decided { filed, .. })
            | Self::Refused(Refused { filed, .. }) => Some(filed),
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
                Ok(Step::new(Withdrawn { case: filed.case, form: filed.form }, Event::Withdrawn {}))
            }
            other => Err(other.wrong("draft, submitted, accepted or awaiting_supplement")),
        }
    }

    fn wrong(&self, needed: &'static str) -> StepRefused {
        StepRefused::WrongState { needed, is: self.word() }
    }
}

impl From<StepRefused> for Refusal {
    fn from(refused: StepRefused) -> Self {
        match refused {
            StepRefused::WrongState { needed, is } => Self::new(
                "APPLICATION_STATE",
                format!("申请当前状态为“{}”,不能进行此操作。", state_zh(is)),
                format!("the application is {is}; this step needs {needed}."),
            )
            .help("请用 GetApplication 查看当前状态。", "look at its state with GetApplication."),
            StepRefused::Material { code, title, fault } => material_refusal(&title, fault).about(code),
            StepRefused::InstitutionUnknown { code, fixmedins_code } => Self::new(
                "INSTITUTION_UNKNOWN",
                format!("鉴定机构 {fixmedins_code} 不在定点医药机构名录中。"),
                format!("institution {fixmedins_code} is not a designated one."),
            )
            .help("请用 ListInstitutions 查询机构编号。", "look the code up with ListInstitutions.")
            .about(code),
            StepRefused::IdentifiedInFuture { code } => Self::new(
                "IDENTIFIED_IN_FUTURE",
                "医院鉴定日期不能晚于今天。",
                "hosp_ide_date is in the future.",
            )
            .help("请更正鉴定日期。", "correct the date.")
            .about(code),
            StepRefused::LineNotReady { code } => Self::new(
                "LINE_STATE",
                format!("病种 {code} 的申请行当前不能进行此操作。"),
                format!("the line of disease {code} is not in the state that this step needs."),
            )
            .about(code),
        }
    }
}

fn material_refusal(title: &str, fault: MaterialFault) -> Refusal {
    match fault {
        MaterialFault::Missing => {
            Refusal::new("MATERIAL_MISSING", format!("缺少材料:{title}。"), format!("material missing: {title}."))
                .help("请上传该材料并加入申请。", "upload it and add it to the application.")
        }
        MaterialFault::Format => Refusal::new(
            "MATERIAL_FORMAT",
            format!("材料“{title}”的格式不符合要求。"),
            format!("material {title} is not in a format that is taken."),
        )
        .help("请上传 jpg 或 pdf 文件。", "upload a jpg or pdf file."),
        MaterialFault::TooOld { months_max } => Refusal::new(
            "MATERIAL_TOO_OLD",
            format!("材料“{title}”须为 {months_max} 个月以内出具。"),
            format!("material {title} must be issued within the last {months_max} months."),
        )
        .help("请上传有效期内的材料并填写出具日期。", "upload a recent one and state its date."),
        MaterialFault::Seal => Refusal::new(
            "MATERIAL_SEAL",
            format!("材料“{title}”须加盖公章。"),
            format!("material {title} must bear the institution's seal."),
        )
        .help("请上传加盖公章或电子签章的材料。", "upload one that is sealed."),
        MaterialFault::Issuer => Refusal::new(
            "MATERIAL_ISSUER",
            format!("材料“{title}”须由二级及以上定点医疗机构出具。"),
            format!("material {title} must be issued by a designated hospital of the level that the checklist asks for."),
        )
        .help("请填写出具机构编号,或更换出具机构。", "state the issuer's code, or have it issued by such a hospital."),
    }
}

fn state_zh(word: &str) -> &'static str {
    match word {
        "draft" => "草稿",
        "submitted" => "已提交",
        "accepted" => "已受理",
        "awaiting_supplement" => "待补正",
        "decided" => "已办结",
        "refused" => "不予受理",
        _ => "已撤回",
    }
}

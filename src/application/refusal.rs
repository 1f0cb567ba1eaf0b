//! Why a step of an application is refused, in words.

use time::Date;

use crate::catalog::domain::{Insutype, Level};
use crate::insured::domain::NotEligible;
use crate::kernel::error::Refusal;

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepRefused {
    /// Not in the state that the step needs.
    WrongState { needed: &'static str, is: &'static str },
    /// The catalogue does not have the disease.
    DiseaseUnknown { code: String },
    /// Something that the checklist asks for is missing or does not serve. The code is empty where every application
    /// needs it.
    Material { code: String, title: String, fault: MaterialFault },
    /// A line names an institution that the catalogue does not have.
    InstitutionUnknown { code: String, fixmedins_code: String },
    /// The institution was not a designated one for the disease and the insured kind on the day of the identification.
    NotDesignated { code: String, fixmedins_code: String, day: Date, kind: Insutype },
    /// The date of the identification lies in the future.
    IdentifiedInFuture { code: String },
    /// A supplement asks for papers of the checklist: that there is nothing to add is no answer. Without their names
    /// where it was asked for before they were kept.
    MaterialNeeded { titles: Vec<String> },
    /// The line is not there or not where it has to be.
    LineNotReady { code: String },
    /// The clock stands still, because somebody outside is waited for.
    Paused { since: Date },
    /// The clock runs.
    NotPaused,
    /// The rules count the time of an assessment.
    AssessmentCounts,
    /// The review was extended before.
    ExtendedBefore,
    /// The last day of the review is over.
    Overdue,
    /// More days than the rules allow.
    ExtensionTooLong { most: u32 },
}

/// Why an application is not of the kind that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The benefit that it builds on is not there, or not in force.
    BenefitNotInForce,
    /// 病情变化 of several diseases at once.
    SeveralDiseases,
    /// 病情变化 to the benefit's own disease.
    SameDisease { code: String },
}

/// What is wrong with a material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MaterialFault {
    /// There is none.
    Missing,
    /// None of the formats that are taken.
    Format {
        /// Those that are taken.
        formats: Vec<String>,
    },
    /// Older than allowed, or without its date.
    TooOld {
        /// Greatest age.
        months_max: i32,
    },
    /// Issued later than today.
    IssuedInFuture,
    /// Without seal.
    Seal,
    /// A picture without colour.
    Grey,
    /// More than one, where one is all there can be.
    Several,
    /// The same content as another one.
    SameContent {
        /// The other one.
        other: String,
    },
    /// Its issuer is unknown, or its level too low.
    Issuer {
        /// Lowest level.
        least: Level,
    },
}

impl From<StepRefused> for Refusal {
    fn from(refused: StepRefused) -> Self {
        match refused {
            StepRefused::Paused { .. }
            | StepRefused::NotPaused
            | StepRefused::AssessmentCounts
            | StepRefused::ExtendedBefore
            | StepRefused::Overdue
            | StepRefused::ExtensionTooLong { .. } => clock_refusal(&refused),
            StepRefused::WrongState { needed, is } => Self::new(
                "APPLICATION_STATE",
                format!("申请当前状态为“{}”，不能进行此操作。", state_zh(is)),
                format!("the application is {is}; this step needs {needed}."),
            )
            .help("请用 GetApplication 查看当前状态。", "look at its state with GetApplication."),
            StepRefused::DiseaseUnknown { code } => NotEligible::UnknownDisease { code }.into(),
            StepRefused::Material { code, title, fault } => material_refusal(&title, &fault).about(code),
            StepRefused::InstitutionUnknown { code, fixmedins_code } => Self::new(
                "INSTITUTION_UNKNOWN",
                format!("鉴定机构 {fixmedins_code} 不在定点医药机构名录中。"),
                format!("institution {fixmedins_code} is not a designated one."),
            )
            .help("请用 ListInstitutions 查询机构编号。", "look the code up with ListInstitutions.")
            .about(code),
            StepRefused::NotDesignated { code, fixmedins_code, day, kind } => Self::new(
                "INSTITUTION_NOT_DESIGNATED",
                format!("{day}，{fixmedins_code} 不是{}参保人病种 {code} 的定点医药机构。", kind.name()),
                format!(
                    "on {day} {fixmedins_code} was not designated for {code} of insured kind {}.",
                    kind.code()
                ),
            )
            .help(
                "请用 ListInstitutions 查询该病种的定点机构，由其鉴定后再申请。",
                "ListInstitutions shows which institutions are; be assessed by one of them.",
            )
            .about(code),
            StepRefused::IdentifiedInFuture { code } => Self::new(
                "IDENTIFIED_IN_FUTURE",
                "医院鉴定日期不能晚于今天。",
                "hosp_ide_date is in the future.",
            )
            .help("请更正鉴定日期。", "correct the date.")
            .about(code),
            StepRefused::MaterialNeeded { titles } => Self::new(
                "MATERIAL_NEEDED",
                format!("须补正材料清单所列的材料，不能答复无补充材料：{}。", titles.join("、")),
                format!("papers of the checklist are asked for and have to come: {}.", titles.join(", ")),
            )
            .help(
                "请补交所要求的材料（用 GetApplication 查看 supplement_wanted），或撤回申请。",
                "add what is asked for, see supplement_wanted in GetApplication, or withdraw the application.",
            ),
            StepRefused::LineNotReady { code } => Self::new(
                "LINE_STATE",
                format!("病种 {code} 的申请行当前不能进行此操作。"),
                format!("the line of disease {code} is not in the state that this step needs."),
            )
            .about(code),
        }
    }
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::BenefitNotInForce => Self::new(
                "BENEFIT_NOT_IN_FORCE",
                "所列的待遇今天不在有效状态（不存在、尚未生效、已暂停或已终止）。",
                "the benefit named is not in force today: it is not there, has not begun, is suspended or has ended.",
            )
            .help(
                "请用 ListBenefits 查看并填写有效的待遇；没有有效待遇的，申请类型请填首次申请。",
                "look at ListBenefits and name one in force, or apply with kind NEW.",
            ),
            Misfit::SeveralDiseases => Self::new(
                "CHANGE_ONE_DISEASE",
                "病情变化的申请须恰有一个病种：由它接替原待遇的病种。",
                "an application for a change of condition has exactly one disease: the one that replaces the benefit's.",
            )
            .help(
                "请只保留接替的病种，其他病种用增加病种另行申请。",
                "keep the one that replaces it, and apply for the others with kind ADDED.",
            ),
            Misfit::SameDisease { code } => Self::new(
                "CHANGE_SAME_DISEASE",
                format!("所列的待遇就是病种 {code} 的待遇，没有变化。"),
                format!("the benefit named is for disease {code} already: nothing changes."),
            )
            .help(
                "无需申请，现有待遇继续有效；病情变化为其他病种的，请填写该病种。",
                "no application is needed, the benefit covers it; name the other disease if it is one.",
            )
            .about(code),
        }
    }
}

fn clock_refusal(refused: &StepRefused) -> Refusal {
    match refused {
        StepRefused::Paused { since } => Refusal::new(
            "REVIEW_PAUSED",
            format!("审核自 {since} 起暂停，等待鉴定或体检结果。"),
            format!("the review stands still since {since}: an assessment or an examination is waited for."),
        )
        .help("有结果后请先用 ResumeReview 恢复。", "call ResumeReview first, once its result is there."),
        StepRefused::NotPaused => {
            Refusal::new("REVIEW_RUNS", "审核没有暂停。", "the review does not stand still.")
                .help("无需恢复。", "there is nothing to resume.")
        }
        StepRefused::AssessmentCounts => Refusal::new(
            "ASSESSMENT_COUNTS",
            "按本地政策目录，机构鉴定时间计入审核时限，不能暂停。",
            "by the rules of the catalogue the time of an assessment counts: the clock does not stand still.",
        )
        .help(
            "确需更多时间的，用 ExtendDeadline 延长一次。",
            "where more time is needed, ExtendDeadline once.",
        ),
        StepRefused::ExtendedBefore => Refusal::new(
            "EXTENDED_BEFORE",
            "审核时限只能延长一次，已经延长过。",
            "the review was extended before; once is all there is.",
        )
        .help("请在现有时限内办结。", "decide within the time that is left."),
        StepRefused::ExtensionTooLong { most } => Refusal::new(
            "EXTENSION_TOO_LONG",
            format!("按政策目录至多延长 {most} 个工作日。"),
            format!("the rules of the catalogue allow {most} more working days at most."),
        )
        .help("请减少天数。", "ask for fewer."),
        _ => Refusal::new(
            "DEADLINE_OVER",
            "审核时限已过，不能再延长。",
            "the last day of the review is over: it cannot be extended any more.",
        )
        .help("请尽快办结；申请人可要求说明理由。", "decide at once; the applicant may ask why it is late."),
    }
}

fn material_refusal(title: &str, fault: &MaterialFault) -> Refusal {
    match fault {
        MaterialFault::Missing => Refusal::new(
            "MATERIAL_MISSING",
            format!("缺少材料：{title}。"),
            format!("material missing: {title}."),
        )
        .help("请以该名称上传材料并加入申请。", "upload it under this title and add it to the application."),
        MaterialFault::Format { formats } => Refusal::new(
            "MATERIAL_FORMAT",
            format!("材料“{title}”的格式不符合要求。"),
            format!("material {title} is not in a format that is taken."),
        )
        .help(
            format!("请上传 {} 文件。", formats.join("、")),
            format!("upload a file of one of these formats: {}.", formats.join(", ")),
        ),
        MaterialFault::TooOld { months_max } => Refusal::new(
            "MATERIAL_TOO_OLD",
            format!("材料“{title}”须为 {months_max} 个月以内出具。"),
            format!("material {title} must be issued within the last {months_max} months."),
        )
        .help("请上传有效期内的材料并填写出具日期。", "upload a recent one and state its date."),
        MaterialFault::IssuedInFuture => Refusal::new(
            "MATERIAL_ISSUED_IN_FUTURE",
            format!("材料“{title}”的出具日期不能晚于今天。"),
            format!("the date of material {title} is in the future."),
        )
        .help("请更正出具日期后重新上传。", "upload it again with its right date."),
        MaterialFault::Seal => Refusal::new(
            "MATERIAL_SEAL",
            format!("材料“{title}”须加盖公章。"),
            format!("material {title} must bear the institution's seal."),
        )
        .help("请上传加盖公章或电子签章的材料。", "upload one that is sealed."),
        MaterialFault::Grey => Refusal::new(
            "MATERIAL_GREY",
            format!("材料“{title}”须为彩色扫描件。"),
            format!("material {title} must be in colour."),
        )
        .help("请以彩色模式重新扫描或拍摄。", "scan or photograph it in colour."),
        MaterialFault::Several => Refusal::new(
            "MATERIAL_SEVERAL",
            format!("材料“{title}”只能提交一份。"),
            format!("there can be only one material {title}."),
        )
        .help("请从申请中去掉多余的一份。", "take the others out of the application."),
        MaterialFault::SameContent { other } => Refusal::new(
            "MATERIAL_SAME_CONTENT",
            format!("材料“{title}”与“{other}”是同一文件。"),
            format!("material {title} is the same file as {other}."),
        )
        .help("请分别上传各自的材料。", "upload what each of them asks for."),
        MaterialFault::Issuer { least } => {
            let (zh, en) = level_words(*least);
            Refusal::new(
                "MATERIAL_ISSUER",
                format!("材料“{title}”须由{zh}定点医疗机构出具。"),
                format!("material {title} must be issued by a designated institution {en}."),
            )
            .help(
                "请填写出具机构编号，或更换出具机构。",
                "state the issuer's code, or have it issued by such a hospital.",
            )
        }
    }
}

fn level_words(least: Level) -> (&'static str, &'static str) {
    match least {
        Level::None => ("", "of the catalogue"),
        Level::Primary => ("一级及以上", "of primary level or above"),
        Level::Secondary => ("二级及以上", "of secondary level or above"),
        Level::Tertiary => ("三级", "of tertiary level"),
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

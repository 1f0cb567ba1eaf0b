//! Why a material is not redacted, or not given to an expert, in words.

use super::super::concerned::{Field, listed};
use crate::kernel::error::Refusal;

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody has redacted it.
    NotRedacted,
    /// Experts never see it.
    OfIdentity,
    /// An opinion rests on what was redacted before.
    Cited,
    /// The text under a box of a pdf stays in it.
    PdfBoxes,
    /// The picture does not decode.
    Unreadable,
    /// These fields of people concerned stand in it.
    NamesPerson(Vec<Field>),
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, zh, en) = refused.words();
        let (help_zh, help_en) = refused.help();
        Self::new(reason, zh, en).help(help_zh, help_en)
    }
}

impl Refused {
    fn words(&self) -> (&'static str, String, String) {
        let plain = |reason, zh: &str, en: &str| (reason, zh.to_owned(), en.to_owned());
        match self {
            Self::NotRedacted => plain(
                "MATERIAL_NOT_REDACTED",
                "该材料尚未脱敏，专家不能查看。",
                "the material has not been redacted: experts cannot open it yet.",
            ),
            Self::OfIdentity => plain(
                "REDACTION_OF_IDENTITY",
                "身份证、医保卡和申请表不提供给专家，无需脱敏。",
                "identity papers and application forms are never shown to experts: there is nothing to redact.",
            ),
            Self::Cited => plain(
                "REDACTION_CITED",
                "已有专家意见以该材料的脱敏件为依据，不能更换。",
                "an opinion cites what was redacted before: it stands.",
            ),
            Self::PdfBoxes => plain(
                "REDACTION_PDF_BOXES",
                "pdf 不能涂黑：被遮住的文字仍留在文件中。",
                "boxes cannot be blackened in a pdf: the text under them would stay in the file.",
            ),
            Self::Unreadable => plain(
                "REDACTION_UNREADABLE",
                "该图片无法解码，不能制作脱敏件。",
                "the picture does not decode: no copy can be made of it.",
            ),
            Self::NamesPerson(fields) => {
                let (zh, en) = listed(fields);
                (
                    "REDACTION_NAMES_APPLICANT",
                    format!("该 pdf 的文字或属性中含有{zh}。"),
                    format!("the text or the properties of the pdf hold {en}."),
                )
            }
        }
    }

    fn help(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotRedacted => {
                ("请联系经办机构用 RedactMaterial 脱敏。", "ask the bureau to redact it (RedactMaterial).")
            }
            Self::OfIdentity | Self::Cited => ("", ""),
            Self::PdfBoxes | Self::Unreadable | Self::NamesPerson(_) => (
                "请打印后遮盖身份信息再扫描，或导出为涂黑的图片，上传后填入 redacted_copy。",
                "cover what tells who it is about on paper or in a picture, upload that, and name it in redacted_copy.",
            ),
        }
    }
}

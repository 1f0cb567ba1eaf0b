//! A material: what a file is said to be, and what its bytes say.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::check::{Facts, Finding, Told};
use crate::catalog::domain::MaterialKind;
use crate::catalog::files::Outcome;
use crate::kernel::error::{Refusal, Violation};
use crate::kernel::id::Id;
use crate::kernel::step::Step;

/// A stored file.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// Its id.
    pub id: Id,
    /// Kind of paper.
    pub kind: MaterialKind,
    /// What its bytes say.
    pub media_type: MediaType,
    /// Size in bytes.
    pub size_bytes: i64,
    /// SHA-256 over its content, hexadecimal.
    pub sha256: String,
    /// Whether something was submitted with it.
    pub in_use: bool,
    /// What the uploader says.
    pub label: Label,
    /// What its bytes show.
    pub checks: Checks,
    /// When it was stored.
    pub created_at: OffsetDateTime,
}

/// What the bytes of a file show, and what the rules of its day made of it. Stored in the clear: it tells nothing of a
/// person. Empty for what was stored before files were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Facts.
    pub facts: Facts,
    /// Findings, none of which refused it.
    pub findings: Vec<Told>,
}

/// What the uploader says of a file. Stored sealed: a title can name a disease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// 材料名称.
    pub title: String,
    /// 出具日期.
    pub issued_on: Option<Date>,
    /// 出具机构; empty when it is not an institution.
    pub fixmedins_code: String,
    /// Whether it bears the institution's seal.
    pub sealed: bool,
}

/// What the bytes of a file say. Only a whole file of a type that is taken has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its type.
    pub media_type: MediaType,
    /// Size in bytes.
    pub size_bytes: i64,
    /// SHA-256 over it, hexadecimal.
    pub sha256: String,
    /// What it shows.
    pub checks: Checks,
}

/// The types that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaType {
    /// jpg.
    Jpeg,
    /// pdf.
    Pdf,
}

impl MediaType {
    /// As media type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Pdf => "application/pdf",
        }
    }

    /// By media type.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Jpeg, Self::Pdf].into_iter().find(|kind| kind.as_str() == name)
    }

    /// As the catalogue names the format.
    pub fn format(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Pdf => "pdf",
        }
    }
}

/// There is nothing to make a small picture of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoThumbnail;

/// What happened to a material.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Stored.
    #[serde(rename = "material.uploaded")]
    Uploaded { kind: MaterialKind, media_type: &'static str, size_bytes: i64, sha256: String },
    /// Something was submitted with it.
    #[serde(rename = "material.used")]
    Used {},
    /// Deleted.
    #[serde(rename = "material.deleted")]
    Deleted {},
}

/// Something was submitted with the material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InUse;

/// A person has as many materials as one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How many one may have.
    pub most: u64,
}

impl Label {
    /// What is wrong with what the uploader says.
    pub fn fault(&self, today: Date) -> Option<Violation> {
        let future = self.issued_on.is_some_and(|day| day > today);
        future.then(|| Violation::new("header.issued_on", "出具日期不能晚于今天", "is in the future"))
    }
}

impl Material {
    /// A file that was just stored.
    pub fn uploaded(
        id: Id,
        kind: MaterialKind,
        content: Content,
        label: Label,
        now: OffsetDateTime,
    ) -> Step<Self, Event> {
        let Content { media_type, size_bytes, sha256, checks } = content;
        let event =
            Event::Uploaded { kind, media_type: media_type.as_str(), size_bytes, sha256: sha256.clone() };
        let material =
            Self { id, kind, media_type, size_bytes, sha256, in_use: false, label, checks, created_at: now };
        Step::new(material, event)
    }

    /// Whether it bears a seal: a signature that covers it (电子签章), or a seal on paper (公章) as the uploader says.
    pub fn is_sealed(&self) -> bool {
        self.label.sealed || self.checks.facts.signed
    }

    /// What is told of it: what its bytes show, and by what it counts as sealed.
    pub fn told(&self) -> Vec<Told> {
        let stated = self.label.sealed && !self.checks.facts.signed;
        let seal = stated.then(|| Finding::SealStated.told(Outcome::Pass));
        self.checks.findings.iter().cloned().chain(seal).collect()
    }

    /// Deletes it, unless something was submitted with it.
    pub fn delete(&self) -> Result<Event, InUse> {
        if self.in_use { Err(InUse) } else { Ok(Event::Deleted {}) }
    }
}

impl From<NoThumbnail> for Refusal {
    fn from(NoThumbnail: NoThumbnail) -> Self {
        Self::new(
            "THUMBNAIL_NONE",
            "该文件没有可用的缩略图：pdf 首页不含 jpg 图片，系统不渲染页面。",
            "no thumbnail can be made: there is no jpg on the first page of the pdf, and pages are not rendered.",
        )
        .help("请用 DownloadMaterial 查看原文件。", "read the whole file with DownloadMaterial.")
    }
}

impl From<InUse> for Refusal {
    fn from(InUse: InUse) -> Self {
        Self::new(
            "MATERIAL_IN_USE",
            "该材料已随业务提交，不能删除。",
            "something was submitted with the material: it can no longer be deleted.",
        )
    }
}

impl From<TooMany> for Refusal {
    fn from(TooMany { most }: TooMany) -> Self {
        Self::new(
            "MATERIALS_TOO_MANY",
            format!("每人最多保存 {most} 份材料，请先删除未使用的材料。"),
            format!("one person may have {most} materials at most: delete some that are not in use first."),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn uploaded() -> Material {
        let content = Content {
            media_type: MediaType::Pdf,
            size_bytes: 7,
            sha256: "ab".repeat(32),
            checks: Checks::default(),
        };
        let label = Label {
            title: "出院小结".to_owned(),
            issued_on: Some(date!(2025 - 03 - 03)),
            fixmedins_code: String::new(),
            sealed: true,
        };
        let id = Id(uuid::Uuid::from_u128(1));
        let step = Material::uploaded(
            id,
            MaterialKind::MedicalRecord,
            content,
            label,
            datetime!(2025-03-03 00:00 UTC),
        );
        assert!(!serde_json::to_string(&step.event).unwrap().contains("出院小结"));
        step.state
    }

    #[test]
    fn only_what_is_not_in_use_can_be_deleted() {
        let mut material = uploaded();
        assert!(matches!(material.delete(), Ok(Event::Deleted {})));
        material.in_use = true;
        assert!(matches!(material.delete(), Err(InUse)));
    }

    #[test]
    fn a_paper_cannot_come_from_the_future() {
        let label = uploaded().label;
        assert_eq!(label.fault(date!(2025 - 03 - 03)), None);
        let fault = label.fault(date!(2025 - 03 - 02));
        assert_eq!(fault.map(|fault| fault.field).as_deref(), Some("header.issued_on"));
    }
}

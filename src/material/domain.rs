//! A material: what a file is said to be, and what its bytes say.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::catalog::domain::MaterialKind;
use crate::kernel::id::Id;

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
    /// When it was stored.
    pub created_at: OffsetDateTime,
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

/// The types that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

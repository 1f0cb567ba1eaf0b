//! A redaction: which content stands for a material before the experts of one application, and by whose word.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::super::check::Area;
use super::super::domain::MediaType;
use crate::kernel::id::Id;
use crate::kernel::step::Step;

/// What the experts of an application get to see of one of its materials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// The application.
    pub application: Id,
    /// The material.
    pub material: Id,
    /// How it came about.
    pub way: Way,
    /// What they get.
    pub served: Served,
    /// The officer who made it.
    pub operator: String,
    /// When.
    pub made_at: OffsetDateTime,
}

/// A content of the same person: a copy of its own, or that of a material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// SHA-256 over it, hexadecimal.
    pub sha256: String,
    /// Its type.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size_bytes: i64,
}

/// How a redaction comes about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum Way {
    /// 涂黑: parts of a picture are black.
    Blackened {
        /// Those parts; at least one.
        areas: Vec<Area>,
    },
    /// 另传脱敏件: another material of the person stands for it.
    Copy {
        /// That material.
        from: Id,
    },
    /// 无身份信息: it shows nothing of the person.
    NoIdentity,
}

/// What happened to a redaction. Who did it stands beside it in the journal.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Made, or made anew.
    #[serde(rename = "material.redacted")]
    Redacted {
        /// How.
        way: &'static str,
        /// The content that stands for the material from now on.
        sha256: String,
    },
}

impl Redaction {
    /// A redaction that was just made.
    pub fn made(self) -> Step<Self, Event> {
        let event = Event::Redacted { way: self.way.word(), sha256: self.served.sha256.clone() };
        Step::new(self, event)
    }
}

impl Way {
    /// Its word in the journal.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Blackened { .. } => "blackened",
            Self::Copy { .. } => "copy",
            Self::NoIdentity => "no_identity",
        }
    }

    /// What of a picture is black.
    pub fn areas(&self) -> &[Area] {
        match self {
            Self::Blackened { areas } => areas,
            Self::Copy { .. } | Self::NoIdentity => &[],
        }
    }
}

//! What a call can answer instead of a result. Each kind has one gRPC code, chosen in `rpc/status.rs`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use time::Date;

/// A result of the domain, the stores and the verbs.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields that do not satisfy the contract, all of them.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<Violation>),
    /// The state of things does not allow it; every reason.
    #[error("refused: {}", reasons(.0))]
    Refused(Vec<Refusal>),
    /// Absent, or out of the caller's scope: the two look alike.
    #[error("not found")]
    NotFound(String),
    /// No credential, or none that is known.
    #[error("unauthenticated: {}", .0.reason)]
    Unauthenticated(Box<Refusal>),
    /// Known, but not allowed.
    #[error("denied: {}", .0.reason)]
    Denied(Box<Refusal>),
    /// The etag is not the current one.
    #[error("stale etag")]
    Stale,
    /// Another call won a race.
    #[error("lost a race")]
    Conflict,
    /// A quota is used up.
    #[error("exhausted: {}", .0.reason)]
    Exhausted(Box<Refusal>),
    /// The database or the object store is away, or the server is going down.
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
    /// The caller's deadline has passed.
    #[error("too late")]
    TooLate,
    /// A broken invariant. The text goes to the log, without the numbers of people, and never to the caller.
    #[error("internal: {}", super::mask::names(&.0.to_string()))]
    Internal(anyhow::Error),
}

impl Error {
    /// Absent or out of scope.
    pub fn not_found(name: &str) -> Self {
        Self::NotFound(name.to_owned())
    }

    /// A broken invariant.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::Internal(anyhow::anyhow!(what.into()))
    }

    /// A broken invariant of one row, stored or to be stored: the others have nothing to do with it.
    #[must_use]
    pub fn of_row(self) -> Self {
        match self {
            Self::Internal(cause) => Self::Internal(OfRow(cause).into()),
            other => other,
        }
    }

    /// Whether one row is at fault, and not the service.
    pub fn is_of_row(&self) -> bool {
        matches!(self, Self::Internal(cause) if cause.is::<OfRow>())
    }

    /// One wrong field.
    pub fn invalid(field: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, zh, en)])
    }
}

/// Says of a broken invariant that it is that of one row.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
struct OfRow(anyhow::Error);

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<Vec<Refusal>> for Error {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused(refusals)
    }
}

fn reasons(refusals: &[Refusal]) -> String {
    refusals.iter().map(|refusal| refusal.reason.as_ref()).collect::<Vec<_>>().join(", ")
}

/// A field that does not satisfy the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, for example `application.lines[0].diag_dr_codg`.
    pub field: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Violation {
    /// A violation.
    pub fn new(field: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { field: field.to_owned(), zh: zh.into(), en: en.into() }
    }
}

/// One reason why something is refused, missing or not in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable code for programs.
    pub reason: Cow<'static, str>,
    /// For people, in Chinese.
    pub zh: String,
    /// For people, in English.
    pub en: String,
    /// What would help, in Chinese; empty when nothing would.
    #[serde(default)]
    pub help_zh: String,
    /// What would help, in English.
    #[serde(default)]
    pub help_en: String,
    /// What it is about: a disease code, a material kind, a field.
    #[serde(default)]
    pub subject: String,
    /// The day on which time alone cures it.
    #[serde(default)]
    pub met_on: Option<Date>,
}

impl Refusal {
    /// A reason in both languages.
    pub fn new(reason: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            reason: Cow::Borrowed(reason),
            zh: zh.into(),
            en: en.into(),
            help_zh: String::new(),
            help_en: String::new(),
            subject: String::new(),
            met_on: None,
        }
    }

    /// With what would help.
    #[must_use]
    pub fn help(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        (self.help_zh, self.help_en) = (zh.into(), en.into());
        self
    }

    /// With what it is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// With the day on which time alone cures it.
    #[must_use]
    pub fn met_on(mut self, day: Date) -> Self {
        self.met_on = Some(day);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_one_row_keeps_its_cause() {
        let broken = || Error::internal("sealed bytes do not open");
        assert!(broken().of_row().is_of_row() && !broken().is_of_row());
        assert_eq!(broken().of_row().to_string(), broken().to_string());
        assert!(!Error::Conflict.of_row().is_of_row(), "a lost race is nobody's fault");
    }

    #[test]
    fn an_error_keeps_no_number_of_a_person_for_the_log() {
        let places = ["insured/62090000001/applications/7", "insured/62090000001/0a1b2c"];
        for place in places {
            let told = Error::internal(format!("sealed bytes of {place} do not open")).to_string();
            assert!(!told.contains("6209") && told.contains("insured/…/"), "{told}");
        }
        assert!(!Error::not_found("insured/62090000001").to_string().contains("6209"));
    }
}

//! 异议: what somebody says against an entry, and what came of it. Pure.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::{Date, OffsetDateTime};

pub use super::refusal::Refused;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::id::Id;
use crate::kernel::step::Step;

/// An objection in any state, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Objection {
    /// 处理中: stands.
    Standing(Filed),
    /// 异议成立.
    Upheld(Resolved),
    /// 异议不成立.
    Dismissed(Resolved),
    /// 不再处理: the entry was withdrawn, so that nothing is left to decide.
    Moot(Resolved),
    /// 复核中: the objector appealed, and it stands again.
    Appealed(Appealed),
}

/// An objection as it was filed; never changed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Filed {
    /// Its id.
    pub id: Id,
    /// The entry that it is against.
    pub entry: Id,
    /// The entry's resource name.
    pub entry_name: String,
    /// 异议理由.
    pub ground: String,
    /// 异议人姓名; empty where it is anonymous.
    pub objector_name: String,
    /// 异议人电话; empty where it is anonymous.
    pub objector_tel: String,
    /// The officer through whom it was filed; empty where the portal filed it, or a version that did not keep it.
    #[serde(default)]
    pub filed_by: String,
    /// 异议办理时限; none where it was filed to a version that kept none.
    #[serde(default)]
    pub clock: Option<Clock>,
    /// When.
    pub filed_at: OffsetDateTime,
}

impl std::fmt::Debug for Filed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filed({})", self.id)
    }
}

/// An objection with its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// As it was filed.
    pub filed: Filed,
    /// The outcome.
    pub resolution: Resolution,
    /// 退回复审: upheld, and its line went back to review.
    #[serde(default)]
    pub to_review: bool,
    /// 核实情况, told to the person whom it is about; empty where it was not upheld.
    #[serde(default)]
    pub finding: String,
    /// 复核申请期; none where nothing can be appealed.
    #[serde(default)]
    pub window: Option<Clock>,
    /// What went before, where this is the outcome of an appeal.
    #[serde(default)]
    pub heard: Option<Heard>,
}

/// An objection whose dismissal was appealed against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Appealed {
    /// As it was filed.
    pub filed: Filed,
    /// What it is about.
    pub heard: Heard,
    /// 异议办理时限, anew.
    pub clock: Clock,
}

/// 复核: what was appealed against, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The dismissal.
    pub first: Resolution,
    /// 复核理由.
    pub appeal: Appeal,
}

/// 申请复核.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    /// 复核理由.
    pub ground: String,
    /// When.
    pub at: OffsetDateTime,
}

impl std::fmt::Debug for Appeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Appeal({})", self.at)
    }
}

/// What the bureau found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// 处理意见, told to the objector.
    pub text: String,
    /// The officer.
    pub officer: String,
    /// When.
    pub at: OffsetDateTime,
}

impl std::fmt::Debug for Resolution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resolution({})", self.at)
    }
}

/// What happened to an objection.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// 提出.
    #[serde(rename = "notice.objection_filed")]
    Filed {},
    /// 异议成立.
    #[serde(rename = "notice.objection_upheld")]
    Upheld { to_review: bool },
    /// 异议不成立.
    #[serde(rename = "notice.objection_dismissed")]
    Dismissed {},
    /// 申请复核.
    #[serde(rename = "notice.objection_appealed")]
    Appealed {},
    /// 不再处理: the entry was withdrawn.
    #[serde(rename = "notice.objection_moot")]
    Moot {},
    /// 附件: the objector added one.
    #[serde(rename = "notice.objection_file_added")]
    FileAdded { number: i32, sha256: String },
    /// 脱敏: the copy for the person whom it is about was made, or made anew.
    #[serde(rename = "notice.objection_redacted")]
    Redacted { sha256: String },
}

/// 附件 of an objection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From 1.
    pub number: i32,
    /// SHA-256 over it, hexadecimal.
    pub sha256: String,
    /// Its type.
    pub media_type: String,
    /// Size in bytes.
    pub size_bytes: i64,
    /// When it was added.
    pub added_at: OffsetDateTime,
}

/// 脱敏副本: what the person whom an objection is about may see of its words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    /// 异议理由 without what tells who objected.
    pub ground: String,
    /// The officer who made it.
    pub officer: String,
    /// When.
    pub at: OffsetDateTime,
}

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redacted({})", self.at)
    }
}

/// So many files come with one objection.
const FILES_MAX: usize = 5;

/// What stood, taken out of its state.
struct Stood {
    filed: Filed,
    heard: Option<Heard>,
}

impl Stood {
    fn resolved(self, resolution: Resolution) -> Resolved {
        let (filed, heard) = (self.filed, self.heard);
        Resolved { filed, resolution, to_review: false, finding: String::new(), window: None, heard }
    }
}

impl Objection {
    /// 提出异议.
    pub fn file(filed: Filed) -> Step<Self, Event> {
        Step::new(Self::Standing(filed), Event::Filed {})
    }

    /// 异议成立: the line is rejected, or goes back to review. `finding`: what the person whom it is about is told.
    pub fn uphold(
        self,
        resolution: Resolution,
        to_review: bool,
        finding: &str,
    ) -> Result<Step<Self, Event>, Refused> {
        let resolved = self.heard_by(&resolution.officer)?.resolved(resolution);
        let resolved = Resolved { to_review, finding: finding.to_owned(), ..resolved };
        Ok(Step::new(Self::Upheld(resolved), Event::Upheld { to_review }))
    }

    /// 异议不成立. `window`: the days in which the objector may appeal, where the policy gives any; once.
    pub fn dismiss(
        self,
        resolution: Resolution,
        window: Option<Clock>,
    ) -> Result<Step<Self, Event>, Refused> {
        let stood = self.heard_by(&resolution.officer)?;
        let window = window.filter(|_| stood.heard.is_none());
        let resolved = stood.resolved(resolution);
        Ok(Step::new(Self::Dismissed(Resolved { window, ..resolved }), Event::Dismissed {}))
    }

    /// 不再处理: the entry was withdrawn.
    pub fn moot(self, resolution: Resolution) -> Result<Step<Self, Event>, Refused> {
        Ok(Step::new(Self::Moot(self.stood()?.resolved(resolution)), Event::Moot {}))
    }

    /// 申请复核 of a dismissal, within its days. `clock`: the time that the bureau has for it.
    pub fn appeal(
        self,
        appeal: Appeal,
        clock: Clock,
        calendar: &Calendar,
        today: Date,
    ) -> Result<Step<Self, Event>, Refused> {
        let Self::Dismissed(Resolved { filed, resolution, window: Some(window), .. }) = self else {
            return Err(Refused::NoAppeal);
        };
        if !is_within(&window, calendar, today) {
            return Err(Refused::AppealTooLate);
        }
        let heard = Heard { first: resolution, appeal };
        Ok(Step::new(Self::Appealed(Appealed { filed, heard, clock }), Event::Appealed {}))
    }

    /// 附件: a further file, while it stands. What was filed stays as it is.
    pub fn add(self, files: &[File], sha256: &str) -> Result<(i32, Step<Self, Event>), Refused> {
        if !matches!(self, Self::Standing(_) | Self::Appealed(_)) {
            return Err(Refused::Resolved);
        }
        if files.len() >= FILES_MAX {
            return Err(Refused::FilesTooMany { most: FILES_MAX });
        }
        let number = i32::try_from(files.len()).unwrap_or(i32::MAX).saturating_add(1);
        Ok((number, Step::new(self, Event::FileAdded { number, sha256: sha256.to_owned() })))
    }

    /// 脱敏: the copy was made; at any time, and as often as it takes. Its hash tells later what was shown.
    pub fn redacted(self, copy: &str) -> Step<Self, Event> {
        let sha256 = Sha256::digest(copy).iter().map(|byte| format!("{byte:02x}")).collect();
        Step::new(self, Event::Redacted { sha256 })
    }

    /// Whether words tell by name or telephone who objected.
    pub fn is_named_in(&self, words: &str) -> bool {
        let Filed { objector_name, objector_tel, .. } = self.filed();
        [objector_name, objector_tel].into_iter().any(|own| !own.is_empty() && words.contains(own.as_str()))
    }

    /// As it was filed.
    pub fn filed(&self) -> &Filed {
        match self {
            Self::Standing(filed) => filed,
            Self::Appealed(appealed) => &appealed.filed,
            Self::Upheld(resolved) | Self::Dismissed(resolved) | Self::Moot(resolved) => &resolved.filed,
        }
    }

    /// Its outcome.
    pub fn resolved(&self) -> Option<&Resolved> {
        match self {
            Self::Standing(_) | Self::Appealed(_) => None,
            Self::Upheld(resolved) | Self::Dismissed(resolved) | Self::Moot(resolved) => Some(resolved),
        }
    }

    /// What the bureau found last; none while it stands.
    pub fn resolution(&self) -> Option<&Resolution> {
        self.resolved().map(|resolved| &resolved.resolution)
    }

    /// What was appealed against, and why; none where nobody appealed.
    pub fn heard(&self) -> Option<&Heard> {
        match self {
            Self::Appealed(appealed) => Some(&appealed.heard),
            _ => self.resolved()?.heard.as_ref(),
        }
    }

    /// 异议办理时限, while it stands.
    pub fn clock(&self) -> Option<&Clock> {
        match self {
            Self::Standing(filed) => filed.clock.as_ref(),
            Self::Appealed(appealed) => Some(&appealed.clock),
            Self::Upheld(_) | Self::Dismissed(_) | Self::Moot(_) => None,
        }
    }

    /// The last day on which the objector may appeal, if it is still to come.
    pub fn appeal_until(&self, calendar: &Calendar, today: Date) -> Option<Date> {
        let Self::Dismissed(Resolved { window: Some(window), .. }) = self else { return None };
        window.due(calendar).filter(|_| is_within(window, calendar, today)).map(|due| due.date)
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Standing(_) => "standing",
            Self::Upheld(_) => "upheld",
            Self::Dismissed(_) => "dismissed",
            Self::Moot(_) => "moot",
            Self::Appealed(_) => "appealed",
        }
    }

    /// What stands, before an officer: another one than who filed it, and an appeal is decided by another one than the
    /// first.
    fn heard_by(self, officer: &str) -> Result<Stood, Refused> {
        let stood = self.stood()?;
        if stood.filed.filed_by == officer {
            return Err(Refused::OwnObjection);
        }
        match &stood.heard {
            Some(heard) if heard.first.officer == officer => Err(Refused::AppealNeedsSecondPerson),
            _ => Ok(stood),
        }
    }

    fn stood(self) -> Result<Stood, Refused> {
        match self {
            Self::Standing(filed) => Ok(Stood { filed, heard: None }),
            Self::Appealed(Appealed { filed, heard, .. }) => Ok(Stood { filed, heard: Some(heard) }),
            Self::Upheld(_) | Self::Dismissed(_) | Self::Moot(_) => Err(Refused::Resolved),
        }
    }
}

/// Whether a day is not behind the last one of a clock.
pub fn is_within(clock: &Clock, calendar: &Calendar, today: Date) -> bool {
    !clock.is_over(calendar, today)
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;

//! 异议: what somebody says against an entry, and what came of it. Pure.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::kernel::id::Id;
use crate::kernel::step::Step;
use crate::notice::domain::Refused;

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
    /// 异议人姓名.
    pub objector_name: String,
    /// 异议人电话.
    pub objector_tel: String,
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
    Upheld {},
    /// 异议不成立.
    #[serde(rename = "notice.objection_dismissed")]
    Dismissed {},
    /// 不再处理: the entry was withdrawn.
    #[serde(rename = "notice.objection_moot")]
    Moot {},
}

impl Objection {
    /// 提出异议.
    pub fn file(filed: Filed) -> Step<Self, Event> {
        Step::new(Self::Standing(filed), Event::Filed {})
    }

    /// 异议成立.
    pub fn uphold(self, resolution: Resolution) -> Result<Step<Self, Event>, Refused> {
        let filed = self.standing()?;
        Ok(Step::new(Self::Upheld(Resolved { filed, resolution }), Event::Upheld {}))
    }

    /// 异议不成立.
    pub fn dismiss(self, resolution: Resolution) -> Result<Step<Self, Event>, Refused> {
        let filed = self.standing()?;
        Ok(Step::new(Self::Dismissed(Resolved { filed, resolution }), Event::Dismissed {}))
    }

    /// 不再处理: the entry was withdrawn.
    pub fn moot(self, resolution: Resolution) -> Result<Step<Self, Event>, Refused> {
        let filed = self.standing()?;
        Ok(Step::new(Self::Moot(Resolved { filed, resolution }), Event::Moot {}))
    }

    /// As it was filed.
    pub fn filed(&self) -> &Filed {
        match self {
            Self::Standing(filed) => filed,
            Self::Upheld(resolved) | Self::Dismissed(resolved) | Self::Moot(resolved) => &resolved.filed,
        }
    }

    /// Its outcome; none while it stands.
    pub fn resolution(&self) -> Option<&Resolution> {
        match self {
            Self::Standing(_) => None,
            Self::Upheld(resolved) | Self::Dismissed(resolved) | Self::Moot(resolved) => {
                Some(&resolved.resolution)
            }
        }
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Standing(_) => "standing",
            Self::Upheld(_) => "upheld",
            Self::Dismissed(_) => "dismissed",
            Self::Moot(_) => "moot",
        }
    }

    fn standing(self) -> Result<Filed, Refused> {
        match self {
            Self::Standing(filed) => Ok(filed),
            Self::Upheld(_) | Self::Dismissed(_) | Self::Moot(_) => Err(Refused::Resolved),
        }
    }
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;

//! The clock of a review: what stops it besides a supplement, and what gives it more days. Pure.

use serde::{Deserialize, Serialize};
use time::Date;

use super::domain::{Accepted, Application, Event, Filed, StepRefused, Submitted};
use crate::catalog::domain::Rules;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::{Extension, Ground, NotExtended};
use crate::kernel::step::Step;

/// What somebody outside is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// 机构鉴定.
    Assessment,
    /// 体检.
    Examination,
}

impl From<Outside> for Ground {
    fn from(outside: Outside) -> Self {
        match outside {
            Outside::Assessment => Self::Assessment,
            Outside::Examination => Self::Examination,
        }
    }
}

impl Accepted {
    /// The application under review, or that its clock stands still.
    pub fn running(self) -> Result<Self, StepRefused> {
        match self.filed.clock.paused() {
            None => Ok(self),
            Some(pause) => Err(StepRefused::Paused { since: pause.from }),
        }
    }

    /// 暂停: the clock stands still while somebody outside works, unless the rules of its catalogue count that time.
    pub fn pause(
        self,
        rules: &Rules,
        outside: Outside,
        words: &str,
        officer: &str,
        today: Date,
    ) -> Result<Step<Self, Event>, StepRefused> {
        if outside == Outside::Assessment && rules.assessment_counts {
            return Err(StepRefused::AssessmentCounts);
        }
        let mut accepted = self.running()?;
        accepted.filed.clock = accepted.filed.clock.pause(today, outside.into(), words, officer);
        Ok(Step::new(accepted, Event::Paused { outside }))
    }

    /// 恢复: the clock goes on.
    pub fn resume(mut self, today: Date) -> Result<Step<Self, Event>, StepRefused> {
        if self.filed.clock.paused().is_none() {
            return Err(StepRefused::NotPaused);
        }
        self.filed.clock = self.filed.clock.resume(today);
        Ok(Step::new(self, Event::Resumed {}))
    }
}

impl Application {
    /// 延长: more days for the review, once, at most as many as the rules of its catalogue allow.
    pub fn extend(
        self,
        rules: &Rules,
        calendar: &Calendar,
        extension: Extension,
    ) -> Result<Step<Self, Event>, StepRefused> {
        let most = rules.extension_working_days;
        if extension.working_days > most {
            return Err(StepRefused::ExtensionTooLong { most });
        }
        let event = Event::Extended { working_days: extension.working_days };
        let state = match self {
            Self::Submitted(Submitted { filed }) => {
                Self::Submitted(Submitted { filed: extended(filed, calendar, extension)? })
            }
            Self::Accepted(Accepted { filed, accepted_by }) => {
                Self::Accepted(Accepted { filed: extended(filed, calendar, extension)?, accepted_by })
            }
            other => return Err(other.wrong("submitted or accepted")),
        };
        Ok(Step::new(state, event))
    }
}

fn extended(mut filed: Filed, calendar: &Calendar, extension: Extension) -> Result<Filed, StepRefused> {
    filed.clock = filed.clock.extend(calendar, extension).map_err(|refused| match refused {
        NotExtended::Before => StepRefused::ExtendedBefore,
        NotExtended::Overdue => StepRefused::Overdue,
    })?;
    Ok(filed)
}

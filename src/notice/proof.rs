//! Proofs of where a notice stands. Each is made from a notice here and nowhere else. Pure.

use time::Date;

use super::domain::{Notice, Refused};
use crate::kernel::calendar::Calendar;
use crate::kernel::id::Id;

/// Proof that the public may object today. Only `Notice::running` makes one.
#[derive(Debug)]
pub struct Running {
    notice: Id,
}

impl Running {
    /// The notice.
    pub fn notice(&self) -> Id {
        self.notice
    }
}

/// Proof that the public had its days. Only `Notice::over` makes one.
#[derive(Debug)]
pub struct Over {
    notice: Id,
    since: Date,
}

impl Over {
    /// The notice.
    pub fn notice(&self) -> Id {
        self.notice
    }

    /// The first day after its last one.
    pub fn since(&self) -> Date {
        self.since
    }
}

/// Proof that an entry may be taken out: the public has its days, or the whole notice was withdrawn. Only
/// `Notice::recall` makes one.
#[derive(Debug)]
pub struct Recall {
    notice: Id,
}

impl Recall {
    /// The notice.
    pub fn notice(&self) -> Id {
        self.notice
    }
}

impl Notice {
    /// The proof that the public may see it and object today: open, and its last day not over, whether or not it was
    /// closed already.
    pub fn running(&self, calendar: &Calendar, today: Date) -> Result<Running, Refused> {
        match self {
            Self::Open(open) if !open.clock.is_over(calendar, today) => Ok(Running { notice: open.head.id }),
            _ => Err(Refused::NotOpen),
        }
    }

    /// The proof that an entry may be taken out.
    pub fn recall(&self, calendar: &Calendar, today: Date) -> Result<Recall, Refused> {
        match self {
            Self::Withdrawing(_) => Ok(Recall { notice: self.head().id }),
            _ => match self.running(calendar, today) {
                Ok(running) => Ok(Recall { notice: running.notice }),
                Err(_) => Err(Refused::TooLateToWithdraw),
            },
        }
    }

    /// The proof that the public had its days.
    pub fn over(&self) -> Option<Over> {
        let closed = self.closed()?;
        let since = closed.last_day.next_day().unwrap_or(Date::MAX);
        Some(Over { notice: closed.open.head.id, since })
    }
}

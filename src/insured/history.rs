//! 参保与缴费经历: the stretches in which a person was insured, and what was paid for them. Everything that is asked of
//! a day is derived from it. Pure.

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use crate::catalog::domain::{InsuranceRule, Insutype};
use crate::kernel::add_months;
use crate::kernel::error::Refusal;
use crate::kernel::period::Period;
use crate::kernel::region::Region;

/// 参保段: a stretch of insurance of one kind, as one sort of person, in one area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell {
    /// 险种.
    pub insutype: Insutype,
    /// 人员类别.
    pub psn_type: String,
    /// 参保地.
    pub insu_admdvs: Region,
    /// From its first day to its last.
    pub period: Period,
}

/// 缴费: a stretch for which a contribution is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// First day that it is for.
    pub from: Date,
    /// Last day that it is for.
    pub to: Date,
    /// 到账日期; none when it is owed, or when the day is not known.
    pub paid_on: Option<Date>,
    /// 欠费: not paid.
    pub owed: bool,
}

/// The spells, oldest first and none over another, and the payments, each within them. Only `read` and `since` make
/// one, or a row that one of them made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    spells: Vec<Spell>,
    payments: Vec<Payment>,
}

/// How an application's insurance falls short of the months that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// Since when insured without a gap; none when not insured yet.
    pub since: Option<Date>,
    /// The day on which the months are full, when the insurance told so far lasts until then.
    pub met_on: Option<Date>,
}

impl Spell {
    /// Whether 人员类别 goes with 险种.
    pub fn fits(insutype: Insutype, psn_type: &str) -> bool {
        let employee = psn_type.starts_with("11") || psn_type.starts_with("12");
        employee == (insutype == Insutype::Employee)
    }

    /// Whether it is insurance in the pooling area of `home`.
    pub fn is_in(&self, home: &Region) -> bool {
        self.insu_admdvs.pooling() == home.pooling()
    }
}

impl History {
    /// One spell that goes on, paid until a day: what a row says that names only two dates.
    pub fn since(spell: Spell, paid_until: Date) -> Self {
        let from = spell.period.from;
        let paid = Payment { from, to: paid_until, paid_on: None, owed: false };
        // Paid until before it begins is not paid at all.
        let payments = if from <= paid_until { vec![paid] } else { Vec::new() };
        Self { spells: vec![spell], payments }
    }

    /// Spells and payments as they were told; everything that is wrong with them at once. Of a payment that fits no
    /// spell nothing else is said where the spells themselves are wrong.
    pub fn read(
        spells: Vec<Spell>,
        payments: Vec<Payment>,
        born: Date,
        today: Date,
    ) -> Result<Self, Vec<Refusal>> {
        let mut faults = spell_faults(&spells, born);
        let mut history = Self { spells, payments: Vec::new() };
        history.spells.sort_by_key(|spell| spell.period.from);
        let covered = faults.is_empty().then(|| history.stretches(0, |_| true));
        faults.extend(payment_faults(&payments, covered.as_deref(), today));
        if !faults.is_empty() {
            return Err(faults);
        }
        history.payments = payments;
        history.payments.sort_by_key(|payment| payment.from);
        Ok(history)
    }

    /// Whether nothing was ever told: a row from before there were spells.
    pub fn is_empty(&self) -> bool {
        self.spells.is_empty()
    }

    /// The spells, oldest first.
    pub fn spells(&self) -> &[Spell] {
        &self.spells
    }

    /// The payments, oldest first.
    pub fn payments(&self) -> &[Payment] {
        &self.payments
    }

    /// The spell that says what a person is on a day: the last one that has begun, or the first of all.
    pub fn of(&self, day: Date) -> Option<&Spell> {
        said_by(self.spells.iter(), day)
    }

    /// The same of the spells in the pooling area of `home` alone.
    pub fn of_home(&self, day: Date, home: &Region) -> Option<&Spell> {
        said_by(self.spells.iter().filter(|spell| spell.is_in(home)), day)
    }

    /// The spell that holds on a day, wherever.
    pub fn on(&self, day: Date) -> Option<&Spell> {
        self.spells.iter().find(|spell| spell.period.contains(day))
    }

    /// The first day after this one on which a spell begins that satisfies.
    pub fn begins(&self, after: Date, satisfies: impl Fn(&Spell) -> bool) -> Option<Date> {
        let later = self.spells.iter().filter(|spell| spell.period.from > after && satisfies(spell));
        later.map(|spell| spell.period.from).min()
    }

    /// Since when insured without a gap in the pooling area of `home`, as of a day; none when not insured by then.
    pub fn continuous_since(&self, day: Date, home: &Region) -> Option<Date> {
        let at_home = self.stretches(0, |spell| spell.is_in(home));
        at_home.iter().find(|stretch| stretch.contains(day)).map(|stretch| stretch.from)
    }

    /// Whether a day is paid for, or lies so few days after one that is.
    pub fn is_paid(&self, day: Date, grace: Duration) -> bool {
        self.paid().any(|paid| paid.from <= day && day <= paid.to.saturating_add(grace))
    }

    /// The last day that is paid for of all payments that begin by a day.
    pub fn paid_until(&self, day: Date) -> Option<Date> {
        self.paid().filter(|paid| paid.from <= day).map(|paid| paid.to).max()
    }

    /// The first day after this one from which on something is paid for.
    pub fn paid_from(&self, after: Date) -> Option<Date> {
        self.paid().map(|paid| paid.from).filter(|from| *from > after).min()
    }

    /// What is owed on a day, when the days of grace are over.
    pub fn owed(&self, day: Date, grace: Duration) -> impl Iterator<Item = &Payment> {
        self.payments.iter().filter(move |due| due.owed && due.from.saturating_add(grace) <= day)
    }

    /// Whether on a day the insurance in the pooling area of `home` has lasted as long as the rule asks, and lasts, or
    /// ended no longer ago than a gap may be.
    pub fn lasted(&self, day: Date, home: &Region, rule: &InsuranceRule) -> Result<(), TooShort> {
        if rule.continuous_months <= 0 {
            return Ok(());
        }
        let gap = i64::from(rule.gap_days_max.max(0));
        let mut stretches = self.stretches(gap, |spell| spell.is_in(home));
        stretches.retain(|stretch| reaches(stretch, day, gap));
        let full = |stretch: &Period| {
            let full = add_months(stretch.from, rule.continuous_months);
            // It must have lasted until the day before.
            let last = full.previous_day().unwrap_or(full);
            stretch.to.is_none_or(|to| last <= to).then_some(full)
        };
        let since = stretches.first().filter(|stretch| stretch.from <= day);
        if since.and_then(full).is_some_and(|full| full <= day) {
            return Ok(());
        }
        let met_on = stretches.iter().find_map(full);
        Err(TooShort { since: since.map(|stretch| stretch.from), met_on })
    }

    fn paid(&self) -> impl Iterator<Item = &Payment> {
        self.payments.iter().filter(|payment| !payment.owed)
    }

    /// The stretches of the spells that count, oldest first, put together where the gap between two is no longer.
    fn stretches(&self, gap_days: i64, counts: impl Fn(&Spell) -> bool) -> Vec<Period> {
        let mut stretches: Vec<Period> = Vec::new();
        for spell in self.spells.iter().filter(|spell| counts(spell)) {
            let joined = stretches.last_mut().filter(|last| reaches(last, spell.period.from, gap_days));
            match joined {
                Some(last) => last.to = spell.period.to,
                None => stretches.push(spell.period),
            }
        }
        stretches
    }
}

/// Of spells, oldest first, the last one that has begun on a day, or the first of all.
fn said_by<'a>(spells: impl Iterator<Item = &'a Spell> + Clone, day: Date) -> Option<&'a Spell> {
    let begun = spells.clone().take_while(|spell| spell.period.from <= day).last();
    begun.or(spells.into_iter().next())
}

/// Whether what begins on a day follows a stretch, or lies in it, without a gap that is longer.
fn reaches(stretch: &Period, day: Date, gap_days: i64) -> bool {
    stretch.to.is_none_or(|to| (day - to).whole_days() <= gap_days.saturating_add(1))
}

fn fault(field: String, zh: &str, en: &str) -> Refusal {
    Refusal::new("ROW_INVALID", zh, en).about(field)
}

fn spell_faults(spells: &[Spell], born: Date) -> Vec<Refusal> {
    let mut faults = Vec::new();
    for (index, spell) in spells.iter().enumerate() {
        let mut wrong = |field: &str, zh, en| faults.push(fault(format!("spells[{index}].{field}"), zh, en));
        let Period { from, to } = spell.period;
        if to.is_some_and(|to| to < from) {
            wrong("enddate", "参保段的止日早于起日。", "the spell ends before it begins.");
        } else if spells[..index].iter().any(|other| other.period.overlaps(&spell.period)) {
            wrong("begndate", "与另一参保段重叠。", "the spell overlaps another one.");
        }
        if from < born {
            wrong("begndate", "参保段早于出生日期。", "the spell begins before the birth.");
        }
        if !Spell::fits(spell.insutype, &spell.psn_type) {
            wrong("psn_type", "人员类别与险种不符。", "psn_type does not go with insutype.");
        }
    }
    faults
}

fn payment_faults(payments: &[Payment], covered: Option<&[Period]>, today: Date) -> Vec<Refusal> {
    let mut faults = Vec::new();
    for (index, payment) in payments.iter().enumerate() {
        let mut wrong =
            |field: &str, zh, en| faults.push(fault(format!("payments[{index}].{field}"), zh, en));
        let Payment { from, to, paid_on, owed } = *payment;
        let within = |stretch: &Period| stretch.contains(from) && stretch.contains(to);
        if to < from {
            wrong("enddate", "缴费的止日早于起日。", "the payment ends before it begins.");
        } else if payments[..index].iter().any(|other| other.from <= to && from <= other.to) {
            wrong("begndate", "与另一笔缴费重叠。", "the payment overlaps another one.");
        } else if covered.is_some_and(|covered| !covered.iter().any(within)) {
            wrong("begndate", "缴费不在参保段之内。", "the payment is for days outside the spells.");
        }
        if paid_on.is_some_and(|paid_on| paid_on > today) {
            wrong("paid_on", "到账日期不能晚于今天。", "paid_on is in the future.");
        }
        if owed && paid_on.is_some() {
            wrong("paid_on", "欠费不得有到账日期。", "what is owed has no day on which it was paid.");
        }
    }
    faults
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;

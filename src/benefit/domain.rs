//! A benefit: in force from a day on, with suspensions, until it ends. Events and effective state are kept apart: what
//! holds on a day is derived from the dates.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::catalog::domain::{BenefitStart, Catalog, Disease, Insutype, PersonRule, Policy, Rules};
use crate::catalog::published::Cited;
use crate::kernel::add_months;
use crate::kernel::id::Id;
use crate::kernel::money::Money;
use crate::kernel::period::Period;
use crate::kernel::region::Region;
use crate::kernel::step::Step;
use crate::notice::domain::Undisputed;

/// A benefit. Only `Benefit::grant` makes a new one, from the proof that nobody objected.
#[derive(Clone, Debug, PartialEq)]
pub struct Benefit {
    /// Its id.
    pub id: Id,
    /// 参保地 when it was granted.
    pub area: Region,
    /// 险种.
    pub insutype: Insutype,
    /// 病种代码.
    pub code: String,
    /// First day.
    pub begndate: Date,
    /// Last day and why; none while it is open.
    pub end: Option<(Date, EndGround)>,
    /// 下次复审日期.
    pub requalify_on: Option<Date>,
    /// 暂停期间, oldest first.
    pub suspensions: Vec<Suspension>,
    /// The application that asked for it.
    pub application: Id,
    /// The notice entry that gave it.
    pub entry: Id,
    /// `areas/{admdvs}/notices/{id}/entries/{reference}`.
    pub notice_entry: String,
    /// Its certificate, once issued.
    pub certificate: Option<Id>,
    /// When it was granted.
    pub created_at: OffsetDateTime,
}

/// A suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Its days.
    pub period: Period,
    /// Why.
    pub ground: SuspensionGround,
}

/// Why a benefit is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspensionGround {
    /// 违规使用, 3 to 12 months (医疗保障基金使用监督管理条例 art. 41).
    Abuse,
    /// 欠费.
    Arrears,
    /// 核查.
    Audit,
}

/// Why a benefit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndGround {
    /// 死亡.
    Death,
    /// 转出统筹区.
    Moved,
    /// 治愈.
    Recovered,
    /// 本人放弃.
    GivenUp,
}

/// How a benefit stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not begun.
    NotBegun,
    /// 有效.
    Active,
    /// 暂停.
    Suspended,
    /// 终止.
    Ended,
}

/// Proof that a benefit is in force on a day. Only `Benefit::in_force` makes one; a settlement takes it.
#[derive(Clone, Debug)]
pub struct InForce {
    benefit: Id,
    code: String,
    insutype: Insutype,
    day: Date,
}

impl InForce {
    /// The benefit.
    pub fn benefit(&self) -> Id {
        self.benefit
    }

    /// The disease.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// 险种.
    pub fn insutype(&self) -> Insutype {
        self.insutype
    }

    /// The day.
    pub fn day(&self) -> Date {
        self.day
    }
}

/// What happened to a benefit.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Granted by an undisputed notice.
    #[serde(rename = "benefit.granted")]
    Granted {
        opsp_dise_code: String,
        insutype: Insutype,
        begndate: Date,
        requalify_on: Option<Date>,
        notice_entry: String,
        #[serde(flatten)]
        cited: Cited,
    },
    /// Its certificate was issued.
    #[serde(rename = "benefit.certified")]
    Certified { certificate: Id },
    /// 暂停.
    #[serde(rename = "benefit.suspended")]
    Suspended { begndate: Date, enddate: Option<Date>, ground: SuspensionGround },
    /// 恢复.
    #[serde(rename = "benefit.resumed")]
    Resumed { begndate: Date },
    /// 终止.
    #[serde(rename = "benefit.ended")]
    Ended { enddate: Date, ground: EndGround },
}

/// Why a change is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeRefused {
    /// It has ended.
    Ended,
    /// Its last day is set: it can only be moved to an earlier one.
    EndsBefore { last: Date },
    /// The day lies before today.
    InPast,
    /// It is suspended then already.
    AlreadySuspended,
    /// It is not suspended then.
    NotSuspended,
    /// The suspension ends before it begins, or begins before the benefit or after its last day.
    Order,
    /// A suspension for abuse lasts 3 to 12 months.
    AbuseLength,
}

/// Why a benefit is not in force on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInForce {
    /// There is none for the disease.
    None { code: String },
    /// It begins later.
    NotBegun { code: String, begndate: Date },
    /// It is suspended then.
    Suspended { code: String, day: Date, until: Option<Date> },
    /// It had ended.
    Ended { code: String, enddate: Date },
    /// It was granted in another pooling area than the one in which the person is insured now.
    Moved { code: String },
}

/// What a benefit is granted under.
pub struct Under<'a> {
    /// The disease, as the catalogue has it.
    pub disease: &'a Disease,
    /// The catalogue's rules.
    pub rules: &'a Rules,
    /// The catalogue.
    pub cited: Cited,
}

impl Benefit {
    /// Granted where a public notice ended undisputed, and nowhere else.
    pub fn grant(undisputed: Undisputed, under: Under<'_>, id: Id, now: OffsetDateTime) -> Step<Self, Event> {
        let Under { disease, rules, cited } = under;
        let closed_on = undisputed.closed_on();
        let begndate = match rules.benefit_start {
            BenefitStart::NoticeClosed => closed_on,
            BenefitStart::Approved => undisputed.approved_on(),
            BenefitStart::FirstOfNextMonth => month_after(closed_on),
        };
        let requalify_on =
            (disease.requalify_months > 0).then(|| add_months(begndate, disease.requalify_months));
        let benefit = Self {
            id,
            area: undisputed.area().clone(),
            insutype: undisputed.insutype(),
            code: undisputed.code().to_owned(),
            begndate,
            end: None,
            requalify_on,
            suspensions: Vec::new(),
            application: undisputed.application(),
            entry: undisputed.entry(),
            notice_entry: undisputed.name(),
            certificate: None,
            created_at: now,
        };
        let event = Event::Granted {
            opsp_dise_code: benefit.code.clone(),
            insutype: benefit.insutype,
            begndate,
            requalify_on,
            notice_entry: benefit.notice_entry.clone(),
            cited,
        };
        Step::new(benefit, event)
    }

    /// How it stands on a day.
    pub fn standing(&self, day: Date) -> Standing {
        // One that ends before it begins never begins.
        if self.end.is_some_and(|(last, _)| last < day || last < self.begndate) {
            Standing::Ended
        } else if day < self.begndate {
            Standing::NotBegun
        } else if self.suspension_on(day).is_some() {
            Standing::Suspended
        } else {
            Standing::Active
        }
    }

    /// The proof that it is in force on a day for somebody who is insured in `area`, or why it is not.
    pub fn in_force(&self, day: Date, area: &Region) -> Result<InForce, NotInForce> {
        let code = self.code.clone();
        match self.standing(day) {
            Standing::Active | Standing::NotBegun | Standing::Suspended if !self.is_of(area) => {
                Err(NotInForce::Moved { code })
            }
            Standing::Active => Ok(InForce { benefit: self.id, code, insutype: self.insutype, day }),
            Standing::NotBegun => Err(NotInForce::NotBegun { code, begndate: self.begndate }),
            Standing::Suspended => Err(NotInForce::Suspended { code, day, until: self.suspended_until(day) }),
            Standing::Ended => {
                Err(NotInForce::Ended { code, enddate: self.end.map_or(day, |(last, _)| last) })
            }
        }
    }

    /// Records its certificate.
    pub fn certify(self, certificate: Id) -> Step<Self, Event> {
        Step::new(Self { certificate: Some(certificate), ..self }, Event::Certified { certificate })
    }

    /// 暂停 for a stretch of days from today or later.
    pub fn suspend(
        mut self,
        period: Period,
        ground: SuspensionGround,
        today: Date,
    ) -> Result<Step<Self, Event>, ChangeRefused> {
        if self.is_over(today) {
            return Err(ChangeRefused::Ended);
        }
        if period.from < today {
            return Err(ChangeRefused::InPast);
        }
        let after_its_end = self.end.is_some_and(|(last, _)| last < period.from);
        let backwards = period.to.is_some_and(|to| to < period.from);
        if backwards || period.from < self.begndate || after_its_end {
            return Err(ChangeRefused::Order);
        }
        if self.suspensions.iter().any(|other| other.period.overlaps(&period)) {
            return Err(ChangeRefused::AlreadySuspended);
        }
        let shortest = add_months(period.from, 3);
        let longest = add_months(period.from, 12);
        let fits =
            period.to.and_then(Date::next_day).is_some_and(|after| after >= shortest && after <= longest);
        if ground == SuspensionGround::Abuse && !fits {
            return Err(ChangeRefused::AbuseLength);
        }
        self.suspensions.push(Suspension { period, ground });
        self.suspensions.sort_by_key(|suspension| suspension.period.from);
        let event = Event::Suspended { begndate: period.from, enddate: period.to, ground };
        Ok(Step::new(self, event))
    }

    /// 恢复 from a day on, today or later, that lies in a suspension.
    pub fn resume(mut self, day: Date, today: Date) -> Result<Step<Self, Event>, ChangeRefused> {
        if self.is_over(today) {
            return Err(ChangeRefused::Ended);
        }
        if day < today {
            return Err(ChangeRefused::InPast);
        }
        if self.end.is_some_and(|(last, _)| last < day) {
            return Err(ChangeRefused::NotSuspended);
        }
        let found = self.suspensions.iter().position(|suspension| suspension.period.contains(day));
        let found = found.ok_or(ChangeRefused::NotSuspended)?;
        let period = &mut self.suspensions[found].period;
        if period.from == day {
            self.suspensions.remove(found);
        } else {
            period.to = day.previous_day();
        }
        Ok(Step::new(self, Event::Resumed { begndate: day }))
    }

    /// 终止 with a last day, today or later; for a death also earlier. Once set it can only be moved to an earlier day.
    pub fn end(
        mut self,
        enddate: Date,
        ground: EndGround,
        today: Date,
    ) -> Result<Step<Self, Event>, ChangeRefused> {
        if let Some((last, _)) = self.end
            && last <= enddate
        {
            let over = self.is_over(today);
            return Err(if over { ChangeRefused::Ended } else { ChangeRefused::EndsBefore { last } });
        }
        if enddate < today && ground != EndGround::Death {
            return Err(ChangeRefused::InPast);
        }
        self.end = Some((enddate, ground));
        Ok(Step::new(self, Event::Ended { enddate, ground }))
    }

    /// Whether the other one is of the same pooling area and has days in common with it, or may still get some.
    pub fn overlaps(&self, other: &Self) -> bool {
        let days = |benefit: &Self| Period { from: benefit.begndate, to: benefit.end.map(|(last, _)| last) };
        self.is_of(&other.area) && days(self).overlaps(&days(other))
    }

    /// Whether it counts for somebody who is insured in `area`: a benefit is the pooling area's that granted it.
    pub fn is_of(&self, area: &Region) -> bool {
        self.area.pooling() == area.pooling()
    }

    /// Whether its last day lies before today.
    fn is_over(&self, today: Date) -> bool {
        self.end.is_some_and(|(last, _)| last < today)
    }

    fn suspension_on(&self, day: Date) -> Option<&Suspension> {
        self.suspensions.iter().find(|suspension| suspension.period.contains(day))
    }

    /// Last day of the suspension in which a day lies, and of those that follow it without a gap; none when nothing
    /// comes after it.
    fn suspended_until(&self, day: Date) -> Option<Date> {
        let mut last = self.suspension_on(day)?.period.to?;
        while let Some(next) = last.next_day().and_then(|after| self.suspension_on(after)) {
            last = next.period.to?;
        }
        let ends_first = self.end.is_some_and(|(end, _)| end <= last);
        (!ends_first).then_some(last)
    }
}

/// The first of the month after a notice that was over on a day: its own last day is the day before.
fn month_after(closed_on: Date) -> Date {
    let last_day = closed_on.previous_day().unwrap_or(closed_on);
    add_months(last_day, 1).replace_day(1).unwrap_or(closed_on)
}

/// Of the benefits for a disease, newest first, of somebody who is insured in `area`, the proof that one is in force on
/// a day; or why the newest is not.
pub fn in_force(benefits: &[Benefit], code: &str, day: Date, area: &Region) -> Result<InForce, NotInForce> {
    let mut found = benefits.iter().map(|benefit| benefit.in_force(day, area));
    let newest = found.next().unwrap_or_else(|| Err(NotInForce::None { code: code.to_owned() }));
    newest.or_else(|reason| found.find_map(Result::ok).ok_or(reason))
}

/// 年度支付限额: the highest of the rows that can apply to somebody, whatever the hospital and the place.
pub fn highest_limit(catalog: &Catalog, disease: &Disease, insutype: Insutype, retired: bool) -> Money {
    let applies = |row: &&Policy| {
        row.insutype == insutype
            && match row.person {
                PersonRule::Any => true,
                PersonRule::Working => !retired,
                PersonRule::Retired => retired,
            }
    };
    let limits = catalog.policies(disease).into_iter().filter(applies).map(|row| row.limit_fen);
    limits.max().unwrap_or(Money::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::domain::SAMPLE;
    use crate::kernel::calendar::{Calendar, EMBEDDED};
    use crate::kernel::day_start;
    use crate::notice::domain::{Head, Notice, Opening};
    use crate::notice::entry::{Entry, Listing};
    use time::macros::date;
    use uuid::Uuid;

    const CODE: &str = "M01600";
    const TODAY: Date = date!(2025 - 06 - 16);

    fn id(number: u128) -> Id {
        Id(Uuid::from_u128(number))
    }

    /// The proof of a notice of five working days that was opened on a day.
    fn undisputed(opened: Date) -> Undisputed {
        let calendar = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
        let area = Region::find("620902").unwrap();
        let head = Head {
            sample: true,
            cited: Cited::default(),
            id: id(1),
            area: area.clone(),
            number: "2025-001".to_owned(),
            insutype: Insutype::Employee,
            created_at: day_start(opened),
        };
        let open = Opening::begin(head).state.open(1, 5, day_start(opened)).state;
        let closed = open.close(&calendar, day_start(add_months(opened, 2))).unwrap().state;
        let listing = Listing {
            id: id(2),
            notice: id(1),
            name: "areas/620902/notices/1/entries/R".to_owned(),
            reference: "R".to_owned(),
            insured_area: area,
            insutype: Insutype::Employee,
            code: CODE.to_owned(),
            application: id(3),
            approved_on: opened,
            masked_name: "张*".to_owned(),
            masked_certno: String::new(),
            opsp_dise_name: String::new(),
        };
        let over = Notice::from(closed).over().unwrap();
        Entry::list(listing).state.close(&over).unwrap().state.undisputed().unwrap()
    }

    fn granted(opened: Date, start: BenefitStart) -> Benefit {
        let catalog = Catalog::parse(SAMPLE).unwrap();
        let mut disease = catalog.disease(CODE).unwrap().clone();
        disease.requalify_months = 12;
        let rules = Rules { benefit_start: start, ..catalog.rules };
        let under = Under { disease: &disease, rules: &rules, cited: Cited::default() };
        Benefit::grant(undisputed(opened), under, id(4), day_start(TODAY)).state
    }

    /// In force from 2025-03-11 on.
    fn active() -> Benefit {
        granted(date!(2025 - 03 - 03), BenefitStart::NoticeClosed)
    }

    fn days(from: Date, to: Option<Date>) -> Period {
        Period { from, to }
    }

    fn home() -> Region {
        Region::find("620902").unwrap()
    }

    fn audit(benefit: Benefit, from: Date, to: Option<Date>) -> Benefit {
        benefit.suspend(days(from, to), SuspensionGround::Audit, TODAY).unwrap().state
    }

    /// Not begun, active, suspended today without an end, suspended later for a time, to end later, ended.
    fn all() -> [Benefit; 6] {
        let later = date!(2025 - 07 - 01);
        let ended = active().end(date!(2025 - 06 - 15), EndGround::Death, TODAY).unwrap().state;
        [
            Benefit { begndate: later, ..active() },
            active(),
            audit(active(), TODAY, None),
            audit(active(), later, Some(date!(2025 - 07 - 31))),
            active().end(date!(2025 - 12 - 31), EndGround::Moved, TODAY).unwrap().state,
            ended,
        ]
    }

    fn check(
        step: impl Fn(Benefit) -> Result<Step<Benefit, Event>, ChangeRefused>,
        day: Date,
        expected: [Result<Standing, ChangeRefused>; 6],
    ) {
        for (before, expected) in all().into_iter().zip(expected) {
            let done = step(before.clone()).map(|step| step.state);
            assert_eq!(done.as_ref().map(|after| after.standing(day)).map_err(Clone::clone), expected);
            if let Ok(after) = done {
                assert_eq!(
                    (after.id, after.begndate, after.entry),
                    (before.id, before.begndate, before.entry)
                );
            }
        }
    }

    #[test]
    fn it_begins_as_the_rule_says() {
        for (opened, start, begndate) in [
            (date!(2025 - 03 - 03), BenefitStart::NoticeClosed, date!(2025 - 03 - 11)),
            (date!(2025 - 03 - 03), BenefitStart::Approved, date!(2025 - 03 - 03)),
            (date!(2025 - 03 - 03), BenefitStart::FirstOfNextMonth, date!(2025 - 04 - 01)),
            // The last day of this notice is 2025-10-31.
            (date!(2025 - 10 - 24), BenefitStart::FirstOfNextMonth, date!(2025 - 11 - 01)),
            (date!(2025 - 12 - 17), BenefitStart::FirstOfNextMonth, date!(2026 - 01 - 01)),
        ] {
            let benefit = granted(opened, start);
            assert_eq!(benefit.begndate, begndate, "{opened} {start:?}");
            assert_eq!(benefit.requalify_on, Some(add_months(begndate, 12)));
            assert_eq!((benefit.standing(begndate), benefit.end), (Standing::Active, None));
        }
    }

    #[test]
    fn it_is_suspended_unless_it_has_ended_or_is_suspended_then() {
        use ChangeRefused::{AlreadySuspended, Ended, InPast, Order};
        let july = days(date!(2025 - 07 - 10), Some(date!(2025 - 07 - 20)));
        let suspend =
            |period| move |benefit: Benefit| benefit.suspend(period, SuspensionGround::Arrears, TODAY);
        check(
            suspend(july),
            july.from,
            [
                Ok(Standing::Suspended),
                Ok(Standing::Suspended),
                Err(AlreadySuspended),
                Err(AlreadySuspended),
                Ok(Standing::Suspended),
                Err(Ended),
            ],
        );
        let past = days(date!(2025 - 06 - 15), None);
        check(
            suspend(past),
            TODAY,
            [Err(InPast), Err(InPast), Err(InPast), Err(InPast), Err(InPast), Err(Ended)],
        );
        let [.., ending, _] = all();
        let last = date!(2025 - 12 - 31);
        assert!(suspend(days(last, None))(ending.clone()).is_ok());
        assert_eq!(suspend(days(date!(2026 - 01 - 01), None))(ending).err(), Some(Order));
        let before_it_begins = days(TODAY, Some(TODAY));
        assert_eq!(suspend(before_it_begins)(all()[0].clone()).err(), Some(Order));
        let backwards = days(july.from, Some(TODAY));
        assert_eq!(suspend(backwards)(active()).err(), Some(Order));
    }

    #[test]
    fn abuse_is_three_to_twelve_months() {
        for (to, fits) in [
            (None, false),
            (Some(date!(2025 - 09 - 29)), false),
            (Some(date!(2025 - 09 - 30)), true),
            (Some(date!(2026 - 06 - 30)), true),
            (Some(date!(2026 - 07 - 01)), false),
        ] {
            let period = days(date!(2025 - 07 - 01), to);
            let done = active().suspend(period, SuspensionGround::Abuse, TODAY);
            assert_eq!(done.err(), (!fits).then_some(ChangeRefused::AbuseLength), "{to:?}");
        }
    }

    #[test]
    fn it_is_resumed_only_from_a_suspension() {
        use ChangeRefused::{Ended, InPast, NotSuspended};
        let day = date!(2025 - 07 - 15);
        check(
            |benefit| benefit.resume(day, TODAY),
            day,
            [
                Err(NotSuspended),
                Err(NotSuspended),
                Ok(Standing::Active),
                Ok(Standing::Active),
                Err(NotSuspended),
                Err(Ended),
            ],
        );
        check(
            |benefit| benefit.resume(date!(2025 - 06 - 15), TODAY),
            TODAY,
            [Err(InPast), Err(InPast), Err(InPast), Err(InPast), Err(InPast), Err(Ended)],
        );
        let ending = audit(all()[4].clone(), day, None);
        assert_eq!(ending.clone().resume(date!(2026 - 01 - 01), TODAY).err(), Some(NotSuspended));
        assert_eq!(ending.resume(day, TODAY).unwrap().state, all()[4]);
        let resumed = audit(active(), TODAY, None).resume(day, TODAY).unwrap().state;
        assert_eq!(resumed.standing(date!(2025 - 07 - 14)), Standing::Suspended);
        let at_once = audit(active(), TODAY, None).resume(TODAY, TODAY).unwrap().state;
        assert_eq!(at_once, active());
    }

    #[test]
    fn its_end_only_moves_to_an_earlier_day() {
        use ChangeRefused::{Ended, EndsBefore, InPast};
        let last = date!(2025 - 07 - 15);
        let after = date!(2025 - 07 - 16);
        let end = |ground| move |benefit: Benefit| benefit.end(last, ground, TODAY);
        let expected = || {
            [
                Ok(Standing::Ended),
                Ok(Standing::Ended),
                Ok(Standing::Ended),
                Ok(Standing::Ended),
                Ok(Standing::Ended),
                Err(Ended),
            ]
        };
        check(end(EndGround::GivenUp), after, expected());
        check(end(EndGround::Death), after, expected());
        let yesterday = date!(2025 - 06 - 15);
        let [.., ending, over] = all();
        let set = date!(2025 - 12 - 31);
        for later in [set, date!(2026 - 01 - 01)] {
            let refused = ending.clone().end(later, EndGround::Death, TODAY).err();
            assert_eq!(refused, Some(EndsBefore { last: set }));
        }
        assert_eq!(ending.end(yesterday, EndGround::Moved, TODAY).err(), Some(InPast));
        let before = date!(2025 - 06 - 10);
        assert_eq!(over.clone().end(before, EndGround::Moved, TODAY).err(), Some(InPast));
        let died = over.end(before, EndGround::Death, TODAY).unwrap().state;
        assert_eq!(died.end, Some((before, EndGround::Death)));
        assert_eq!(active().end(yesterday, EndGround::Recovered, TODAY).err(), Some(InPast));
        let dead = active().end(yesterday, EndGround::Death, TODAY).unwrap().state;
        assert_eq!((dead.standing(yesterday), dead.standing(TODAY)), (Standing::Active, Standing::Ended));
        let ended = active().end(last, EndGround::Recovered, TODAY).unwrap().state;
        assert_eq!((ended.standing(last), ended.standing(after)), (Standing::Active, Standing::Ended));
        // Given up before it begins, it is over at once.
        let never = all()[0].clone().end(TODAY, EndGround::GivenUp, TODAY).unwrap().state;
        assert_eq!(never.standing(TODAY), Standing::Ended);
    }

    #[test]
    fn its_certificate_changes_nothing_else() {
        for benefit in all() {
            let certified = benefit.clone().certify(id(9)).state;
            assert_eq!(certified, Benefit { certificate: Some(id(9)), ..benefit });
        }
    }

    #[test]
    fn the_proof_is_for_days_in_force_and_the_reason_for_others() {
        let of = |benefit: &Benefit, day| {
            benefit
                .in_force(day, &home())
                .map(|proof| (proof.benefit(), proof.day(), proof.code().to_owned()))
        };
        let code = || CODE.to_owned();
        let [not_begun, running, open, later, ending, ended] = all();
        assert_eq!(of(&running, TODAY), Ok((id(4), TODAY, code())));
        assert_eq!(of(&later, TODAY), Ok((id(4), TODAY, code())));
        assert_eq!(of(&ending, TODAY), Ok((id(4), TODAY, code())));
        let begndate = not_begun.begndate;
        assert_eq!(of(&not_begun, TODAY), Err(NotInForce::NotBegun { code: code(), begndate }));
        let suspended = |day, until| Err(NotInForce::Suspended { code: code(), day, until });
        assert_eq!(of(&open, TODAY), suspended(TODAY, None));
        let (in_july, until) = (date!(2025 - 07 - 05), Some(date!(2025 - 07 - 31)));
        assert_eq!(of(&later, in_july), suspended(in_july, until));
        let chained = audit(later, date!(2025 - 08 - 01), Some(date!(2025 - 08 - 10)));
        let until = Some(date!(2025 - 08 - 10));
        assert_eq!(of(&chained, in_july), suspended(in_july, until));
        let enddate = date!(2025 - 06 - 15);
        assert_eq!(of(&ended, TODAY), Err(NotInForce::Ended { code: code(), enddate }));
    }

    #[test]
    fn it_stays_behind_when_the_person_moves() {
        let moved = |benefit: &Benefit, to: &str| {
            let done = benefit.in_force(TODAY, &Region::find(to).unwrap());
            done.err().map(|reason| crate::kernel::error::Refusal::from(reason).reason.to_string())
        };
        let [not_begun, running, open, .., ended] = all();
        assert_eq!(moved(&running, "620981"), None, "the same pooling area");
        for benefit in [&not_begun, &running, &open] {
            assert_eq!(moved(benefit, "620702").as_deref(), Some("BENEFIT_MOVED_AWAY"));
        }
        assert_eq!(moved(&ended, "620702").as_deref(), Some("BENEFIT_ENDED"));
        let new = Benefit { area: Region::find("620702").unwrap(), ..active() };
        assert!(!new.overlaps(&running) && moved(&new, "620702").is_none());
    }

    #[test]
    fn of_several_the_one_in_force_counts() {
        let [not_begun, running, .., ended] = all();
        let found = |list: &[Benefit]| in_force(list, CODE, TODAY, &home()).map(|proof| proof.benefit());
        let second = Benefit { id: id(5), ..not_begun.clone() };
        assert_eq!(found(&[second, running]), Ok(id(4)));
        assert!(matches!(found(&[not_begun, ended]), Err(NotInForce::NotBegun { .. })));
        assert_eq!(found(&[]), Err(NotInForce::None { code: CODE.to_owned() }));
    }

    #[test]
    fn two_benefits_share_days_or_do_not() {
        let [_, running, .., ending, ended] = all();
        assert!(running.overlaps(&ending) && ending.overlaps(&running) && running.overlaps(&ended));
        let successor = Benefit { begndate: date!(2026 - 01 - 01), ..active() };
        assert!(!ending.overlaps(&successor) && !successor.overlaps(&ended) && running.overlaps(&successor));
    }

    #[test]
    fn the_limit_is_the_highest_that_can_apply() {
        let mut catalog = Catalog::parse(SAMPLE).unwrap();
        let disease = catalog.disease(CODE).unwrap().clone();
        let limit =
            |catalog: &Catalog, retired| highest_limit(catalog, &disease, Insutype::Employee, retired);
        assert_eq!((limit(&catalog, true), limit(&catalog, false)), (Money(600_000), Money(600_000)));
        let row = catalog.policies(&disease).into_iter().find(|row| row.insutype == Insutype::Employee);
        let row = row.unwrap().clone();
        catalog.policies.push(Policy {
            person: PersonRule::Retired,
            limit_fen: Money(700_000),
            ..row.clone()
        });
        catalog.policies.push(Policy { insutype: Insutype::Resident, limit_fen: Money(900_000), ..row });
        assert_eq!((limit(&catalog, true), limit(&catalog, false)), (Money(700_000), Money(600_000)));
    }
}

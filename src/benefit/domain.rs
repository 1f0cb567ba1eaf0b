//! A benefit: in force from a day on, with suspensions, until it ends. Events and effective state are kept apart: what
//! holds on a day is derived from the dates.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::catalog::domain::{BenefitStart, Disease, Insutype, Rules};
use crate::kernel::add_months;
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
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
    /// The day lies before today.
    InPast,
    /// It is suspended then already.
    AlreadySuspended,
    /// It is not suspended then.
    NotSuspended,
    /// The suspension ends before it begins, or begins before the benefit.
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
    Suspended { code: String, until: Option<Date> },
    /// It had ended.
    Ended { code: String, enddate: Date },
}

impl Benefit {
    /// Granted where a public notice ended undisputed, and nowhere else.
    pub fn grant(
        undisputed: Undisputed,
        disease: &Disease,
        rules: &Rules,
        id: Id,
        now: OffsetDateTime,
    ) -> Step<Self, Event> {
        let closed_on = undisputed.closed_on();
        let begndate = match rules.benefit_start {
            BenefitStart::NoticeClosed => closed_on,
            BenefitStart::Approved => undisputed.approved_on(),
            BenefitStart::FirstOfNextMonth => add_months(closed_on, 1).replace_day(1).unwrap_or(closed_on),
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
        };
        Step::new(benefit, event)
    }

    /// How it stands on a day.
    pub fn standing(&self, day: Date) -> Standing {
        if self.end.is_some_and(|(last, _)| last < day) {
            Standing::Ended
        } else if day < self.begndate {
            Standing::NotBegun
        } else if self.suspension_on(day).is_some() {
            Standing::Suspended
        } else {
            Standing::Active
        }
    }

    /// The proof that it is in force on a day, or why it is not.
    pub fn in_force(&self, day: Date) -> Result<InForce, NotInForce> {
        let code = self.code.clone();
        match self.standing(day) {
            Standing::Active => Ok(InForce { benefit: self.id, code, insutype: self.insutype, day }),
            Standing::NotBegun => Err(NotInForce::NotBegun { code, begndate: self.begndate }),
            Standing::Suspended => Err(NotInForce::Suspended {
                code,
                until: self.suspension_on(day).and_then(|found| found.period.to),
            }),
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
        if self.end.is_some() {
            return Err(ChangeRefused::Ended);
        }
        if period.from < today {
            return Err(ChangeRefused::InPast);
        }
        if period.to.is_some_and(|to| to < period.from) || period.from < self.begndate {
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
        if self.end.is_some() {
            return Err(ChangeRefused::Ended);
        }
        if day < today {
            return Err(ChangeRefused::InPast);
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

    /// 终止 with a last day, today or later; for a death also earlier.
    pub fn end(
        mut self,
        enddate: Date,
        ground: EndGround,
        today: Date,
    ) -> Result<Step<Self, Event>, ChangeRefused> {
        if self.end.is_some() {
            return Err(ChangeRefused::Ended);
        }
        if enddate < today && ground != EndGround::Death {
            return Err(ChangeRefused::InPast);
        }
        self.end = Some((enddate, ground));
        Ok(Step::new(self, Event::Ended { enddate, ground }))
    }

    fn suspension_on(&self, day: Date) -> Option<&Suspension> {
        self.suspensions.iter().find(|suspension| suspension.period.contains(day))
    }
}

impl From<ChangeRefused> for Refusal {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::Ended => Self::new(
                "BENEFIT_ENDED",
                "待遇已终止，不能再变更。",
                "the benefit has ended; nothing can change it.",
            ),
            ChangeRefused::InPast => {
                Self::new("DAY_IN_PAST", "日期不能早于今天。", "the day lies before today.")
                    .help("请填写今天或之后的日期。", "name today or a later day.")
            }
            ChangeRefused::AlreadySuspended => {
                Self::new("ALREADY_SUSPENDED", "该期间已暂停。", "it is suspended in that time already.")
            }
            ChangeRefused::NotSuspended => {
                Self::new("NOT_SUSPENDED", "待遇在该日未处于暂停状态。", "it is not suspended on that day.")
            }
            ChangeRefused::Order => Self::new(
                "PERIOD_ORDER",
                "结束日期不能早于开始日期，且暂停不能早于待遇开始。",
                "the period ends before it begins, or begins before the benefit does.",
            ),
            ChangeRefused::AbuseLength => Self::new(
                "ABUSE_LENGTH",
                "违规暂停期限为 3 至 12 个月(医疗保障基金使用监督管理条例第四十一条)。",
                "a suspension for abuse lasts 3 to 12 months (Regulations on fund use, art. 41).",
            )
            .help("请填写 3 至 12 个月的结束日期。", "name a last day 3 to 12 months later."),
        }
    }
}

impl From<NotInForce> for Refusal {
    fn from(reason: NotInForce) -> Self {
        match reason {
            NotInForce::None { code } => Self::new(
                "NO_BENEFIT",
                format!("没有病种 {code} 的门诊慢特病待遇。"),
                format!("there is no benefit for disease {code}."),
            )
            .help("请先申请并经公示无异议。", "apply first; it begins after an undisputed notice.")
            .about(code),
            NotInForce::NotBegun { code, begndate } => Self::new(
                "BENEFIT_NOT_BEGUN",
                format!("病种 {code} 的待遇自 {begndate} 起生效。"),
                format!("the benefit for disease {code} begins on {begndate}."),
            )
            .about(code)
            .met_on(begndate),
            NotInForce::Suspended { code, until } => {
                let suspended = Self::new(
                    "BENEFIT_SUSPENDED",
                    format!("病种 {code} 的待遇已暂停。"),
                    format!("the benefit for disease {code} is suspended."),
                )
                .help("请联系经办机构。", "ask the bureau.")
                .about(code);
                match until.and_then(Date::next_day) {
                    Some(day) => suspended.met_on(day),
                    None => suspended,
                }
            }
            NotInForce::Ended { code, enddate } => Self::new(
                "BENEFIT_ENDED",
                format!("病种 {code} 的待遇已于 {enddate} 终止。"),
                format!("the benefit for disease {code} ended on {enddate}."),
            )
            .about(code),
        }
    }
}

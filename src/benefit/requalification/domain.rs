//! One round of a benefit's re-qualification (复审), from the day on which data could not answer it until its end.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};

pub use super::event::Event;
pub use super::refusal::Refused;
pub use super::transition::{Advance, Opening, open};
use crate::catalog::domain::{RequalificationRules, RequiredMaterial};
use crate::catalog::published::Cited;
use crate::insured::domain::Insured;
use crate::kernel::add_months;
use crate::kernel::clock::Clock;
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// What never changes of it. Rules and papers are those of its first day: what people were told holds, whatever is
/// published since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Its id.
    pub id: Id,
    /// The benefit.
    pub benefit: Id,
    /// 参保地 when it was opened: whose bureau it is.
    pub area: Region,
    /// 病种代码.
    pub code: String,
    /// 复审日期: the last day in time.
    pub due_on: Date,
    /// When it was opened.
    pub opened_on: Date,
    /// 复审周期 in months; 0 where the catalogue asks for none any more.
    pub months: i32,
    /// Rules.
    pub rules: RequalificationRules,
    /// 复审材料清单.
    pub papers: Vec<RequiredMaterial>,
    /// The catalogue of both.
    #[serde(flatten)]
    pub cited: Cited,
    /// When it was opened.
    pub created_at: OffsetDateTime,
}

/// A re-qualification in any state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Requalification {
    /// 待答复: the person was asked.
    Open(Open),
    /// 待办理: the person answered, or asked for an officer.
    Answered(Answered),
    /// 已通过.
    Renewed(Renewed),
    /// 已中止: the benefit lapsed.
    Lapsed(Lapsed),
    /// 已关闭: there is nothing left to re-qualify.
    Closed(Closed),
}

/// What has come together in it: what was asked, and what people said and decided, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// What data could not answer when they were last looked at.
    pub wanted: Vec<Wanted>,
    /// 送达: how the person got the notice; none while nobody has told of it.
    pub delivered: Option<Delivery>,
    /// What the person said.
    pub answers: Vec<Answer>,
    /// What officers decided.
    pub decisions: Vec<Decision>,
}

/// 待答复.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// What never changes.
    pub head: Head,
    /// What was asked.
    pub dossier: Dossier,
    /// Reminders that were told, in days before the due day.
    pub reminded: Vec<u32>,
    /// Whether it was told that the due day has come.
    pub due_told: bool,
}

/// 待办理.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// What never changes.
    pub head: Head,
    /// What was asked and answered.
    pub dossier: Dossier,
    /// 复审办理时限.
    pub clock: Clock,
    /// The first day without the benefit; none where it has not lapsed.
    pub lapsed_on: Option<Date>,
}

/// 已通过.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Renewed {
    /// What never changes.
    pub head: Head,
    /// What was asked, answered and decided; nothing where data were enough.
    pub dossier: Dossier,
    /// By what.
    pub basis: Basis,
    /// When.
    pub on: Date,
    /// 下次复审日期.
    pub next: Option<Date>,
    /// The day on which the benefit had lapsed to which it returned.
    pub lapsed_on: Option<Date>,
}

/// 已中止.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lapsed {
    /// What never changes.
    pub head: Head,
    /// What was asked, answered and decided.
    pub dossier: Dossier,
    /// The first day without the benefit.
    pub on: Date,
}

/// 已关闭.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// What never changes.
    pub head: Head,
    /// What was asked, answered and decided.
    pub dossier: Dossier,
    /// Why.
    pub why: Closing,
    /// When.
    pub on: Date,
}

/// What data cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A paper that the disease asks for.
    Paper(RequiredMaterial),
    /// Insurance that is in force: why it is not.
    Insurance { reasons: Vec<Refusal> },
    /// Whether the benefit is still needed: nothing was settled since a day.
    StillNeeded { since: Date },
}

/// 送达.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The day on which it counts as delivered.
    pub on: Date,
    /// How.
    pub way: Way,
    /// Who told of it: the role, and the officer where there is one.
    pub told_by: String,
}

/// 送达方式.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// 门户阅读.
    PortalRead,
    /// 短信.
    Sms,
    /// 邮寄.
    Letter,
    /// 直接送达.
    InPerson,
    /// 公告送达.
    Public,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// 复审材料.
    pub materials: Vec<Id>,
    /// 仍需使用.
    pub still_needed: bool,
    /// 申请人工办理.
    pub ask_officer: bool,
    /// 说明, in the person's own words; may be empty.
    pub reason: String,
    /// When.
    pub on: Date,
}

/// What an officer decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// 理由.
    pub reason: String,
    /// How the officer signs in.
    pub officer: String,
    /// When.
    pub on: Date,
}

/// By what a benefit was renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// 数据核验.
    Data,
    /// The catalogue asks for no re-qualification of the disease any more.
    Rule,
    /// 本人确认: the person still needs it.
    Confirmed,
    /// 人工办理.
    Officer,
}

/// Why there is nothing left to re-qualify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// The benefit has ended.
    BenefitEnded,
    /// The person died.
    Died,
    /// The person is insured in another pooling area.
    Moved,
    /// It lapsed and did not return in time: the benefit ends.
    ReturnOver,
}

/// What data say of a person on a day.
#[derive(Clone, Debug)]
pub struct Found {
    /// The day.
    pub today: Date,
    /// 参保地.
    pub area: Region,
    /// Whether the person is known to have died.
    pub died: bool,
    /// Every reason against the insurance.
    pub insurance: Vec<Refusal>,
    /// The last day on which something was settled for the disease, as far back as it matters.
    pub settled: Option<Date>,
}

impl Found {
    /// What is known of a person, and of the bills for one disease.
    pub fn of(insured: &Insured, settled: Option<Date>, today: Date) -> Self {
        Self {
            today,
            area: insured.insu_admdvs.clone(),
            died: insured.death_date.is_some(),
            insurance: insured.standing(today).into_iter().map(Refusal::from).collect(),
            settled,
        }
    }

    /// What of a re-qualification these data cannot answer.
    pub fn leaves(&self, rules: &RequalificationRules, papers: &[RequiredMaterial]) -> Vec<Wanted> {
        let mut wanted: Vec<_> = papers.iter().cloned().map(Wanted::Paper).collect();
        if !self.insurance.is_empty() {
            wanted.push(Wanted::Insurance { reasons: self.insurance.clone() });
        }
        let since = add_months(self.today, -rules.settled_months);
        // A paper of these months shows that it is needed.
        let asked = rules.settled_months > 0 && papers.is_empty();
        if asked && self.settled.is_none_or(|last| last < since) {
            wanted.push(Wanted::StillNeeded { since });
        }
        wanted
    }
}

impl Wanted {
    /// Its word in events.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Paper(_) => "paper",
            Self::Insurance { .. } => "insurance",
            Self::StillNeeded { .. } => "still_needed",
        }
    }
}

impl Requalification {
    /// What never changes.
    pub fn head(&self) -> &Head {
        match self {
            Self::Open(state) => &state.head,
            Self::Answered(state) => &state.head,
            Self::Renewed(state) => &state.head,
            Self::Lapsed(state) => &state.head,
            Self::Closed(state) => &state.head,
        }
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Answered(_) => "answered",
            Self::Renewed(_) => "renewed",
            Self::Lapsed(_) => "lapsed",
            Self::Closed(_) => "closed",
        }
    }

    /// What was asked, answered and decided.
    pub fn dossier(&self) -> &Dossier {
        match self {
            Self::Open(state) => &state.dossier,
            Self::Answered(state) => &state.dossier,
            Self::Renewed(state) => &state.dossier,
            Self::Lapsed(state) => &state.dossier,
            Self::Closed(state) => &state.dossier,
        }
    }

    /// 复审办理时限, while an officer is to decide.
    pub fn clock(&self) -> Option<&Clock> {
        if let Self::Answered(answered) = self { Some(&answered.clock) } else { None }
    }

    /// The next day on which the job has something to do by itself; none while it waits for people, or is over. A benefit
    /// that ends first ends it too.
    pub fn next_on(&self, benefit_ends: Option<Date>) -> Option<Date> {
        let own = match self {
            Self::Open(open) => open.next_on(),
            Self::Answered(_) => None,
            Self::Lapsed(lapsed) => Some(lapsed.return_over_on()),
            Self::Renewed(_) | Self::Closed(_) => return None,
        };
        let over = benefit_ends.and_then(Date::next_day);
        own.into_iter().chain(over).min()
    }
}

impl Open {
    /// The first day on which it lapses when nobody answers: none while the notice was not delivered.
    pub fn lapse_on(&self) -> Option<Date> {
        let delivered = self.dossier.delivered.as_ref()?;
        let from = delivered.on.max(self.head.due_on);
        Some(from + Duration::days(i64::from(self.head.rules.grace_days) + 1))
    }

    /// Days of reminders that were not told, with how many days they are before the due day.
    pub(super) fn reminders(&self) -> impl Iterator<Item = (Date, u32)> {
        let due_on = self.head.due_on;
        let days = self.head.rules.remind_days.iter().filter(|days| !self.reminded.contains(days));
        days.map(move |days| (due_on - Duration::days(i64::from(*days)), *days))
    }

    fn next_on(&self) -> Option<Date> {
        let due = (!self.due_told).then_some(self.head.due_on);
        let reminders = self.reminders().map(|(day, _)| day).filter(|_| !self.due_told);
        reminders.chain(due).chain(self.lapse_on()).min()
    }
}

impl Lapsed {
    /// 可恢复至: the last day on which it can be answered.
    pub fn return_until(&self) -> Date {
        let over = self.return_over_on();
        over.previous_day().unwrap_or(over)
    }

    /// The day on which it can return no more.
    pub fn return_over_on(&self) -> Date {
        add_months(self.on, self.head.rules.return_months)
    }
}

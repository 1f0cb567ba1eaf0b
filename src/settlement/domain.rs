//! A settlement: a bill, what the fund paid of it, and whether that was taken back.

use serde::Serialize;
use time::{Date, OffsetDateTime};

use super::calculation::{Before, Calculated};
use crate::benefit::domain::InForce;
use crate::catalog::domain::{Case, Insutype, Level};
use crate::kernel::error::{Refusal, Violation};
use crate::kernel::id::Id;
use crate::kernel::money::{Money, Ratio};
use crate::kernel::step::Step;

/// A bill of one visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// 病种代码.
    pub code: String,
    /// The institution's own key of it.
    pub key: BillKey,
    /// 就诊ID; may be empty.
    pub mdtrt_id: String,
    /// Day of the service: catalogue, benefit, filing and year are those of this day.
    pub service_day: Date,
    /// 总费用.
    pub total: Money,
    /// 符合政策范围金额.
    pub in_scope: Money,
}

/// What makes a person's bill the same bill, whichever call it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillKey {
    /// 定点医药机构编号.
    pub fixmedins_code: String,
    /// 医药机构结算ID.
    pub medins_setl_id: String,
}

/// Where the service was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the person's own pooling area.
    Home,
    /// In a place that the person filed.
    Remote,
}

impl Place {
    /// Its word in the table and in the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Remote => "remote",
        }
    }

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Home, Self::Remote].into_iter().find(|place| place.word() == word)
    }
}

/// The catalogue and the list of institutions by which it was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Version of the catalogue.
    pub catalog_version: String,
    /// Its hash.
    pub catalog_sha256: String,
    /// Version of the list; the catalogue's own where its institutions are its own. Empty in what was settled before it
    /// was kept.
    pub institutions_version: String,
    /// Its hash.
    pub institutions_sha256: String,
    /// Whether one of them is a sample.
    pub sample: bool,
}

/// A settlement in any state, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// 已结算.
    Settled(Settled),
    /// 已冲正.
    Reversed(Reversed),
    /// 已冲正, of a bill that was never seen: it wins over the late settlement.
    Unseen(Unseen),
}

/// 已结算.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Its id.
    pub id: Id,
    /// The benefit that it drew on.
    pub benefit: Id,
    /// 险种 of the service day: with disease and year the key of the accumulator that it drew on.
    pub insutype: Insutype,
    /// The bill.
    pub bill: Bill,
    /// 就医地.
    pub place: Place,
    /// What was paid.
    pub calculated: Calculated,
    /// By which catalogue.
    pub source: Source,
    /// When.
    pub settled_at: OffsetDateTime,
}

/// 已冲正.
#[derive(Clone, Debug, PartialEq)]
pub struct Reversed {
    /// What was taken back, whole.
    pub settled: Settled,
    /// When.
    pub reversed_at: OffsetDateTime,
}

/// A reversal that came before its settlement, or for one that never came.
#[derive(Clone, Debug, PartialEq)]
pub struct Unseen {
    /// Its id.
    pub id: Id,
    /// Of which bill.
    pub key: BillKey,
    /// When.
    pub reversed_at: OffsetDateTime,
}

/// What happened to a settlement.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
#[expect(clippy::large_enum_variant, reason = "one a call, on its stack")]
pub enum Event {
    /// 结算, with all that it takes to calculate it again.
    #[serde(rename = "settlement.settled")]
    Settled {
        benefit: Id,
        opsp_dise_code: String,
        insutype: Insutype,
        retired: bool,
        fixmedins_code: String,
        hospital: Level,
        remote: bool,
        service_day: Date,
        medfee_sumamt_fen: Money,
        inscp_scp_amt_fen: Money,
        used_before_fen: Money,
        deductible_used_before_fen: Money,
        act_pay_dedc_fen: Money,
        pool_prop_selfpay_bp: Ratio,
        fund_pay_sumamt_fen: Money,
        psn_part_amt_fen: Money,
        left_fen: Money,
        catalog_version: String,
        catalog_sha256: String,
        institutions_version: String,
        institutions_sha256: String,
    },
    /// 冲正.
    #[serde(rename = "settlement.reversed")]
    Reversed { act_pay_dedc_fen: Money, fund_pay_sumamt_fen: Money },
    /// 冲正 of a bill that was never seen.
    #[serde(rename = "settlement.reversed_unseen")]
    ReversedUnseen { fixmedins_code: String },
}

/// Why a bill is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettleRefused {
    /// The institution is not a designated one on the service day.
    InstitutionUnknown { fixmedins_code: String, day: Date },
    /// The institution is not designated for the disease and the insured kind.
    NotDesignated { fixmedins_code: String, code: String, insutype: Insutype },
    /// The same key was settled with another content.
    BillDiffers { id: Id },
    /// It was reversed, or its reversal came first.
    AlreadyReversed { id: Id },
}

impl Bill {
    /// Everything wrong with it that the contract's annotations cannot say.
    pub fn faults(&self, today: Date) -> Vec<Violation> {
        let mut faults = Vec::new();
        if self.service_day > today {
            faults.push(Violation::new("bill.service_day", "不能晚于今天", "must not be after today"));
        }
        if self.in_scope > self.total {
            faults.push(Violation::new(
                "bill.inscp_scp_amt_fen",
                "不能超过总费用 medfee_sumamt_fen",
                "must be at most medfee_sumamt_fen",
            ));
        }
        faults
    }
}

/// What a new settlement rests on beside bill and benefit.
pub struct Made {
    /// Its id.
    pub id: Id,
    /// The case by which its policy was found.
    pub case: Case,
    /// What the year had used before it.
    pub before: Before,
    /// What is paid.
    pub calculated: Calculated,
    /// By which catalogue.
    pub source: Source,
    /// When.
    pub now: OffsetDateTime,
}

impl Settled {
    /// Settles a bill on a benefit that is in force on its day.
    pub fn new(bill: Bill, in_force: &InForce, made: Made) -> Step<Self, Event> {
        let Made { id, case, before, calculated, source, now } = made;
        let event = Event::Settled {
            benefit: in_force.benefit(),
            opsp_dise_code: bill.code.clone(),
            insutype: case.insutype,
            retired: case.retired,
            fixmedins_code: bill.key.fixmedins_code.clone(),
            hospital: case.hospital,
            remote: case.remote,
            service_day: bill.service_day,
            medfee_sumamt_fen: bill.total,
            inscp_scp_amt_fen: bill.in_scope,
            used_before_fen: before.used,
            deductible_used_before_fen: before.deductible_used,
            act_pay_dedc_fen: calculated.deductible,
            pool_prop_selfpay_bp: calculated.ratio,
            fund_pay_sumamt_fen: calculated.fund,
            psn_part_amt_fen: calculated.person,
            left_fen: calculated.left,
            catalog_version: source.catalog_version.clone(),
            catalog_sha256: source.catalog_sha256.clone(),
            institutions_version: source.institutions_version.clone(),
            institutions_sha256: source.institutions_sha256.clone(),
        };
        let settled = Self {
            id,
            benefit: in_force.benefit(),
            insutype: case.insutype,
            bill,
            place: if case.remote { Place::Remote } else { Place::Home },
            calculated,
            source,
            settled_at: now,
        };
        Step::new(settled, event)
    }

    /// 冲正, whole.
    pub fn reverse(self, now: OffsetDateTime) -> Step<Reversed, Event> {
        let event = Event::Reversed {
            act_pay_dedc_fen: self.calculated.deductible,
            fund_pay_sumamt_fen: self.calculated.fund,
        };
        Step::new(Reversed { settled: self, reversed_at: now }, event)
    }
}

impl Unseen {
    /// Remembers the reversal of a bill that was never seen.
    pub fn new(id: Id, key: BillKey, now: OffsetDateTime) -> Step<Self, Event> {
        let event = Event::ReversedUnseen { fixmedins_code: key.fixmedins_code.clone() };
        Step::new(Self { id, key, reversed_at: now }, event)
    }
}

impl Settlement {
    /// Its id.
    pub fn id(&self) -> Id {
        match self {
            Self::Settled(settled) | Self::Reversed(Reversed { settled, .. }) => settled.id,
            Self::Unseen(unseen) => unseen.id,
        }
    }

    /// Its word in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Settled(_) => "settled",
            Self::Reversed(_) | Self::Unseen(_) => "reversed",
        }
    }

    /// The key of its bill.
    pub fn key(&self) -> &BillKey {
        match self {
            Self::Settled(settled) | Self::Reversed(Reversed { settled, .. }) => &settled.bill.key,
            Self::Unseen(unseen) => &unseen.key,
        }
    }

    /// The answer to a bill with the key of this one: the same settlement again, or why it cannot be.
    pub fn again(self, bill: &Bill) -> Result<Self, SettleRefused> {
        match self {
            Self::Settled(settled) if settled.bill == *bill => Ok(Self::Settled(settled)),
            Self::Settled(settled) => Err(SettleRefused::BillDiffers { id: settled.id }),
            Self::Reversed(_) | Self::Unseen(_) => Err(SettleRefused::AlreadyReversed { id: self.id() }),
        }
    }
}

impl From<SettleRefused> for Refusal {
    fn from(refused: SettleRefused) -> Self {
        match refused {
            SettleRefused::InstitutionUnknown { fixmedins_code, day } => Self::new(
                "INSTITUTION_UNKNOWN",
                format!("{day} 的定点医药机构名录中没有 {fixmedins_code}。"),
                format!("institution {fixmedins_code} is not a designated one on {day}."),
            )
            .help("请用 ListInstitutions 查询机构编号。", "look the code up with ListInstitutions.")
            .about(fixmedins_code),
            SettleRefused::NotDesignated { fixmedins_code, code, insutype } => Self::new(
                "INSTITUTION_NOT_DESIGNATED",
                format!("{fixmedins_code} 不是{}参保人病种 {code} 的定点医药机构。", insutype.name()),
                format!("{fixmedins_code} is not designated for {code} of insured kind {}.", insutype.code()),
            )
            .help(
                "请用 ListInstitutions 查询该机构的定点病种和险种。",
                "ListInstitutions shows what an institution is designated for.",
            )
            .about(fixmedins_code),
            SettleRefused::BillDiffers { id } => Self::new(
                "BILL_DIFFERS",
                "同一医药机构结算ID 已按另一内容结算。",
                "the same medins_setl_id was settled before with another content.",
            )
            .help(
                "请先冲正原结算，再以新的 medins_setl_id 结算。",
                "reverse that settlement first, then settle under a new medins_setl_id.",
            )
            .about(id.to_string()),
            SettleRefused::AlreadyReversed { id } => {
                Self::new("ALREADY_REVERSED", "该结算已冲正。", "the settlement of this bill was reversed.")
                    .help(
                        "如需重新结算，请使用新的 medins_setl_id。",
                        "to settle it anew take a new medins_setl_id.",
                    )
                    .about(id.to_string())
            }
        }
    }
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;

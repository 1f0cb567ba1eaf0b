//! 参保人: who is insured, and whether that opens the door to an application.

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

pub use super::held::{Held, HeldBenefit, Source};
pub use super::history::{History, Payment, Spell, TooShort};
pub use super::refusal::NotEligible;
pub use super::stated::Stated;
use crate::catalog::domain::{Catalog, Disease, InsuranceRule, Insutype, Sex};
use crate::kernel::add_months;
use crate::kernel::error::Refusal;
use crate::kernel::id::PsnNo;
use crate::kernel::identity::{self, Fault};
use crate::kernel::period::Period;
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// An insured person, as the platform told us. Stored sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insured {
    /// 人员编号.
    pub psn_no: PsnNo,
    /// 证件类型.
    pub psn_cert_type: String,
    /// 证件号码.
    pub certno: String,
    /// 姓名.
    pub psn_name: String,
    /// 性别: true 男.
    pub male: bool,
    /// 出生日期.
    pub brdy: Date,
    /// 电话; may be empty.
    pub tel: String,
    /// 地址; may be empty.
    pub addr: String,
    /// 险种.
    pub insutype: Insutype,
    /// 人员类别.
    pub psn_type: String,
    /// 参保状态.
    pub psn_insu_stas: String,
    /// 缴费状态.
    pub psn_clct_stas: String,
    /// 参保地.
    pub insu_admdvs: Region,
    /// 死亡日期; none while alive, as far as is known.
    #[serde(default)]
    pub death_date: Option<Date>,
    /// 参保与缴费经历. Empty only in a row from before it was told, until the store fills it in.
    #[serde(default)]
    pub history: History,
    /// Since when 参保状态 and 缴费状态 are as they are, and what they were before.
    #[serde(default)]
    pub stated: Stated,
}

/// Proof that nothing stands against an application for these diseases today. Only `Insured::eligible` makes one.
pub struct Eligible {
    insured: Insured,
    insutype: Insutype,
    codes: Vec<String>,
}

impl Eligible {
    /// The person.
    pub fn insured(&self) -> &Insured {
        &self.insured
    }

    /// 险种 on the day of the application.
    pub fn insutype(&self) -> Insutype {
        self.insutype
    }

    /// The diseases.
    pub fn codes(&self) -> &[String] {
        &self.codes
    }
}

/// What happened to an insured person.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Taken over for the first time.
    #[serde(rename = "insured.imported")]
    Imported { insutype: Insutype, psn_type: String, insu_admdvs: Region },
    /// Something changed.
    #[serde(rename = "insured.updated")]
    Updated {
        insutype: Insutype,
        psn_type: String,
        insu_admdvs: Region,
        /// What changed, all of it.
        changes: Vec<Change>,
        /// The area from which the person moved to another pooling area.
        #[serde(skip_serializing_if = "Option::is_none")]
        moved_from: Option<Region>,
    },
}

/// What changed about a person, without saying to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// 证件, 姓名, 性别, 出生日期.
    Identity,
    /// 电话, 地址.
    Contact,
    /// 险种 or 人员类别.
    Kind,
    /// 参保地, within the pooling area.
    Area,
    /// 参保地: another pooling area.
    Move,
    /// 参保状态 or 缴费状态.
    State,
    /// 参保段.
    Spells,
    /// 缴费.
    Payments,
    /// 死亡, or that it was told by mistake.
    Death,
}

impl Insured {
    /// The spell that the row itself states, for some days.
    pub fn spell(&self, period: Period) -> Spell {
        let (psn_type, insu_admdvs) = (self.psn_type.clone(), self.insu_admdvs.clone());
        Spell { insutype: self.insutype, psn_type, insu_admdvs, period }
    }

    /// 险种 on a day.
    pub fn insutype_on(&self, day: Date) -> Insutype {
        self.history.of(day).map_or(self.insutype, |spell| spell.insutype)
    }

    /// 险种 on a day in the pooling area in which the person is insured now: a kind held elsewhere opens nothing here.
    pub fn home_insutype_on(&self, day: Date) -> Insutype {
        self.history.of_home(day, &self.insu_admdvs).map_or(self.insutype, |spell| spell.insutype)
    }

    /// Whether 退休 on a day.
    pub fn retired_on(&self, day: Date) -> bool {
        self.psn_type_on(day).starts_with("12")
    }

    /// 人员类别 on a day.
    pub fn psn_type_on(&self, day: Date) -> &str {
        self.history.of(day).map_or(&self.psn_type, |spell| &spell.psn_type)
    }

    /// Takes over what the platform told us on a day: the first row of this person, or one that differs from what is
    /// known. None when it says what is known already.
    pub fn take_over(mut self, known: Option<&Self>, day: Date) -> Option<Step<Self, Event>> {
        self.stated = known.map_or(Stated::since(day), |known| Stated::heard(&self, known, day));
        let insutype = self.insutype;
        let (psn_type, insu_admdvs) = (self.psn_type.clone(), self.insu_admdvs.clone());
        match known {
            None => Some(Step::new(self, Event::Imported { insutype, psn_type, insu_admdvs })),
            Some(known) if *known == self => None,
            Some(known) => {
                let changes = self.changes(known);
                let moved = changes.contains(&Change::Move);
                let moved_from = moved.then(|| known.insu_admdvs.clone());
                Some(Step::new(self, Event::Updated { insutype, psn_type, insu_admdvs, changes, moved_from }))
            }
        }
    }

    fn changes(&self, known: &Self) -> Vec<Change> {
        let identity = |person: &Self| {
            (person.certificate(), person.psn_name.clone(), person.male, person.brdy.to_julian_day())
        };
        let moved = self.insu_admdvs.pooling() != known.insu_admdvs.pooling();
        [
            (Change::Identity, identity(self) != identity(known)),
            (Change::Contact, (&self.tel, &self.addr) != (&known.tel, &known.addr)),
            (Change::Kind, (self.insutype, &self.psn_type) != (known.insutype, &known.psn_type)),
            (Change::Area, !moved && self.insu_admdvs != known.insu_admdvs),
            (Change::Move, moved),
            (Change::State, self.states() != known.states()),
            (Change::Spells, self.history.spells() != known.history.spells()),
            (Change::Payments, self.history.payments() != known.history.payments()),
            (Change::Death, self.death_date != known.death_date),
        ]
        .into_iter()
        .filter_map(|(change, is)| is.then_some(change))
        .collect()
    }

    /// What tells a certificate apart from all others: its type and its number.
    pub fn certificate(&self) -> String {
        format!("{}{}", self.psn_cert_type, self.certno)
    }

    /// Everything that is wrong with what the platform told us.
    pub fn faults(&self, today: Date) -> Vec<Refusal> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, zh: &str, en: &str| {
            faults.push(Refusal::new("ROW_INVALID", zh, en).about(field));
        };
        if self.psn_cert_type == "01" {
            match identity::check(&self.certno, self.brdy, self.male, today) {
                Ok(()) => {}
                Err(Fault::Form) => {
                    fault("certno", "身份证号码须为 18 位。", "an ID number has 17 digits and a digit or X.")
                }
                Err(Fault::CheckDigit) => {
                    fault("certno", "身份证号码校验位不符。", "the check digit of the ID number is wrong.")
                }
                Err(Fault::BirthDate) => fault(
                    "certno",
                    "身份证号码中的出生日期无效。",
                    "the birth date in the ID number is no day of the past.",
                ),
                Err(Fault::OtherBirthDate) => {
                    fault("brdy", "出生日期与身份证号码不一致。", "brdy differs from the ID number.")
                }
                Err(Fault::OtherSex) => {
                    fault("gend", "性别与身份证号码不一致。", "gend differs from the ID number.")
                }
            }
        }
        if self.brdy > today {
            fault("brdy", "出生日期不能晚于今天。", "brdy is in the future.");
        }
        if self.death_date.is_some_and(|died| died > today || died < self.brdy) {
            fault(
                "death_date",
                "死亡日期须在出生日期与今天之间。",
                "death_date lies between brdy and today.",
            );
        }
        if !Spell::fits(self.insutype, &self.psn_type) {
            fault(
                "psn_type",
                "人员类别与险种不符:11、12 类对应 310,其余对应 390。",
                "psn_type does not go with insutype: 11xx and 12xx with 310, the others with 390.",
            );
        }
        let agrees = |spell: &Spell| {
            let stated = (self.insutype, &self.psn_type, &self.insu_admdvs);
            (spell.insutype, &spell.psn_type, &spell.insu_admdvs) == stated
        };
        if !self.history.of(today).is_none_or(agrees) {
            fault(
                "spells",
                "当前参保段与本行的险种、人员类别或参保地不一致。",
                "the spell of today differs from the row's insutype, psn_type or insu_admdvs.",
            );
        }
        faults
    }

    /// 参保状态 and 缴费状态 as they are.
    fn states(&self) -> (&str, &str) {
        (&self.psn_insu_stas, &self.psn_clct_stas)
    }

    /// Every reason against the insurance itself today.
    pub fn standing(&self, today: Date) -> Vec<NotEligible> {
        self.insurance(&self.insu_admdvs, today, Some(self.states()), Duration::ZERO)
    }

    /// Every reason against the insurance itself on a day. The dates hold for any day; the states are those that were
    /// known on the day, and before we heard of the person they are not known. Insurance is that in the pooling area in
    /// which the person is insured now: on a day on which it was elsewhere, it was not insured here.
    pub fn standing_on(&self, day: Date) -> Vec<NotEligible> {
        self.standing_in(day, &self.insu_admdvs)
    }

    /// Every reason against the insurance in the pooling area of `home` on a day with these states.
    pub(super) fn insurance(
        &self,
        home: &Region,
        day: Date,
        states: Option<(&str, &str)>,
        grace: Duration,
    ) -> Vec<NotEligible> {
        let mut reasons = Vec::new();
        if self.death_date.is_some_and(|died| died < day) {
            reasons.push(NotEligible::Died);
        }
        let (here, elsewhere) = match self.history.on(day) {
            Some(spell) if spell.is_in(home) => (true, None),
            spell => (false, spell.map(|spell| spell.insu_admdvs.clone())),
        };
        let begins = if here { None } else { self.history.begins(day, |spell| spell.is_in(home)) };
        if states.is_some_and(|(insured, _)| insured != "1") || !here && begins.is_none() {
            reasons.push(NotEligible::NotInsured { elsewhere });
        }
        if let Some(from) = begins {
            reasons.push(NotEligible::NotYetInsured { from });
        }
        let stopped = states.is_some_and(|(_, paying)| paying != "1");
        if stopped || !self.history.is_paid(day, grace) {
            let paid_until = self.history.paid_until(day);
            let met_on = if stopped { None } else { self.history.paid_from(day) };
            reasons.push(NotEligible::NotPaidUp { paid_until, met_on });
        }
        reasons
    }

    /// Every reason against the insurance of an application: in force, paid up, nothing owed, and long enough.
    fn insurance_for_application(&self, rule: &InsuranceRule, today: Date) -> Vec<NotEligible> {
        let grace = Duration::days(i64::from(rule.grace_days.max(0)));
        let mut reasons = self.insurance(&self.insu_admdvs, today, Some(self.states()), grace);
        let owed = self.history.owed(today, grace);
        reasons.extend(owed.map(|due| NotEligible::Owes { from: due.from, to: due.to }));
        if let Err(TooShort { since, met_on }) = self.history.lasted(today, &self.insu_admdvs, rule) {
            reasons.push(NotEligible::TooShort { months: rule.continuous_months, since, met_on });
        }
        reasons
    }

    /// Whether the person may apply for the diseases today; every reason against it at once.
    pub fn eligible(
        self,
        catalog: &Catalog,
        codes: &[String],
        held: &Held,
        today: Date,
    ) -> Result<Eligible, Vec<NotEligible>> {
        let mut reasons = self.insurance_for_application(&catalog.rules.insurance, today);
        for code in codes {
            match catalog.disease(code) {
                None => reasons.push(NotEligible::UnknownDisease { code: code.clone() }),
                Some(disease) => {
                    self.against(disease, today, &mut reasons);
                    held.against(disease, codes, &mut reasons);
                }
            }
        }
        reasons.extend(held.too_many(codes.len(), catalog.rules.diseases_max));
        let insutype = self.insutype_on(today);
        if reasons.is_empty() {
            Ok(Eligible { insured: self, insutype, codes: codes.to_vec() })
        } else {
            Err(reasons)
        }
    }

    /// What stands in the person against a disease.
    fn against(&self, disease: &Disease, today: Date, reasons: &mut Vec<NotEligible>) {
        let code = || disease.code.clone();
        let (home, kind) = (&self.insu_admdvs, self.home_insutype_on(today));
        let is_open = |kind: &Insutype| disease.insutypes.contains(kind);
        if !is_open(&kind) {
            let met_on = self.history.begins(today, |spell| spell.is_in(home) && is_open(&spell.insutype));
            reasons.push(NotEligible::KindNotOpen { code: code(), kind, met_on });
        }
        let fits = match disease.sex {
            Sex::Any => true,
            Sex::Female => !self.male,
            Sex::Male => self.male,
        };
        if !fits {
            reasons.push(NotEligible::SexDoesNotFit { code: code() });
        }
        let birthday = |age: i32| add_months(self.brdy, age.saturating_mul(12));
        let (youngest, oldest) = (disease.age_min, disease.age_max);
        if youngest > 0 && today < birthday(youngest) {
            reasons.push(NotEligible::TooYoung { code: code(), youngest, met_on: birthday(youngest) });
        }
        if oldest > 0 && today >= birthday(oldest.saturating_add(1)) {
            reasons.push(NotEligible::TooOld { code: code(), oldest });
        }
    }
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;

//! 参保人: who is insured, and whether that opens the door to an application.

use serde::{Deserialize, Serialize};
use time::Date;

pub use super::refusal::NotEligible;
use crate::catalog::domain::{Catalog, Disease, Insutype, Sex};
use crate::kernel::error::Refusal;
use crate::kernel::id::PsnNo;
use crate::kernel::identity::{self, Fault};
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
    /// 连续参保起始日.
    pub insured_since: Date,
    /// 缴费至.
    pub paid_until: Date,
}

/// Proof that nothing stands against an application for these diseases today. Only `Insured::eligible` makes one.
pub struct Eligible {
    insured: Insured,
    codes: Vec<String>,
}

impl Eligible {
    /// The person.
    pub fn insured(&self) -> &Insured {
        &self.insured
    }

    /// The diseases.
    pub fn codes(&self) -> &[String] {
        &self.codes
    }
}

/// What a person already has or has applied for.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Diseases with a benefit that has not ended.
    pub benefits: Vec<String>,
    /// Diseases in an application that is not decided, or approved and not yet granted.
    pub applications: Vec<String>,
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
    Updated { insutype: Insutype, psn_type: String, insu_admdvs: Region },
}

impl Insured {
    /// Whether 退休.
    pub fn retired(&self) -> bool {
        self.psn_type.starts_with("12")
    }

    /// Takes over what the platform told us: the first row of this person, or one that differs from what is known.
    /// None when it says what is known already.
    pub fn take_over(self, known: Option<&Self>) -> Option<Step<Self, Event>> {
        let insutype = self.insutype;
        let (psn_type, insu_admdvs) = (self.psn_type.clone(), self.insu_admdvs.clone());
        match known {
            None => Some(Step::new(self, Event::Imported { insutype, psn_type, insu_admdvs })),
            Some(known) if *known == self => None,
            Some(_) => Some(Step::new(self, Event::Updated { insutype, psn_type, insu_admdvs })),
        }
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
        let employee = self.psn_type.starts_with("11") || self.psn_type.starts_with("12");
        if employee != (self.insutype == Insutype::Employee) {
            fault(
                "psn_type",
                "人员类别与险种不符:11、12 类对应 310,其余对应 390。",
                "psn_type does not go with insutype: 11xx and 12xx with 310, the others with 390.",
            );
        }
        faults
    }

    /// Every reason against the insurance itself today.
    pub fn standing(&self, today: Date) -> Vec<NotEligible> {
        self.standing_on(today, today)
    }

    /// Every reason against the insurance itself on a day. The dates hold for any day; the states are those of the day
    /// on which we last heard of the person, and what they were before it is not known.
    pub fn standing_on(&self, day: Date, known_since: Date) -> Vec<NotEligible> {
        let known = day >= known_since;
        let mut reasons = Vec::new();
        if known && self.psn_insu_stas != "1" {
            reasons.push(NotEligible::NotInsured);
        }
        if self.insured_since > day {
            reasons.push(NotEligible::NotYetInsured { from: self.insured_since });
        }
        if known && self.psn_clct_stas != "1" || self.paid_until < day {
            reasons.push(NotEligible::NotPaidUp { paid_until: self.paid_until });
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
        let mut reasons = self.standing(today);
        for code in codes {
            match catalog.disease(code) {
                None => reasons.push(NotEligible::UnknownDisease { code: code.clone() }),
                Some(disease) => self.against(disease, codes, held, &mut reasons),
            }
        }
        let most = catalog.rules.diseases_max;
        if held.benefits.len() + held.applications.len() + codes.len() > most {
            reasons.push(NotEligible::TooMany { most });
        }
        if reasons.is_empty() { Ok(Eligible { insured: self, codes: codes.to_vec() }) } else { Err(reasons) }
    }

    fn against(&self, disease: &Disease, codes: &[String], held: &Held, reasons: &mut Vec<NotEligible>) {
        let code = || disease.code.clone();
        if !disease.insutypes.contains(&self.insutype) {
            reasons.push(NotEligible::KindNotOpen { code: code(), kind: self.insutype });
        }
        let fits = match disease.sex {
            Sex::Any => true,
            Sex::Female => !self.male,
            Sex::Male => self.male,
        };
        if !fits {
            reasons.push(NotEligible::SexDoesNotFit { code: code() });
        }
        if held.benefits.contains(&disease.code) {
            reasons.push(NotEligible::AlreadyHeld { code: code() });
        }
        if held.applications.contains(&disease.code) {
            reasons.push(NotEligible::AlreadyApplied { code: code() });
        }
        let others = codes.iter().chain(&held.benefits).chain(&held.applications);
        for other in others.filter(|other| disease.exclusions.contains(other)) {
            reasons.push(NotEligible::Excluded { code: code(), other: other.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::domain::SAMPLE;
    use time::macros::date;

    const TODAY: Date = date!(2025 - 03 - 03);

    fn person() -> Insured {
        Insured {
            psn_no: PsnNo::parse("62090000001").unwrap(),
            psn_cert_type: "01".to_owned(),
            certno: "620902196001010011".to_owned(),
            psn_name: "张三".to_owned(),
            male: true,
            brdy: date!(1960 - 01 - 01),
            tel: String::new(),
            addr: String::new(),
            insutype: Insutype::Employee,
            psn_type: "1101".to_owned(),
            psn_insu_stas: "1".to_owned(),
            psn_clct_stas: "1".to_owned(),
            insu_admdvs: Region::find("620902").unwrap(),
            insured_since: date!(2010 - 01 - 01),
            paid_until: date!(2025 - 12 - 31),
        }
    }

    fn check(person: Insured, codes: &[&str], held: &Held, expected: &[&str]) {
        let catalog = Catalog::parse(SAMPLE).unwrap();
        let codes: Vec<_> = codes.iter().map(|code| (*code).to_owned()).collect();
        let reasons = person.eligible(&catalog, &codes, held, TODAY).err().unwrap_or_default();
        let reasons: Vec<_> =
            reasons.into_iter().map(|reason| Refusal::from(reason).reason.to_string()).collect();
        assert_eq!(reasons, expected);
    }

    #[test]
    fn an_insured_person_who_paid_may_apply() {
        check(person(), &["M01600"], &Held::default(), &[]);
    }

    #[test]
    fn every_reason_is_told_at_once() {
        let mut unpaid = person();
        unpaid.psn_insu_stas = "2".to_owned();
        unpaid.paid_until = date!(2025 - 03 - 02);
        unpaid.insured_since = date!(2025 - 04 - 01);
        check(
            unpaid,
            &["NONE"],
            &Held::default(),
            &["NOT_INSURED", "NOT_YET_INSURED", "NOT_PAID_UP", "DISEASE_UNKNOWN"],
        );
    }

    #[test]
    fn what_is_held_or_applied_for_counts() {
        let held = Held { benefits: vec!["M01600".to_owned()], applications: vec!["M03900".to_owned()] };
        check(person(), &["M01600"], &held, &["BENEFIT_ALREADY_HELD"]);
        check(person(), &["M03900"], &held, &["APPLICATION_UNDER_WAY"]);
        check(person(), &["M01603"], &held, &["DISEASES_EXCLUDE_EACH_OTHER"]);
        check(person(), &["M04600", "M05300"], &held, &["TOO_MANY_DISEASES"]);
        check(person(), &["M01600", "M01603"], &Held::default(), &["DISEASES_EXCLUDE_EACH_OTHER"; 2]);
    }

    #[test]
    fn paid_until_today_is_paid() {
        let mut last_day = person();
        last_day.paid_until = TODAY;
        check(last_day, &["M01600"], &Held::default(), &[]);
    }

    #[test]
    fn the_insurance_is_that_of_the_day() {
        use NotEligible::{NotInsured, NotPaidUp, NotYetInsured};
        let heard = date!(2025 - 02 - 01);
        let mut stopped = person();
        stopped.psn_insu_stas = "2".to_owned();
        stopped.psn_clct_stas = "2".to_owned();
        stopped.insured_since = date!(2025 - 01 - 01);
        stopped.paid_until = date!(2025 - 02 - 15);
        let unpaid = || NotPaidUp { paid_until: date!(2025 - 02 - 15) };
        for (day, expected) in [
            (date!(2024 - 12 - 31), vec![NotYetInsured { from: date!(2025 - 01 - 01) }]),
            (date!(2025 - 01 - 31), vec![]),
            (heard, vec![NotInsured, unpaid()]),
            (date!(2025 - 02 - 16), vec![NotInsured, unpaid()]),
        ] {
            assert_eq!(stopped.standing_on(day, heard), expected, "{day}");
        }
        // The day on which it was paid until tells of every day, whenever it was heard.
        assert_eq!(stopped.standing_on(date!(2025 - 02 - 16), TODAY), [unpaid()]);
    }

    #[test]
    fn only_a_row_that_says_something_new_is_taken_over() {
        let known = person();
        let mut moved = person();
        moved.tel = "13800000000".to_owned();
        for (row, known, event) in [
            (person(), None, Some("insured.imported")),
            (person(), Some(&known), None),
            (moved, Some(&known), Some("insured.updated")),
        ] {
            let step = row.take_over(known);
            let told = step.map(|step| serde_json::to_value(step.event).unwrap()["type"].clone());
            assert_eq!(told.as_ref().and_then(|told| told.as_str()), event);
        }
    }

    #[test]
    fn a_row_that_contradicts_itself_names_the_field() {
        let mut wrong = person();
        wrong.male = false;
        wrong.psn_type = "1501".to_owned();
        let fields: Vec<_> = wrong.faults(TODAY).into_iter().map(|fault| fault.subject).collect();
        assert_eq!(fields, ["gend", "psn_type"]);
        assert_eq!(person().faults(TODAY), []);
    }
}

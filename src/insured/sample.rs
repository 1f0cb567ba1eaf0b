//! The insured person of unit tests, made up.

use time::Date;
use time::macros::date;

use super::domain::{History, Insured, Payment, Spell, Stated};
use crate::catalog::domain::Insutype;
use crate::kernel::id::PsnNo;
use crate::kernel::period::Period;
use crate::kernel::region::Region;

/// A man of 1960, 职工 in 肃州 since 2010, paid until the end of 2025.
pub fn person() -> Insured {
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
        death_date: None,
        history: dates(date!(2010 - 01 - 01), date!(2025 - 12 - 31)),
        stated: Stated::default(),
    }
}

/// The same, insured and paid from a day until a day.
pub fn insured(since: Date, paid_until: Date) -> Insured {
    Insured { history: dates(since, paid_until), ..person() }
}

/// Insured in 肃州 since a day, paid until a day.
pub fn dates(since: Date, paid_until: Date) -> History {
    History::since(spell("620902", since, None), paid_until)
}

/// 职工 in an area.
pub fn spell(area: &str, from: Date, to: Option<Date>) -> Spell {
    Spell {
        insutype: Insutype::Employee,
        psn_type: "1101".to_owned(),
        insu_admdvs: Region::find(area).unwrap(),
        period: Period { from, to },
    }
}

/// A contribution that was paid.
pub fn paid(from: Date, to: Date) -> Payment {
    Payment { from, to, paid_on: None, owed: false }
}

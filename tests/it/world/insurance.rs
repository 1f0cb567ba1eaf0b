//! What the platform tells of somebody's insurance.

use opsp::proto::opsp::insured::v1 as insured;
use opsp::rpc::parse::date_message;
use time::Date;

use super::World;

/// 参保段 of somebody as the row says.
pub fn spell(row: &insured::ImportInsuredRequest, from: Date, to: Option<Date>) -> insured::Spell {
    insured::Spell {
        insutype: row.insutype,
        psn_type: row.psn_type.clone(),
        insu_admdvs: row.insu_admdvs.clone(),
        begndate: Some(date_message(from)),
        enddate: to.map(date_message),
    }
}

/// A contribution that was paid.
pub fn paid(from: Date, to: Date) -> insured::Payment {
    insured::Payment {
        begndate: Some(date_message(from)),
        enddate: Some(date_message(to)),
        paid_on: None,
        owed: false,
    }
}

/// A row with spells and payments instead of two dates.
pub fn told(
    row: &insured::ImportInsuredRequest,
    spells: Vec<insured::Spell>,
    payments: Vec<insured::Payment>,
) -> insured::ImportInsuredRequest {
    insured::ImportInsuredRequest { insured_since: None, paid_until: None, spells, payments, ..row.clone() }
}

impl World {
    /// The benefits follow what was told, and the day.
    pub async fn follow(&self) {
        while self.job("sequence").await > 0 {}
        self.job("follow-insured").await;
    }
}

//! 公示: the notice and its entries; what an objection holds back; the proof that nobody objected.

use time::Date;

use crate::catalog::domain::Insutype;
use crate::kernel::id::Id;
use crate::kernel::region::Region;

/// Proof that the public had its days and no objection stands. Only `Entry::close` makes one.
pub struct Undisputed {
    pub(super) area: Region,
    pub(super) insutype: Insutype,
    pub(super) code: String,
    pub(super) application: Id,
    pub(super) entry: Id,
    pub(super) name: String,
    pub(super) approved_on: Date,
    pub(super) closed_on: Date,
}

impl Undisputed {
    /// 参保地.
    pub fn area(&self) -> &Region {
        &self.area
    }

    /// 险种.
    pub fn insutype(&self) -> Insutype {
        self.insutype
    }

    /// 病种代码.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The application.
    pub fn application(&self) -> Id {
        self.application
    }

    /// The notice entry.
    pub fn entry(&self) -> Id {
        self.entry
    }

    /// `areas/{admdvs}/notices/{id}/entries/{reference}`.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// The day on which the line was approved.
    pub fn approved_on(&self) -> Date {
        self.approved_on
    }

    /// The day on which the notice was over and nothing stood against it any more.
    pub fn closed_on(&self) -> Date {
        self.closed_on
    }
}

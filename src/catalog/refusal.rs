//! What people and programs are told when no catalogue says anything of a day.

use time::Date;

use crate::kernel::error::Refusal;

/// No catalogue is in force on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCatalog {
    /// The day.
    pub day: Date,
}

impl From<NoCatalog> for Refusal {
    fn from(NoCatalog { day }: NoCatalog) -> Self {
        Self::new(
            "NO_CATALOG",
            format!("{day} 没有生效的病种目录。"),
            format!("no catalogue is in force on {day}."),
        )
        .help("请核对日期。", "check the day.")
    }
}

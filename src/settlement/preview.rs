//! 预结算: what Settle would answer now.

use super::domain::{Bill, Settlement};
use super::quote::{Quote, quote};
use crate::catalog::store::Catalogs;
use crate::db::work::View;
use crate::kernel::error::Result;

/// What a preview shows.
pub enum Preview {
    /// A settlement that is there already.
    Again(Settlement),
    /// One that settling the bill would make. It has no name yet.
    New(Settlement),
}

/// Previews a bill of this call's person. Changes nothing and reserves nothing.
pub async fn preview(view: &View, catalogs: &Catalogs, bill: Bill) -> Result<Preview> {
    Ok(match quote(view, catalogs, bill).await? {
        Quote::Again(earlier) => Preview::Again(earlier.settlement),
        Quote::New(new) => Preview::New(Settlement::Settled(new.step.state)),
    })
}

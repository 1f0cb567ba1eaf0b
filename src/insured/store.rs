//! Insured people in their table, sealed.

use sea_orm::EntityTrait;

use super::domain::Insured;
use super::row::insured;
use crate::db::failed;
use crate::db::work::View;
use crate::kernel::error::{Error, Result};

/// An insured person as read.
pub struct Stored {
    /// The person.
    pub insured: Insured,
    /// The row's version.
    pub version: i64,
}

/// The person of this call.
pub async fn get(view: &View) -> Result<Stored> {
    let person = view.person()?;
    let row = insured::Entity::find_by_id(person.psn_no.as_str().to_owned())
        .one(&view.conn())
        .await
        .map_err(failed)?;
    let row = row.ok_or_else(|| Error::NotFound(person.name()))?;
    let insured: Insured = view.open(&person.name(), &row.body)?;
    if insured.psn_no != person.psn_no || insured.insu_admdvs.as_str() != row.insu_admdvs {
        return Err(Error::internal(format!("{}: the sealed body is of another row", person.name())));
    }
    Ok(Stored { insured, version: row.version })
}

//! The parts of the names below `areas/{admdvs}/notices`.

use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::kernel::region::Region;

/// `areas/{admdvs}/notices/{id}`.
pub fn notice_parts(name: &str) -> Result<(Region, Id)> {
    let [area, id] = name_parts(name, ["areas", "notices"])?;
    let area = Region::find(area).ok_or_else(|| Error::not_found(name))?;
    Ok((area, Id::parse(id).map_err(|error| absent(error, name))?))
}

/// `areas/{admdvs}/notices/{id}/entries/{reference}`.
pub fn entry_parts(name: &str) -> Result<(Region, Id, &str)> {
    let [area, notice, reference] = name_parts(name, ["areas", "notices", "entries"])?;
    let area = Region::find(area).ok_or_else(|| Error::not_found(name))?;
    Ok((area, Id::parse(notice).map_err(|error| absent(error, name))?, reference))
}

/// `…/entries/{reference}/objections/{id}` as the entry's name and the objection's id.
pub fn objection_parts(name: &str) -> Result<(&str, Id)> {
    let (entry_name, id) = name.split_once("/objections/").ok_or_else(|| Error::not_found(name))?;
    Ok((entry_name, Id::parse(id).map_err(|error| absent(error, name))?))
}

/// What is not there is named as the caller named it.
pub fn absent(error: Error, name: &str) -> Error {
    if matches!(error, Error::NotFound(_)) { Error::not_found(name) } else { error }
}

//! Finding a person by the certificate. The answer holds personal data, so the journal says who looked.

use super::get;
use super::store::{self, Stored};
use crate::db::work::{Owner, View};
use crate::kernel::error::{Error, Result};

/// The person of a certificate who is insured in this call's area. Whoever is insured elsewhere looks as if unknown.
pub async fn find(view: &View, parent: &str, psn_cert_type: &str, certno: &str) -> Result<Stored> {
    let absent = || Error::not_found(&format!("{parent}/insured"));
    let certificate = format!("{psn_cert_type}{certno}");
    let psn_no = store::claimed_by(view, &certificate).await?.ok_or_else(absent)?;
    let person = match view.db().view(view.actor(), Owner::Person(psn_no)).await {
        Err(Error::NotFound(_)) => return Err(absent()),
        found => found?,
    };
    if !view.area()?.contains(person.area()?) {
        return Err(absent());
    }
    match get::get(&person).await {
        // Moved away meanwhile: the name of whom is the caller's to know no more.
        Err(Error::NotFound(_)) => Err(absent()),
        found => found,
    }
}

//! 核验: whether the text of a QR code is genuine, and what its certificate is worth today.

use super::domain::{Verdict, verdict};
use super::payload::Payload;
use super::store;
use crate::benefit::store as benefits;
use crate::db::work::{Owner, View};
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};

/// What a stranger learns, and no more.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    /// What the check found.
    pub verdict: Verdict,
    /// 证明编号; empty when forged.
    pub number: String,
    /// Whether it was made from a sample catalogue: genuine or not, it proves nothing.
    pub sample: bool,
}

/// Checks a text for anyone who holds it: the paper itself is what allows the look.
pub async fn verify(view: &View, qr_text: &str) -> Result<Verified> {
    let forged = Verified { verdict: Verdict::Forged, number: String::new(), sample: false };
    let Some(payload) = Payload::genuine(qr_text, view.keys().public()) else { return Ok(forged) };
    let Some(psn_no) = store::holder(view, payload.id).await? else {
        // Our key signed a certificate that we never issued: it has leaked, or we have lost data. Nobody here can
        // vouch for such a paper, and whoever runs the server must hear of it.
        tracing::error!(certificate.id = %payload.id, "a genuine signature is over an unknown certificate");
        return Ok(forged);
    };
    standing(view, psn_no, payload.id).await.map_err(|error| match error {
        // A claim without its person, certificate or benefit. NOT_FOUND would tell a stranger the person's number.
        Error::NotFound(_) => Error::internal(format!("certificate {}: claimed but not there", payload.id)),
        other => other,
    })
}

async fn standing(view: &View, psn_no: PsnNo, id: Id) -> Result<Verified> {
    let view = view.db().view(&Actor::system(), Owner::Person(psn_no)).await?;
    let certificate = store::get(&view, id).await?.certificate;
    let benefit = benefits::get(&view, certificate.benefit).await?.benefit;
    let verdict = verdict(certificate.revocation.is_some(), benefit.standing(view.today()));
    Ok(Verified { verdict, number: certificate.number, sample: certificate.snapshot.sample })
}

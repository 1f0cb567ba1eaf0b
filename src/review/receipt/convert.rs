//! Receipts and replays in the contract's words.

use super::compare::Difference;
use super::domain::{ENGINE, Receipt};
use super::replay::Replayed;
use super::store::{self, Kept};
use crate::db::page::Page;
use crate::db::work::View;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::parse::timestamp;

/// One page of the receipts of an application.
pub async fn list(view: &View, id: Id, input: &pb::ListReceiptsRequest) -> Result<pb::ListReceiptsResponse> {
    crate::application::store::get(view, id).await?;
    let listing = format!("receipts/{}", input.parent);
    let page = Page::read(view, listing, input.page_size, 10, &input.page_token)?;
    let after = match page.after.as_deref().map(str::parse) {
        Some(number) => number.map_err(|_| Error::internal("a page of receipts goes on after no number"))?,
        None => 0,
    };
    let rows = store::list(view, id, after, page.limit()).await?;
    let paged = page.close(view, rows, |kept| kept.number.to_string())?;
    Ok(pb::ListReceiptsResponse {
        receipts: paged.items.into_iter().map(receipt).collect(),
        next_page_token: paged.next_page_token,
    })
}

/// One that cannot be read is there all the same, without what only its body tells.
fn receipt(kept: Kept) -> pb::Receipt {
    let Kept { number, sha256, body, at } = kept;
    let bare = pb::Receipt { number, sha256, time: Some(timestamp(at)), ..Default::default() };
    let read = |body: String| serde_json::from_str::<Receipt>(&body).ok().map(|receipt| (body, receipt));
    let Some((body_json, receipt)) = body.and_then(read) else { return bare };
    let facts = receipt.facts;
    pb::Receipt {
        kind: kind(facts.basis.word()).into(),
        operator: facts.officer,
        engine_version: receipt.engine,
        catalog_version: facts.catalog.catalog_version,
        catalog_sha256: facts.catalog.catalog_sha256,
        trace: receipt.conclusion.trace,
        body_json,
        ..bare
    }
}

/// What came of a replay.
pub fn replayed(all: Vec<Replayed>) -> pb::ReplayDecisionResponse {
    let receipts: Vec<_> = all.into_iter().map(one).collect();
    pb::ReplayDecisionResponse {
        equal: receipts.iter().all(|receipt| receipt.equal),
        engine_version: ENGINE,
        receipts,
    }
}

fn one(replayed: Replayed) -> pb::ReplayedReceipt {
    pb::ReplayedReceipt {
        number: replayed.number,
        kind: kind(replayed.kind).into(),
        engine_version: replayed.engine,
        stands: replayed.stands,
        equal: replayed.differences.is_empty(),
        differences: replayed.differences.into_iter().map(difference).collect(),
    }
}

fn difference(difference: Difference) -> pb::ReplayDifference {
    let Difference { path, stored, found } = difference;
    pb::ReplayDifference { path, stored, recomputed: found }
}

fn kind(word: &str) -> pb::ReceiptKind {
    match word {
        "decided" => pb::ReceiptKind::Decided,
        "refused" => pb::ReceiptKind::Refused,
        "undone" => pb::ReceiptKind::Undone,
        _ => pb::ReceiptKind::Unspecified,
    }
}

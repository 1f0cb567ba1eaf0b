//! 一致率: how often experts find what their panels find, and what second panels find, for the bureau.

pub mod domain;
mod row;
pub mod store;

use self::domain::{Agreement, By, Wanted, ratio_bp};
use crate::db::page::Page;
use crate::db::work::View;
use crate::kernel::error::Result;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::parse::to_date;

/// One page for this call's area.
pub async fn list(view: &View, input: &pb::ListAgreementRequest) -> Result<pb::ListAgreementResponse> {
    let by = match input.by() {
        pb::AgreementBy::Disease => By::Disease,
        pb::AgreementBy::Expert | pb::AgreementBy::Unspecified => By::Expert,
    };
    let from = input.confirmed_from.as_ref().and_then(to_date);
    let until = input.confirmed_until.as_ref().and_then(to_date);
    let wanted = Wanted { by, from, until };
    let listing = format!("agreement/{}/{wanted:?}", input.parent);
    let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
    let rows = store::list(view, wanted, page.after.as_deref(), page.limit()).await?;
    let paged = page.close(view, rows, |row| row.key.clone())?;
    let agreements = paged.items.into_iter().map(|row| message(row, by)).collect();
    Ok(pb::ListAgreementResponse { agreements, next_page_token: paged.next_page_token })
}

fn message(row: Agreement, by: By) -> pb::Agreement {
    let (ratio, quality) = (ratio_bp(row.agreeing, row.opinions), ratio_bp(row.judged_agreeing, row.judged));
    let (expert, opsp_dise_code) = match by {
        By::Expert => (row.key, String::new()),
        By::Disease => (String::new(), row.key),
    };
    pb::Agreement {
        expert,
        opsp_dise_code,
        opinions: row.opinions,
        agreeing: row.agreeing,
        ratio_bp: ratio,
        quality_judged: row.judged,
        quality_agreeing: row.judged_agreeing,
        quality_ratio_bp: quality,
    }
}

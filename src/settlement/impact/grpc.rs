//! `CatalogService.PreviewCatalog`.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::unfold;
use tonic::{Request, Response};

use super::run::{Part, Run};
use super::store::Period;
use super::summary::{Example, Lost, Summary, Tally};
use crate::app::App;
use crate::catalog::domain::Catalog;
use crate::catalog::grpc::{Previewing, insutype};
use crate::catalog::{convert, publish};
use crate::kernel::access::{Actor, Role};
use crate::kernel::error::Result;
use crate::proto::opsp::catalog::v1 as pb;
use crate::rpc::call::{Answer, actor, language};
use crate::rpc::parse::{area, check, date_message, day};
use crate::rpc::status::status;

/// `CatalogService.PreviewCatalog`.
pub fn preview_catalog(
    app: App,
    request: Request<pb::PreviewCatalogRequest>,
) -> BoxFuture<'static, Answer<Previewing>> {
    Box::pin(async move {
        let language = language(&request);
        let begun = begin(app, &request).await;
        let (run, sees_people) = begun.map_err(|error| status(error, language))?;
        // Pulled by the caller: who goes away ends it. An error is the last item.
        let parts = unfold(Some(run), move |run| async move {
            let mut run = run?;
            match run.next().await {
                Ok(part) => Some((Ok(message(part?, sees_people)), Some(run))),
                Err(error) => Some((Err(status(error, language)), None)),
            }
        });
        Ok(Response::new(parts.boxed()))
    })
}

async fn begin(app: App, request: &Request<pb::PreviewCatalogRequest>) -> Result<(Run, bool)> {
    let (actor, input) = (actor(request)?, request.get_ref());
    check(input)?;
    let period = Period {
        area: area(&input.parent)?,
        from: day("from", input.from.as_ref())?,
        to: day("to", input.to.as_ref())?,
    };
    let examples = usize::try_from(input.examples).unwrap_or(0);
    let draft = publish::draft(&app.catalogs.now(), &convert::files(&input.files))?;
    let run = Run::begin(app, &actor, draft, period, examples).await?;
    Ok((run, sees_people(&actor)))
}

/// Whether the names of people may be told.
fn sees_people(actor: &Actor) -> bool {
    actor.role == Some(Role::Bureau)
}

fn message(part: Part, sees_people: bool) -> pb::PreviewCatalogResponse {
    use pb::preview_catalog_response::Part as Wire;
    let part = match part {
        Part::Progress(settlements_done, settlements_total) => {
            Wire::Progress(pb::PreviewProgress { settlements_done, settlements_total })
        }
        Part::Summary(found) => {
            let (draft, found) = *found;
            Wire::Summary(summary(&draft, found, sees_people))
        }
    };
    pb::PreviewCatalogResponse { part: Some(part) }
}

fn summary(draft: &Catalog, found: Summary, sees_people: bool) -> pb::PreviewSummary {
    let paid_under = found.paid_under.into_iter().map(|((catalog_version, sha256), settlements)| {
        pb::PaidUnder { catalog_version, sha256, settlements }
    });
    let rows = found.rows.iter().map(|((code, kind), row)| pb::PreviewRow {
        opsp_dise_code: code.clone(),
        opsp_dise_name: draft.disease(code).map(|disease| disease.name.clone()).unwrap_or_default(),
        insutype: insutype(*kind),
        tally: Some(tally(row)),
    });
    pb::PreviewSummary {
        draft_version: draft.version.clone(),
        paid_under: paid_under.collect(),
        persons: found.persons,
        persons_gaining: found.persons_gaining,
        persons_losing: found.persons_losing,
        total: Some(tally(&found.total)),
        rows: rows.collect(),
        lost_benefits: found.lost.into_iter().map(lost).collect(),
        examples: found.examples.into_iter().map(|one| example(one, sees_people)).collect(),
    }
}

fn tally(tally: &Tally) -> pb::PreviewTally {
    pb::PreviewTally {
        settlements: tally.settlements,
        fund_before_fen: tally.before.0,
        fund_after_fen: tally.after.0,
        gaining: tally.gain.0,
        gain_fen: tally.gain.1.0,
        losing: tally.loss.0,
        loss_fen: tally.loss.1.0,
        same: tally.same(),
    }
}

fn lost(lost: Lost) -> pb::LostBenefits {
    pb::LostBenefits {
        opsp_dise_code: lost.code,
        insutype: insutype(lost.insutype),
        benefits: lost.benefits,
        reason: lost.reason.to_owned(),
    }
}

fn example(one: Example, sees_people: bool) -> pb::PreviewExample {
    let name = || format!("insured/{}/settlements/{}", one.psn_no, one.id);
    pb::PreviewExample {
        settlement: if sees_people { name() } else { String::new() },
        opsp_dise_code: one.code,
        service_day: Some(date_message(one.service_day)),
        fund_before_fen: one.funds.0.0,
        fund_after_fen: one.funds.1.0,
        why: one.why.into_iter().map(str::to_owned).collect(),
    }
}

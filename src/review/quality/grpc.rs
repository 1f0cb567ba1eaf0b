//! ReviewService.ListQualityReviews.

use tonic::Request;

use super::super::grpc::Service;
use super::super::message::{finding, panel};
use super::domain::{QualityReview, Sampled, State};
use super::store::{self, Wanted};
use crate::application::store::name as application_name;
use crate::db::page::{Page, Paged};
use crate::db::work::{Owner, View};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;
use crate::proto::opsp::review::v1 as pb;
use crate::review::panel::Seated;
use crate::rpc::call::{Answer, read};
use crate::rpc::parse::date_message;

/// `ReviewService.ListQualityReviews`.
pub async fn list_quality_reviews(
    service: &Service,
    request: Request<pb::ListQualityReviewsRequest>,
) -> Answer<pb::ListQualityReviewsResponse> {
    read(service, request, |_, view, input| {
        Box::pin(async move {
            let wanted = wanted(input);
            let listing = format!("qualityReviews/{}/{wanted:?}", input.parent);
            let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
            let paged = reviews(view, &wanted, page).await?;
            Ok(pb::ListQualityReviewsResponse {
                quality_reviews: paged.items,
                next_page_token: paged.next_page_token,
            })
        })
    })
    .await
}

fn wanted(input: &pb::ListQualityReviewsRequest) -> Wanted {
    let states = match input.state() {
        pb::QualityState::Waiting => vec![State::Waiting, State::Short],
        pb::QualityState::Agrees => vec![State::Agrees],
        pb::QualityState::Differs => vec![State::Differs],
        pb::QualityState::Undone => vec![State::Undone],
        pb::QualityState::Unspecified => vec![State::Waiting, State::Short, State::Agrees, State::Differs],
    };
    Wanted { states, code: input.opsp_dise_code.clone() }
}

/// One page. People who are beyond the caller's reach by now are left out.
async fn reviews(view: &View, wanted: &Wanted, page: Page) -> Result<Paged<pb::QualityReview>> {
    let after = page.after.as_deref().map(Id::parse).transpose()?;
    let rows = store::list(view, wanted, after, page.limit()).await?;
    let paged = page.close(view, rows, |(_, id)| id.to_string())?;
    let mut items = Vec::new();
    for (psn_no, id) in paged.items {
        let own = match view.db().view(view.actor(), Owner::Person(psn_no)).await {
            Err(Error::NotFound(_)) => continue,
            own => own?,
        };
        let review = store::get(&own, id).await?.value;
        if let Some(seated) = store::seated(&own, id).await? {
            items.push(message(own.person()?, &review, &seated.value));
        }
    }
    Ok(Paged { items, next_page_token: paged.next_page_token })
}

fn message(person: &Person, review: &QualityReview, seated: &Seated) -> pb::QualityReview {
    let state = match review.state() {
        State::Waiting | State::Short => pb::QualityState::Waiting,
        State::Agrees => pb::QualityState::Agrees,
        State::Differs => pb::QualityState::Differs,
        State::Undone => pb::QualityState::Undone,
        // It has no panel and is not listed.
        State::None => pb::QualityState::Unspecified,
    };
    let line = |line: &Sampled| {
        let code = &line.lot.opsp_dise_code;
        let judged = review.judged.iter().find(|judged| judged.code == *code);
        pb::QualityLine {
            opsp_dise_code: code.clone(),
            approved: line.approved,
            finding: judged.map_or(pb::Finding::Unspecified, |judged| finding(judged.found)).into(),
            agrees: judged.is_some_and(|judged| judged.agrees),
        }
    };
    pb::QualityReview {
        name: store::name(person, review.application, review.id),
        application: application_name(person, review.application),
        confirm_date: Some(date_message(review.confirmed_on)),
        state: state.into(),
        lines: review.lines.iter().filter(|line| line.lot.drawn).map(line).collect(),
        panel: Some(panel(person, review.application, seated)),
    }
}

//! The calls about re-qualification.

use tonic::Request;

use super::domain::Answer;
use super::message::{message, state_word, way};
use super::store::{self, Wanted};
use super::{answer, decide, deliver, query};
use crate::application::convert::materials;
use crate::benefit::grpc::Service;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::proto::opsp::benefit::v1 as pb;
use crate::rpc::call::{Answer as Reply, read, write};
use crate::rpc::parse::{day, to_date};

/// One.
pub async fn get(
    service: &Service,
    request: Request<pb::GetRequalificationRequest>,
) -> Reply<pb::Requalification> {
    read(service, request, |service, view, input| {
        Box::pin(async move {
            let stored = store::get(view, id(&input.name)?).await?;
            Ok(message(view, &service.0, &stored))
        })
    })
    .await
}

/// Those of a person.
pub async fn list(
    service: &Service,
    request: Request<pb::ListRequalificationsRequest>,
) -> Reply<pb::ListRequalificationsResponse> {
    read(service, request, |service, view, input| {
        Box::pin(async move {
            let paged = query::list(view, input.page_size, &input.page_token).await?;
            let told = paged.items.iter().map(|stored| message(view, &service.0, stored));
            Ok(pb::ListRequalificationsResponse {
                requalifications: told.collect(),
                next_page_token: paged.next_page_token,
            })
        })
    })
    .await
}

/// Those of an area.
pub async fn list_due(
    service: &Service,
    request: Request<pb::ListDueRequalificationsRequest>,
) -> Reply<pb::ListDueRequalificationsResponse> {
    read(service, request, |service, view, input| {
        Box::pin(async move {
            let wanted = Wanted {
                states: state_word(input.state()).into_iter().collect(),
                due_until: input.due_until.as_ref().and_then(to_date),
                undelivered: input.undelivered,
                code: input.opsp_dise_code.clone(),
            };
            let paged = query::due(view, &wanted, input.page_size, &input.page_token).await?;
            let told = paged.items.iter().map(|stored| message(view, &service.0, stored));
            Ok(pb::ListDueRequalificationsResponse {
                requalifications: told.collect(),
                next_page_token: paged.next_page_token,
            })
        })
    })
    .await
}

/// 送达.
pub async fn confirm_delivery(
    service: &Service,
    request: Request<pb::ConfirmDeliveryRequest>,
) -> Reply<pb::Requalification> {
    write(service, request, |service, work, input| {
        Box::pin(async move {
            let on = day("delivered_on", input.delivered_on.as_ref())?;
            let how = way(input.way()).ok_or_else(|| unstated("way"))?;
            let stored = deliver::deliver(work, &service.0, id(&input.name)?, how, on).await?;
            Ok(message(work, &service.0, &stored))
        })
    })
    .await
}

/// 答复.
pub async fn answer_requalification(
    service: &Service,
    request: Request<pb::AnswerRequalificationRequest>,
) -> Reply<pb::Requalification> {
    write(service, request, |service, work, input| {
        Box::pin(async move {
            let said = Answer {
                materials: materials(work.person()?, &input.materials)?,
                still_needed: input.still_needed,
                ask_officer: input.ask_officer,
                reason: input.reason.clone(),
                on: work.today(),
            };
            let stored = answer::answer(work, &service.0, id(&input.name)?, said).await?;
            Ok(message(work, &service.0, &stored))
        })
    })
    .await
}

/// 办理.
pub async fn decide_requalification(
    service: &Service,
    request: Request<pb::DecideRequalificationRequest>,
) -> Reply<pb::Requalification> {
    write(service, request, |service, work, input| {
        Box::pin(async move {
            let renewed = match input.outcome() {
                pb::RequalificationOutcome::Renewed => true,
                pb::RequalificationOutcome::Lapsed => false,
                pb::RequalificationOutcome::Unspecified => return Err(unstated("outcome")),
            };
            let stored = decide::decide(work, &service.0, id(&input.name)?, renewed, &input.reason).await?;
            Ok(message(work, &service.0, &stored))
        })
    })
    .await
}

fn id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "requalifications"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}

fn unstated(field: &str) -> Error {
    Error::invalid(field, "须为枚举中的值", "must be one of the enumeration's values")
}

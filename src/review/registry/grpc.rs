//! The RPCs of ReviewService about experts.

use tonic::Request;

use super::super::convert::expert_id;
use super::super::grpc::Service;
use super::super::{expert, registration};
use crate::db::page::Page;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::call::{Answer, read, write};

/// `ReviewService.CreateExpert`.
pub async fn create_expert(
    service: &Service,
    request: Request<pb::CreateExpertRequest>,
) -> Answer<pb::Expert> {
    write(service, request, |service, work, input| {
        Box::pin(async move {
            let (app, new) = (&service.0, registration::of_new(input));
            let created = expert::create(work, &app.catalogs, &app.config, &input.operator, new).await?;
            Ok(registration::message(&created))
        })
    })
    .await
}

/// `ReviewService.UpdateExpert`.
pub async fn update_expert(
    service: &Service,
    request: Request<pb::UpdateExpertRequest>,
) -> Answer<pb::Expert> {
    write(service, request, |service, work, input| {
        Box::pin(async move {
            let (id, said) = (expert_id(&input.name)?, registration::of_changed(input));
            let changed = expert::update(work, &service.0.catalogs, id, &input.etag, said).await?;
            Ok(registration::message(&changed))
        })
    })
    .await
}

/// `ReviewService.ListExperts`.
pub async fn list_experts(
    service: &Service,
    request: Request<pb::ListExpertsRequest>,
) -> Answer<pb::ListExpertsResponse> {
    read(service, request, |_, view, input| {
        Box::pin(async move {
            let listing = format!("experts/{}", input.parent);
            let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
            let paged = expert::list(view, page).await?;
            Ok(pb::ListExpertsResponse {
                experts: paged.items.iter().map(registration::message).collect(),
                next_page_token: paged.next_page_token,
            })
        })
    })
    .await
}

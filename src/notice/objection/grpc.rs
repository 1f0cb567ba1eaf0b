//! The RPCs of NoticeService about objections.

use tonic::Request;

use super::file::{Input, file, person, person_of};
use super::resolve::{Outcome, appeal, resolve};
use crate::kernel::error::{Error, Result};
use crate::notice::grpc::Service;
use crate::notice::message::{Now, complete, outcome, whole};
use crate::notice::query::{self, Wanted};
use crate::proto::opsp::notice::v1 as pb;
use crate::rpc::call::{Answer, read, write_for};

/// `NoticeService.FileObjection`.
pub async fn file_objection(
    service: &Service,
    request: Request<pb::FileObjectionRequest>,
) -> Answer<pb::Objection> {
    write_for(
        service,
        request,
        |view, input| Box::pin(async move { person(view, &input.parent).await }),
        |service, work, input| {
            Box::pin(async move {
                let said = Input {
                    entry_name: input.parent.clone(),
                    ground: input.ground.clone(),
                    objector_name: input.objector_name.clone(),
                    objector_tel: input.objector_tel.clone(),
                };
                let stored = file(work, &service.0, said).await?;
                let now = Now { calendar: &service.0.calendar.now(), today: work.today() };
                let ground = stored.objection.filed().ground.clone();
                Ok(pb::Objection { ground, ..outcome(&stored.objection, now) })
            })
        },
    )
    .await
}

/// `NoticeService.GetObjection`.
pub async fn get_objection(
    service: &Service,
    request: Request<pb::GetObjectionRequest>,
) -> Answer<pb::Objection> {
    read(service, request, |service, view, input| {
        Box::pin(async move {
            let stored = query::objection(view, &input.name).await?;
            let now = Now { calendar: &service.0.calendar.now(), today: view.today() };
            if !query::is_bureau_of(view, &input.name)? {
                return Ok(outcome(&stored.objection, now));
            }
            let (copy, files) = query::evidence(view, &input.name).await?;
            Ok(complete(&stored.objection, now, copy.as_ref(), &files))
        })
    })
    .await
}

/// `NoticeService.ListObjections`.
pub async fn list_objections(
    service: &Service,
    request: Request<pb::ListObjectionsRequest>,
) -> Answer<pb::ListObjectionsResponse> {
    read(service, request, |service, view, input| {
        Box::pin(async move {
            let wanted = Wanted { parent: &input.parent, size: input.page_size, token: &input.page_token };
            let paged = query::objections(view, wanted).await?;
            let now = Now { calendar: &service.0.calendar.now(), today: view.today() };
            Ok(pb::ListObjectionsResponse {
                objections: paged.items.iter().map(|stored| whole(&stored.objection, now)).collect(),
                next_page_token: paged.next_page_token,
            })
        })
    })
    .await
}

/// `NoticeService.ResolveObjection`.
pub async fn resolve_objection(
    service: &Service,
    request: Request<pb::ResolveObjectionRequest>,
) -> Answer<pb::Objection> {
    write_for(
        service,
        request,
        |view, input| Box::pin(async move { person_of(view, &input.name).await }),
        |service, work, input| {
            Box::pin(async move {
                let found = found(input)?;
                let stored = resolve(work, service.asked(), &input.name, found, &input.resolution).await?;
                let now = Now { calendar: &service.0.calendar.now(), today: work.today() };
                Ok(whole(&stored.objection, now))
            })
        },
    )
    .await
}

/// `NoticeService.AppealObjection`.
pub async fn appeal_objection(
    service: &Service,
    request: Request<pb::AppealObjectionRequest>,
) -> Answer<pb::Objection> {
    write_for(
        service,
        request,
        |view, input| Box::pin(async move { person_of(view, &input.name).await }),
        |service, work, input| {
            Box::pin(async move {
                let stored = appeal(work, &service.0, &input.name, &input.ground).await?;
                let now = Now { calendar: &service.0.calendar.now(), today: work.today() };
                Ok(outcome(&stored.objection, now))
            })
        },
    )
    .await
}

/// What the officer found.
fn found(input: &pb::ResolveObjectionRequest) -> Result<Outcome> {
    use pb::ObjectionConsequence::{Rejected, Review, Unspecified};
    match (input.upheld, input.consequence()) {
        (true, Unspecified | Rejected) => Ok(Outcome::Rejected),
        (true, Review) => Ok(Outcome::ToReview),
        (false, Unspecified) => Ok(Outcome::Dismissed),
        (false, Rejected | Review) => Err(Error::invalid(
            "consequence",
            "异议不成立的，不得填写处理后果",
            "must be unspecified where the objection is dismissed",
        )),
    }
}

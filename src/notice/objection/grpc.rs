//! The RPCs of NoticeService about objections.

use tonic::Request;

use super::evidence::grpc::through_the_own_bureau;
use super::file::{Input, file, person, person_of};
use super::resolve::{Found, Outcome, appeal, resolve};
use crate::app::App;
use crate::db::work::{Owner, View};
use crate::kernel::error::{Error, Result, Violation};
use crate::notice::grpc::Service;
use crate::notice::message::{Now, complete, outcome, whole};
use crate::notice::query::{self, Wanted};
use crate::proto::opsp::notice::v1 as pb;
use crate::rpc::call::{Answer, read, write_for};
use crate::rpc::parse::area;

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
            let person = person_of(view, &input.name).await?;
            read_by_the_bureau(&service.0, view, person, &input.name).await?;
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
            if !paged.items.is_empty() {
                let area = Owner::Area(area(&input.parent)?);
                read_by_the_bureau(&service.0, view, area, &format!("{}/objections", input.parent)).await?;
            }
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
                let stored = resolve(work, service.asked(), &input.name, found(input)?).await?;
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
                through_the_own_bureau(work.actor(), &input.name)?;
                let stored = appeal(work, &service.0, &input.name, &input.ground).await?;
                let now = Now { calendar: &service.0.calendar.now(), today: work.today() };
                Ok(outcome(&stored.objection, now))
            })
        },
    )
    .await
}

/// Who objected and what was said is told to officers, and that they read it is kept.
async fn read_by_the_bureau(app: &App, view: &View, owner: Owner, what: &str) -> Result<()> {
    let work = app.db.work(view.actor(), owner).await?;
    work.record_read(what).await?;
    work.commit().await
}

/// What the officer found; everything wrong with it at once.
fn found(input: &pb::ResolveObjectionRequest) -> Result<Found<'_>> {
    use pb::ObjectionConsequence::{Rejected, Review, Unspecified};
    let mut wrong = Vec::new();
    let outcome = match (input.upheld, input.consequence()) {
        (true, Unspecified | Rejected) => Outcome::Rejected,
        (true, Review) => Outcome::ToReview,
        (false, Unspecified) => Outcome::Dismissed,
        (false, Rejected | Review) => {
            let zh = "异议不成立的，不得填写处理后果";
            let en = "must be unspecified where the objection is dismissed";
            wrong.push(Violation::new("consequence", zh, en));
            Outcome::Dismissed
        }
    };
    let finding = input.finding.trim();
    if input.upheld && finding.is_empty() {
        let zh = "异议成立的，须填写告知当事人的核实情况";
        let en = "is required where the objection is upheld: what the person concerned is told";
        wrong.push(Violation::new("finding", zh, en));
    }
    if !input.upheld && !finding.is_empty() {
        let zh = "异议不成立的，不得填写";
        let en = "must be empty where the objection is dismissed";
        wrong.push(Violation::new("finding", zh, en));
    }
    if wrong.is_empty() {
        Ok(Found { outcome, text: &input.resolution, finding })
    } else {
        Err(Error::Invalid(wrong))
    }
}

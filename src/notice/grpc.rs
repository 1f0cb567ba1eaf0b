//! NoticeService.

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use tonic::{Request, Response, Status};

use super::message::{entry, message, public_entry};
use super::objection::evidence::grpc as evidence;
use super::objection::file;
use super::objection::grpc as objections;
use super::page::render;
use super::query::Wanted;
use super::{open, query, withdraw};
use crate::app::{App, Ask};
use crate::catalog::domain::Insutype;
use crate::db::Db;
use crate::insured::domain::HeldBenefit;
use crate::kernel::error::{Error, Result};
use crate::proto::opsp::notice::v1 as pb;
use crate::review::undo::Asked;
use crate::rpc::call::{Answer, Serves, language, read, write, write_for};
use crate::rpc::status::status;

/// The service.
pub struct Service(pub App, pub Ask<Vec<HeldBenefit>>);

impl Service {
    /// Whom taking a decision back asks.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { app: &self.0, held_benefits: self.1 }
    }
}

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl pb::notice_service_server::NoticeService for Service {
    async fn open_notice(&self, request: Request<pb::OpenNoticeRequest>) -> Answer<pb::Notice> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let kind = Insutype::from_code(input.insutype).ok_or_else(|| {
                    Error::invalid("insutype", "不是可公示的险种", "is not an insured kind that is published")
                })?;
                let stored = open::open(work, &service.0, kind).await?;
                Ok(message(&stored.notice, &service.0.calendar.now(), work.today()))
            })
        })
        .await
    }

    async fn get_notice(&self, request: Request<pb::GetNoticeRequest>) -> Answer<pb::Notice> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let stored = query::notice(view, &service.0, &input.name).await?;
                Ok(message(&stored.notice, &service.0.calendar.now(), view.today()))
            })
        })
        .await
    }

    async fn list_notices(
        &self,
        request: Request<pb::ListNoticesRequest>,
    ) -> Answer<pb::ListNoticesResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let wanted =
                    Wanted { parent: &input.parent, size: input.page_size, token: &input.page_token };
                let paged = query::notices(view, &service.0, wanted).await?;
                let (calendar, today) = (&service.0.calendar.now(), view.today());
                Ok(pb::ListNoticesResponse {
                    notices: paged
                        .items
                        .iter()
                        .map(|stored| message(&stored.notice, calendar, today))
                        .collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn list_entries(
        &self,
        request: Request<pb::ListEntriesRequest>,
    ) -> Answer<pb::ListEntriesResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let wanted =
                    Wanted { parent: &input.parent, size: input.page_size, token: &input.page_token };
                let paged = query::entries(view, &service.0, wanted).await?;
                let told = if query::is_bureau_of(view, &input.parent)? { entry } else { public_entry };
                Ok(pb::ListEntriesResponse {
                    entries: paged.items.iter().map(|stored| told(&stored.entry)).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    type RenderNoticeStream = BoxStream<'static, Result<pb::RenderNoticeResponse, Status>>;

    async fn render_notice(
        &self,
        request: Request<pb::RenderNoticeRequest>,
    ) -> Answer<Self::RenderNoticeStream> {
        let language = language(&request);
        let rendering = read(self, request, |service, view, input| {
            Box::pin(async move {
                let (app, name, token) = (&service.0, &input.name, &input.page_token);
                match input.format() {
                    pb::NoticeFormat::Pdf => render::pdf(view, app, name, token).await,
                    _ if token.is_empty() => render::html(view, app, name).await,
                    _ => Err(Error::invalid(
                        "page_token",
                        "网页不分册：须留空",
                        "a page of HTML has one volume",
                    )),
                }
            })
        });
        let rendering = rendering.await?.into_inner();
        let pieces = stream::try_unfold(rendering, |mut rendering| async move {
            Ok(rendering.next().await?.map(|piece| (piece, rendering)))
        });
        let message = |(chunk, next_page_token)| pb::RenderNoticeResponse { chunk, next_page_token };
        let pieces = pieces.map_ok(message).map_err(move |error| status(error, language));
        Ok(Response::new(pieces.boxed()))
    }

    async fn file_objection(&self, request: Request<pb::FileObjectionRequest>) -> Answer<pb::Objection> {
        objections::file_objection(self, request).await
    }

    async fn get_objection(&self, request: Request<pb::GetObjectionRequest>) -> Answer<pb::Objection> {
        objections::get_objection(self, request).await
    }

    async fn list_objections(
        &self,
        request: Request<pb::ListObjectionsRequest>,
    ) -> Answer<pb::ListObjectionsResponse> {
        objections::list_objections(self, request).await
    }

    async fn resolve_objection(
        &self,
        request: Request<pb::ResolveObjectionRequest>,
    ) -> Answer<pb::Objection> {
        objections::resolve_objection(self, request).await
    }

    async fn appeal_objection(&self, request: Request<pb::AppealObjectionRequest>) -> Answer<pb::Objection> {
        objections::appeal_objection(self, request).await
    }

    async fn add_objection_file(
        &self,
        request: Request<pb::AddObjectionFileRequest>,
    ) -> Answer<pb::ObjectionFile> {
        evidence::add_objection_file(self, request).await
    }

    async fn get_objection_file(
        &self,
        request: Request<pb::GetObjectionFileRequest>,
    ) -> Answer<pb::ObjectionFileContent> {
        evidence::get_objection_file(self, request).await
    }

    async fn redact_objection(&self, request: Request<pb::RedactObjectionRequest>) -> Answer<pb::Objection> {
        evidence::redact_objection(self, request).await
    }

    async fn list_objection_copies(
        &self,
        request: Request<pb::ListObjectionCopiesRequest>,
    ) -> Answer<pb::ListObjectionCopiesResponse> {
        evidence::list_objection_copies(self, request).await
    }

    async fn withdraw_entry(&self, request: Request<pb::WithdrawEntryRequest>) -> Answer<pb::Entry> {
        write_for(
            self,
            request,
            |view, input| Box::pin(async move { file::person(view, &input.name).await }),
            |service, work, input| {
                Box::pin(async move {
                    let (of, reason) = (&input.name, &input.reason);
                    let stored = withdraw::entry(work, service.asked(), of, reason, input.to_review).await?;
                    Ok(entry(&stored.entry))
                })
            },
        )
        .await
    }

    async fn withdraw_notice(&self, request: Request<pb::WithdrawNoticeRequest>) -> Answer<pb::Notice> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let stored = withdraw::notice(work, &service.0, &input.name, &input.reason).await?;
                Ok(message(&stored.notice, &service.0.calendar.now(), work.today()))
            })
        })
        .await
    }
}

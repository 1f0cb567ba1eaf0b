//! ReviewService.

use tonic::Request;

use super::convert::{self, application_id, decline_reason, item, said, task_id};
use super::domain::task_name;
use super::message::{panel, task};
use super::quality::grpc as quality;
use super::redaction::grpc as redaction;
use super::registry::grpc as registry;
use super::{
    accept, agreement, clock, confirm, deadlines, opinion, query, receipt, replace, send_back, supplement,
    tried, undo,
};
use crate::app::{App, Ask};
use crate::application::grpc::message;
use crate::application::query::published;
use crate::application::store::Stored;
use crate::db::Db;
use crate::db::page::Page;
use crate::db::work::{Owner, Work};
use crate::insured::domain::HeldBenefit;
use crate::kernel::error::Result;
use crate::proto::opsp::application::v1 as application;
use crate::proto::opsp::material::v1::Thumbnail;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::call::{Answer, Serves, read, write, write_for};
use crate::rpc::parse::timestamp;

/// The service. It asks which benefits of a person have not ended.
pub struct Service(pub App, pub Ask<Vec<HeldBenefit>>);

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl pb::review_service_server::ReviewService for Service {
    type DownloadRedactionStream = redaction::Pieces<pb::DownloadRedactionResponse>;
    type DownloadTaskMaterialStream = redaction::Pieces<pb::DownloadTaskMaterialResponse>;

    async fn list_deadlines(
        &self,
        request: Request<pb::ListDeadlinesRequest>,
    ) -> Answer<pb::ListDeadlinesResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let wanted = deadlines::wanted(input, view.today());
                let listing = format!("deadlines/{}/{wanted:?}", input.parent);
                let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
                let paged = crate::deadline::query::list(view, &wanted, page).await?;
                let calendar = service.0.calendar.now();
                let entry = |stored| deadlines::entry(stored, &calendar, view.today());
                Ok(pb::ListDeadlinesResponse {
                    entries: paged.items.iter().map(entry).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn accept_application(
        &self,
        request: Request<pb::AcceptApplicationRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let stored =
                    accept::accept(work, &service.0.calendar.now(), application_id(&input.name)?).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn refuse_acceptance(
        &self,
        request: Request<pb::RefuseAcceptanceRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let id = application_id(&input.name)?;
                let stored = accept::refuse(work, &service.0.calendar.now(), id, &input.reason).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn request_supplement(
        &self,
        request: Request<pb::RequestSupplementRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let id = application_id(&input.name)?;
                let items: Vec<_> = input.items.iter().map(item).collect();
                let app = &service.0;
                let stored =
                    supplement::request(work, &app.catalogs, &app.calendar.now(), id, &items).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn redact_material(&self, request: Request<pb::RedactMaterialRequest>) -> Answer<pb::Redaction> {
        redaction::redact_material(self, request).await
    }

    async fn get_redactions(
        &self,
        request: Request<pb::GetRedactionsRequest>,
    ) -> Answer<pb::ApplicationRedactions> {
        redaction::get_redactions(self, request).await
    }

    async fn list_redactions(
        &self,
        request: Request<pb::ListRedactionsRequest>,
    ) -> Answer<pb::ListRedactionsResponse> {
        redaction::list_redactions(self, request).await
    }

    async fn download_redaction(
        &self,
        request: Request<pb::DownloadRedactionRequest>,
    ) -> Answer<Self::DownloadRedactionStream> {
        redaction::download_redaction(self, request).await
    }

    async fn assign_experts(&self, request: Request<pb::AssignExpertsRequest>) -> Answer<pb::Panel> {
        write(self, request, |service, work, input| {
            Box::pin(async move { tried::assign(&service.0, work, input).await })
        })
        .await
    }

    async fn get_panel(&self, request: Request<pb::GetPanelRequest>) -> Answer<pb::Panel> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let id = application_id(&input.name)?;
                Ok(panel(view.person()?, id, &query::panel(view, id).await?))
            })
        })
        .await
    }

    async fn list_review_tasks(
        &self,
        request: Request<pb::ListReviewTasksRequest>,
    ) -> Answer<pb::ListReviewTasksResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let operator = view.actor().operator()?;
                let listing = format!("reviewTasks/{}/{operator}/{}", input.parent, input.include_answered);
                let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
                let paged = query::tasks(
                    view,
                    &service.0.catalogs,
                    &service.0.calendar.now(),
                    page,
                    input.include_answered,
                )
                .await?;
                Ok(pb::ListReviewTasksResponse {
                    tasks: paged.items.iter().map(task).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn download_task_material(
        &self,
        request: Request<pb::DownloadTaskMaterialRequest>,
    ) -> Answer<Self::DownloadTaskMaterialStream> {
        redaction::download_task_material(self, request).await
    }

    async fn get_task_thumbnail(&self, request: Request<pb::GetTaskThumbnailRequest>) -> Answer<Thumbnail> {
        redaction::get_task_thumbnail(self, request).await
    }

    async fn submit_opinion(&self, request: Request<pb::SubmitOpinionRequest>) -> Answer<pb::ReviewTask> {
        write_for(
            self,
            request,
            |view, input| {
                Box::pin(async move { opinion::find(view, task_id(&input.name)?).await.map(Owner::Through) })
            },
            |service, work, input| {
                Box::pin(async move {
                    let said = input.opinions.iter().map(said).collect::<Result<Vec<_>>>()?;
                    let id = task_id(&input.name)?;
                    let app = &service.0;
                    let done = opinion::submit(work, &app.catalogs, &app.calendar.now(), id, &said).await?;
                    Ok(task(&done))
                })
            },
        )
        .await
    }

    async fn decline_task(
        &self,
        request: Request<pb::DeclineTaskRequest>,
    ) -> Answer<pb::DeclineTaskResponse> {
        write_for(
            self,
            request,
            |view, input| {
                Box::pin(async move { opinion::find(view, task_id(&input.name)?).await.map(Owner::Through) })
            },
            |service, work, input| {
                Box::pin(async move {
                    let (id, reason) = (task_id(&input.name)?, decline_reason(input.reason())?);
                    let left = replace::decline(&service.0, work, id, reason, &input.text).await?;
                    let leave_time = Some(timestamp(left.at));
                    Ok(pb::DeclineTaskResponse { name: task_name(id), leave_time })
                })
            },
        )
        .await
    }

    async fn reassign_task(&self, request: Request<pb::ReassignTaskRequest>) -> Answer<pb::Panel> {
        write(self, request, |service, work, input| {
            Box::pin(async move { tried::reassign(&service.0, work, input).await })
        })
        .await
    }

    async fn confirm_decision(
        &self,
        request: Request<pb::ConfirmDecisionRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let (app, id) = (&service.0, application_id(&input.name)?);
                let stored = confirm::confirm(work, &app.catalogs, &app.calendar.now(), id).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn extend_deadline(
        &self,
        request: Request<pb::ExtendDeadlineRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let (app, id) = (&service.0, application_id(&input.name)?);
                let extension = convert::extension(input, work)?;
                let stored = clock::extend(work, &app.catalogs, &app.calendar.now(), id, extension).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn pause_review(
        &self,
        request: Request<pb::PauseReviewRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let (app, id) = (&service.0, application_id(&input.name)?);
                let (calendar, why) = (app.calendar.now(), convert::outside(input));
                let stored = clock::pause(work, &app.catalogs, &calendar, id, why).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn resume_review(
        &self,
        request: Request<pb::ResumeReviewRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let id = application_id(&input.name)?;
                let stored = clock::resume(work, &service.0.calendar.now(), id).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn send_back(&self, request: Request<pb::SendBackRequest>) -> Answer<pb::Panel> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let (id, calendar) = (application_id(&input.name)?, service.0.calendar.now());
                let seated = send_back::send_back(work, &calendar, id, &input.into()).await?;
                Ok(panel(work.person()?, id, &seated))
            })
        })
        .await
    }

    async fn undo_decision(
        &self,
        request: Request<pb::UndoDecisionRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let id = application_id(&input.name)?;
                let asked = undo::Asked { app: &service.0, held_benefits: service.1 };
                let stored = undo::undo(work, asked, id, undo::After::Decision, &input.reason).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn list_receipts(
        &self,
        request: Request<pb::ListReceiptsRequest>,
    ) -> Answer<pb::ListReceiptsResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move { receipt::convert::list(view, application_id(&input.parent)?, input).await })
        })
        .await
    }

    async fn replay_decision(
        &self,
        request: Request<pb::ReplayDecisionRequest>,
    ) -> Answer<pb::ReplayDecisionResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let id = application_id(&input.name)?;
                let all = receipt::replay::replay(view, &service.0.catalogs, id).await?;
                Ok(receipt::convert::replayed(all))
            })
        })
        .await
    }

    async fn create_expert(&self, request: Request<pb::CreateExpertRequest>) -> Answer<pb::Expert> {
        registry::create_expert(self, request).await
    }

    async fn update_expert(&self, request: Request<pb::UpdateExpertRequest>) -> Answer<pb::Expert> {
        registry::update_expert(self, request).await
    }

    async fn list_experts(
        &self,
        request: Request<pb::ListExpertsRequest>,
    ) -> Answer<pb::ListExpertsResponse> {
        registry::list_experts(self, request).await
    }

    async fn list_quality_reviews(
        &self,
        request: Request<pb::ListQualityReviewsRequest>,
    ) -> Answer<pb::ListQualityReviewsResponse> {
        quality::list_quality_reviews(self, request).await
    }

    async fn list_agreement(
        &self,
        request: Request<pb::ListAgreementRequest>,
    ) -> Answer<pb::ListAgreementResponse> {
        read(self, request, |_, view, input| Box::pin(agreement::list(view, input))).await
    }
}

impl Service {
    /// An application in the contract's words, by the catalogue under which it was submitted.
    fn application(&self, work: &Work, stored: &Stored) -> Result<application::Application> {
        let published = published(&self.0.catalogs, &stored.application, work.today())?;
        Ok(message(work.person()?, stored, &self.0.calendar.now(), work.today(), &published.catalog))
    }
}

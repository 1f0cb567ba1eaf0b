//! ReviewService.

use tonic::Request;

use super::domain::{Expert, Finding, Leaf, Line, Opinion, Task, task_name};
use super::expert::New;
use super::panel::{Outcome, Seated};
use super::query::Described;
use super::redaction::grpc as redaction;
use super::sent::{item, said};
use super::{accept, assign, confirm, deadlines, expert, opinion, query, supplement};
use crate::app::App;
use crate::application::grpc::message;
use crate::application::query::published;
use crate::application::store::{Stored, name};
use crate::catalog::convert::criterion;
use crate::db::Db;
use crate::db::page::Page;
use crate::db::work::{Owner, Work};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::material;
use crate::proto::opsp::application::v1 as application;
use crate::proto::opsp::material::v1::Thumbnail;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::call::{Answer, Serves, read, write, write_for};
use crate::rpc::parse::{date_message, reason, timestamp};

/// The service.
pub struct Service(pub App);

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
            Box::pin(async move {
                let id = application_id(&input.name)?;
                let seated = assign::assign(work, &service.0.catalogs, id).await?;
                Ok(panel(work.person()?, id, &seated))
            })
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

    async fn confirm_decision(
        &self,
        request: Request<pb::ConfirmDecisionRequest>,
    ) -> Answer<application::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let id = application_id(&input.name)?;
                let stored = confirm::confirm(work, &service.0.calendar.now(), id).await?;
                service.application(work, &stored)
            })
        })
        .await
    }

    async fn create_expert(&self, request: Request<pb::CreateExpertRequest>) -> Answer<pb::Expert> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let new = New {
                    name: input.expert_name.clone(),
                    operator: input.operator.clone(),
                    fixmedins_code: input.fixmedins_code.clone(),
                    specialties: input.specialties.clone(),
                    diag_dr_codg: input.diag_dr_codg.clone(),
                };
                let app = &service.0;
                let created = expert::create(work, &app.catalogs, &app.config, new).await?;
                Ok(person(&(created, 0)))
            })
        })
        .await
    }

    async fn list_experts(
        &self,
        request: Request<pb::ListExpertsRequest>,
    ) -> Answer<pb::ListExpertsResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let listing = format!("experts/{}", input.parent);
                let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
                let paged = expert::list(view, page).await?;
                Ok(pb::ListExpertsResponse {
                    experts: paged.items.iter().map(person).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }
}

impl Service {
    /// An application in the contract's words, by the catalogue under which it was submitted.
    fn application(&self, work: &Work, stored: &Stored) -> Result<application::Application> {
        let published = published(&self.0.catalogs, &stored.application, work.today())?;
        Ok(message(work.person()?, stored, &self.0.calendar.now(), work.today(), &published.catalog))
    }
}

fn application_id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "applications"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}

fn task_id(name: &str) -> Result<Id> {
    let [id] = name_parts(name, ["reviewTasks"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}

fn told(person: &Person, opinion: &Opinion) -> pb::LineOpinion {
    let names = |ids: &[Id]| ids.iter().map(|id| material::store::name(person, *id)).collect();
    let leaf = |leaf: &Leaf| pb::LeafFinding {
        fact: leaf.fact.clone(),
        finding: finding(leaf.finding).into(),
        materials: names(&leaf.materials),
        opened: names(&leaf.opened),
        note: leaf.note.clone(),
    };
    pb::LineOpinion {
        opsp_dise_code: opinion.code.clone(),
        finding: finding(opinion.finding).into(),
        facts_not_met: opinion.facts_not_met.iter().cloned().collect(),
        text: opinion.text.clone(),
        leaves: opinion.leaves.iter().map(leaf).collect(),
    }
}

fn finding(finding: Finding) -> pb::Finding {
    match finding {
        Finding::Met => pb::Finding::Met,
        Finding::NotMet => pb::Finding::NotMet,
        Finding::Unknown => pb::Finding::Unknown,
    }
}

fn panel(person: &Person, application: Id, seated: &Seated) -> pb::Panel {
    let members = seated.panel.members.iter().zip(&seated.tasks).map(|(member, task)| {
        let opinions = task.answered().into_iter().flat_map(|answered| &answered.opinions);
        let earlier = task.earlier().iter().flat_map(|given| &given.opinions);
        pb::PanelMember {
            expert: member.resource(),
            review_task: task_name(member.task),
            answered: task.answered().is_some(),
            opinions: opinions.map(|opinion| told(person, opinion)).collect(),
            earlier_opinions: earlier.map(|opinion| told(person, opinion)).collect(),
        }
    });
    let outcomes = seated.outcomes().into_iter().map(|(line, outcome)| pb::PanelOutcome {
        opsp_dise_code: line.code.clone(),
        finding: match outcome {
            Outcome::Found(found) => finding(found),
            Outcome::Open | Outcome::Differ => pb::Finding::Unspecified,
        }
        .into(),
        third_expert_needed: outcome == Outcome::Differ,
        facts_unknown: seated.facts_unknown(line, outcome),
    });
    pb::Panel {
        application: name(person, application),
        members: members.collect(),
        seed: seated.panel.seed.clone(),
        excluded: seated.panel.excluded.iter().map(reason).collect(),
        outcomes: outcomes.collect(),
        sample: seated.sample(),
    }
}

fn task(described: &Described) -> pb::ReviewTask {
    let task = &described.task;
    let assigned = task.assigned();
    pb::ReviewTask {
        name: task_name(assigned.id),
        lines: assigned.lines.iter().map(|judged| line(judged, task)).collect(),
        assign_time: Some(timestamp(assigned.assigned_at)),
        opinion_time: task.answered().map(|answered| timestamp(answered.answered_at)),
        material_titles: described.materials.iter().map(|shown| shown.title.clone()).collect(),
        due_date: described.due.map(date_message),
        sample: assigned.sample,
        materials: described
            .materials
            .iter()
            .map(|shown| pb::TaskMaterial {
                name: shown.name(assigned.id),
                title: shown.title.clone(),
                ready: shown.ready,
            })
            .collect(),
        round: i32::try_from(task.earlier().len() + 1).unwrap_or(i32::MAX),
    }
}

fn line(line: &Line, task: &Task) -> pb::ReviewLine {
    let fact = |(fact, text): (&str, &str)| pb::FactText { fact: fact.to_owned(), text_zh: text.to_owned() };
    let found = task.opinion(&line.code).map_or(pb::Finding::Unspecified, |said| finding(said.finding));
    pb::ReviewLine {
        opsp_dise_code: line.code.clone(),
        opsp_dise_name: line.name.clone(),
        facts: line.criteria.distinct_facts().into_iter().map(fact).collect(),
        finding: found.into(),
        criteria: Some(criterion(&line.criteria)),
    }
}

fn person((expert, open_tasks): &(Expert, u64)) -> pb::Expert {
    pb::Expert {
        name: expert.resource(),
        expert_name: expert.name.clone(),
        operator: expert.operator.clone(),
        fixmedins_code: expert.fixmedins_code.clone(),
        specialties: expert.specialties.clone(),
        diag_dr_codg: expert.diag_dr_codg.clone(),
        open_tasks: i32::try_from(*open_tasks).unwrap_or(i32::MAX),
    }
}

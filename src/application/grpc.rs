//! ApplicationService.

use time::Date;
use tonic::Request;

use super::domain::{Application, Event};
use super::store::{self, Stored};
use super::{convert, create, query, remedy, submit, supplement, update, withdraw};
use crate::app::{App, Ask, Tell};
use crate::catalog::domain::Catalog;
use crate::catalog::grpc::insutype;
use crate::db::Db;
use crate::db::journal::Recorded;
use crate::db::page::Page;
use crate::db::work::View;
use crate::insured::domain::HeldBenefit;
use crate::kernel::access::Person;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Refusal, Result};
use crate::kernel::local_day;
use crate::material;
use crate::proto::opsp::application::v1 as pb;
use crate::rpc::call::{Answer, Serves, read, write};
use crate::rpc::parse::{date_message, deadline, reason, timestamp};

/// The service.
pub struct Service {
    /// What every service holds.
    pub app: App,
    /// The person's benefits that have not ended.
    pub held_benefits: Ask<Vec<HeldBenefit>>,
    /// Has what the experts found of an application stand, since nothing is added.
    pub stand: Tell,
}

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.app.db
    }
}

impl Service {
    /// The answer about an application, with the names of its diseases as they were on the day it was submitted.
    fn answer(&self, view: &View, stored: &Stored) -> Result<pb::Application> {
        let published = query::published(&self.app.catalogs, &stored.application, view.today())?;
        Ok(message(view.person()?, stored, &self.app.calendar.now(), view.today(), &published.catalog))
    }
}

#[tonic::async_trait]
impl pb::application_service_server::ApplicationService for Service {
    async fn create_application(
        &self,
        request: Request<pb::CreateApplicationRequest>,
    ) -> Answer<pb::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let form = convert::form(work.person()?, input.application.as_ref())?;
                let stored = create::create(&service.app, work, service.held_benefits, form).await?;
                service.answer(work, &stored)
            })
        })
        .await
    }

    async fn get_application(&self, request: Request<pb::GetApplicationRequest>) -> Answer<pb::Application> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let stored = query::get(view, &input.name).await?;
                service.answer(view, &stored)
            })
        })
        .await
    }

    async fn list_applications(
        &self,
        request: Request<pb::ListApplicationsRequest>,
    ) -> Answer<pb::ListApplicationsResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let listing = format!("applications/{}", view.person()?.name());
                let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
                let paged = query::list(view, page).await?;
                let applications = paged.items.iter().map(|stored| service.answer(view, stored));
                Ok(pb::ListApplicationsResponse {
                    applications: applications.collect::<Result<_>>()?,
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn update_application(
        &self,
        request: Request<pb::UpdateApplicationRequest>,
    ) -> Answer<pb::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let form = convert::form(work.person()?, input.application.as_ref())?;
                let stored = query::get(work, &input.name).await?.unless_stale(&input.etag)?;
                let held_benefits = service.held_benefits;
                let stored = update::update(&service.app, work, held_benefits, stored, form).await?;
                service.answer(work, &stored)
            })
        })
        .await
    }

    async fn submit_application(
        &self,
        request: Request<pb::SubmitApplicationRequest>,
    ) -> Answer<pb::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let stored = query::get(work, &input.name).await?.unless_stale(&input.etag)?;
                let stored = submit::submit(&service.app, work, service.held_benefits, stored).await?;
                service.answer(work, &stored)
            })
        })
        .await
    }

    async fn supplement_application(
        &self,
        request: Request<pb::SupplementApplicationRequest>,
    ) -> Answer<pb::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let answer = convert::supplement(work.person()?, input)?;
                let stored = query::get(work, &input.name).await?;
                let stored =
                    supplement::supplement(&service.app, work, service.stand, stored, answer).await?;
                service.answer(work, &stored)
            })
        })
        .await
    }

    async fn withdraw_application(
        &self,
        request: Request<pb::WithdrawApplicationRequest>,
    ) -> Answer<pb::Application> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let stored = query::get(work, &input.name).await?;
                let stored = withdraw::withdraw(&service.app, work, stored).await?;
                service.answer(work, &stored)
            })
        })
        .await
    }

    async fn list_timeline(
        &self,
        request: Request<pb::ListTimelineRequest>,
    ) -> Answer<pb::ListTimelineResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let listing = format!("timeline/{}", input.parent);
                let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
                let paged = query::timeline(view, &input.parent, page).await?;
                Ok(pb::ListTimelineResponse {
                    entries: paged.items.iter().map(entry).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }
}

/// An application in the contract's words. The catalogue gives its diseases' names, empty for those it does not know,
/// and says of a draft whether they are the sample's.
pub fn message(
    person: &Person,
    stored: &Stored,
    calendar: &Calendar,
    today: Date,
    catalog: &Catalog,
) -> pb::Application {
    let application = &stored.application;
    let (case, form, filed) = (application.case(), application.form(), application.filed());
    pb::Application {
        name: store::name(person, case.id),
        trt_dcla_detl_sn: case.id.base32(),
        state: state_of_word(application.word()).unwrap_or(pb::ApplicationState::Unspecified).into(),
        insutype: insutype(case.insutype),
        insu_admdvs: case.area.as_str().to_owned(),
        appy_date: filed.map(|filed| date_message(filed.appy_date)),
        appy_rea: form.appy_rea.clone(),
        dcla_souc: form.dcla_souc.clone(),
        tel: form.tel.clone(),
        agent: form.agent.as_ref().map(convert::agent_message),
        lines: convert::lines(application, catalog),
        materials: form.materials.iter().map(|id| material::store::name(person, *id)).collect(),
        deadline: application.clock().map(|clock| deadline(clock, calendar, today)),
        acceptance_deadline: application.acceptance_clock().map(|clock| deadline(&clock, calendar, today)),
        pauses: filed.map(|filed| convert::pauses(&filed.clock)).unwrap_or_default(),
        extension: filed.and_then(|filed| filed.clock.extension()).map(convert::extension),
        supplement_wanted: wanted(application).iter().map(reason).collect(),
        refusals: refusals(application).iter().map(reason).collect(),
        create_time: Some(timestamp(case.created_at)),
        update_time: Some(timestamp(stored.updated_at)),
        etag: stored.etag(),
        catalog_version: filed.map(|filed| filed.catalog_version.clone()).unwrap_or_default(),
        catalog_sha256: filed.map(|filed| filed.catalog_sha256.clone()).unwrap_or_default(),
        sample: filed.map_or(catalog.sample, |filed| filed.sample),
        remedies: remedy::messages(application, local_day(stored.updated_at), &catalog.rules),
        kind: convert::kind_message(form.kind).into(),
        benefit: form.kind.benefit().map(|id| format!("{}/benefits/{id}", person.name())).unwrap_or_default(),
    }
}

/// The state of a word of the table; none for one that it does not know.
pub fn state_of_word(word: &str) -> Option<pb::ApplicationState> {
    Some(match word {
        "draft" => pb::ApplicationState::Draft,
        "submitted" => pb::ApplicationState::Submitted,
        "accepted" => pb::ApplicationState::Accepted,
        "awaiting_supplement" => pb::ApplicationState::AwaitingSupplement,
        "decided" => pb::ApplicationState::Decided,
        "refused" => pb::ApplicationState::Refused,
        "withdrawn" => pb::ApplicationState::Withdrawn,
        _ => return None,
    })
}

fn wanted(application: &Application) -> &[Refusal] {
    match application {
        Application::AwaitingSupplement(awaiting) => &awaiting.wanted,
        _ => &[],
    }
}

fn refusals(application: &Application) -> &[Refusal] {
    match application {
        Application::Refused(refused) => &refused.reasons,
        _ => &[],
    }
}

fn entry(recorded: &Recorded) -> pb::TimelineEntry {
    let told = Event::read(&recorded.event, &recorded.data).map(|event| event.sentences());
    let (text_zh, text_en) =
        told.unwrap_or_else(|| ("申请有更新。".to_owned(), "the application changed.".to_owned()));
    pb::TimelineEntry {
        time: Some(timestamp(recorded.at)),
        r#type: recorded.event.strip_prefix("application.").unwrap_or(&recorded.event).to_owned(),
        text_zh,
        text_en,
        by: match recorded.actor.as_str() {
            "portal" => "applicant",
            "bureau" => "bureau",
            "expert" => "expert",
            _ => "system",
        }
        .to_owned(),
    }
}

//! OpsService and EventService.

use std::pin::Pin;

use futures_util::Stream;
use futures_util::stream::unfold;
use tonic::{Request, Response, Status};

use super::calendar;
use super::events::{Watch, list};
use super::jobs::{JobSpec, Jobs, run_now};
use crate::app::App;
use crate::calendar::domain::ends;
use crate::catalog::store::Published;
use crate::certificate::status::list::StatusList;
use crate::certificate::status::store as status_list;
use crate::db::Db;
use crate::db::keys::Keys;
use crate::db::lease::JobState;
use crate::db::log::Logged;
use crate::db::work::View;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::rfc3339;
use crate::proto::opsp::common::v1 as common;
use crate::proto::opsp::event::v1 as event;
use crate::proto::opsp::ops::v1 as pb;
use crate::rpc::call::{Answer, Serves, actor, language, read, write};
use crate::rpc::parse::{check, date_message, reason, timestamp};
use crate::rpc::status::status;

/// Events of a page when the caller does not say.
const PAGE: u64 = 100;

/// OpsService.
pub struct Service {
    /// The server.
    pub app: App,
    /// Its jobs.
    pub jobs: Jobs,
}

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.app.db
    }
}

#[tonic::async_trait]
impl pb::ops_service_server::OpsService for Service {
    async fn get_server_info(&self, request: Request<pb::GetServerInfoRequest>) -> Answer<pb::ServerInfo> {
        read(self, request, |service, view, _| {
            Box::pin(async move {
                let app = &service.app;
                let catalogs = app.catalogs.all_in_force(view.today());
                let list = status_list::current(view).await?.map(|stored| stored.list);
                let mut warnings = warnings(app, view, list.as_ref());
                warnings.extend(other_ring(app).await);
                Ok(pb::ServerInfo {
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    now: Some(timestamp(view.now())),
                    clock_simulated: view.time().is_simulated(),
                    database: if app.db.is_postgres() { "postgres" } else { "sqlite" }.to_owned(),
                    catalogs: catalogs.iter().map(|published| catalog(published)).collect(),
                    calendar_until: app.calendar.now().until(view.today().year()).map(date_message),
                    log_position: app.db.log_position().await?,
                    warnings,
                    status_list: list.map(|list| list_info(view, list)),
                })
            })
        })
        .await
    }

    async fn list_calendar(
        &self,
        request: Request<pb::ListCalendarRequest>,
    ) -> Answer<pb::ListCalendarResponse> {
        read(self, request, |service, _, input| {
            Box::pin(async move {
                let calendar = service.app.calendar.now();
                let days = calendar.special_days(input.year).map(|(day, special)| pb::CalendarDay {
                    date: Some(date_message(day)),
                    workday: special.workday,
                    name: special.name.clone(),
                });
                Ok(pb::ListCalendarResponse {
                    days: days.collect(),
                    published: calendar.is_published(input.year),
                    working_days: i32::try_from(calendar.working_days(input.year)).unwrap_or(i32::MAX),
                    calendar_version: calendar.version().to_owned(),
                    notice_number: calendar.notice_number(input.year).to_owned(),
                })
            })
        })
        .await
    }

    async fn import_calendar(
        &self,
        request: Request<pb::ImportCalendarRequest>,
    ) -> Answer<pb::ImportCalendarResponse> {
        write(self, request, |service, work, input| Box::pin(calendar::publish(&service.app, work, input)))
            .await
    }

    async fn list_jobs(&self, request: Request<pb::ListJobsRequest>) -> Answer<pb::ListJobsResponse> {
        read(self, request, |service, _, _| {
            Box::pin(async move {
                let states = service.app.db.jobs().await?;
                // Those of the table that this version does not know are told too: another instance may run them.
                let mut names: Vec<&str> = service.jobs.iter().map(|spec| spec.name).collect();
                names.extend(states.iter().map(|state| state.name.as_str()));
                names.sort_unstable();
                names.dedup();
                let jobs = names.into_iter().map(|name| job(name, service.jobs, &states)).collect();
                Ok(pb::ListJobsResponse { jobs })
            })
        })
        .await
    }

    /// Not through `write`: that holds a transaction open, and on SQLite a job would wait for it forever. It needs no
    /// claim of its `request_id` either: a job does only what is due, so that running it again is harmless.
    async fn run_job(&self, request: Request<pb::RunJobRequest>) -> Answer<pb::Job> {
        let language = language(&request);
        let answer = async {
            let actor = actor(&request)?;
            let input = request.get_ref();
            check(input)?;
            let name = input.name.strip_prefix("jobs/").unwrap_or_default();
            let spec: Option<&JobSpec> = self.jobs.iter().find(|spec| spec.name == name);
            let spec = spec.ok_or_else(|| Error::not_found(&input.name))?;
            if !input.validate_only {
                tracing::info!(job.name = spec.name, caller = actor.caller, "a job was asked for");
                run_now(&self.app, *spec, format!("request/{}", input.request_id)).await?;
            }
            Ok(job(spec.name, self.jobs, &self.app.db.jobs().await?))
        };
        answer.await.map(Response::new).map_err(|error: Error| status(error, language))
    }
}

/// EventService.
pub struct Events(pub App);

impl Serves for Events {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl event::event_service_server::EventService for Events {
    async fn list_events(
        &self,
        request: Request<event::ListEventsRequest>,
    ) -> Answer<event::ListEventsResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let most = u64::try_from(input.page_size).ok().filter(|size| *size > 0).unwrap_or(PAGE);
                let (entries, last_position) = list(&service.0.db, view.actor(), input.after, most).await?;
                let events = entries.into_iter().map(message).collect();
                Ok(event::ListEventsResponse { events, last_position })
            })
        })
        .await
    }

    type WatchEventsStream = Pin<Box<dyn Stream<Item = std::result::Result<event::Event, Status>> + Send>>;

    async fn watch_events(
        &self,
        request: Request<event::WatchEventsRequest>,
    ) -> Answer<Self::WatchEventsStream> {
        let language = language(&request);
        let begin = || -> Result<Watch> {
            let input = request.get_ref();
            check(input)?;
            let Events(app) = self;
            let (log, draining) = (app.log.subscribe(), app.draining.clone());
            Ok(Watch::begin(app.db.clone(), actor(&request)?, input.after, log, draining))
        };
        let watch = begin().map_err(|error| status(error, language))?;
        // Pulled by the caller: what it does not read is not read from the database either. An error is the last item.
        let events = unfold(Some(watch), move |watch| async move {
            let mut watch = watch?;
            match watch.next().await {
                Ok(entry) => Some((Ok(message(entry)), Some(watch))),
                Err(error) => Some((Err(status(error, language)), None)),
            }
        });
        Ok(Response::new(Box::pin(events)))
    }
}

fn warnings(app: &App, view: &View, list: Option<&StatusList>) -> Vec<common::Reason> {
    let calendar = ends(&app.calendar.now(), view.today()).map(Refusal::from);
    let expired = list.filter(|list| list.expires_at <= view.now()).map(|list| {
        let at = rfc3339(list.expires_at);
        Refusal::new(
            "STATUS_LIST_EXPIRED",
            format!("证明状态清单已于 {at} 过期，离线核验无法得知证明是否有效。"),
            format!(
                "the status list of certificates expired at {at}: offline checks cannot tell what is valid."
            ),
        )
        .help(
            "请用 ListJobs 查看任务 publish-status-list 的错误，再用 RunJob 运行。",
            "look at the error of the job publish-status-list with ListJobs, then run it with RunJob.",
        )
    });
    calendar.into_iter().chain(expired).map(|warning| reason(&warning)).collect()
}

/// That the key ring lies there with other signing keys than those that were read at the start.
async fn other_ring(app: &App) -> Option<common::Reason> {
    let text = tokio::fs::read_to_string(app.config.path(&app.config.keys)).await;
    let ring = text.ok().and_then(|text| Keys::parse(&text).ok());
    let differs = ring.is_none_or(|ring| ring.public() != app.db.keys().public());
    differs.then(|| {
        let warning = Refusal::new(
            "KEY_RING_DIFFERS",
            "密钥环文件已变更或无法读取，本实例仍使用启动时读取的签名密钥。",
            "the key ring on disk has other signing keys than this instance read at its start, or cannot be read.",
        );
        reason(&warning.help(
            "请在新密钥启用前重启本实例，否则新密钥签发的证明会被判为伪造；如文件已损坏，请从备份恢复。",
            "restart this instance before the new key signs, or it will call its papers forged; bring a broken file back \
             from the backup.",
        ))
    })
}

fn list_info(view: &View, list: StatusList) -> pb::StatusListInfo {
    pb::StatusListInfo {
        issue_time: Some(timestamp(list.issued_at)),
        expire_time: Some(timestamp(list.expires_at)),
        age_seconds: (view.now() - list.issued_at).whole_seconds(),
        count: i32::try_from(list.count).unwrap_or(i32::MAX),
        key_id: list.key_id,
    }
}

fn catalog(published: &Published) -> pb::CatalogInfo {
    pb::CatalogInfo {
        admdvs: published.area.as_str().to_owned(),
        catalog_version: published.catalog.version.clone(),
        sample: published.catalog.sample,
        sha256: published.sha256.clone(),
    }
}

fn job(name: &str, jobs: Jobs, states: &[JobState]) -> pb::Job {
    let description = jobs.iter().find(|spec| spec.name == name).map_or("", |spec| spec.description);
    let state = states.iter().find(|state| state.name == name);
    pb::Job {
        name: format!("jobs/{name}"),
        description: description.to_owned(),
        last_run_time: state.and_then(|state| state.last_run).map(timestamp),
        last_done: state.map_or(0, |state| state.last_done),
        last_error: state.map(|state| state.last_error.clone()).unwrap_or_default(),
        holder: state.and_then(|state| state.holder.clone()).unwrap_or_default(),
    }
}

fn message(entry: Logged) -> event::Event {
    event::Event {
        position: entry.position,
        time: Some(timestamp(entry.at)),
        r#type: entry.event,
        resource: entry.aggregate,
        version: entry.version,
        data_json: entry.data,
        admdvs: entry.area,
        leaf_hash: entry.leaf.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

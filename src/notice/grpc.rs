//! NoticeService.

use time::Date;
use tonic::Request;

use super::domain::{Closed, Notice};
use super::entry::domain::Entry;
use super::objection::domain::Objection;
use super::objection::{file, resolve, store as objections};
use super::query::Wanted;
use super::{name, open, query, store};
use crate::app::App;
use crate::catalog::domain::Insutype;
use crate::catalog::grpc::insutype;
use crate::db::Db;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::error::Error;
use crate::proto::opsp::common::v1 as common;
use crate::proto::opsp::notice::v1 as pb;
use crate::rpc::call::{Answer, Serves, read, write, write_for};
use crate::rpc::parse::{date_message, deadline, timestamp};

/// The service.
pub struct Service(pub App);

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
                let stored = query::notice(view, &input.name).await?;
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
                let paged = query::notices(view, wanted).await?;
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
                Ok(pb::ListEntriesResponse {
                    entries: paged.items.iter().map(|stored| entry(&stored.entry)).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn file_objection(&self, request: Request<pb::FileObjectionRequest>) -> Answer<pb::Objection> {
        write_for(
            self,
            request,
            |view, input| Box::pin(async move { file::person(view, &input.parent).await }),
            |service, work, input| {
                Box::pin(async move {
                    let said = file::Input {
                        entry_name: input.parent.clone(),
                        ground: input.ground.clone(),
                        objector_name: input.objector_name.clone(),
                        objector_tel: input.objector_tel.clone(),
                    };
                    let stored = file::file(work, &service.0, said).await?;
                    let message = outcome(&stored.objection);
                    Ok(pb::Objection { ground: stored.objection.filed().ground.clone(), ..message })
                })
            },
        )
        .await
    }

    async fn get_objection(&self, request: Request<pb::GetObjectionRequest>) -> Answer<pb::Objection> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let stored = query::objection(view, &input.name).await?;
                let inside = query::is_bureau_of(view, &input.name)?;
                Ok(if inside { whole(&stored.objection) } else { outcome(&stored.objection) })
            })
        })
        .await
    }

    async fn list_objections(
        &self,
        request: Request<pb::ListObjectionsRequest>,
    ) -> Answer<pb::ListObjectionsResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let wanted =
                    Wanted { parent: &input.parent, size: input.page_size, token: &input.page_token };
                let paged = query::objections(view, wanted).await?;
                Ok(pb::ListObjectionsResponse {
                    objections: paged.items.iter().map(|stored| whole(&stored.objection)).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn resolve_objection(
        &self,
        request: Request<pb::ResolveObjectionRequest>,
    ) -> Answer<pb::Objection> {
        write_for(
            self,
            request,
            |view, input| {
                Box::pin(async move {
                    let (entry_name, _) = name::objection_parts(&input.name)?;
                    file::person(view, entry_name).await
                })
            },
            |service, work, input| {
                Box::pin(async move {
                    let (of, text) = (&input.name, &input.resolution);
                    let stored = resolve::resolve(work, &service.0, of, input.upheld, text).await?;
                    Ok(whole(&stored.objection))
                })
            },
        )
        .await
    }
}

fn message(notice: &Notice, calendar: &Calendar, today: Date) -> pb::Notice {
    let (head, opened, closed) = (notice.head(), notice.opened(), notice.closed());
    pb::Notice {
        name: store::name(&head.area, head.id),
        number: head.number.clone(),
        insutype: insutype(head.insutype),
        state: match notice {
            Notice::Opening(_) => pb::NoticeState::Opening,
            Notice::Open(_) => pb::NoticeState::Open,
            Notice::Closed(_) | Notice::Settled(_) => pb::NoticeState::Closed,
            Notice::Void(_) => pb::NoticeState::Void,
        }
        .into(),
        deadline: opened.map(|open| period(&open.clock, closed, calendar, today)),
        entry_count: opened.map_or(0, |open| i32::try_from(open.entries).unwrap_or(i32::MAX)),
        open_time: opened.map(|open| timestamp(open.opened_at)),
        close_time: notice.ended_at().map(timestamp),
        sample: head.sample,
        catalog_version: head.cited.catalog_version.clone(),
        catalog_sha256: head.cited.catalog_sha256.clone(),
    }
}

/// 公示期. Once closed it is final: what a later calendar says of it does not matter.
fn period(clock: &Clock, closed: Option<&Closed>, calendar: &Calendar, today: Date) -> common::Deadline {
    let Some(closed) = closed else { return deadline(clock, calendar, today) };
    common::Deadline {
        due_date: Some(date_message(closed.last_day)),
        provisional: false,
        working_days_left: 0,
        ..deadline(clock, calendar, closed.last_day)
    }
}

fn entry(entry: &Entry) -> pb::Entry {
    let listing = entry.listing();
    pb::Entry {
        name: listing.name.clone(),
        reference: listing.reference.clone(),
        masked_name: listing.masked_name.clone(),
        masked_certno: listing.masked_certno.clone(),
        opsp_dise_name: listing.opsp_dise_name.clone(),
        state: match entry {
            Entry::Listed(_) => pb::EntryState::Listed,
            Entry::Objected(_) => pb::EntryState::Objected,
            Entry::Undisputed(_) | Entry::Concluded(_) => pb::EntryState::Undisputed,
            Entry::Removed(_) => pb::EntryState::Removed,
        }
        .into(),
    }
}

/// An objection for the bureau.
fn whole(objection: &Objection) -> pb::Objection {
    let filed = objection.filed();
    pb::Objection {
        ground: filed.ground.clone(),
        objector_name: filed.objector_name.clone(),
        objector_tel: filed.objector_tel.clone(),
        ..outcome(objection)
    }
}

/// An objection for anybody who knows its name: what came of it, and nothing of what was said and by whom.
fn outcome(objection: &Objection) -> pb::Objection {
    let (filed, resolution) = (objection.filed(), objection.resolution());
    pb::Objection {
        name: objections::name(objection),
        state: match objection {
            Objection::Standing(_) => pb::ObjectionState::Standing,
            Objection::Upheld(_) => pb::ObjectionState::Upheld,
            Objection::Dismissed(_) => pb::ObjectionState::Dismissed,
        }
        .into(),
        file_time: Some(timestamp(filed.filed_at)),
        resolve_time: resolution.map(|resolution| timestamp(resolution.at)),
        resolution: resolution.map(|resolution| resolution.text.clone()).unwrap_or_default(),
        ..Default::default()
    }
}

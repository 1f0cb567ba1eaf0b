//! RemoteResidenceService.

use time::Date;
use tonic::Request;

use super::domain::{Agent, Contact, Filing, Standing};
use super::form::{Asked, Basis, Kind};
use super::store::{Stored, name};
use super::{cancel, decide, file, query};
use crate::app::App;
use crate::db::Db;
use crate::kernel::access::Person;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::{Id, name_parts};
use crate::kernel::region::Region;
use crate::material;
use crate::proto::opsp::common::v1 as common;
use crate::proto::opsp::residence::v1 as pb;
use crate::rpc::call::{Answer, Serves, read, write};
use crate::rpc::parse::{date_message, deadline, reason, timestamp, to_date};

/// The service.
pub struct Service(pub App);

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl pb::remote_residence_service_server::RemoteResidenceService for Service {
    async fn file_residence(
        &self,
        request: Request<pb::FileResidenceRequest>,
    ) -> Answer<pb::ResidenceFiling> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let asked = asked(work.person()?, input)?;
                let calendar = service.0.calendar.now();
                let stored = file::file(work, &service.0.catalogs, &calendar, asked).await?;
                Ok(message(work.person()?, &stored, &calendar, work.today()))
            })
        })
        .await
    }

    async fn decide_filing(&self, request: Request<pb::DecideFilingRequest>) -> Answer<pb::ResidenceFiling> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let (id, calendar) = (id(&input.name)?, service.0.calendar.now());
                let stored = decide::decide(work, &calendar, id, input.approved, &input.reason).await?;
                Ok(message(work.person()?, &stored, &calendar, work.today()))
            })
        })
        .await
    }

    async fn cancel_filing(&self, request: Request<pb::CancelFilingRequest>) -> Answer<pb::ResidenceFiling> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let calendar = service.0.calendar.now();
                let stored = cancel::cancel(work, &calendar, id(&input.name)?).await?;
                Ok(message(work.person()?, &stored, &calendar, work.today()))
            })
        })
        .await
    }

    async fn get_filing(&self, request: Request<pb::GetFilingRequest>) -> Answer<pb::ResidenceFiling> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let stored = query::get(view, id(&input.name)?).await?;
                Ok(message(view.person()?, &stored, &service.0.calendar.now(), view.today()))
            })
        })
        .await
    }

    async fn list_filings(
        &self,
        request: Request<pb::ListFilingsRequest>,
    ) -> Answer<pb::ListFilingsResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let paged = query::list(view, input.page_size, &input.page_token).await?;
                let (person, today) = (view.person()?, view.today());
                let filing = |stored| message(person, stored, &service.0.calendar.now(), today);
                Ok(pb::ListFilingsResponse {
                    filings: paged.items.iter().map(filing).collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn check_remote_residence(
        &self,
        request: Request<pb::CheckRemoteResidenceRequest>,
    ) -> Answer<pb::CheckRemoteResidenceResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let place = Region::find(&input.mdtrtarea_admvs).ok_or_else(|| {
                    Error::invalid(
                        "mdtrtarea_admvs",
                        "不在国家医保区划表中",
                        "is not in the national table of areas",
                    )
                })?;
                let day = input.service_day.as_ref().and_then(to_date).unwrap_or(view.today());
                Ok(match query::check(view, &place, day).await? {
                    Ok(filing) => pb::CheckRemoteResidenceResponse {
                        filed: true,
                        filing: name(view.person()?, filing.facts().id),
                        kind: i32::from(filing.facts().kind.code()),
                        reasons: Vec::new(),
                    },
                    Err(why) => pb::CheckRemoteResidenceResponse {
                        reasons: vec![reason(&Refusal::from(why))],
                        ..Default::default()
                    },
                })
            })
        })
        .await
    }
}

/// The id of `insured/{psn_no}/residenceFilings/{id}`, whose person the call is about.
fn id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "residenceFilings"])?;
    Id::parse(id).map_err(|_| Error::not_found(name))
}

fn asked(person: &Person, input: &pb::FileResidenceRequest) -> Result<Asked> {
    let choice = |field| Error::invalid(field, "须为枚举中的值", "must be one of the enumeration's values");
    let agent = input.agent.as_ref().map(|agent| Agent {
        name: agent.agnter_name.clone(),
        cert_type: agent.agnter_cert_type.clone(),
        certno: agent.agnter_certno.clone(),
        tel: agent.agnter_tel.clone(),
        rlts: agent.agnter_rlts.clone(),
        addr: agent.agnter_addr.clone(),
    });
    Ok(Asked {
        kind: Kind::from_code(input.kind).ok_or_else(|| choice("kind"))?,
        basis: Basis::from_code(input.basis).ok_or_else(|| choice("basis"))?,
        places: input.places.clone(),
        begndate: input.begndate.as_ref().and_then(to_date),
        materials: input.materials.iter().map(|name| proof(person, name)).collect::<Result<_>>()?,
        contact: Contact { addr: input.addr.clone(), tel: input.tel.clone(), agent },
    })
}

/// The id of a material of the same person. One of somebody else is not there.
fn proof(person: &Person, name: &str) -> Result<Id> {
    let [psn_no, id] = name_parts(name, ["insured", "materials"])?;
    if psn_no == person.psn_no.as_str() { Id::parse(id) } else { Err(Error::not_found(name)) }
}

fn message(person: &Person, stored: &Stored, calendar: &Calendar, today: Date) -> pb::ResidenceFiling {
    let filing = &stored.filing;
    let facts = filing.facts();
    let (mut cancellable_on, mut decided_until, mut rejection) = (None, None, String::new());
    match filing {
        Filing::Pending(pending) => decided_until = Some(&pending.clock),
        Filing::Valid(valid) => cancellable_on = valid.cancellable_on,
        Filing::Rejected(rejected) => rejection.clone_from(&rejected.reason),
        Filing::Cancelled(_) => {}
    }
    let until = |clock| -> common::Deadline { deadline(clock, calendar, today) };
    pb::ResidenceFiling {
        name: name(person, facts.id),
        trt_dcla_detl_sn: facts.id.base32(),
        kind: i32::from(facts.kind.code()),
        basis: i32::from(facts.basis.code()),
        places: facts.places.iter().map(ToString::to_string).collect(),
        state: state(filing.standing(today, &person.area)).into(),
        begndate: Some(date_message(facts.period.from)),
        enddate: facts.period.to.map(date_message),
        cancellable_on: cancellable_on.map(date_message),
        deadline: decided_until.map(until),
        rejection,
        materials: facts.materials.iter().map(|id| material::store::name(person, *id)).collect(),
        create_time: Some(timestamp(facts.created_at)),
        etag: stored.version.to_string(),
    }
}

fn state(standing: Standing) -> pb::FilingState {
    match standing {
        Standing::Pending => pb::FilingState::Pending,
        Standing::Valid => pb::FilingState::Valid,
        Standing::Rejected => pb::FilingState::Rejected,
        Standing::Cancelled => pb::FilingState::Cancelled,
        Standing::Expired => pb::FilingState::Expired,
    }
}

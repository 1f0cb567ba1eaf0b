//! BenefitService.

use time::Date;
use tonic::Request;

use super::accumulator::KindUsed;
use super::domain::{Benefit, EndGround, Standing, SuspensionGround, Transfer};
use super::store::{self, Stored};
use super::{change, query, requalification};
use crate::app::App;
use crate::catalog::grpc::insutype;
use crate::db::Db;
use crate::db::work::View;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::kernel::period::Period;
use crate::proto::opsp::benefit::v1 as pb;
use crate::rpc::call::{Answer, Serves, read, write};
use crate::rpc::parse::{date_message, day, reason, timestamp, to_date};

/// The service.
pub struct Service(pub App);

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl pb::benefit_service_server::BenefitService for Service {
    async fn get_benefit(&self, request: Request<pb::GetBenefitRequest>) -> Answer<pb::Benefit> {
        read(self, request, |service, view, input| {
            Box::pin(async move { message(view, &service.0, &store::get(view, id(&input.name)?).await?) })
        })
        .await
    }

    async fn list_benefits(
        &self,
        request: Request<pb::ListBenefitsRequest>,
    ) -> Answer<pb::ListBenefitsResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let paged = query::list(view, &input.parent, input.page_size, &input.page_token).await?;
                let messages = paged.items.iter().map(|stored| message(view, &service.0, stored));
                Ok(pb::ListBenefitsResponse {
                    benefits: messages.collect::<Result<_>>()?,
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn check_benefit(
        &self,
        request: Request<pb::CheckBenefitRequest>,
    ) -> Answer<pb::CheckBenefitResponse> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let day = input.service_day.as_ref().and_then(to_date).unwrap_or_else(|| view.today());
                let check = query::check(view, &service.0, &input.opsp_dise_code, day).await?;
                let person = view.person()?;
                Ok(pb::CheckBenefitResponse {
                    in_force: check.reasons.is_empty(),
                    reasons: check.reasons.iter().map(reason).collect(),
                    benefit: check.benefit.map(|id| store::name(person, id)).unwrap_or_default(),
                    limit_fen: check.limit.0,
                    used_fen: check.used.0,
                    left_fen: check.limit.less(check.used).0,
                    catalog_version: check.published.catalog.version.clone(),
                    catalog_sha256: check.published.sha256.clone(),
                    sample: check.published.catalog.sample,
                })
            })
        })
        .await
    }

    async fn get_accumulator(&self, request: Request<pb::GetAccumulatorRequest>) -> Answer<pb::Accumulator> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let wanted = (input.year != 0).then_some(input.year);
                let found = query::year(view, &service.0, &input.opsp_dise_code, wanted).await?;
                Ok(pb::Accumulator {
                    year: found.year,
                    opsp_dise_code: input.opsp_dise_code.clone(),
                    insutype: insutype(found.insutype),
                    limit_fen: found.limit.0,
                    used_fen: found.used.fund().0,
                    left_fen: found.limit.less(found.used.fund()).0,
                    deductible_used_fen: found.used.deductible().0,
                    kinds: found.used.kinds.iter().map(kind_use).collect(),
                })
            })
        })
        .await
    }

    async fn suspend_benefit(&self, request: Request<pb::SuspendBenefitRequest>) -> Answer<pb::Benefit> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let last = input.enddate.as_ref();
                let period = Period {
                    from: day("begndate", input.begndate.as_ref())?,
                    to: last.map(|last| day("enddate", Some(last))).transpose()?,
                };
                let ground = suspension_ground(input.ground())?;
                let stored = change::suspend(work, id(&input.name)?, period, ground, &input.reason).await?;
                message(work, &service.0, &stored)
            })
        })
        .await
    }

    async fn resume_benefit(&self, request: Request<pb::ResumeBenefitRequest>) -> Answer<pb::Benefit> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let from = day("begndate", input.begndate.as_ref())?;
                let stored = change::resume(work, id(&input.name)?, from, &input.reason).await?;
                message(work, &service.0, &stored)
            })
        })
        .await
    }

    async fn end_benefit(&self, request: Request<pb::EndBenefitRequest>) -> Answer<pb::Benefit> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let last = day("enddate", input.enddate.as_ref())?;
                let ground = end_ground(input.ground())?;
                let stored = change::end(work, id(&input.name)?, last, ground).await?;
                message(work, &service.0, &stored)
            })
        })
        .await
    }

    async fn get_requalification(
        &self,
        request: Request<pb::GetRequalificationRequest>,
    ) -> Answer<pb::Requalification> {
        requalification::grpc::get(self, request).await
    }

    async fn list_requalifications(
        &self,
        request: Request<pb::ListRequalificationsRequest>,
    ) -> Answer<pb::ListRequalificationsResponse> {
        requalification::grpc::list(self, request).await
    }

    async fn list_due_requalifications(
        &self,
        request: Request<pb::ListDueRequalificationsRequest>,
    ) -> Answer<pb::ListDueRequalificationsResponse> {
        requalification::grpc::list_due(self, request).await
    }

    async fn confirm_delivery(
        &self,
        request: Request<pb::ConfirmDeliveryRequest>,
    ) -> Answer<pb::Requalification> {
        requalification::grpc::confirm_delivery(self, request).await
    }

    async fn answer_requalification(
        &self,
        request: Request<pb::AnswerRequalificationRequest>,
    ) -> Answer<pb::Requalification> {
        requalification::grpc::answer_requalification(self, request).await
    }

    async fn decide_requalification(
        &self,
        request: Request<pb::DecideRequalificationRequest>,
    ) -> Answer<pb::Requalification> {
        requalification::grpc::decide_requalification(self, request).await
    }
}

fn id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "benefits"])?;
    Id::parse(id)
}

pub fn kind_use(kind: &KindUsed) -> pb::KindUse {
    pb::KindUse {
        insutype: insutype(kind.insutype),
        used_fen: kind.used.0,
        deductible_used_fen: kind.deductible_used.0,
    }
}

fn suspension_ground(ground: pb::SuspensionGround) -> Result<SuspensionGround> {
    match ground {
        pb::SuspensionGround::Abuse => Ok(SuspensionGround::Abuse),
        pb::SuspensionGround::Arrears => Ok(SuspensionGround::Arrears),
        pb::SuspensionGround::Audit => Ok(SuspensionGround::Audit),
        pb::SuspensionGround::Unspecified => Err(unstated()),
    }
}

fn end_ground(ground: pb::EndGround) -> Result<EndGround> {
    match ground {
        pb::EndGround::Death => Ok(EndGround::Death),
        pb::EndGround::Moved => Ok(EndGround::Moved),
        pb::EndGround::Recovered => Ok(EndGround::Recovered),
        pb::EndGround::GivenUp => Ok(EndGround::GivenUp),
        pb::EndGround::Lapsed => Err(Error::invalid(
            "ground",
            "复审逾期由系统终止，不能手工填写",
            "is told by the server alone: it ends what lapsed and did not return",
        )),
        pb::EndGround::Changed => Err(Error::invalid(
            "ground",
            "病情变化由其申请的待遇生效时自动终止，不能手工填写；请填写其他原因",
            "follows from an application of kind CHANGED: name another ground",
        )),
        pb::EndGround::Unspecified => Err(unstated()),
    }
}

fn end_word(ground: EndGround) -> pb::EndGround {
    match ground {
        EndGround::Death => pb::EndGround::Death,
        EndGround::Moved => pb::EndGround::Moved,
        EndGround::Recovered => pb::EndGround::Recovered,
        EndGround::GivenUp => pb::EndGround::GivenUp,
        EndGround::Lapsed => pb::EndGround::Lapsed,
        EndGround::Changed => pb::EndGround::Changed,
    }
}

fn suspended_by(benefit: &Benefit, today: Date) -> Vec<i32> {
    if benefit.standing(today) != Standing::Suspended {
        return Vec::new();
    }
    let (bureau, insurance) = benefit.suspended_by(today);
    let bureau = bureau.then_some(pb::SuspendedBy::Bureau);
    bureau.into_iter().chain(insurance.then_some(pb::SuspendedBy::Insurance)).map(i32::from).collect()
}

fn transfer(transfer: &Transfer) -> pb::InsutypeTransfer {
    pb::InsutypeTransfer {
        insutype_before: insutype(transfer.from),
        insutype: insutype(transfer.to),
        begndate: Some(date_message(transfer.on)),
    }
}

fn unstated() -> Error {
    Error::invalid("ground", "须为枚举中的值", "must be one of the enumeration's values")
}

/// A benefit in the contract's words. One that is yet to begin counts as active, its begndate lying ahead.
fn message(view: &View, app: &App, stored: &Stored) -> Result<pb::Benefit> {
    let (person, benefit) = (view.person()?, &stored.benefit);
    let catalog = app.catalogs.in_force(&benefit.area, view.today())?;
    let disease_name = catalog.catalog.disease(&benefit.code).map(|disease| disease.name.clone());
    let period = |from: Date, to: Option<Date>| pb::Period {
        begndate: Some(date_message(from)),
        enddate: to.map(date_message),
    };
    let suspensions = benefit.suspensions.iter().map(|found| period(found.period.from, found.period.to));
    Ok(pb::Benefit {
        name: store::name(person, benefit.id),
        trt_dcla_detl_sn: benefit.id.base32(),
        opsp_dise_code: benefit.code.clone(),
        opsp_dise_name: disease_name.unwrap_or_default(),
        insutype: insutype(benefit.insutype),
        state: match benefit.standing(view.today()) {
            Standing::NotBegun | Standing::Active => pb::BenefitState::Active,
            Standing::Suspended => pb::BenefitState::Suspended,
            Standing::Lapsed => pb::BenefitState::Lapsed,
            Standing::Ended => pb::BenefitState::Ended,
        }
        .into(),
        begndate: Some(date_message(benefit.begndate)),
        enddate: benefit.end.map(|(last, _)| date_message(last)),
        requalify_on: benefit.requalify_on.map(date_message),
        suspensions: suspensions.collect(),
        lapses: benefit.lapses.iter().map(|lapse| period(lapse.from, lapse.to)).collect(),
        notice_entry: benefit.notice_entry.clone(),
        application: crate::application::store::name(person, benefit.application),
        certificate: benefit
            .certificate
            .map(|certificate| format!("{}/certificates/{certificate}", person.name()))
            .unwrap_or_default(),
        etag: stored.version.to_string(),
        create_time: Some(timestamp(benefit.created_at)),
        uninsured: benefit.uninsured().iter().map(|stretch| period(stretch.from, stretch.to)).collect(),
        suspended_by: suspended_by(benefit, view.today()),
        transfers: benefit.transfers().iter().map(transfer).collect(),
        end_ground: benefit.end.map_or(pb::EndGround::Unspecified, |(_, ground)| end_word(ground)).into(),
        replaces: benefit.replacement.replaces.map(|id| store::name(person, id)).unwrap_or_default(),
        replaced_by: benefit.replacement.replaced_by.map(|id| store::name(person, id)).unwrap_or_default(),
    })
}

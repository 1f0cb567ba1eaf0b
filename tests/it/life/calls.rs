//! How each verb is called, a row a verb.

use futures_util::future::LocalBoxFuture;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::common::v1::Insutype;
use opsp::proto::opsp::notice::v1 as notice;
use opsp::rpc::parse::date_message;
use time::Duration;
use tonic::Status;

use application::application_service_client::ApplicationServiceClient;
use benefit::benefit_service_client::BenefitServiceClient;
use notice::notice_service_client::NoticeServiceClient;

use super::model::Choice;
use super::{Case, LINES};
use crate::world::scenario::finding;
use crate::world::{Caller, World, files, request_id};

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Applicant,
    Officer,
    Expert,
    Platform,
    Anybody,
}

/// A call; gives the name of what it made.
pub type Call =
    for<'a> fn(&'a World, &'a Case, &'a Choice, Caller) -> LocalBoxFuture<'a, Result<String, Status>>;

/// A verb of the model, the method of the contract, who may, and how it is called.
pub type Row = (&'static str, &'static str, Who, Call);

/// Those of ReviewService are in `review_calls.rs`, those of money and papers in `beside.rs`.
pub static CALLS: [Row; 11] = [
    ("update", "UpdateApplication", Who::Applicant, |world, case, _, caller| {
        Box::pin(async move {
            let request = application::UpdateApplicationRequest {
                name: case.name.clone(),
                application: Some(form(world, case.materials.clone())),
                etag: String::new(),
                request_id: request_id(),
                validate_only: false,
            };
            named(ApplicationServiceClient::new(caller).update_application(request).await?.into_inner().name)
        })
    }),
    ("submit", "SubmitApplication", Who::Applicant, |_, case, _, caller| {
        Box::pin(async move {
            let request = application::SubmitApplicationRequest {
                name: case.name.clone(),
                etag: String::new(),
                request_id: request_id(),
                validate_only: false,
            };
            named(ApplicationServiceClient::new(caller).submit_application(request).await?.into_inner().name)
        })
    }),
    ("withdraw", "WithdrawApplication", Who::Applicant, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = application::WithdrawApplicationRequest { name, request_id, validate_only: false };
            named(
                ApplicationServiceClient::new(caller).withdraw_application(request).await?.into_inner().name,
            )
        })
    }),
    ("supplement", "SupplementApplication", Who::Applicant, |world, case, _, caller| {
        Box::pin(supplement(world, case, caller, false))
    }),
    ("nothing_to_add", "SupplementApplication", Who::Applicant, |world, case, _, caller| {
        Box::pin(supplement(world, case, caller, true))
    }),
    ("open_notice", "OpenNotice", Who::Officer, |_, _, _, caller| {
        Box::pin(async move {
            let request = notice::OpenNoticeRequest {
                parent: "areas/620900".to_owned(),
                insutype: Insutype::Employee.into(),
                request_id: request_id(),
                validate_only: false,
            };
            named(NoticeServiceClient::new(caller).open_notice(request).await?.into_inner().name)
        })
    }),
    ("object", "FileObjection", Who::Anybody, |_, case, choice, caller| {
        Box::pin(async move {
            let request = notice::FileObjectionRequest {
                parent: case.entries[choice.line]
                    .clone()
                    .unwrap_or_else(|| format!("{NOTICE}/entries/2025-001-AAAAAA")),
                ground: "该人员病历存疑，请核实其真实性。".to_owned(),
                objector_name: "某某".to_owned(),
                objector_tel: format!("138{:08}", case.objections.len()),
                request_id: request_id(),
                validate_only: false,
            };
            named(NoticeServiceClient::new(caller).file_objection(request).await?.into_inner().name)
        })
    }),
    ("resolve", "ResolveObjection", Who::Officer, |_, case, choice, caller| {
        Box::pin(async move {
            let known = case.model.objection(choice).map(|place| case.objections[place].clone());
            let request = notice::ResolveObjectionRequest {
                name: known
                    .unwrap_or_else(|| format!("{NOTICE}/entries/2025-001-AAAAAA/objections/{NOBODY}")),
                upheld: choice.upheld,
                resolution: "已核实。".to_owned(),
                request_id: request_id(),
                validate_only: false,
                consequence: notice::ObjectionConsequence::Unspecified.into(),
                finding: finding(choice.upheld),
            };
            named(NoticeServiceClient::new(caller).resolve_objection(request).await?.into_inner().name)
        })
    }),
    ("suspend", "SuspendBenefit", Who::Officer, |world, case, choice, caller| {
        Box::pin(async move {
            let from = world.today() + Duration::days(choice.from);
            let request = benefit::SuspendBenefitRequest {
                name: benefit_name(case, choice),
                begndate: Some(date_message(from)),
                enddate: choice.length.map(|days| date_message(from + Duration::days(days))),
                ground: benefit::SuspensionGround::Audit.into(),
                reason: "核查".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            named(BenefitServiceClient::new(caller).suspend_benefit(request).await?.into_inner().name)
        })
    }),
    ("resume", "ResumeBenefit", Who::Officer, |world, case, choice, caller| {
        Box::pin(async move {
            let request = benefit::ResumeBenefitRequest {
                name: benefit_name(case, choice),
                begndate: Some(date_message(world.today() + Duration::days(choice.from))),
                reason: "已核实".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            named(BenefitServiceClient::new(caller).resume_benefit(request).await?.into_inner().name)
        })
    }),
    ("end", "EndBenefit", Who::Officer, |world, case, choice, caller| {
        Box::pin(async move {
            let request = benefit::EndBenefitRequest {
                name: benefit_name(case, choice),
                enddate: Some(date_message(world.today() + Duration::days(choice.from))),
                ground: benefit::EndGround::Recovered.into(),
                request_id: request_id(),
                validate_only: false,
            };
            named(BenefitServiceClient::new(caller).end_benefit(request).await?.into_inner().name)
        })
    }),
];

pub const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
const NOTICE: &str = "areas/620900/notices/00000000-0000-0000-0000-000000000000";

#[expect(clippy::unnecessary_wraps, reason = "the end of each call")]
pub fn named(name: String) -> Result<String, Status> {
    Ok(name)
}

/// What a draft says: two diseases.
pub fn form(world: &World, materials: Vec<String>) -> application::ApplicationInput {
    let mut form = world.form(LINES[0], materials);
    form.lines.extend(world.form(LINES[1], Vec::new()).lines);
    form
}

fn benefit_name(case: &Case, choice: &Choice) -> String {
    let known = case.benefits[choice.line].clone();
    known.unwrap_or_else(|| format!("insured/{}/benefits/{NOBODY}", case.psn_no))
}

/// Brings one more record, or answers that there is nothing.
async fn supplement(
    world: &World,
    case: &Case,
    caller: Caller,
    nothing_to_add: bool,
) -> Result<String, Status> {
    let mut materials = Vec::new();
    if !nothing_to_add {
        let header = world.header(&case.psn_no, MaterialKind::MedicalRecord, "补充病历");
        materials.push(world.upload(&case.psn_no, header, &files::pdf(&request_id())).await?.name);
    }
    let request = application::SupplementApplicationRequest {
        name: case.name.clone(),
        materials,
        nothing_to_add,
        request_id: request_id(),
        validate_only: false,
    };
    named(ApplicationServiceClient::new(caller).supplement_application(request).await?.into_inner().name)
}

//! How each verb is called, a row a verb.

use futures_util::future::LocalBoxFuture;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::common::v1::Insutype;
use opsp::proto::opsp::notice::v1 as notice;
use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::date_message;
use time::Duration;
use tonic::Status;

use application::application_service_client::ApplicationServiceClient;
use benefit::benefit_service_client::BenefitServiceClient;
use notice::notice_service_client::NoticeServiceClient;
use review::review_service_client::ReviewServiceClient;

use super::model::{Choice, Found};
use super::{Case, LINES};
use crate::world::opinion::opinion;
use crate::world::{Caller, OFFICER, World, files, request_id};

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Applicant,
    Officer,
    Expert,
    Anybody,
}

/// A call; gives the name of what it made.
pub type Call =
    for<'a> fn(&'a World, &'a Case, &'a Choice, Caller) -> LocalBoxFuture<'a, Result<String, Status>>;

pub const CALLS: [(&str, Who, Call); 17] = [
    ("update", Who::Applicant, |world, case, _, caller| {
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
    ("submit", Who::Applicant, |_, case, _, caller| {
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
    ("withdraw", Who::Applicant, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = application::WithdrawApplicationRequest { name, request_id, validate_only: false };
            named(
                ApplicationServiceClient::new(caller).withdraw_application(request).await?.into_inner().name,
            )
        })
    }),
    ("supplement", Who::Applicant, |world, case, _, caller| Box::pin(supplement(world, case, caller, false))),
    ("nothing_to_add", Who::Applicant, |world, case, _, caller| {
        Box::pin(supplement(world, case, caller, true))
    }),
    ("accept", Who::Officer, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = review::AcceptApplicationRequest { name, request_id, validate_only: false };
            named(ReviewServiceClient::new(caller).accept_application(request).await?.into_inner().name)
        })
    }),
    ("refuse", Who::Officer, |_, case, _, caller| {
        Box::pin(async move {
            let request = review::RefuseAcceptanceRequest {
                name: case.name.clone(),
                reason: "不属于本区域。".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            named(ReviewServiceClient::new(caller).refuse_acceptance(request).await?.into_inner().name)
        })
    }),
    ("ask", Who::Officer, |world, case, choice, caller| Box::pin(ask(world, case, choice, caller))),
    ("assign", Who::Officer, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = review::AssignExpertsRequest { name, request_id, validate_only: false };
            named(ReviewServiceClient::new(caller).assign_experts(request).await?.into_inner().application)
        })
    }),
    ("opine", Who::Expert, |world, case, choice, caller| Box::pin(opine(world, case, choice, caller))),
    ("confirm", Who::Officer, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = review::ConfirmDecisionRequest { name, request_id, validate_only: false };
            named(ReviewServiceClient::new(caller).confirm_decision(request).await?.into_inner().name)
        })
    }),
    ("open_notice", Who::Officer, |_, _, _, caller| {
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
    ("object", Who::Anybody, |_, case, choice, caller| {
        Box::pin(async move {
            let request = notice::FileObjectionRequest {
                parent: case.entries[choice.line]
                    .clone()
                    .unwrap_or_else(|| format!("{NOTICE}/entries/2025-001-AAAAAA")),
                ground: "该人员病历存疑，请核实其真实性。".to_owned(),
                objector_name: "某某".to_owned(),
                objector_tel: "13812345678".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            named(NoticeServiceClient::new(caller).file_objection(request).await?.into_inner().name)
        })
    }),
    ("resolve", Who::Officer, |_, case, choice, caller| {
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
            };
            named(NoticeServiceClient::new(caller).resolve_objection(request).await?.into_inner().name)
        })
    }),
    ("suspend", Who::Officer, |world, case, choice, caller| {
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
    ("resume", Who::Officer, |world, case, choice, caller| {
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
    ("end", Who::Officer, |world, case, choice, caller| {
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

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
const NOTICE: &str = "areas/620900/notices/00000000-0000-0000-0000-000000000000";

#[expect(clippy::unnecessary_wraps, reason = "the end of each call")]
fn named(name: String) -> Result<String, Status> {
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

/// Before the opinions a record or proof of one fact; after them everything that they could not judge.
async fn ask(world: &World, case: &Case, choice: &Choice, caller: Caller) -> Result<String, Status> {
    let item = |code: &str, fact: &str, kind: MaterialKind| review::SupplementItem {
        opsp_dise_code: code.to_owned(),
        text: "请补充。".to_owned(),
        kind: kind.into(),
        title: String::new(),
        fact: fact.to_owned(),
    };
    let mut items = Vec::new();
    if !case.model.unknown_lines().is_empty() {
        let panel = panel(world, &case.name).await?;
        let facts = panel
            .outcomes
            .iter()
            .flat_map(|of| of.facts_unknown.iter().map(|fact| (&of.opsp_dise_code, fact)));
        items.extend(facts.take(20).map(|(code, fact)| item(code, fact, MaterialKind::Unspecified)));
    } else if choice.papers {
        items.push(item("", "", MaterialKind::MedicalRecord));
    } else {
        items.push(item(LINES[0], "hba1c_6_5", MaterialKind::Unspecified));
    }
    let (name, request_id) = (case.name.clone(), request_id());
    let request = review::RequestSupplementRequest { name, items, request_id, validate_only: false };
    named(ReviewServiceClient::new(caller).request_supplement(request).await?.into_inner().name)
}

pub async fn panel(world: &World, name: &str) -> Result<review::Panel, Status> {
    let request = review::GetPanelRequest { name: name.to_owned() };
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(request).await?.into_inner())
}

/// Every fact of a line is found as the line is, so that the finding follows; or another finding is sent.
async fn opine(world: &World, case: &Case, choice: &Choice, caller: Caller) -> Result<String, Status> {
    let Some(seat) = case.model.seat(choice) else {
        let name = format!("reviewTasks/{NOBODY}");
        let opinions = vec![review::LineOpinion {
            opsp_dise_code: LINES[0].to_owned(),
            finding: 1,
            ..Default::default()
        }];
        let request =
            review::SubmitOpinionRequest { name, opinions, request_id: request_id(), validate_only: false };
        return named(ReviewServiceClient::new(caller).submit_opinion(request).await?.into_inner().name);
    };
    let (operator, name) = &case.seats[seat];
    let task = world.tasks(operator).await.into_iter().find(|task| task.name == *name).unwrap();
    let open = case.model.seats[seat].open;
    let mut opinions = Vec::new();
    for (line, found) in task.lines.iter().zip(choice.found) {
        let of = match found {
            Found::Met => review::Finding::Met,
            Found::NotMet => review::Finding::NotMet,
            Found::Unknown => review::Finding::Unknown,
        };
        let other = if found == Found::Met { review::Finding::NotMet } else { review::Finding::Met };
        let said = if choice.contradicts { other } else { of };
        if !open || line.finding() == review::Finding::Unspecified {
            opinions.push(opinion(&task, line, said, |_| of));
        }
    }
    let request = review::SubmitOpinionRequest {
        name: name.clone(),
        opinions,
        request_id: request_id(),
        validate_only: false,
    };
    named(ReviewServiceClient::new(caller).submit_opinion(request).await?.into_inner().name)
}

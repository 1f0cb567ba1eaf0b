//! How each verb of ReviewService is called, a row a verb.

use opsp::proto::opsp::application::v1::PauseGround;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::review::v1 as review;
use review::review_service_client::ReviewServiceClient;
use tonic::Status;

use super::calls::{NOBODY, Row, Who, named};
use super::model::{Choice, Found};
use super::panel_rules::{days, is_sent, sent_lines};
use super::{Case, LINES};
use crate::world::opinion::opinion;
use crate::world::{Caller, OFFICER, World, files, request_id};

pub static REVIEW_CALLS: [Row; 15] = [
    ("accept", "AcceptApplication", Who::Officer, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = review::AcceptApplicationRequest { name, request_id, validate_only: false };
            named(ReviewServiceClient::new(caller).accept_application(request).await?.into_inner().name)
        })
    }),
    ("refuse", "RefuseAcceptance", Who::Officer, |_, case, _, caller| {
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
    ("ask", "RequestSupplement", Who::Officer, |world, case, choice, caller| {
        Box::pin(ask(world, case, choice, caller))
    }),
    ("assign", "AssignExperts", Who::Officer, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = review::AssignExpertsRequest { name, request_id, validate_only: false };
            named(ReviewServiceClient::new(caller).assign_experts(request).await?.into_inner().application)
        })
    }),
    ("opine", "SubmitOpinion", Who::Expert, |world, case, choice, caller| {
        Box::pin(opine(world, case, choice, caller))
    }),
    ("confirm", "ConfirmDecision", Who::Officer, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = review::ConfirmDecisionRequest { name, request_id, validate_only: false };
            named(ReviewServiceClient::new(caller).confirm_decision(request).await?.into_inner().name)
        })
    }),
    ("extend", "ExtendDeadline", Who::Officer, |_, case, choice, caller| {
        Box::pin(async move {
            let request = review::ExtendDeadlineRequest {
                name: case.name.clone(),
                working_days: i32::try_from(days(choice)).unwrap(),
                reason: "病情复杂，需会诊。".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            named(ReviewServiceClient::new(caller).extend_deadline(request).await?.into_inner().name)
        })
    }),
    ("pause_review", "PauseReview", Who::Officer, |_, case, choice, caller| {
        Box::pin(async move {
            let ground = if choice.papers { PauseGround::Assessment } else { PauseGround::Examination };
            let request = review::PauseReviewRequest {
                name: case.name.clone(),
                ground: ground.into(),
                reason: "需体检。".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            named(ReviewServiceClient::new(caller).pause_review(request).await?.into_inner().name)
        })
    }),
    ("resume_review", "ResumeReview", Who::Officer, |_, case, _, caller| {
        Box::pin(async move {
            let (name, request_id) = (case.name.clone(), request_id());
            let request = review::ResumeReviewRequest { name, request_id, validate_only: false };
            named(ReviewServiceClient::new(caller).resume_review(request).await?.into_inner().name)
        })
    }),
    ("undo", "UndoDecision", Who::Officer, |_, case, _, caller| Box::pin(undo(case.name.clone(), caller))),
    // By then another application for the same diseases is there; or there is none to take back.
    ("undo_former", "UndoDecision", Who::Officer, |_, case, _, caller| {
        let none = format!("insured/{}/applications/{NOBODY}", case.psn_no);
        let alive = case.model.is(&["draft", "submitted", "accepted", "awaiting_supplement"]);
        Box::pin(undo(case.former.clone().filter(|_| alive).unwrap_or(none), caller))
    }),
    ("send_back", "SendBack", Who::Officer, |_, case, choice, caller| {
        Box::pin(async move {
            let seats = case.seats.len();
            let sent = case.seats.iter().enumerate().filter(|(place, _)| is_sent(choice, *place, seats));
            let mut tasks: Vec<_> = sent.map(|(_, (_, task))| task.clone()).collect();
            if tasks.is_empty() {
                tasks.push(format!("reviewTasks/{NOBODY}"));
            }
            let request = review::SendBackRequest {
                name: case.name.clone(),
                review_tasks: tasks,
                opsp_dise_codes: sent_lines(choice).into_iter().map(|line| LINES[line].to_owned()).collect(),
                reason: "请再看检验报告的数值。".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            named(ReviewServiceClient::new(caller).send_back(request).await?.into_inner().application)
        })
    }),
    ("decline", "DeclineTask", Who::Expert, |_, case, choice, caller| {
        Box::pin(async move {
            let reason =
                if choice.upheld { review::DeclineReason::Relation } else { review::DeclineReason::Absent };
            let request = review::DeclineTaskRequest {
                name: task(case, choice),
                reason: reason.into(),
                text: String::new(),
                request_id: request_id(),
                validate_only: false,
            };
            named(ReviewServiceClient::new(caller).decline_task(request).await?.into_inner().name)
        })
    }),
    ("reassign", "ReassignTask", Who::Officer, |_, case, choice, caller| {
        Box::pin(async move {
            let request = review::ReassignTaskRequest {
                name: case.name.clone(),
                review_task: task(case, choice),
                reason: "出差".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            named(ReviewServiceClient::new(caller).reassign_task(request).await?.into_inner().application)
        })
    }),
    ("redact", "RedactMaterial", Who::Officer, |world, case, choice, caller| {
        Box::pin(async move {
            let header = world.header(&case.psn_no, MaterialKind::Other, "脱敏件");
            let copy = world.upload(&case.psn_no, header, &files::pdf(&request_id())).await?.name;
            let request = review::RedactMaterialRequest {
                name: case.name.clone(),
                material: case.materials[case.paper(choice)].clone(),
                redacted_copy: copy,
                request_id: request_id(),
                ..Default::default()
            };
            named(ReviewServiceClient::new(caller).redact_material(request).await?.into_inner().material)
        })
    }),
];

async fn undo(name: String, caller: Caller) -> Result<String, Status> {
    let request = review::UndoDecisionRequest {
        name,
        reason: "页码有误，须重新确认。".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    named(ReviewServiceClient::new(caller).undo_decision(request).await?.into_inner().name)
}

/// The task that a choice means, or none that there is.
fn task(case: &Case, choice: &Choice) -> String {
    let known = case.model.seat(choice).map(|seat| case.seats[seat].1.clone());
    known.unwrap_or_else(|| format!("reviewTasks/{NOBODY}"))
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

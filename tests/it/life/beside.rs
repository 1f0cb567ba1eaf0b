//! Verbs beside the case itself: a new application, papers, money. What they do is counted in `Case`, and the model of the
//! case knows only when they may.

use opsp::proto::opsp::application::v1::CreateApplicationRequest;
use opsp::proto::opsp::application::v1::application_service_client::ApplicationServiceClient;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::material::v1::DeleteMaterialRequest;
use opsp::proto::opsp::material::v1::material_service_client::MaterialServiceClient;
use opsp::proto::opsp::settlement::v1 as settlement;
use settlement::settlement_service_client::SettlementServiceClient;

use super::LINES;
use super::calls::{Row, Who, form, named};
use super::model::{Choice, Model};
use super::rules::{Rule, rule};
use crate::world::scenario::HOSPITAL;
use crate::world::{files, request_id, unique};

/// Write methods that are no verb of a case.
pub const NOT_OF_A_CASE: [(&str, &str); 21] = [
    ("ImportInsured", "makes the people of the town"),
    ("UploadMaterial", "part of supplement, redact and delete"),
    ("CreateExpert", "makes the experts of the town"),
    ("RunJob", "runs after every step"),
    ("UpdateExpert", "about experts; experts.rs"),
    ("ImportCatalog", "a case keeps the catalogue of its submission; named.rs"),
    ("ImportInstitutions", "as ImportCatalog; named.rs"),
    ("ImportCalendar", "moves due dates and no state; recalendar.rs"),
    ("FileResidence", "a filing is a case of its own; people.rs"),
    ("DecideFiling", "as FileResidence"),
    ("CancelFiling", "as FileResidence"),
    ("WithdrawEntry", "not in the model yet; withdrawal.rs"),
    ("WithdrawNotice", "as WithdrawEntry"),
    ("AppealObjection", "not in the model yet; objection.rs"),
    ("AddObjectionFile", "moves no state; evidence.rs"),
    ("RedactObjection", "as AddObjectionFile"),
    ("ConfirmDelivery", "a round of its own, months after the case; requalification.rs"),
    ("AnswerRequalification", "as ConfirmDelivery"),
    ("DecideRequalification", "as ConfirmDelivery"),
    ("RevokeCertificate", "ends a paper; line, notice and benefit stay as they are; certificate.rs"),
    ("IssueCertificate", "as RevokeCertificate"),
];

pub static BESIDE: [Rule; 6] = [
    rule("again", 4, may_apply_again, |_, _, _| {}),
    rule("undo_former", 1, |_, _| false, |_, _, _| {}),
    rule("redact", 2, |m, _| m.is(&["submitted", "accepted", "awaiting_supplement"]), |_, _, _| {}),
    rule("delete", 1, is_fresh, |_, _, _| {}),
    rule("settle", 4, is_in_force, |_, _, _| {}),
    rule("reverse", 1, |_, _| true, |_, _, _| {}),
];

/// Nothing of it is under way, and nothing was granted.
fn may_apply_again(m: &Model, _: &Choice) -> bool {
    let ended = |line: &&str| ["rejected", "objected"].contains(line);
    m.is(&["refused"]) || (m.is(&["decided"]) && m.lines.iter().all(ended))
}

/// Whether a choice deletes something that nothing was submitted with.
fn is_fresh(m: &Model, choice: &Choice) -> bool {
    choice.papers || m.is(&["draft"])
}

fn is_in_force(m: &Model, choice: &Choice) -> bool {
    m.benefits[choice.line].as_ref().is_some_and(|held| {
        held.begins <= m.today && !held.is_over(m.today) && held.rests_on(m.today).is_none()
    })
}

pub static BESIDE_CALLS: [Row; 4] = [
    ("again", "CreateApplication", Who::Applicant, |world, case, _, caller| {
        Box::pin(async move {
            let request = CreateApplicationRequest {
                parent: format!("insured/{}", case.psn_no),
                application: Some(form(world, case.materials.clone())),
                request_id: request_id(),
                validate_only: false,
            };
            named(ApplicationServiceClient::new(caller).create_application(request).await?.into_inner().name)
        })
    }),
    ("delete", "DeleteMaterial", Who::Applicant, |world, case, choice, caller| {
        Box::pin(async move {
            let mut name = case.materials[0].clone();
            if is_fresh(&case.model, choice) {
                let header = world.header(&case.psn_no, MaterialKind::Other, "多余的材料");
                name = world.upload(&case.psn_no, header, &files::pdf(&request_id())).await?.name;
            }
            let (gone, request_id) = (name.clone(), request_id());
            let request = DeleteMaterialRequest { name, request_id, validate_only: false };
            MaterialServiceClient::new(caller).delete_material(request).await?;
            named(gone)
        })
    }),
    ("settle", "Settle", Who::Platform, |world, case, choice, caller| {
        Box::pin(async move {
            let number = format!("L{}", unique());
            let bill = world.bill(&case.psn_no, LINES[choice.line], &number, 60_000);
            let request = settlement::SettleRequest {
                bill: Some(bill),
                request_id: request_id(),
                validate_only: false,
            };
            SettlementServiceClient::new(caller).settle(request).await?;
            named(number)
        })
    }),
    // One that was never seen is remembered.
    ("reverse", "ReverseSettlement", Who::Platform, |_, case, choice, caller| {
        Box::pin(async move {
            let known = case.bills.get(choice.any % (case.bills.len() + 1)).cloned();
            let number = known.unwrap_or_else(|| format!("U{}", unique()));
            let request = settlement::ReverseSettlementRequest {
                psn_no: case.psn_no.clone(),
                fixmedins_code: HOSPITAL.to_owned(),
                medins_setl_id: number.clone(),
                request_id: request_id(),
                validate_only: false,
            };
            SettlementServiceClient::new(caller).reverse_settlement(request).await?;
            named(number)
        })
    }),
];

/// The write methods of the contract, as its files have them.
fn writes() -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/proto/opsp");
    let mut found = Vec::new();
    for feature in std::fs::read_dir(root).unwrap() {
        let folder = feature.unwrap().path().join("v1");
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for method in text.split("\n  rpc ").skip(1) {
                if method.split("\n  }").next().unwrap().contains("effect: EFFECT_WRITE") {
                    found.push(method.split('(').next().unwrap().to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn every_write_of_the_contract_is_a_verb_or_named_as_none() {
    let writes = writes();
    assert!(writes.len() > 35, "too few were found: {writes:?}");
    let tried: Vec<_> = super::calls().map(|(_, method, ..)| *method).collect();
    let excused: Vec<_> = NOT_OF_A_CASE.iter().map(|(method, _)| *method).collect();
    for method in &writes {
        let (tried, excused) = (tried.contains(&method.as_str()), excused.contains(&method.as_str()));
        assert!(tried != excused, "{method}: tried {tried}, excused {excused}");
    }
    let known = |method: &&&str| writes.iter().any(|write| write == *method);
    assert!(tried.iter().chain(&excused).all(|method| known(&method)), "{tried:?} {excused:?}");
    let verbs: Vec<_> = super::rules().map(|rule| rule.name).collect();
    assert!(super::calls().all(|(verb, ..)| verbs.contains(verb)), "a call without a rule: {verbs:?}");
}

//! Import and eligibility.

use benefit::benefit_service_client::BenefitServiceClient;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::insured::v1 as pb;
use opsp::rpc::parse::date_message;
use pb::import_insured_response::Outcome;
use pb::insured_service_client::InsuredServiceClient;
use rstest::rstest;
use time::macros::date;

use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, request_id};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_row_is_answered_and_a_wrong_one_stops_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let first = row();
    let mut wrong = row();
    (wrong.certno, wrong.tel, wrong.psn_type) =
        ("620902196001010012".to_owned(), "12".to_owned(), "1501".to_owned());
    let taken = pb::ImportInsuredRequest { psn_no: format!("{}X", first.psn_no), ..first.clone() };
    let nowhere = pb::ImportInsuredRequest { insu_admdvs: "999999".to_owned(), ..row() };
    let last = row();
    let rows = [first.clone(), wrong, taken, nowhere, last].into_iter().zip(1..);
    let rows = rows.map(|(row, number)| pb::ImportInsuredRequest { row: number, ..row }).collect();
    let answers = world.import(rows).await;
    let outcomes: Vec<_> = answers.iter().map(|answer| (answer.row, answer.outcome())).collect();
    assert_eq!(
        outcomes,
        [
            (1, Outcome::Created),
            (2, Outcome::Refused),
            (3, Outcome::Refused),
            (4, Outcome::Refused),
            (5, Outcome::Created)
        ]
    );
    assert!(answers[1].reasons.iter().any(|reason| reason.subject == "tel"), "{:?}", answers[1].reasons);
    assert_eq!(answers[2].reasons[0].reason, "CERTNO_TAKEN");
    assert_eq!(answers[3].reasons[0].subject, "insu_admdvs");
    assert!(
        answers
            .iter()
            .flat_map(|answer| &answer.reasons)
            .all(|reason| !reason.text_zh.contains(&first.certno))
    );

    let again = world.import(vec![first.clone()]).await;
    assert_eq!(again[0].outcome(), Outcome::Unchanged);
    let moved = pb::ImportInsuredRequest { addr: "新地址".to_owned(), ..first.clone() };
    assert_eq!(world.import(vec![moved]).await[0].outcome(), Outcome::Updated);
    let get = pb::GetInsuredRequest { name: format!("insured/{}", first.psn_no) };
    let stored =
        InsuredServiceClient::new(world.bureau(OFFICER)).get_insured(get).await.unwrap().into_inner();
    assert_eq!((stored.addr.as_str(), stored.certno), ("新地址", first.certno));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reason_against_an_application_is_told_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let mut unpaid = row();
    (unpaid.psn_insu_stas, unpaid.paid_until) = ("2".to_owned(), Some(date_message(date!(2025 - 01 - 31))));
    let psn_no = world.person(unpaid).await;
    let request = pb::CheckEligibilityRequest {
        parent: format!("insured/{psn_no}"),
        opsp_dise_codes: ["M01600", "M01603", "NONE"].map(str::to_owned).to_vec(),
    };
    let mut portal = InsuredServiceClient::new(world.portal(&psn_no));
    let answer = portal.check_eligibility(request).await.unwrap().into_inner();
    let reasons: Vec<_> = answer.reasons.iter().map(|reason| reason.reason.as_str()).collect();
    assert!(!answer.eligible && answer.sample);
    for expected in ["NOT_INSURED", "NOT_PAID_UP", "DISEASES_EXCLUDE_EACH_OTHER", "DISEASE_UNKNOWN"] {
        assert!(reasons.contains(&expected), "{expected} is not in {reasons:?}");
    }
    let (held, _) = world.granted(row(), "M01600").await;
    let request = pb::CheckEligibilityRequest {
        parent: format!("insured/{held}"),
        opsp_dise_codes: vec!["M01600".to_owned()],
    };
    let answer =
        InsuredServiceClient::new(world.portal(&held)).check_eligibility(request).await.unwrap().into_inner();
    assert_eq!(answer.reasons[0].reason, "BENEFIT_ALREADY_HELD");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_held_benefit_ends_is_told_with_the_reason(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, benefit) = world.granted(row(), "M01600").await;
    let check = async |code: &str| {
        let request = pb::CheckEligibilityRequest {
            parent: format!("insured/{psn_no}"),
            opsp_dise_codes: vec![code.to_owned()],
        };
        let mut portal = InsuredServiceClient::new(world.portal(&psn_no));
        let told = portal.check_eligibility(request).await.unwrap().into_inner().reasons;
        told.into_iter().map(|reason| (reason.reason, reason.met_on)).collect::<Vec<_>>()
    };
    let (same, excluded) = ("BENEFIT_ALREADY_HELD".to_owned(), "DISEASES_EXCLUDE_EACH_OTHER".to_owned());
    assert_eq!(check("M01600").await, [(same.clone(), None)], "nobody knows when it ends");
    let last = world.today() + time::Duration::days(30);
    let end = benefit::EndBenefitRequest {
        name: benefit.name,
        enddate: Some(date_message(last)),
        ground: benefit::EndGround::Recovered.into(),
        request_id: request_id(),
        validate_only: false,
    };
    BenefitServiceClient::new(world.bureau(OFFICER)).end_benefit(end).await.unwrap();
    let day_after = Some(date_message(last.next_day().unwrap()));
    assert_eq!(check("M01600").await, [(same.clone(), day_after)]);
    assert_eq!(check("M01603").await, [(excluded, day_after)]);
    world.wait_until(last);
    assert_eq!(check("M01600").await, [(same, day_after)], "its last day is a day of it");
    world.wait_days(1);
    assert_eq!((check("M01600").await, check("M01603").await), (Vec::new(), Vec::new()));
}

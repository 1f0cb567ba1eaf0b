//! 年度复审: what people are asked and answer, and who may tell what.

use benefit::{DeliveryWay, RenewalBasis, RequalificationOutcome, RequalificationState, RequalificationWant};
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::insured::v1::ImportInsuredRequest;
use opsp::rpc::parse::date_message;
use rstest::rstest;
use time::Duration;
use time::macros::date;
use tonic::Code;

use crate::once::reasons;
use crate::requalification::{
    CODE, DUE, OPENED, PAPER, answer, client, decide, deliver, happened, paper, round, send, settle, state,
    wait_until, wants, with_paper,
};
use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, postgres_database, refused, request_id, wrong_fields};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_is_asked_for_where_the_disease_needs_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    with_paper(&world).await;
    let (psn_no, _) = world.granted(row(), CODE).await;
    world.wait_until(date!(2026 - 01 - 05));
    settle(&world, &psn_no, "B1").await.unwrap();
    wait_until(&world, OPENED).await;
    let asked = round(&world, &psn_no).await;
    assert_eq!(wants(&asked), [RequalificationWant::Paper]);
    let wanted = asked.wanted[0].material.clone().unwrap();
    assert_eq!((wanted.title.as_str(), wanted.months_max, wanted.seal_required), (PAPER, 6, true));
    deliver(&world, world.portal(&psn_no), &asked.name, DeliveryWay::Sms).await.unwrap();

    let with = |materials| benefit::AnswerRequalificationRequest { materials, ..answer(&asked.name) };
    let told = reasons(send(&world, &psn_no, with(Vec::new())).await);
    assert_eq!(told, [("MATERIAL_MISSING".to_owned(), CODE.to_owned())]);
    let bad = paper(&world, &psn_no, false).await;
    let told = reasons(send(&world, &psn_no, with(vec![bad])).await);
    let expected = ["MATERIAL_TOO_OLD", "MATERIAL_SEAL"].map(|reason| (reason.to_owned(), CODE.to_owned()));
    assert_eq!(told, expected);
    let stranger = world.person(row()).await;
    let theirs = paper(&world, &stranger, true).await;
    assert_eq!(send(&world, &psn_no, with(vec![theirs])).await.unwrap_err().code(), Code::NotFound);

    let good = paper(&world, &psn_no, true).await;
    let answered = send(&world, &psn_no, with(vec![good.clone()])).await.unwrap();
    assert_eq!(answered.answers[0].materials, [good]);
    let due = answered.deadline.unwrap().due_date;
    assert_eq!(due, Some(date_message(date!(2026 - 01 - 23))), "ten working days from a Saturday on");
    // Nothing lapses while the bureau has it.
    wait_until(&world, DUE + Duration::days(60)).await;
    assert_eq!(state(&world, &psn_no).await, benefit::BenefitState::Active);
    let refused = decide(&world, &asked.name, RequalificationOutcome::Lapsed).await.unwrap();
    assert_eq!(refused.state(), RequalificationState::Lapsed);
    assert_eq!(refused.lapse_date, Some(date_message(DUE + Duration::days(61))));
    assert_eq!(state(&world, &psn_no).await, benefit::BenefitState::Active, "today it holds");
    wait_until(&world, DUE + Duration::days(61)).await;
    assert_eq!(state(&world, &psn_no).await, benefit::BenefitState::Lapsed);
    let better = paper(&world, &psn_no, true).await;
    send(&world, &psn_no, with(vec![better])).await.unwrap();
    let back = decide(&world, &asked.name, RequalificationOutcome::Renewed).await.unwrap();
    assert_eq!((back.answers.len(), back.decisions.len(), back.returned), (2, 2, true));
    assert_eq!(state(&world, &psn_no).await, benefit::BenefitState::Active);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn insurance_that_is_not_in_force_is_asked_and_data_renew_once_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = ImportInsuredRequest { paid_until: Some(date_message(date!(2025 - 12 - 31))), ..row() };
    let (psn_no, _) = world.granted(person.clone(), CODE).await;
    world.wait_until(date!(2025 - 12 - 20));
    settle(&world, &psn_no, "B1").await.unwrap();
    wait_until(&world, OPENED).await;
    let asked = round(&world, &psn_no).await;
    assert_eq!(wants(&asked), [RequalificationWant::Insurance]);
    assert_eq!(asked.wanted[0].reasons[0].reason, "NOT_PAID_UP");
    let told = reasons(send(&world, &psn_no, answer(&asked.name)).await);
    assert_eq!(told, [("INSURANCE_NEEDED".to_owned(), "insurance".to_owned())]);
    // On the due day it is still so: asked, and not lapsed.
    wait_until(&world, DUE).await;
    let due = round(&world, &psn_no).await;
    assert_eq!((due.state(), due.lapse_date), (RequalificationState::Open, None));
    deliver(&world, world.portal(&psn_no), &asked.name, DeliveryWay::PortalRead).await.unwrap();
    let paid = ImportInsuredRequest { paid_until: Some(date_message(date!(2026 - 12 - 31))), ..person };
    world.wait_until(DUE + Duration::days(25));
    world.import(vec![paid]).await;
    wait_until(&world, DUE + Duration::days(31)).await;
    let renewed = round(&world, &psn_no).await;
    assert_eq!((renewed.state(), renewed.basis()), (RequalificationState::Renewed, RenewalBasis::Data));
    // It was paid up again: the benefit has still to take that over.
    world.follow().await;
    assert_eq!(state(&world, &psn_no).await, benefit::BenefitState::Active);
    assert!(world.benefits(&psn_no).await[0].lapses.is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_renews_what_was_not_used(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), CODE).await;
    wait_until(&world, OPENED).await;
    let asked = round(&world, &psn_no).await;
    let told = reasons(send(&world, &psn_no, answer(&asked.name)).await);
    assert_eq!(told, [("STILL_NEEDED_UNANSWERED".to_owned(), "still_needed".to_owned())]);
    let said = benefit::AnswerRequalificationRequest { still_needed: true, ..answer(&asked.name) };
    let tried = benefit::AnswerRequalificationRequest { validate_only: true, ..said.clone() };
    assert_eq!(send(&world, &psn_no, tried).await.unwrap().basis(), RenewalBasis::Confirmed);
    assert_eq!(round(&world, &psn_no).await.state(), RequalificationState::Open, "only tried");
    let renewed = send(&world, &psn_no, said).await.unwrap();
    assert_eq!(renewed.requalify_on, Some(date_message(date!(2027 - 03 - 11))));
    assert_eq!(happened(&world, &asked.name).await, ["asked", "renewed"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tells_only_what_is_theirs_to_tell(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), CODE).await;
    wait_until(&world, OPENED).await;
    let name = round(&world, &psn_no).await.name;
    let told = deliver(&world, world.portal(&psn_no), &name, DeliveryWay::Letter).await;
    assert_eq!(wrong_fields(told), ["way"]);
    let early = benefit::ConfirmDeliveryRequest {
        name: name.clone(),
        way: DeliveryWay::InPerson.into(),
        delivered_on: Some(date_message(OPENED.previous_day().unwrap())),
        request_id: request_id(),
        validate_only: false,
    };
    let told = client(world.bureau(OFFICER)).confirm_delivery(early).await;
    refused(told, Code::FailedPrecondition, "DELIVERY_DAY");
    let stranger = world.person(row()).await;
    let get = || benefit::GetRequalificationRequest { name: name.clone() };
    for caller in [world.portal(&stranger), world.elsewhere()] {
        let seen = client(caller).get_requalification(get()).await;
        assert_eq!(seen.unwrap_err().code(), Code::NotFound);
    }
    for caller in [world.platform(), world.ops()] {
        let seen = client(caller).get_requalification(get()).await;
        assert_eq!(seen.unwrap_err().code(), Code::PermissionDenied);
    }
    let request = benefit::AnswerRequalificationRequest { ask_officer: true, ..answer(&name) };
    assert_eq!(send(&world, &stranger, request).await.unwrap_err().code(), Code::NotFound);
}

/// Two instances on one database look for what is due at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_ask_and_remind_once() {
    let database = postgres_database().await;
    let one = World::start_on(&database, |_| {}).await;
    let keys = one.running.app.config.data_dir.join("keys.toml");
    let keys = std::fs::read(keys).unwrap();
    let other = World::start_on(&database, |config| {
        std::fs::write(config.data_dir.join("keys.toml"), &keys).unwrap();
    })
    .await;
    let (psn_no, _) = one.granted(row(), CODE).await;
    for day in [OPENED, DUE - Duration::days(30), DUE - Duration::days(7), DUE] {
        for world in [&one, &other] {
            world.wait_until(day);
        }
        // Each without a lease of the job's, as if the other's had run out.
        let sweep = async |world: &World, holder: &str| {
            let app = &world.running.app;
            let lease = app.db.lease(holder, holder, 60).await.unwrap().unwrap();
            let run = opsp::benefit::requalification::run::run;
            run(app, &lease, opsp::settlement::query::last_settled).await.unwrap();
            app.db.release(lease, 0, "").await.unwrap();
        };
        tokio::join!(sweep(&one, "a"), sweep(&other, "b"), sweep(&one, "c"), sweep(&other, "d"));
    }
    let name = round(&one, &psn_no).await.name;
    assert_eq!(happened(&one, &name).await, ["asked", "reminded", "reminded", "due"]);
    let (one, other) = (one.stop(), other.stop());
    tokio::join!(one, other);
}

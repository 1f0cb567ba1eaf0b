//! A benefit follows what the platform tells of its person: insurance that stops and returns, a death, a move, another
//! insured kind. On both databases.

use benefit::benefit_service_client::BenefitServiceClient;
use benefit::{BenefitState, EndGround, SuspendedBy};
use certificate::certificate_service_client::CertificateServiceClient;
use certificate::verify_certificate_response::Verdict;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::certificate::v1 as certificate;
use opsp::proto::opsp::common::v1::Insutype;
use opsp::proto::opsp::insured::v1 as insured;
use opsp::rpc::parse::{date_message, to_date};
use rstest::rstest;
use time::macros::date;
use time::{Date, Duration};

use crate::deadlines::events;
use crate::rows::sql;
use crate::world::insurance::{paid, spell, told};
use crate::world::scenario::{resident_row, row};
use crate::world::{Engine, OFFICER, World, postgres_database, request_id};

const CODE: &str = "M01600";
const SINCE: Date = date!(2010 - 01 - 01);
const LATER: Date = date!(2030 - 12 - 31);

/// Every event that following writes.
const TOLD: [&str; 6] = [
    "benefit.ended",
    "benefit.reinstated",
    "benefit.insurance_stopped",
    "benefit.insurance_returned",
    "benefit.transferred",
    "benefit.not_transferred",
];

/// Paid in some stretches, insured all the time.
fn paying(row: &insured::ImportInsuredRequest, payments: &[(Date, Date)]) -> insured::ImportInsuredRequest {
    let payments = payments.iter().map(|(from, to)| paid(*from, *to)).collect();
    told(row, vec![spell(row, SINCE, None)], payments)
}

impl World {
    /// The platform tells something, and the benefits follow.
    async fn tell(&self, row: insured::ImportInsuredRequest) {
        let answers = self.import(vec![row]).await;
        assert!(answers[0].reasons.is_empty(), "{:?}", answers[0].reasons);
        self.follow().await;
    }

    async fn only(&self, psn_no: &str) -> benefit::Benefit {
        let mut held = self.benefits(psn_no).await;
        assert_eq!(held.len(), 1);
        held.remove(0)
    }

    /// What following told of a person, in order.
    async fn told_of(&self, psn_no: &str) -> Vec<String> {
        let person = format!("insured/{psn_no}/benefits/");
        let events = events(self, &TOLD).await;
        let own = events.into_iter().filter(|(event, _)| event.resource.starts_with(&person));
        own.map(|(event, _)| event.r#type.trim_start_matches("benefit.").to_owned()).collect()
    }

    async fn verdict(&self, psn_no: &str) -> Verdict {
        let portal = self.portal(psn_no);
        let name = self.only(psn_no).await.certificate;
        let get = certificate::GetCertificateRequest { name };
        let mut client = CertificateServiceClient::new(portal);
        let qr_text = client.get_certificate(get).await.unwrap().into_inner().qr_text;
        let verify = certificate::VerifyCertificateRequest { qr_text };
        CertificateServiceClient::new(self.public())
            .verify_certificate(verify)
            .await
            .unwrap()
            .into_inner()
            .verdict()
    }
}

fn stretches(benefit: &benefit::Benefit) -> Vec<(Date, Option<Date>)> {
    let day = |day: &Option<_>| day.as_ref().and_then(to_date);
    benefit.uninsured.iter().map(|one| (day(&one.begndate).unwrap(), day(&one.enddate))).collect()
}

fn last_day(benefit: &benefit::Benefit) -> Option<Date> {
    benefit.enddate.as_ref().and_then(to_date)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_insurance_stops_and_returns_by_itself(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = row();
    let (psn_no, held) = world.granted(person.clone(), CODE).await;
    assert_eq!((held.uninsured.len(), held.state()), (0, BenefitState::Active));
    // Paid until the end of the month: the day comes by itself.
    let april = date!(2025 - 04 - 01);
    world.tell(paying(&person, &[(SINCE, date!(2025 - 03 - 31))])).await;
    assert_eq!(world.only(&psn_no).await.state(), BenefitState::Active);
    world.wait_until(april);
    world.follow().await;
    let stopped = world.only(&psn_no).await;
    assert_eq!((stopped.state(), stretches(&stopped)), (BenefitState::Suspended, vec![(april, None)]));
    assert_eq!(stopped.suspended_by().collect::<Vec<_>>(), [SuspendedBy::Insurance]);
    assert!(stopped.suspensions.is_empty());
    assert_eq!(world.verdict(&psn_no).await, Verdict::Suspended);
    // The reason is told once, as what it is.
    assert_eq!(world.in_force(&psn_no, CODE, None).await, (false, vec!["NOT_PAID_UP".to_owned()]));

    // Paid again from the twentieth on: told ahead, and taken over when the day comes.
    let again = (date!(2025 - 04 - 20), LATER);
    world.tell(paying(&person, &[(SINCE, date!(2025 - 03 - 31)), again])).await;
    assert_eq!(stretches(&world.only(&psn_no).await), [(april, None)]);
    world.wait_until(again.0);
    assert_eq!(world.in_force(&psn_no, CODE, None).await, (true, vec![]), "whether the job was there or not");
    world.follow().await;
    let returned = world.only(&psn_no).await;
    assert_eq!(stretches(&returned), [(april, Some(date!(2025 - 04 - 19)))]);
    assert_eq!((returned.state(), returned.suspended_by.len()), (BenefitState::Active, 0));
    // A late payment heals what was left out.
    world.tell(paying(&person, &[(SINCE, LATER)])).await;
    assert!(world.only(&psn_no).await.uninsured.is_empty());
    assert_eq!(
        world.told_of(&psn_no).await,
        ["insurance_stopped", "insurance_returned", "insurance_returned"]
    );
    let healed = events(&world, &["benefit.insurance_returned"]).await.pop().unwrap().1;
    assert_eq!(healed["days"], serde_json::json!([{"begndate": "2025-04-01", "enddate": "2025-04-19"}]));
    // And once more changes nothing.
    let version = world.only(&psn_no).await.etag;
    world.follow().await;
    assert_eq!(world.only(&psn_no).await.etag, version);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officers_suspension_and_an_insurance_stop_stand_side_by_side(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = row();
    let (psn_no, held) = world.granted(person.clone(), CODE).await;
    let mut bureau = BenefitServiceClient::new(world.bureau(OFFICER));
    let today = Some(date_message(world.today()));
    let suspend = benefit::SuspendBenefitRequest {
        name: held.name.clone(),
        begndate: today,
        enddate: None,
        ground: benefit::SuspensionGround::Audit.into(),
        reason: "核查".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    bureau.suspend_benefit(suspend).await.unwrap();
    world.tell(insured::ImportInsuredRequest { psn_clct_stas: "2".to_owned(), ..person.clone() }).await;
    let both = world.only(&psn_no).await;
    assert_eq!(both.suspended_by().collect::<Vec<_>>(), [SuspendedBy::Bureau, SuspendedBy::Insurance]);
    let told = world.in_force(&psn_no, CODE, None).await.1;
    assert_eq!(told, ["BENEFIT_SUSPENDED", "NOT_PAID_UP"]);
    // What the officer lifts is the officer's.
    let resume = benefit::ResumeBenefitRequest {
        name: held.name,
        begndate: today,
        reason: "核查完毕".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let resumed = bureau.resume_benefit(resume).await.unwrap().into_inner();
    assert_eq!(resumed.state(), BenefitState::Suspended);
    assert_eq!(resumed.suspended_by().collect::<Vec<_>>(), [SuspendedBy::Insurance]);
    // Put right on the same day, it was never so.
    world.tell(person).await;
    let after = world.only(&psn_no).await;
    assert_eq!((after.state(), after.uninsured.len()), (BenefitState::Active, 0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_ends_it_and_one_told_by_mistake_is_taken_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = row();
    let (psn_no, _) = world.granted(person.clone(), CODE).await;
    let died = world.today();
    world.wait_days(3);
    let dead = insured::ImportInsuredRequest { death_date: Some(date_message(died)), ..person.clone() };
    world.tell(dead).await;
    let ended = world.only(&psn_no).await;
    assert_eq!((ended.state(), ended.end_ground()), (BenefitState::Ended, EndGround::Death));
    assert_eq!(last_day(&ended), Some(died));
    assert_eq!(world.verdict(&psn_no).await, Verdict::Ended);
    assert_eq!(world.in_force(&psn_no, CODE, None).await.1, ["PERSON_DIED"], "once");
    world.tell(person).await;
    let alive = world.only(&psn_no).await;
    assert_eq!((alive.state(), alive.end_ground()), (BenefitState::Active, EndGround::Unspecified));
    assert_eq!(world.verdict(&psn_no).await, Verdict::Valid);
    assert_eq!(world.told_of(&psn_no).await, ["ended", "reinstated"]);
    assert_eq!(world.in_force(&psn_no, CODE, None).await, (true, vec![]));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_ends_it_and_one_that_never_was_is_taken_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = row();
    let (psn_no, _) = world.granted(person.clone(), CODE).await;
    let away = world.today() + Duration::days(5);
    let there = insured::ImportInsuredRequest { insu_admdvs: "620702".to_owned(), ..person.clone() };
    let spells = vec![spell(&person, SINCE, away.previous_day()), spell(&there, away, None)];
    world.wait_until(away);
    world.tell(told(&there, spells.clone(), vec![paid(SINCE, LATER)])).await;
    let ended = world.only(&psn_no).await;
    assert_eq!((ended.state(), ended.end_ground()), (BenefitState::Ended, EndGround::Moved));
    assert_eq!((last_day(&ended), ended.uninsured.len()), (away.previous_day(), 0));

    // Back after some weeks: a real move stays one, and the person may apply anew.
    let back = away + Duration::days(30);
    world.wait_until(back);
    let mut returned = spells;
    returned[1].enddate = back.previous_day().map(date_message);
    returned.push(spell(&person, back, None));
    world.tell(told(&person, returned, vec![paid(SINCE, LATER)])).await;
    assert_eq!(world.only(&psn_no).await.state(), BenefitState::Ended);
    let ask = insured::CheckEligibilityRequest {
        parent: format!("insured/{psn_no}"),
        opsp_dise_codes: vec![CODE.to_owned()],
    };
    let mut portal = insured::insured_service_client::InsuredServiceClient::new(world.portal(&psn_no));
    let answer = portal.check_eligibility(ask).await.unwrap().into_inner();
    assert!(answer.reasons.iter().all(|reason| reason.reason != "BENEFIT_ALREADY_HELD"));
    // There was no move at all.
    world.tell(person).await;
    assert_eq!(world.only(&psn_no).await.state(), BenefitState::Active);
    assert_eq!(world.told_of(&psn_no).await, ["ended", "reinstated"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_are_told_anew_only_those_with_benefits_step(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let mut rows: Vec<_> = (0..300).map(|_| row()).collect();
    for (place, row) in rows.iter_mut().enumerate() {
        row.row = i64::try_from(place).unwrap() + 1;
    }
    world.import(rows.clone()).await;
    let experts = world.experts().await;
    for place in [0, 150, 299] {
        let name = world.submitted(&rows[place].psn_no, CODE).await;
        world.decide(&name, &experts, true).await;
    }
    let notice = world.notice(Insutype::Employee).await;
    world.close(&notice).await;
    let stopped =
        rows.iter().map(|row| insured::ImportInsuredRequest { psn_insu_stas: "2".to_owned(), ..row.clone() });
    world.import(stopped.collect()).await;
    // One of them cannot be read: it holds up neither of the others, and is followed when it is mended.
    let broken = &rows[150].psn_no;
    let put = |area: &str| format!("UPDATE insured SET insu_admdvs = '{area}' WHERE psn_no = '{broken}'");
    sql(&world, &put("620981")).await;
    while world.job("sequence").await > 0 {}
    assert!(failing(&world).await);
    for (place, expected) in [(0, 1), (299, 1), (150, 0)] {
        assert_eq!(world.told_of(&rows[place].psn_no).await.len(), expected, "{place}");
    }
    sql(&world, &put("620902")).await;
    assert!(!failing(&world).await);
    let told = events(&world, &TOLD).await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|(event, _)| event.r#type == "benefit.insurance_stopped"));
}

/// Runs the job; whether it failed.
async fn failing(world: &World) -> bool {
    use opsp::proto::opsp::ops::v1 as ops;
    for _ in 0..200 {
        let request = ops::RunJobRequest {
            name: "jobs/follow-insured".to_owned(),
            request_id: request_id(),
            validate_only: false,
        };
        let ran = ops::ops_service_client::OpsServiceClient::new(world.ops()).run_job(request).await;
        match ran {
            Ok(_) => return false,
            Err(status) if crate::world::reason(&status) == "JOB_HELD" => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(_) => return true,
        }
    }
    panic!("the job stayed held");
}

/// Two instances, each as if it held the job, while their workers are at it too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_follow_once() {
    let database = postgres_database().await;
    let one = World::start_on(&database, |_| {}).await;
    let ring = std::fs::read(one.running.app.config.data_dir.join("keys.toml")).unwrap();
    let other = World::start_on(&database, |config| {
        std::fs::write(config.data_dir.join("keys.toml"), &ring).unwrap();
    })
    .await;
    let person = row();
    let (psn_no, _) = one.granted(person.clone(), CODE).await;
    other.wait_until(one.today());
    let sweep = async |world: &World, holder: &str| {
        let app = &world.running.app;
        for _ in 0..5 {
            let lease = app.db.lease(holder, holder, 60).await.unwrap().expect("nobody else holds it");
            opsp::benefit::following::run::run(app, &lease).await.unwrap();
            app.db.release(lease, 0, "").await.unwrap();
        }
    };
    // The first run of each finds its place in the log.
    tokio::join!(sweep(&one, "one"), sweep(&other, "other"));
    for state in ["2", "1", "2", "1"] {
        let told = insured::ImportInsuredRequest { psn_insu_stas: state.to_owned(), ..person.clone() };
        one.import(vec![told]).await;
        while one.job("sequence").await > 0 {}
        tokio::join!(sweep(&one, "one"), sweep(&other, "other"));
        let held = one.only(&psn_no).await;
        let expected = if state == "1" { BenefitState::Active } else { BenefitState::Suspended };
        assert_eq!(held.state(), expected);
    }
    let expected = ["insurance_stopped", "insurance_returned"].repeat(2);
    assert_eq!(one.told_of(&psn_no).await, expected);
}

/// An earlier version left benefits that never followed.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn benefits_of_an_earlier_version_follow_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = row();
    let (psn_no, _) = world.granted(person.clone(), CODE).await;
    sql(&world, "DELETE FROM benefit_look").await;
    world.tell(insured::ImportInsuredRequest { psn_insu_stas: "2".to_owned(), ..person }).await;
    assert_eq!(world.only(&psn_no).await.state(), BenefitState::Active);
    // As the migration leaves them.
    let waiting =
        "INSERT INTO benefit_look (psn_no, benefit_id, look_on) SELECT psn_no, id, '2000-01-01' FROM benefit";
    sql(&world, waiting).await;
    world.follow().await;
    assert_eq!(world.only(&psn_no).await.state(), BenefitState::Suspended);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_has_moved_by_then_gets_what_never_begins(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = resident_row();
    let psn_no = world.person(person.clone()).await;
    let name = world.submitted(&psn_no, CODE).await;
    let experts = world.experts().await;
    world.decide(&name, &experts, true).await;
    let notice = world.notice(Insutype::Resident).await;
    let away = world.today();
    let there = insured::ImportInsuredRequest { insu_admdvs: "620702".to_owned(), ..person.clone() };
    let spells = vec![spell(&person, SINCE, away.previous_day()), spell(&there, away, None)];
    world.import(vec![told(&there, spells, vec![paid(SINCE, LATER)])]).await;
    world.close(&notice).await;
    world.follow().await;
    let held = world.only(&psn_no).await;
    assert_eq!((held.state(), held.end_ground()), (BenefitState::Ended, EndGround::Moved));
    assert_eq!(last_day(&held), away.previous_day());
}

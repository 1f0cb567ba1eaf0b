//! Rows of an import that go wrong: in themselves, in what is stored of the person, in a race.

use std::collections::BTreeSet;

use opsp::db::work::Owner;
use opsp::insured::store;
use opsp::kernel::access::Actor;
use opsp::kernel::error::Error;
use opsp::kernel::id::PsnNo;
use opsp::proto::opsp::insured::v1 as pb;
use opsp::rpc::parse::date_message;
use pb::import_insured_response::Outcome;
use pb::insured_service_client::InsuredServiceClient;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use time::macros::date;
use tonic::{Code, Status};

use crate::world::scenario::row;
use crate::world::{Engine, World, reason};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_person_that_cannot_be_read_stops_no_other_row(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let rows: Vec<_> = (0..3).map(|number| pb::ImportInsuredRequest { row: number, ..row() }).collect();
    world.import(rows[..2].to_vec()).await;
    let [other, tampered] = [&rows[0].psn_no, &rows[1].psn_no];
    let people = BTreeSet::from([PsnNo::parse(tampered).unwrap()]);
    let batch = world.running.app.db.batch(&Actor::system(), people).await.unwrap();
    let copy = format!(
        "UPDATE insured SET body = (SELECT body FROM insured WHERE psn_no = '{other}') WHERE psn_no = '{tampered}'"
    );
    batch.conn().execute_unprepared(&copy).await.unwrap();
    batch.commit().await.unwrap();
    // Sent again it is told again, and never stands in the way.
    for third in [Outcome::Created, Outcome::Unchanged] {
        let answers = world.import(rows.clone()).await;
        let outcomes: Vec<_> = answers.iter().map(pb::ImportInsuredResponse::outcome).collect();
        assert_eq!(outcomes, [Outcome::Unchanged, Outcome::Refused, third]);
        assert_eq!(answers[1].reasons[0].reason, "ROW_FAILED");
    }
}

fn numbered(rows: i64) -> Vec<pb::ImportInsuredRequest> {
    (0..rows).map(|number| pb::ImportInsuredRequest { row: number, ..row() }).collect()
}

pub async fn sql(world: &World, statement: &str) {
    let work = world.running.app.db.work(&Actor::system(), Owner::Nobody).await.unwrap();
    work.conn().execute_unprepared(statement).await.unwrap();
    work.commit().await.unwrap();
}

/// Sends rows; gives the answers, and how the stream ended.
async fn send(
    world: &World,
    rows: &[pb::ImportInsuredRequest],
) -> (Vec<pb::ImportInsuredResponse>, Option<Status>) {
    let rows = tokio_stream::iter(rows.to_vec());
    let mut stream =
        InsuredServiceClient::new(world.platform()).import_insured(rows).await.unwrap().into_inner();
    let mut answers = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(answer)) => answers.push(answer),
            Ok(None) => return (answers, None),
            Err(status) => return (answers, Some(status)),
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_fails_ends_the_stream_and_blames_no_row(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let rows = numbered(4);
    world.import(rows[..1].to_vec()).await;
    sql(&world, "ALTER TABLE journal RENAME TO journal_elsewhere").await;
    // Alone, and behind one that says what is known and so needs nothing of what is missing.
    for (sent, answered) in [(&rows[1..2], 0), (&rows[..], 1)] {
        let (answers, ended) = send(&world, sent).await;
        let outcomes: Vec<_> = answers.iter().map(pb::ImportInsuredResponse::outcome).collect();
        assert_eq!(outcomes, vec![Outcome::Unchanged; answered]);
        let ended = ended.expect("the stream ends");
        assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Internal, "INTERNAL"));
    }
    sql(&world, "ALTER TABLE journal_elsewhere RENAME TO journal").await;
    // Nothing was half-written: from the row after the last answered one on, each is new.
    let (answers, ended) = send(&world, &rows[1..]).await;
    assert!(ended.is_none() && answers.len() == 3, "{ended:?}");
    assert!(answers.iter().all(|answer| answer.outcome() == Outcome::Created), "{answers:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_the_database_refuses_is_told_and_the_others_go_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let rows = numbered(3);
    let psn_no = &rows[1].psn_no;
    let rule = match engine {
        Engine::Sqlite => format!(
            "CREATE TRIGGER planted BEFORE INSERT ON insured WHEN NEW.psn_no = '{psn_no}'
             BEGIN SELECT RAISE(ABORT, 'planted'); END"
        ),
        Engine::Postgres => {
            format!("ALTER TABLE insured ADD CONSTRAINT planted CHECK (psn_no <> '{psn_no}')")
        }
    };
    sql(&world, &rule).await;
    let (answers, ended) = send(&world, &rows).await;
    assert!(ended.is_none(), "{ended:?}");
    let outcomes: Vec<_> = answers.iter().map(|answer| (answer.row, answer.outcome())).collect();
    assert_eq!(outcomes, [(0, Outcome::Created), (1, Outcome::Refused), (2, Outcome::Created)]);
    let told = &answers[1].reasons[0];
    assert_eq!((told.reason.as_str(), told.subject.as_str()), ("ROW_FAILED", "psn_no"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_came_after_the_others_were_locked_is_a_lost_race() {
    let world = World::start(Engine::Postgres).await;
    let new = row();
    let people = BTreeSet::from([PsnNo::parse(&new.psn_no).unwrap()]);
    let batch = world.running.app.db.batch(&Actor::system(), people.clone()).await.unwrap();
    world.person(new).await;
    assert!(matches!(store::known(&batch, &people).await, Err(Error::Conflict)));
    batch.rollback().await.unwrap();
}

fn subjects(answer: &pb::ImportInsuredResponse) -> Vec<&str> {
    answer.reasons.iter().map(|reason| reason.subject.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_row_is_told_of_its_own_fields_and_no_longer_than_it_is_read() {
    let world = World::start(Engine::Sqlite).await;
    let unborn = pb::ImportInsuredRequest {
        insured_since: Some(date_message(date!(1940 - 01 - 01))),
        psn_type: "1501".to_owned(),
        ..row()
    };
    let day = Some(date_message(date!(2025 - 01 - 01)));
    let payment = pb::Payment { begndate: day, enddate: day, paid_on: day, owed: false };
    let mut paid = pb::ImportInsuredRequest { paid_until: None, ..unborn.clone() };
    paid.payments.push(payment);
    // All the same: of each but the first it could be said that it overlaps.
    let long = pb::ImportInsuredRequest { paid_until: None, payments: vec![payment; 1_201], ..row() };
    let nowhere = pb::Payment { begndate: None, ..payment };
    let wrong = pb::ImportInsuredRequest { payments: vec![nowhere; 1_200], ..long.clone() };
    let outside = date_message(date!(2009 - 12 - 31));
    let outside = pb::Payment { begndate: Some(outside), enddate: Some(outside), ..payment };
    let apart = pb::ImportInsuredRequest { payments: vec![outside; 1_200], ..long.clone() };
    let answers = world.import(vec![unborn, paid, long, wrong, apart]).await;
    assert_eq!(subjects(&answers[0]), ["insured_since", "psn_type"]);
    assert_eq!(subjects(&answers[1]), ["insured_since", "psn_type"]);
    assert_eq!(subjects(&answers[2]), ["payments"]);
    for answer in &answers[3..] {
        let last = answer.reasons.last().unwrap();
        assert_eq!((answer.reasons.len(), last.reason.as_str()), (51, "MORE"));
        assert!(last.text_zh.contains("1150"), "{}", last.text_zh);
    }
}

//! Import of many: cuts, repeats, races, bad luck, and what is told of a person's insurance.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use opsp::db::work::Owner;
use opsp::kernel::access::Actor;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::event::v1 as event;
use opsp::proto::opsp::insured::v1 as pb;
use opsp::rpc::parse::date_message;
use pb::import_insured_response::Outcome;
use pb::insured_service_client::InsuredServiceClient;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use time::Date;
use time::macros::date;
use tokio::sync::mpsc;
use tokio_stream::iter;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::world::scenario::row;
use crate::world::{Caller, Engine, OFFICER, World, postgres_database, refused};

/// Rows of the import that is cut. More than one transaction takes; the load benchmark does it with 1,000,000.
const ROWS: usize = 2_500;
const CUTS: usize = 5;

fn numbered(rows: usize) -> Vec<pb::ImportInsuredRequest> {
    (0..).map(|number| pb::ImportInsuredRequest { row: number, ..row() }).take(rows).collect()
}

/// Sends rows until so many are answered, then drops the stream. Gives how many answers came.
async fn send_until(caller: Caller, rows: Vec<pb::ImportInsuredRequest>, cut: usize) -> usize {
    let first = rows[0].row;
    let (sender, receiver) = mpsc::channel(64);
    let feeding = tokio::spawn(async move {
        for row in rows {
            if sender.send(row).await.is_err() {
                return;
            }
        }
    });
    let mut client = InsuredServiceClient::new(caller);
    let mut answers = client.import_insured(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    let mut count = 0;
    while count < cut {
        let Some(answer) = answers.message().await.unwrap() else { break };
        assert_eq!(usize::try_from(answer.row - first).unwrap(), count, "in order and without a gap");
        assert!(answer.outcome() != Outcome::Refused, "{:?}", answer.reasons);
        count += 1;
    }
    feeding.abort();
    count
}

/// Events of people, by resource.
async fn events(world: &World) -> BTreeMap<String, Vec<(String, i64)>> {
    while world.job("sequence").await > 0 {}
    let mut client = event::event_service_client::EventServiceClient::new(world.platform());
    let (mut after, mut found) = (0, BTreeMap::<String, Vec<_>>::new());
    loop {
        let request = event::ListEventsRequest { after, page_size: 1_000 };
        let page = client.list_events(request).await.unwrap().into_inner().events;
        let Some(last) = page.last() else { return found };
        after = last.position;
        for event in page.into_iter().filter(|event| event.r#type.starts_with("insured.")) {
            found.entry(event.resource).or_default().push((event.r#type, event.version));
        }
    }
}

async fn get(world: &World, psn_no: &str) -> pb::Insured {
    let request = pb::GetInsuredRequest { name: format!("insured/{psn_no}") };
    InsuredServiceClient::new(world.bureau(OFFICER)).get_insured(request).await.unwrap().into_inner()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_cut_and_resumed_ends_as_one_that_was_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (cut, whole) = (World::start(engine).await, World::start(engine).await);
    let rows = numbered(ROWS);
    let mut done = 0;
    for _ in 0..CUTS {
        let room = ROWS - done;
        let most = usize::try_from(RandomState::new().hash_one(done)).unwrap_or(usize::MAX) % (room / 2);
        done += send_until(cut.platform(), rows[done..].to_vec(), most).await;
    }
    let rest = cut.import(rows[done..].to_vec()).await;
    assert_eq!(rest.len(), ROWS - done, "every row that was not answered is answered now");
    let answers = whole.import(rows.clone()).await;
    assert!(answers.iter().all(|answer| answer.outcome() == Outcome::Created));
    let (left, right) = (events(&cut).await, events(&whole).await);
    assert_eq!((left.len(), left == right), (ROWS, true), "the same people, one entry each");
    assert!(left.values().all(|events| *events == [("insured.imported".to_owned(), 1)]));
    for row in rows.iter().step_by(ROWS / 50) {
        assert_eq!(get(&cut, &row.psn_no).await, get(&whole, &row.psn_no).await);
    }
    let again = cut.import(rows).await;
    assert!(again.iter().all(|answer| answer.outcome() == Outcome::Unchanged), "a repeat changes nothing");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_of_the_same_people_at_once_make_each_person_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let rows = numbered(300);
    let mut backwards = rows.clone();
    backwards.reverse();
    let (one, two, three) =
        tokio::join!(world.import(rows.clone()), world.import(backwards), world.import(rows));
    let outcomes: Vec<_> = one.iter().chain(&two).chain(&three).map(|answer| answer.outcome()).collect();
    let created = outcomes.iter().filter(|outcome| **outcome == Outcome::Created).count();
    let unchanged = outcomes.iter().filter(|outcome| **outcome == Outcome::Unchanged).count();
    assert_eq!((created, unchanged), (300, 600));
    let events = events(&world).await;
    assert_eq!(events.len(), 300);
    assert!(events.values().all(|events| events.len() == 1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_rows_bad_luck_touches_no_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let known = row();
    world.person(known.clone()).await;
    let mut rows = numbered(60);
    // A certificate of somebody else, of an earlier row, and a person out of the caller's reach.
    rows[10].certno.clone_from(&known.certno);
    rows[10].brdy = known.brdy;
    rows[20].certno = rows[5].certno.clone();
    rows[20].brdy = rows[5].brdy;
    rows[30].psn_no.clone_from(&known.psn_no);
    for row in &mut rows {
        row.insu_admdvs = "620702".to_owned();
    }
    rows[40].insu_admdvs = "620902".to_owned();
    // Two rows of one person, in order.
    rows[51] = pb::ImportInsuredRequest { row: 51, addr: "新地址".to_owned(), ..rows[50].clone() };
    let twice = rows[50].psn_no.clone();
    let mut stream =
        InsuredServiceClient::new(world.elsewhere()).import_insured(iter(rows)).await.unwrap().into_inner();
    let (mut number, mut told) = (0, Vec::new());
    while let Some(answer) = stream.message().await.unwrap() {
        assert_eq!(answer.row, number);
        number += 1;
        match answer.outcome() {
            Outcome::Created => {}
            Outcome::Refused => told.push((answer.row, answer.reasons[0].reason.clone())),
            other => told.push((answer.row, other.as_str_name().to_owned())),
        }
    }
    let expected = [
        (10, "CERTNO_TAKEN"),
        (20, "CERTNO_TAKEN"),
        (30, "PERSON_OUT_OF_REACH"),
        (40, "AREA_OUT_OF_REACH"),
        (51, "OUTCOME_UPDATED"),
    ];
    assert_eq!(told, expected.map(|(row, reason)| (row, reason.to_owned())));
    assert_eq!(number, 60);
    let events = &events(&world).await[&format!("insured/{twice}")];
    assert_eq!(events[..], [("insured.imported".to_owned(), 1), ("insured.updated".to_owned(), 2)]);
}

fn spell(kind: common::Insutype, psn_type: &str, from: Date, to: Option<Date>) -> pb::Spell {
    pb::Spell {
        insutype: kind.into(),
        psn_type: psn_type.to_owned(),
        insu_admdvs: "620902".to_owned(),
        begndate: Some(date_message(from)),
        enddate: to.map(date_message),
    }
}

fn payment(from: Date, to: Date) -> pb::Payment {
    let (begndate, enddate) = (Some(date_message(from)), Some(date_message(to)));
    pb::Payment { begndate, enddate, paid_on: begndate, owed: false }
}

/// 居民 until June of last year, 职工 since.
fn with_history() -> pb::ImportInsuredRequest {
    let change = date!(2024 - 07 - 01);
    let resident =
        spell(common::Insutype::Resident, "1501", date!(2020 - 01 - 01), Some(date!(2024 - 06 - 30)));
    pb::ImportInsuredRequest {
        insured_since: None,
        paid_until: None,
        spells: vec![spell(common::Insutype::Employee, "1101", change, None), resident],
        payments: vec![payment(date!(2024 - 01 - 01), date!(2025 - 12 - 31))],
        ..row()
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spells_and_payments_are_kept_and_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let person = world.person(with_history()).await;
    let told = get(&world, &person).await;
    let kinds: Vec<_> = told.spells.iter().map(pb::Spell::insutype).collect();
    assert_eq!(kinds, [common::Insutype::Resident, common::Insutype::Employee]);
    let since = Some(date_message(date!(2020 - 01 - 01)));
    assert_eq!((told.insured_since, told.payments.len()), (since, 1));
    assert_eq!(told.paid_until, Some(date_message(date!(2025 - 12 - 31))));

    let good = with_history();
    let mut wrong = good.clone();
    wrong.insured_since = since;
    wrong.tel = "12".to_owned();
    let mut faulty = good.clone();
    faulty.spells[1].enddate = Some(date_message(date!(2024 - 07 - 01)));
    faulty.payments.push(payment(date!(2025 - 03 - 03), date!(2025 - 03 - 31)));
    faulty.death_date = Some(date_message(date!(2025 - 03 - 04)));
    faulty.certno = "620902196001010012".to_owned();
    let mut nowhere = good.clone();
    nowhere.spells[0].insu_admdvs = "999999".to_owned();
    let mut other = good.clone();
    other.psn_type = "1201".to_owned();
    let mut shapeless = good;
    shapeless.spells[0].begndate = None;
    let answers = world.import(vec![wrong, faulty, nowhere, other, shapeless]).await;
    let fields = |answer: &pb::ImportInsuredResponse| -> Vec<String> {
        let mut fields: Vec<_> = answer.reasons.iter().map(|reason| reason.subject.clone()).collect();
        fields.sort();
        fields
    };
    assert_eq!(fields(&answers[0]), ["insured_since", "tel"]);
    assert_eq!(fields(&answers[1]), ["certno", "death_date", "payments[1].begndate", "spells[1].begndate"]);
    assert_eq!(fields(&answers[2]), ["spells[0].insu_admdvs"]);
    assert_eq!(fields(&answers[3]), ["spells"]);
    assert_eq!(fields(&answers[4]), ["spells[0].begndate"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_states_of_a_past_day_are_those_that_were_known_on_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let known = row();
    let (psn_no, _) = world.granted(known.clone(), "M01600").await;
    let granted = world.today();
    let hear = async |row: &pb::ImportInsuredRequest| {
        world.wait_days(5);
        assert_eq!(world.import(vec![row.clone()]).await[0].outcome(), Outcome::Updated);
        world.today()
    };
    let on = async |day: Date| world.in_force(&psn_no, "M01600", Some(day)).await;
    let not_insured = || (false, vec!["NOT_INSURED".to_owned()]);
    let mut stopped = pb::ImportInsuredRequest { psn_insu_stas: "2".to_owned(), ..known.clone() };
    let stopped_on = hear(&stopped).await;
    assert_eq!((on(granted).await, on(stopped_on).await), ((true, vec![]), not_insured()));
    // A new phone number, and another state, forget nothing of this one.
    stopped.tel = "13812345678".to_owned();
    hear(&stopped).await;
    assert_eq!((on(granted).await, on(stopped_on).await), ((true, vec![]), not_insured()));
    stopped.psn_clct_stas = "2".to_owned();
    let unpaid_on = hear(&stopped).await;
    assert_eq!(on(unpaid_on).await.1, ["NOT_INSURED", "NOT_PAID_UP"]);
    assert_eq!(on(stopped_on).await, not_insured());
    let resumed_on = hear(&known).await;
    assert_eq!(on(resumed_on.previous_day().unwrap()).await.1, ["NOT_INSURED", "NOT_PAID_UP"]);
    assert_eq!((on(resumed_on).await, on(stopped_on).await), ((true, vec![]), not_insured()));
    assert_eq!(world.import(vec![known]).await[0].outcome(), Outcome::Unchanged);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_found_by_the_certificate_where_insured(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let known = row();
    let psn_no = world.person(known.clone()).await;
    let request = |area: &str, certno: &str| pb::FindInsuredRequest {
        parent: format!("areas/{area}"),
        psn_cert_type: "01".to_owned(),
        certno: certno.to_owned(),
    };
    let find = async |caller: Caller, request: pb::FindInsuredRequest| {
        InsuredServiceClient::new(caller).find_insured(request).await
    };
    let found = find(world.bureau(OFFICER), request("620900", &known.certno)).await.unwrap().into_inner();
    assert_eq!((found.psn_no, found.psn_name), (psn_no.clone(), known.psn_name));
    let absent = [
        find(world.bureau(OFFICER), request("620900", "620902196001010011")).await,
        find(world.platform(), request("620700", &known.certno)).await,
        find(world.elsewhere(), request("620700", &known.certno)).await,
        find(world.elsewhere(), request("620900", &known.certno)).await,
        // The county of the person's own area, and another one of the same city.
        find(world.bureau(OFFICER), request("620981", &known.certno)).await,
    ];
    for answer in absent {
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        let told = format!("{status:?}");
        assert!(!told.contains(&psn_no) && !told.contains(&known.certno), "{told}");
    }
    let denied = find(world.portal(&psn_no), request("620900", &known.certno)).await;
    assert_eq!(denied.unwrap_err().code(), Code::PermissionDenied);
    while world.job("sequence").await > 0 {}
    let mut feed = event::event_service_client::EventServiceClient::new(world.platform());
    let page = feed.list_events(event::ListEventsRequest { after: 0, page_size: 1_000 }).await.unwrap();
    let events = page.into_inner().events;
    let reads = events.iter().filter(|event| event.r#type == "confidential.read").count();
    assert_eq!(reads, 1, "who found is recorded, who did not is not");
    assert!(events.iter().all(|event| !event.data_json.contains(&known.certno)));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_be_brought_is_told_and_stands_against_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let known = row();
    let psn_no = world.person(known.clone()).await;
    let request = pb::CheckEligibilityRequest {
        parent: format!("insured/{psn_no}"),
        opsp_dise_codes: vec!["M01600".to_owned()],
    };
    let mut portal = InsuredServiceClient::new(world.portal(&psn_no));
    let answer = portal.check_eligibility(request).await.unwrap().into_inner();
    assert!(answer.eligible);
    let titles: Vec<_> = answer.needs.iter().map(|need| need.text_zh.as_str()).collect();
    assert!(titles.iter().any(|title| title.contains("社会保障卡")), "{titles:?}");
    assert!(answer.needs.iter().any(|need| need.subject == "M01600"));
    // Death is told by the platform, and a draft is refused from the next day on.
    let dead = pb::ImportInsuredRequest { death_date: Some(date_message(world.today())), ..known };
    assert_eq!(world.import(vec![dead]).await[0].outcome(), Outcome::Updated);
    world.wait_days(1);
    let draft = world.draft(&psn_no, world.form("M01600", Vec::new())).await;
    refused(draft, Code::FailedPrecondition, "PERSON_DIED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_goes_away_while_it_begins_leaves_no_transaction_open() {
    let url = postgres_database().await;
    let world = World::start_on(&url, |config| config.database_pool = 4).await;
    let (db, actor) = (&world.running.app.db, Actor::system());
    for wait in 0..300 {
        let begins = db.work(&actor, Owner::Nobody);
        let patience = Duration::from_micros(wait % 100 * 10);
        if let Ok(begun) = tokio::time::timeout(patience, begins).await {
            begun.unwrap().rollback().await.unwrap();
        }
    }
    // What was begun for nobody is taken back when its connection is looked at again.
    let watcher = sea_orm::Database::connect(&url).await.unwrap();
    let open = "SELECT count(*) AS open FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let statement = || sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, open);
    let mut left = -1;
    for _ in 0..20 {
        let row = watcher.query_one_raw(statement()).await.unwrap().unwrap();
        left = row.try_get::<i64>("", "open").unwrap();
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{left} connections sit in a transaction");
}

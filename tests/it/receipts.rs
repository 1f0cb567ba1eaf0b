//! 决定存证: what each decision rests on, made again, and a fact that was changed behind the server's back.

use opsp::db::work::{Owner, Work};
use opsp::kernel::access::Actor;
use opsp::kernel::id::PsnNo;
use opsp::proto::opsp::review::v1 as review;
use rstest::rstest;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tonic::Code;

use review::ReceiptKind;
use review::review_service_client::ReviewServiceClient;

use crate::world::scenario::{psn_no, row};
use crate::world::{Engine, OFFICER, OTHER_OFFICER, World, refused, request_id};

/// The receipts of an application, page by page.
pub async fn receipts(world: &World, name: &str) -> Vec<review::Receipt> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = review::ListReceiptsRequest { parent: name.to_owned(), page_size: 1, page_token };
        let page = ReviewServiceClient::new(world.bureau(OFFICER)).list_receipts(request).await.unwrap();
        let page = page.into_inner();
        all.extend(page.receipts);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// A row that is about to be changed: its table, under which name its body is sealed, and which it is.
struct Row<'a> {
    table: &'a str,
    place: String,
    which: String,
}

impl Row<'_> {
    /// What is sealed in it.
    async fn sealed(&self, work: &Work) -> Vec<u8> {
        let backend = if work.db().is_postgres() { DbBackend::Postgres } else { DbBackend::Sqlite };
        let (table, psn_no) = (self.table, work.person().unwrap().psn_no.as_str());
        let select = format!("SELECT body FROM {table} WHERE psn_no = '{psn_no}' AND {}", self.which);
        let found = work.conn().query_one_raw(Statement::from_string(backend, select)).await.unwrap();
        found.unwrap().try_get("", "body").unwrap()
    }

    /// Puts bytes in their place.
    async fn put(&self, work: &Work, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let bytes = if work.db().is_postgres() { format!("'\\x{hex}'::bytea") } else { format!("X'{hex}'") };
        self.set(work, &format!("body = {bytes}")).await;
    }

    async fn set(&self, work: &Work, what: &str) {
        let (table, psn_no) = (self.table, work.person().unwrap().psn_no.as_str());
        let update = format!("UPDATE {table} SET {what} WHERE psn_no = '{psn_no}' AND {}", self.which);
        assert_eq!(work.conn().execute_unprepared(&update).await.unwrap().rows_affected(), 1);
    }
}

async fn work(world: &World, psn_no: &str) -> Work {
    let owner = Owner::Person(PsnNo::parse(psn_no).unwrap());
    world.running.app.db.work(&Actor::system(), owner).await.unwrap()
}

/// Changes what is sealed in a row, as somebody could who has the database and the keys. Gives what it was.
async fn forge(world: &World, psn_no: &str, row: Row<'_>, change: impl FnOnce(&mut Value)) -> Value {
    let work = work(world, psn_no).await;
    let before: Value = work.open(&row.place, &row.sealed(&work).await).unwrap();
    let mut value = before.clone();
    change(&mut value);
    row.put(&work, &work.seal(&row.place, &value).unwrap()).await;
    if row.table == "application" {
        // Beside it stands what those who search need.
        row.set(&work, &format!("state = '{}'", value["state"].as_str().unwrap())).await;
    }
    work.commit().await.unwrap();
    before
}

/// Makes what is sealed in a row something that does not open. Gives what it was.
async fn spoil(world: &World, psn_no: &str, row: &Row<'_>) -> Vec<u8> {
    let work = work(world, psn_no).await;
    let before = row.sealed(&work).await;
    row.put(&work, &[0; 40]).await;
    work.commit().await.unwrap();
    before
}

async fn undo(world: &World, name: &str) {
    let request = review::UndoDecisionRequest {
        name: name.to_owned(),
        reason: "评审材料页码有误，须重新确认。".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    ReviewServiceClient::new(world.bureau(OFFICER)).undo_decision(request).await.unwrap();
}

fn paths(replayed: &review::ReplayDecisionResponse) -> Vec<(&str, &str, &str)> {
    let differences = replayed.receipts.iter().flat_map(|receipt| &receipt.differences);
    differences.map(|one| (one.path.as_str(), one.stored.as_str(), one.recomputed.as_str())).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_kept_with_all_that_it_rests_on_and_made_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let experts = world.experts().await;
    let mut names = Vec::new();
    for met in [true, false] {
        let person = world.person(row()).await;
        let name = world.submitted(&person, "M01600").await;
        assert_eq!(world.replay(&name).await.unwrap_err().code(), Code::NotFound, "nothing is decided");
        world.decide(&name, &experts, met).await;
        names.push(name);
    }
    let person = world.person(row()).await;
    names.push(world.submitted(&person, "M01600").await);
    world.refuse(&names[2]).await.unwrap();
    assert_eq!(world.replay_all().await, 3);

    let kinds = [ReceiptKind::Decided, ReceiptKind::Decided, ReceiptKind::Refused];
    for (name, kind) in names.iter().zip(kinds) {
        let [receipt] = receipts(&world, name).await.try_into().expect("one receipt");
        assert_eq!((receipt.kind(), receipt.number), (kind, 1));
        let sha256: String =
            Sha256::digest(&receipt.body_json).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(receipt.sha256, sha256, "anyone can hash it");
        let body: Value = serde_json::from_str(&receipt.body_json).unwrap();
        assert_eq!(body["facts"]["catalog"]["catalog_sha256"], receipt.catalog_sha256);
        assert!(!receipt.trace.is_empty());
        for private in [psn_no(name), "欧阳测试", "13912345678"] {
            assert!(!receipt.body_json.contains(private), "{private}");
        }
    }
    let [rejected] = receipts(&world, &names[1]).await.try_into().unwrap();
    let steps = &rejected.trace;
    assert!(steps.iter().any(|step| step == "M01600 专家1 hba1c_6_5：不符合（材料 4）"), "{steps:?}");
    let last = steps.last().unwrap();
    assert!(last.starts_with("M01600 合议（专家1 不符合、专家2 不符合）"), "{last}");

    // The decision still stands when its line has gone on.
    let notice = world.notice(opsp::proto::opsp::common::v1::Insutype::Employee).await;
    assert_eq!(world.replay_all().await, 3);
    world.close(&notice).await;
    assert_eq!(world.replay_all().await, 3);
    let stranger = review::ReplayDecisionRequest { name: names[0].clone() };
    let foreign = ReviewServiceClient::new(world.elsewhere()).replay_decision(stranger).await;
    refused(foreign, Code::NotFound, "NOT_FOUND");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_changed_fact_is_found_and_named(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await.tampered();
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    let experts = world.experts().await;
    world.decide(&name, &experts, true).await;
    assert!(world.replay(&name).await.unwrap().equal);

    // What an expert found, in the expert's task.
    let request = review::GetPanelRequest { name: name.clone() };
    let panel = ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(request).await.unwrap();
    let first = &panel.get_ref().members[0];
    let (_, operator) = experts.iter().find(|(expert, _)| *expert == first.expert).unwrap();
    let task = || Row {
        table: "review_task",
        place: format!("insured/{person}/{}", first.review_task),
        which: format!("operator = '{operator}'"),
    };
    let set = |finding: &'static str| {
        move |task: &mut Value| task["opinions"][0]["leaves"][1]["finding"] = finding.into()
    };
    forge(&world, &person, task(), set("not_met")).await;
    let replayed = world.replay(&name).await.unwrap();
    assert!(!replayed.equal && replayed.receipts[0].stands);
    let path = "facts.basis.sitting.members[0].opinions[0].leaves[1].finding";
    assert_eq!(paths(&replayed), [(path, "met", "not_met")]);
    forge(&world, &person, task(), set("met")).await;
    assert!(world.replay(&name).await.unwrap().equal);

    // The same in the receipt: with its own hash put right, it is the journal's that tells.
    let receipt =
        Row { table: "receipt", place: format!("{name}/receipts/1"), which: "number = 1".to_owned() };
    forge(&world, &person, receipt, |body| {
        let mut inner: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
        inner["facts"]["basis"]["sitting"]["members"][0]["opinions"][0]["leaves"][1]["finding"] =
            "not_met".into();
        *body = inner.to_string().into();
    })
    .await;
    let replayed = world.replay(&name).await.unwrap();
    let found = paths(&replayed);
    assert_eq!(found[0].0, "receipt.sha256");
    assert!(found.contains(&(path, "not_met", "met")), "{found:?}");
    let steps = found.iter().filter(|(path, ..)| path.starts_with("conclusion.trace[")).count();
    assert!(steps >= 1, "the trace follows from the facts: {found:?}");
    assert!(found.iter().all(|(path, ..)| !path.starts_with("conclusion.lines")), "{found:?}");

    // A receipt that is gone is missed.
    let work = world.running.app.db.work(&Actor::system(), Owner::Nobody).await.unwrap();
    work.conn().execute_unprepared("DELETE FROM receipt").await.unwrap();
    work.commit().await.unwrap();
    let replayed = world.replay(&name).await.unwrap();
    let found = paths(&replayed);
    assert!(found.len() == 1 && found[0].0 == "receipt" && found[0].2.len() == 64, "{found:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_does_not_follow_from_the_last_decision_is_found(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await.tampered();
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    let experts = world.experts().await;
    world.decide(&name, &experts, true).await;
    let id = name.rsplit('/').next().unwrap();
    let which = match engine {
        Engine::Sqlite => format!("id = X'{}'", id.replace('-', "")),
        Engine::Postgres => format!("id = '{id}'"),
    };
    let own = || Row { table: "application", place: name.clone(), which: which.clone() };
    let state = |name: &'static str| {
        move |application: &mut Value| {
            application["state"] = name.into();
            application["accepted_by"] = OTHER_OFFICER.into();
        }
    };
    let decided = forge(&world, &person, own(), state("accepted")).await;
    let replayed = world.replay(&name).await.unwrap();
    assert!(!replayed.equal);
    assert_eq!(paths(&replayed), [("application.state", "decided", "accepted")]);
    forge(&world, &person, own(), |application| *application = decided.clone()).await;
    assert!(world.replay(&name).await.unwrap().equal);

    undo(&world, &name).await;
    assert!(world.replay(&name).await.unwrap().equal);
    forge(&world, &person, own(), |application| *application = decided).await;
    let replayed = world.replay(&name).await.unwrap();
    assert!(!replayed.equal);
    assert_eq!(paths(&replayed), [("application.state", "undone", "decided")]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_open_is_named_and_hides_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await.tampered();
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    let experts = world.experts().await;
    world.decide(&name, &experts, true).await;
    undo(&world, &name).await;
    world.confirm(&name).await.unwrap();
    let row = |table: &'static str, which: &str| Row { table, place: String::new(), which: which.to_owned() };
    let request = review::GetPanelRequest { name: name.clone() };
    let panel = ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(request).await.unwrap();
    let (_, operator) =
        experts.iter().find(|(expert, _)| *expert == panel.get_ref().members[0].expert).unwrap();
    let operator = format!("operator = '{operator}'");
    for row in [row("panel", "1 = 1"), row("review_task", &operator)] {
        let before = spoil(&world, &person, &row).await;
        let replayed = world.replay(&name).await.unwrap();
        assert_eq!(paths(&replayed), [("facts", "", "unreadable")], "{}", row.table);
        let work = work(&world, &person).await;
        row.put(&work, &before).await;
        work.commit().await.unwrap();
        assert!(world.replay(&name).await.unwrap().equal);
    }

    spoil(&world, &person, &row("receipt", "number = 2")).await;
    let listed = receipts(&world, &name).await;
    let bodies: Vec<_> = listed.iter().map(|receipt| !receipt.body_json.is_empty()).collect();
    assert_eq!(bodies, [true, false, true], "one hides no other");
    assert_eq!(
        (listed[1].number, listed[1].sha256.len(), listed[1].kind()),
        (2, 64, ReceiptKind::Unspecified)
    );
    let replayed = world.replay(&name).await.unwrap();
    assert_eq!(paths(&replayed).iter().map(|(path, ..)| *path).collect::<Vec<_>>(), ["receipt.body"]);

    // A task that is gone, and then the panel itself.
    for (table, which, found) in
        [("review_task", operator.as_str(), "unreadable"), ("panel", "1 = 1", "missing")]
    {
        let work = work(&world, &person).await;
        let delete = format!("DELETE FROM {table} WHERE psn_no = '{person}' AND {which}");
        assert_eq!(work.conn().execute_unprepared(&delete).await.unwrap().rows_affected(), 1);
        work.commit().await.unwrap();
        let replayed = world.replay(&name).await.unwrap();
        assert!(paths(&replayed).contains(&("facts", "", found)), "{replayed:?}");
    }
}

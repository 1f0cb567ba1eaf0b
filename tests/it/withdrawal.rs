//! 撤回公示: an entry or a whole notice is taken back while it is open, and nothing of it takes effect.

use opsp::config::Config;
use opsp::db::Db;
use opsp::db::keys::Keys;
use opsp::db::source::{Random, TimeSource};
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::notice::v1 as notice;
use opsp::rpc::parse::to_date;
use rstest::rstest;
use tonic::{Code, Status};

use application::application_service_client::ApplicationServiceClient;
use notice::notice_service_client::NoticeServiceClient;

use crate::world::scenario::row;
use crate::world::{Caller, Engine, OFFICER, OTHER_OFFICER, World, refused, request_id};

const WHY: &str = "名单与审核结果不一致，更正后重新公示。";

/// People with an approved line each, in an open notice; gives psn_no and application, and the notice.
async fn listed(world: &World, people: usize) -> (Vec<(String, String)>, String) {
    let (experts, mut cases) = (world.experts().await, Vec::new());
    for _ in 0..people {
        let psn_no = world.person(row()).await;
        let name = world.submitted(&psn_no, "M01600").await;
        world.decide(&name, &experts, true).await;
        cases.push((psn_no, name));
    }
    (cases, world.notice(common::Insutype::Employee).await)
}

async fn withdraw(caller: Caller, entry: &str, to_review: bool) -> Result<notice::Entry, Status> {
    let request = notice::WithdrawEntryRequest {
        name: entry.to_owned(),
        reason: WHY.to_owned(),
        to_review,
        request_id: request_id(),
        validate_only: false,
    };
    Ok(NoticeServiceClient::new(caller).withdraw_entry(request).await?.into_inner())
}

async fn withdraw_notice(caller: Caller, name: &str) -> Result<notice::Notice, Status> {
    let request = notice::WithdrawNoticeRequest {
        name: name.to_owned(),
        reason: WHY.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(NoticeServiceClient::new(caller).withdraw_notice(request).await?.into_inner())
}

async fn objection(world: &World, name: &str) -> notice::Objection {
    let request = notice::GetObjectionRequest { name: name.to_owned() };
    NoticeServiceClient::new(world.public()).get_objection(request).await.unwrap().into_inner()
}

async fn get(world: &World, name: &str) -> application::Application {
    let request = application::GetApplicationRequest { name: name.to_owned() };
    let mut client = ApplicationServiceClient::new(world.bureau(OFFICER));
    client.get_application(request).await.unwrap().into_inner()
}

async fn line(world: &World, name: &str) -> application::LineState {
    get(world, name).await.lines[0].state()
}

async fn shown(world: &World, notice: &str) -> Result<Vec<String>, Status> {
    let parent = notice.to_owned();
    let request = notice::ListEntriesRequest { parent, page_size: 0, page_token: String::new() };
    let list = NoticeServiceClient::new(world.public()).list_entries(request).await?.into_inner();
    Ok(list.entries.into_iter().map(|entry| entry.name).collect())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_was_withdrawn_waits_for_the_next_notice(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (cases, notice) = listed(&world, 2).await;
    let entries = world.entries(&notice).await;
    let filed = world.object(&entries[0].name).await.unwrap();
    let gone = withdraw(world.bureau(OFFICER), &entries[0].name, false).await.unwrap();
    assert_eq!((gone.state(), gone.withdraw_reason.as_str()), (notice::EntryState::Withdrawn, WHY));

    // Whoever objected is told, and nothing is left to decide.
    let told = objection(&world, &filed.name).await;
    assert_eq!(told.state(), notice::ObjectionState::Moot);
    assert!(told.resolution.contains(WHY) && told.resolve_time.is_some());
    refused(world.resolve(&filed.name, true).await, Code::FailedPrecondition, "OBJECTION_RESOLVED");
    refused(world.object(&entries[0].name).await, Code::FailedPrecondition, "ENTRY_NOT_IN_NOTICE");
    let again = withdraw(world.bureau(OFFICER), &entries[0].name, false).await;
    refused(again, Code::FailedPrecondition, "ENTRY_WITHDRAWN");
    assert_eq!(shown(&world, &notice).await.unwrap(), [entries[1].name.clone()]);
    assert_eq!(world.entries(&notice).await[0], gone, "the bureau goes on seeing it");

    // The other one gets its benefit, this one does not: it goes into the next notice.
    world.close(&notice).await;
    let late = withdraw(world.bureau(OFFICER), &entries[1].name, false).await;
    refused(late, Code::FailedPrecondition, "NOTICE_NOT_OPEN");
    let mut states = Vec::new();
    for (psn_no, name) in &cases {
        states.push((world.benefits(psn_no).await.len(), line(&world, name).await));
    }
    states.sort_by_key(|(benefits, _)| *benefits);
    assert_eq!(states, [(0, application::LineState::Approved), (1, application::LineState::Granted)]);
    let next = world.notice(common::Insutype::Employee).await;
    let entered = world.entries(&next).await;
    assert_eq!(entered.len(), 1);
    assert_ne!(entered[0].reference, entries[0].reference);
    world.close(&next).await;
    for (psn_no, _) in &cases {
        assert_eq!(world.benefits(psn_no).await.len(), 1);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_withdrawn_by_the_bureau_of_its_area_and_can_go_back_to_review(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (cases, notice) = listed(&world, 1).await;
    let entry = world.entries(&notice).await.remove(0).name;
    refused(withdraw(world.elsewhere(), &entry, false).await, Code::NotFound, "NOT_FOUND");
    let denied = withdraw(world.public(), &entry, false).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    for other in [entry.replace("620900", "620902"), format!("{notice}/entries/2025-001-AAAAAA")] {
        refused(withdraw(world.bureau(OFFICER), &other, false).await, Code::NotFound, "NOT_FOUND");
    }
    // Who confirmed the decision does not undo it, and then the entry stays, too.
    let own = withdraw(world.bureau(OTHER_OFFICER), &entry, true).await;
    refused(own, Code::FailedPrecondition, "UNDO_NEEDS_SECOND_PERSON");
    assert_eq!(shown(&world, &notice).await.unwrap(), std::slice::from_ref(&entry));

    withdraw(world.bureau(OFFICER), &entry, true).await.unwrap();
    let (_, name) = &cases[0];
    assert_eq!(get(&world, name).await.state(), application::ApplicationState::Accepted);
    let request = notice::OpenNoticeRequest {
        parent: "areas/620900".to_owned(),
        insutype: common::Insutype::Employee.into(),
        request_id: request_id(),
        validate_only: false,
    };
    let open = NoticeServiceClient::new(world.bureau(OFFICER)).open_notice(request).await;
    refused(open, Code::FailedPrecondition, "NOTHING_TO_PUBLISH");
    world.confirm(name).await.unwrap();
    assert_eq!(line(&world, name).await, application::LineState::Approved);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_notice_that_was_withdrawn_nothing_takes_effect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (cases, name) = listed(&world, 3).await;
    let entries = world.entries(&name).await;
    let [removed, objected] =
        [world.object(&entries[0].name).await.unwrap(), world.object(&entries[1].name).await.unwrap()];
    world.resolve(&removed.name, true).await.unwrap();
    refused(withdraw_notice(world.elsewhere(), &name).await, Code::NotFound, "NOT_FOUND");
    let due = world.get_notice(&name).await.deadline.and_then(|deadline| deadline.due_date);

    let gone = withdraw_notice(world.bureau(OFFICER), &name).await.unwrap();
    assert_eq!((gone.state(), gone.withdraw_reason.as_str()), (notice::NoticeState::Withdrawn, WHY));
    assert!(gone.deadline.is_none() && gone.close_time.is_some());
    // The public sees nothing of it any more, whether or not the job has come by.
    refused(shown(&world, &name).await, Code::NotFound, "NOT_FOUND");
    refused(world.object(&entries[2].name).await, Code::FailedPrecondition, "NOTICE_NOT_OPEN");
    world.job("withdraw-notices").await;
    world.job("withdraw-notices").await;
    let states: Vec<_> = world.entries(&name).await.iter().map(notice::Entry::state).collect();
    use notice::EntryState::{Removed, Withdrawn};
    assert_eq!(states, [Removed, Withdrawn, Withdrawn]);
    assert_eq!(objection(&world, &objected.name).await.state(), notice::ObjectionState::Moot);
    assert_eq!(objection(&world, &removed.name).await.state(), notice::ObjectionState::Upheld);
    let again = withdraw_notice(world.bureau(OFFICER), &name).await;
    refused(again, Code::FailedPrecondition, "NOTICE_NOT_OPEN");

    world.wait_until(due.as_ref().and_then(to_date).and_then(time::Date::next_day).unwrap());
    world.after_close().await;
    assert_eq!(world.get_notice(&name).await, gone, "its last day means nothing any more");
    let mut lines = Vec::new();
    for (psn_no, application) in &cases {
        assert!(world.benefits(psn_no).await.is_empty());
        lines.push(line(&world, application).await);
    }
    let approved = lines.iter().filter(|line| **line == application::LineState::Approved).count();
    assert_eq!((approved, lines.len()), (2, 3));
    let next = world.notice(common::Insutype::Employee).await;
    assert_eq!(world.entries(&next).await.len(), 2);
}

/// The schema can be taken back whatever was listed again.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_goes_back_with_a_line_that_was_listed_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (_, notice) = listed(&world, 1).await;
    let entries = world.entries(&notice).await;
    withdraw(world.bureau(OFFICER), &entries[0].name, false).await.unwrap();
    let next = world.notice(common::Insutype::Employee).await;
    assert_eq!(world.entries(&next).await.len(), 1);
    let folder = world.stop().await;
    let config = Config::load(folder.path()).unwrap();
    let keys = Keys::load(&config.path(&config.keys)).unwrap();
    let db = Db::open(&config.database(), keys, TimeSource::Real, Random::system()).await.unwrap();
    db.migrate_down().await.unwrap();
    db.migrate().await.unwrap();
}

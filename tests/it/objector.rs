//! Who objects and who decides: no one person's objections keep others from theirs, nobody decides what is the own, and an
//! application of several diseases goes back to review as a whole or not at all.

use opsp::catalog::domain::ObjectionRules;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::notice::v1 as notice;
use rstest::rstest;
use tonic::{Code, Status};

use application::application_service_client::ApplicationServiceClient;
use notice::notice_service_client::NoticeServiceClient;

use crate::catalogue::{document, import};
use crate::preview::draft;
use crate::world::scenario::{finding, row};
use crate::world::{
    Caller, Engine, OFFICER, OTHER_OFFICER, THIRD_OFFICER, World, refused, request_id, wrong_fields,
};

type Experts = [(String, String)];

const CODES: [&str; 2] = ["M01600", "M03900"];

/// A person with some diseases in an open notice; gives psn_no, the application and the notice.
async fn listed(world: &World, experts: &Experts, codes: &[&str]) -> (String, String, String) {
    let psn_no = world.person(row()).await;
    let mut form = world.form(codes[0], world.upload_checklists(&psn_no, codes).await);
    form.lines = codes.iter().flat_map(|code| world.form(code, Vec::new()).lines).collect();
    let name = world.draft(&psn_no, form).await.unwrap();
    world.submit(&name).await.unwrap();
    world.decide(&name, experts, true).await;
    let notice = world.notice(common::Insutype::Employee).await;
    (psn_no, name, notice)
}

async fn file(caller: Caller, entry: &str, name: &str, tel: &str) -> Result<notice::Objection, Status> {
    let request = notice::FileObjectionRequest {
        parent: entry.to_owned(),
        ground: "该人员病历存疑，请核实其真实性。".to_owned(),
        objector_name: name.to_owned(),
        objector_tel: tel.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(NoticeServiceClient::new(caller).file_objection(request).await?.into_inner())
}

fn upheld(objection: &str, consequence: notice::ObjectionConsequence) -> notice::ResolveObjectionRequest {
    notice::ResolveObjectionRequest {
        name: objection.to_owned(),
        upheld: true,
        resolution: "已核实。".to_owned(),
        request_id: request_id(),
        validate_only: false,
        consequence: consequence.into(),
        finding: finding(true),
    }
}

async fn resolve(
    world: &World,
    officer: &str,
    request: notice::ResolveObjectionRequest,
) -> Result<notice::Objection, Status> {
    Ok(NoticeServiceClient::new(world.bureau(officer)).resolve_objection(request).await?.into_inner())
}

async fn withdraw(world: &World, entry: &str, to_review: bool) -> Result<notice::Entry, Status> {
    let request = notice::WithdrawEntryRequest {
        name: entry.to_owned(),
        reason: "名单有误。".to_owned(),
        to_review,
        request_id: request_id(),
        validate_only: false,
    };
    Ok(NoticeServiceClient::new(world.bureau(OFFICER)).withdraw_entry(request).await?.into_inner())
}

async fn lines(world: &World, name: &str) -> (application::ApplicationState, Vec<application::LineState>) {
    let request = application::GetApplicationRequest { name: name.to_owned() };
    let found = ApplicationServiceClient::new(world.bureau(OFFICER)).get_application(request).await;
    let found = found.unwrap().into_inner();
    (found.state(), found.lines.iter().map(application::ApplicationLine::state).collect())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_decides_what_is_the_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    use notice::ObjectionConsequence::{Rejected, Review, Unspecified};
    let world = World::start(engine).await;
    let (_, name, batch) = listed(&world, &world.experts().await, &CODES[..1]).await;
    let entry = world.entries(&batch).await.remove(0).name;
    let filed = world.object(&entry).await.unwrap();
    // Who confirmed the line neither dismisses what is said against that nor upholds it.
    for consequence in [Rejected, Review] {
        let own = resolve(&world, OTHER_OFFICER, upheld(&filed.name, consequence)).await;
        refused(own, Code::FailedPrecondition, "OBJECTION_NEEDS_SECOND_PERSON");
    }
    let dismissed = notice::ResolveObjectionRequest {
        upheld: false,
        finding: String::new(),
        ..upheld(&filed.name, Unspecified)
    };
    let own = resolve(&world, OTHER_OFFICER, dismissed.clone()).await;
    refused(own, Code::FailedPrecondition, "OBJECTION_NEEDS_SECOND_PERSON");
    assert_eq!(world.entries(&batch).await[0].state(), notice::EntryState::Objected);
    resolve(&world, OFFICER, dismissed).await.unwrap();

    // Nor does who filed one.
    let own = file(world.bureau(OFFICER), &entry, "某某", "13900000001").await.unwrap();
    let decided = resolve(&world, OFFICER, upheld(&own.name, Rejected)).await;
    refused(decided, Code::FailedPrecondition, "OBJECTION_NEEDS_SECOND_PERSON");
    resolve(&world, THIRD_OFFICER, upheld(&own.name, Rejected)).await.unwrap();
    assert_eq!(lines(&world, &name).await.1, [application::LineState::Objected]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_keeps_others_from_objecting(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let rules = ObjectionRules { anonymous: true, ..ObjectionRules::default() };
    let changed = draft(|catalog| catalog.rules.objection = rules);
    let answer = import(world.ops(), document("620900", &changed)).await.unwrap();
    assert!(answer.catalog.is_some(), "{:?}", answer.faults);
    let (_, _, batch) = listed(&world, &world.experts().await, &CODES[..1]).await;
    let entry = world.entries(&batch).await.remove(0).name;
    let first = file(world.public(), &entry, "某某", "13900000001").await.unwrap();
    let twice = file(world.public(), &entry, "另一人", "13900000001").await;
    refused(twice, Code::FailedPrecondition, "OBJECTION_STANDS_ALREADY");
    for _ in 0..20 {
        file(world.public(), &entry, "", "").await.unwrap();
    }
    let nobody = file(world.public(), &entry, "", "").await;
    refused(nobody, Code::FailedPrecondition, "OBJECTIONS_TOO_MANY");
    file(world.public(), &entry, "某某", "13900000002").await.unwrap();
    // The public sees who is in the notice, and not against whom somebody objects.
    let request = notice::ListEntriesRequest { parent: batch, page_size: 0, page_token: String::new() };
    let public = NoticeServiceClient::new(world.public()).list_entries(request).await.unwrap().into_inner();
    assert_eq!(public.entries[0].state(), notice::EntryState::Listed);
    world.resolve(&first.name, true).await.unwrap();
    let late = file(world.public(), &entry, "某某", "13900000003").await;
    refused(late, Code::FailedPrecondition, "ENTRY_NOT_IN_NOTICE");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_person_is_told_does_not_tell_who_objected(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use notice::ObjectionConsequence::Rejected;
    let world = World::start(engine).await;
    let (psn_no, _, batch) = listed(&world, &world.experts().await, &CODES[..1]).await;
    let entry = world.entries(&batch).await.remove(0).name;
    let filed = file(world.public(), &entry, "赵某某", "13900000001").await.unwrap();
    for words in ["", " ", "邻居赵某某所言属实。", "致电 13900000001 核实。"] {
        let told =
            notice::ResolveObjectionRequest { finding: words.to_owned(), ..upheld(&filed.name, Rejected) };
        assert_eq!(wrong_fields(resolve(&world, OFFICER, told).await), ["finding"], "{words}");
    }
    let wrong = notice::ResolveObjectionRequest { upheld: false, ..upheld(&filed.name, Rejected) };
    assert_eq!(wrong_fields(resolve(&world, OFFICER, wrong).await), ["consequence", "finding"]);
    resolve(&world, OFFICER, upheld(&filed.name, Rejected)).await.unwrap();
    let request = notice::ListObjectionCopiesRequest {
        parent: format!("insured/{psn_no}"),
        page_size: 0,
        page_token: String::new(),
    };
    let mut own = NoticeServiceClient::new(world.portal(&psn_no));
    let copies = own.list_objection_copies(request).await.unwrap().into_inner().objections;
    assert_eq!(copies[0].finding, finding(true));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_on_several_diseases_goes_back_whole_or_not_at_all(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use application::ApplicationState::{Accepted, Decided};
    use application::LineState::{Approved, InNotice, Objected, Pending};
    use notice::ObjectionConsequence::{Rejected, Review};
    let world = World::start(engine).await;
    let experts = world.experts().await;
    let (_, name, batch) = listed(&world, &experts, &CODES).await;
    let entries: Vec<_> = world.entries(&batch).await.into_iter().map(|entry| entry.name).collect();
    let objections = [world.object(&entries[0]).await.unwrap(), world.object(&entries[0]).await.unwrap()];
    let review = || upheld(&objections[0].name, Review);
    // The way out is told, and it is one.
    refused(resolve(&world, OFFICER, review()).await, Code::FailedPrecondition, "REVIEW_OTHER_LINES");
    refused(withdraw(&world, &entries[0], true).await, Code::FailedPrecondition, "REVIEW_OTHER_LINES");
    assert_eq!(lines(&world, &name).await, (Decided, vec![InNotice; 2]), "nothing was half done");
    withdraw(&world, &entries[1], false).await.unwrap();
    let state = lines(&world, &name).await.1;
    assert!(state.contains(&Approved) && state.contains(&InNotice));
    resolve(&world, OFFICER, review()).await.unwrap();
    assert_eq!(lines(&world, &name).await, (Accepted, vec![Pending; 2]));
    // A second one that is upheld tells what became of the line, whatever is asked for.
    let second = resolve(&world, OFFICER, upheld(&objections[1].name, Rejected)).await.unwrap();
    assert_eq!(second.consequence(), Review);

    // Where the other one has its outcome it is too late, and only a rejection is left.
    let (_, name, batch) = listed(&world, &experts, &CODES).await;
    let entries: Vec<_> = world.entries(&batch).await.into_iter().map(|entry| entry.name).collect();
    let [lost, held] = [world.object(&entries[0]).await.unwrap(), world.object(&entries[1]).await.unwrap()];
    resolve(&world, OFFICER, upheld(&lost.name, Rejected)).await.unwrap();
    let late = resolve(&world, OFFICER, upheld(&held.name, Review)).await;
    refused(late, Code::FailedPrecondition, "REVIEW_OTHER_LINES");
    resolve(&world, OFFICER, upheld(&held.name, Rejected)).await.unwrap();
    assert_eq!(lines(&world, &name).await, (Decided, vec![Objected; 2]));
}

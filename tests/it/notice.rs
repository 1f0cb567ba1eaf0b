//! 公示: its days, its objections and what they hold back, what the public sees; and what an applicant is told.

use std::sync::Arc;

use futures_util::future::join_all;
use opsp::catalog::domain::Insutype;
use opsp::db::work::Owner;
use opsp::kernel::access::Actor;
use opsp::kernel::region::Region;
use opsp::notice::domain::{Head, Opening};
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::notice::v1 as notice;
use opsp::proto::opsp::ops::v1 as ops;
use opsp::rpc::parse::to_date;
use prost::Message;
use rstest::rstest;
use time::Date;
use tonic::Code;
use tonic_types::StatusExt;

use application::application_service_client::ApplicationServiceClient;
use notice::notice_service_client::NoticeServiceClient;
use ops::ops_service_client::OpsServiceClient;

use crate::world::scenario::row;
use crate::world::{Caller, Engine, OFFICER, World, reason, refused, request_id};

/// So many objections at once.
const CROWD: usize = 8;

/// A person with an approved line; gives psn_no and the application's name.
async fn approved(world: &World, experts: &[(String, String)]) -> (String, String) {
    let psn_no = world.person(row()).await;
    let name = world.submitted(&psn_no, "M01600").await;
    world.decide(&name, experts, true).await;
    (psn_no, name)
}

/// The same in an open notice; gives psn_no, the application, the notice and the entry.
async fn listed(world: &World) -> (String, String, String, String) {
    let (psn_no, name) = approved(world, &world.experts().await).await;
    let notice = world.notice(common::Insutype::Employee).await;
    let entry = world.entries(&notice).await.remove(0).name;
    (psn_no, name, notice, entry)
}

async fn last_day(world: &World, notice: &str) -> Date {
    let due = world.get_notice(notice).await.deadline.and_then(|deadline| deadline.due_date);
    due.as_ref().and_then(to_date).unwrap()
}

async fn get_application(world: &World, name: &str) -> application::Application {
    let request = application::GetApplicationRequest { name: name.to_owned() };
    let mut client = ApplicationServiceClient::new(world.bureau(OFFICER));
    client.get_application(request).await.unwrap().into_inner()
}

async fn get_objection(caller: Caller, name: &str) -> Result<notice::Objection, tonic::Status> {
    let request = notice::GetObjectionRequest { name: name.to_owned() };
    Ok(NoticeServiceClient::new(caller).get_objection(request).await?.into_inner())
}

async fn objections(world: &World, notice: &str) -> Vec<notice::Objection> {
    let request = notice::ListObjectionsRequest {
        parent: notice.to_owned(),
        page_size: 200,
        page_token: String::new(),
    };
    let mut client = NoticeServiceClient::new(world.bureau(OFFICER));
    client.list_objections(request).await.unwrap().into_inner().objections
}

async fn public_entries(world: &World, notice: &str) -> Vec<notice::Entry> {
    let request =
        notice::ListEntriesRequest { parent: notice.to_owned(), page_size: 0, page_token: String::new() };
    NoticeServiceClient::new(world.public()).list_entries(request).await.unwrap().into_inner().entries
}

async fn public_notice(world: &World, name: &str) -> Result<notice::Notice, tonic::Status> {
    let request = notice::GetNoticeRequest { name: name.to_owned() };
    Ok(NoticeServiceClient::new(world.public()).get_notice(request).await?.into_inner())
}

async fn public_notices(world: &World) -> notice::ListNoticesResponse {
    let request = notice::ListNoticesRequest {
        parent: "areas/620900".to_owned(),
        page_size: 0,
        page_token: String::new(),
    };
    NoticeServiceClient::new(world.public()).list_notices(request).await.unwrap().into_inner()
}

/// To the public there is no such notice, to its bureau there is.
async fn hidden(world: &World, notice: &str) {
    refused(public_notice(world, notice).await, Code::NotFound, "NOT_FOUND");
    assert!(public_notices(world).await.notices.iter().all(|listed| listed.name != notice));
    let parent = notice.to_owned();
    let request = notice::ListEntriesRequest { parent, page_size: 0, page_token: String::new() };
    for caller in [world.public(), world.elsewhere(), world.platform()] {
        let list = NoticeServiceClient::new(caller).list_entries(request.clone()).await;
        refused(list, Code::NotFound, "NOT_FOUND");
    }
    assert_eq!(world.get_notice(notice).await.name, notice);
    assert!(!world.entries(notice).await.is_empty());
}

async fn open_notice(world: &World, area: &str) -> Result<notice::Notice, tonic::Status> {
    let request = notice::OpenNoticeRequest {
        parent: format!("areas/{area}"),
        insutype: common::Insutype::Employee.into(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(NoticeServiceClient::new(world.bureau(OFFICER)).open_notice(request).await?.into_inner())
}

/// A notice that is being prepared, begun past the rules that keep one from being begun; gives its name.
async fn begun(world: &World, area: &str) -> String {
    let area = Region::find(area).unwrap();
    let work = world.running.app.db.work(&Actor::system(), Owner::Area(area.clone())).await.unwrap();
    let head = Head {
        id: work.new_id(),
        area: area.clone(),
        number: "2025-900".to_owned(),
        insutype: Insutype::Employee,
        sample: true,
        cited: opsp::catalog::published::Cited::default(),
        disease_basis: String::new(),
        created_at: work.now(),
    };
    let name = opsp::notice::store::name(&area, head.id);
    opsp::notice::store::create(&work, Opening::begin(head)).await.unwrap();
    work.commit().await.unwrap();
    name
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_may_object_until_the_last_day_is_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, name, notice, entry) = listed(&world).await;
    let last = last_day(&world, &notice).await;
    world.wait_until(last);
    let filed = world.object(&entry).await.unwrap();
    world.wait_until(last.next_day().unwrap());
    refused(world.object(&entry).await, Code::FailedPrecondition, "NOTICE_NOT_OPEN");
    // Hidden at once, and not only when the job has closed it.
    hidden(&world, &notice).await;
    world.after_close().await;
    hidden(&world, &notice).await;
    assert!(world.benefits(&psn_no).await.is_empty());

    // Upheld after the notice was closed: no benefit ever, and the line says why.
    world.resolve(&filed.name, true).await.unwrap();
    refused(world.resolve(&filed.name, false).await, Code::FailedPrecondition, "OBJECTION_RESOLVED");
    world.after_close().await;
    assert!(world.benefits(&psn_no).await.is_empty());
    let line = get_application(&world, &name).await.lines.remove(0);
    assert_eq!(line.state(), application::LineState::Objected);
    assert_eq!(line.reasons[0].reason, "OBJECTION_UPHELD");
    assert_eq!(line.rchk_flag, "8");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_was_removed_takes_no_more_objections(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (_, _, notice, entry) = listed(&world).await;
    let filed = world.object(&entry).await.unwrap();
    world.resolve(&filed.name, true).await.unwrap();
    refused(world.object(&entry).await, Code::FailedPrecondition, "ENTRY_NOT_IN_NOTICE");
    assert!(public_entries(&world, &notice).await.is_empty(), "the public does not see it any more");
    assert_eq!(world.entries(&notice).await[0].state(), notice::EntryState::Removed);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_never_both_a_benefit_and_a_standing_objection(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = Arc::new(World::start(engine).await);
    let (psn_no, _, notice, entry) = listed(&world).await;
    let last = last_day(&world, &notice).await;
    world.wait_until(last);
    let crowd = (0..CROWD).map(|number| {
        let (world, entry) = (world.clone(), entry.clone());
        tokio::spawn(async move {
            // Some come before the day is over, some after, some in that moment.
            tokio::time::sleep(std::time::Duration::from_millis(u64::try_from(number).unwrap() * 4)).await;
            world.object(&entry).await
        })
    });
    let crowd: Vec<_> = crowd.collect();
    tokio::time::sleep(std::time::Duration::from_millis(12)).await;
    world.wait_until(last.next_day().unwrap());
    world.job("close-notices").await;
    world.job("grant-benefits").await;
    let mut filed = 0;
    for answer in join_all(crowd).await {
        match answer.unwrap() {
            Ok(_) => filed += 1,
            Err(status) => assert_eq!(reason(&status), "NOTICE_NOT_OPEN", "{}", status.message()),
        }
    }
    world.after_close().await;
    let standing = objections(&world, &notice).await;
    assert_eq!(standing.len(), filed, "what was answered is kept, and nothing else");
    assert!(standing.iter().all(|found| found.state() == notice::ObjectionState::Standing));
    assert_eq!(world.benefits(&psn_no).await.len(), usize::from(filed == 0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_objection_holds_back_one_person(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let experts = world.experts().await;
    let (first, first_name) = approved(&world, &experts).await;
    let (second, second_name) = approved(&world, &experts).await;
    let notice = world.notice(common::Insutype::Employee).await;
    world.job("open-notices").await;
    world.job("open-notices").await;
    let opened = world.get_notice(&notice).await;
    assert_eq!((opened.state(), opened.entry_count, opened.sample), (notice::NoticeState::Open, 2, true));
    assert_eq!(public_entries(&world, &notice).await.len(), 2, "a job that runs twice enters once");
    refused(open_notice(&world, "620900").await, Code::FailedPrecondition, "NOTHING_TO_PUBLISH");

    world.object(&world.entries(&notice).await[0].name).await.unwrap();
    world.close(&notice).await;
    let held = [world.benefits(&first).await.len(), world.benefits(&second).await.len()];
    assert_eq!(held.iter().sum::<usize>(), 1);
    for (name, benefits) in [(first_name, held[0]), (second_name, held[1])] {
        let state =
            if benefits == 1 { application::LineState::Granted } else { application::LineState::InNotice };
        assert_eq!(get_application(&world, &name).await.lines[0].state(), state);
    }
    hidden(&world, &notice).await;
    let states: Vec<_> = world.entries(&notice).await.iter().map(notice::Entry::state).collect();
    assert_eq!(states, [notice::EntryState::Objected, notice::EntryState::Undisputed]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_objector_is_told_the_outcome(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (_, _, notice, entry) = listed(&world).await;
    let filed = world.object(&entry).await.unwrap();
    assert!(!filed.ground.is_empty() && filed.objector_name.is_empty() && filed.objector_tel.is_empty());
    let seen = get_objection(world.public(), &filed.name).await.unwrap();
    let expected = notice::Objection { ground: String::new(), ..filed.clone() };
    assert_eq!(seen, expected);

    let resolved = world.resolve(&filed.name, false).await.unwrap();
    assert!(resolved.objector_name == "某某" && resolved.objector_tel.starts_with("138"));
    assert_eq!(objections(&world, &notice).await, std::slice::from_ref(&resolved));
    assert_eq!(get_objection(world.bureau(OFFICER), &filed.name).await.unwrap(), resolved);
    for caller in [world.public(), world.elsewhere()] {
        let seen = get_objection(caller, &filed.name).await.unwrap();
        assert_eq!(seen.state(), notice::ObjectionState::Dismissed);
        assert_eq!((seen.resolution.as_str(), seen.resolve_time), ("已核实。", resolved.resolve_time));
        let said = [seen.ground, seen.objector_name, seen.objector_tel];
        assert!(said.iter().all(String::is_empty));
    }

    let id = filed.name.rsplit('/').next().unwrap();
    let unknown = uuid::Uuid::nil().to_string();
    for name in [
        filed.name.replace(id, &unknown),
        filed.name.replace("620900", "620902"),
        format!("{notice}/entries/2025-001-AAAAAA/objections/{id}"),
    ] {
        for caller in [world.public(), world.bureau(OFFICER)] {
            refused(get_objection(caller, &name).await, Code::NotFound, "NOT_FOUND");
        }
    }
    let denied = get_objection(world.platform(), &filed.name).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_public_answer_names_anybody(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let person = row();
    let psn_no = world.person(person.clone()).await;
    let name = world.submitted(&psn_no, "M01600").await;
    world.decide(&name, &world.experts().await, true).await;
    let notice = world.notice(common::Insutype::Employee).await;
    let entry = world.entries(&notice).await.remove(0).name;
    let filed = world.object(&entry).await.unwrap();
    world.resolve(&filed.name, false).await.unwrap();

    let seen = public_notice(&world, &notice).await.unwrap();
    assert_eq!(seen, world.get_notice(&notice).await);
    let mut answers = vec![filed.encode_to_vec(), seen.encode_to_vec()];
    answers.push(get_objection(world.public(), &filed.name).await.unwrap().encode_to_vec());
    let listed = public_notices(&world).await;
    assert_eq!(listed.notices, [seen]);
    answers.push(listed.encode_to_vec());
    let entries = public_entries(&world, &notice).await;
    assert_eq!(entries[0].masked_name, "欧阳**");
    let (start, end) = (&person.certno[..6], &person.certno[14..]);
    assert_eq!(entries[0].masked_certno, format!("{start}********{end}"));
    answers.extend(entries.iter().map(Message::encode_to_vec));
    let application = name.rsplit('/').next().unwrap();
    for secret in [person.psn_name.as_str(), &person.certno, &person.certno[6..14], &psn_no, application] {
        for answer in &answers {
            let found = answer.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "a public answer holds {secret}");
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_without_entries_is_void(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let name = begun(&world, "620902").await;
    world.job("open-notices").await;
    let empty = world.get_notice(&name).await;
    assert_eq!((empty.state(), empty.entry_count), (notice::NoticeState::Void, 0));
    assert!(empty.deadline.is_none() && empty.open_time.is_none() && empty.close_time.is_some());

    // Two that begin at the same moment over the same line: it is published once, by one that is open.
    let (_, application) = approved(&world, &world.experts().await).await;
    let both = [open_notice(&world, "620900"), open_notice(&world, "620902")];
    let opened: Vec<_> = join_all(both).await.into_iter().filter_map(Result::ok).collect();
    assert!(!opened.is_empty());
    world.job("open-notices").await;
    let mut counts = Vec::new();
    for opened in &opened {
        let found = world.get_notice(&opened.name).await;
        let expected =
            if found.entry_count == 0 { notice::NoticeState::Void } else { notice::NoticeState::Open };
        assert_eq!(found.state(), expected);
        counts.push(found.entry_count);
    }
    assert_eq!(counts.iter().sum::<i32>(), 1);
    let line = get_application(&world, &application).await.lines.remove(0);
    assert_eq!(line.state(), application::LineState::InNotice);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_does_what_it_can_and_tells_what_it_could_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    approved(&world, &world.experts().await).await;
    // No catalogue is in force in Zhangye: this one cannot be opened, and it comes first.
    begun(&world, "620700").await;
    let good = open_notice(&world, "620900").await.unwrap();
    let mut client = OpsServiceClient::new(world.ops());
    let failed = loop {
        let request = ops::RunJobRequest {
            name: "jobs/open-notices".to_owned(),
            request_id: request_id(),
            validate_only: false,
        };
        let status = client.run_job(request).await.unwrap_err();
        if reason(&status) != "JOB_HELD" {
            break status;
        }
    };
    assert_eq!(failed.code(), Code::NotFound);
    assert_eq!(world.get_notice(&good.name).await.state(), notice::NoticeState::Open);
    let jobs = client.list_jobs(ops::ListJobsRequest::default()).await.unwrap().into_inner().jobs;
    let job = jobs.into_iter().find(|job| job.name == "jobs/open-notices").unwrap();
    assert_eq!(job.last_error, "not found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_missing_is_told_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let mut form = world.form("M01600", Vec::new());
    form.lines.extend(world.form("M03900", Vec::new()).lines);
    let name = world.draft(&psn_no, form).await.unwrap();
    let status = world.submit(&name).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "MATERIAL_MISSING"));
    let told = status.get_details_precondition_failure().unwrap().violations;
    assert!(told.iter().all(|found| found.r#type == "MATERIAL_MISSING"));
    let about = |code: &str| told.iter().filter(|found| found.subject == code).count();
    assert!(about("") >= 6 && about("M01600") >= 1 && about("M03900") >= 1, "{told:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_that_was_changed_meanwhile_is_not_overwritten(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let name = world.draft(&psn_no, world.form("M01600", Vec::new())).await.unwrap();
    let draft = get_application(&world, &name).await;
    assert!(draft.sample && draft.catalog_version.is_empty() && draft.appy_date.is_none());
    let mut form = world.form("M03900", Vec::new());
    form.agent = Some(common::Agent {
        agnter_name: "王五".to_owned(),
        agnter_cert_type: "01".to_owned(),
        agnter_certno: "620982197512310020".to_owned(),
        agnter_tel: "13800000000".to_owned(),
        agnter_rlts: "2".to_owned(),
        agnter_addr: "酒泉市样例路".to_owned(),
    });
    let request = || application::UpdateApplicationRequest {
        name: name.clone(),
        application: Some(form.clone()),
        etag: draft.etag.clone(),
        request_id: request_id(),
        validate_only: false,
    };
    let mut portal = ApplicationServiceClient::new(world.portal(&psn_no));
    let changed = portal.update_application(request()).await.unwrap().into_inner();
    assert_eq!(changed.agent, form.agent);
    refused(portal.update_application(request()).await, Code::Aborted, "STALE_ETAG");
    assert_eq!(get_application(&world, &name).await, changed, "nothing changed");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_keeps_what_was_submitted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let name = world.submitted(&psn_no, "M01600").await;
    let sent = get_application(&world, &name).await;
    let request = application::WithdrawApplicationRequest {
        name: name.clone(),
        request_id: request_id(),
        validate_only: false,
    };
    let mut portal = ApplicationServiceClient::new(world.portal(&psn_no));
    let gone = portal.withdraw_application(request).await.unwrap().into_inner();
    assert_eq!(gone.state(), application::ApplicationState::Withdrawn);
    assert!(sent.appy_date.is_some() && !sent.catalog_version.is_empty());
    assert_eq!(
        (gone.appy_date, &gone.catalog_version, gone.sample),
        (sent.appy_date, &sent.catalog_version, sent.sample)
    );
    assert!(gone.deadline.is_none());
    assert_eq!(
        (gone.lines[0].state(), gone.lines[0].rchk_flag.as_str()),
        (application::LineState::Pending, "3")
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_applicant_can_follow_what_happens(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, name, notice, _) = listed(&world).await;
    world.close(&notice).await;
    let request = application::ListTimelineRequest { parent: name, page_size: 0, page_token: String::new() };
    let mut portal = ApplicationServiceClient::new(world.portal(&psn_no));
    let told = portal.list_timeline(request).await.unwrap().into_inner().entries;
    let told: Vec<_> =
        told.iter().map(|entry| (entry.r#type.as_str(), entry.by.as_str(), entry.text_zh.as_str())).collect();
    let expected = [
        ("created", "applicant", "已建立申请草稿，申报病种：M01600。"),
        ("submitted", "applicant", "申请已提交，审核时限开始计算，申报病种：M01600。"),
        ("accepted", "bureau", "申请已受理，进入专家评审。"),
        ("decided", "bureau", "申请已办结：通过 M01600。"),
        ("line_noticed", "system", "病种 M01600 进入公示。"),
        ("line_granted", "system", "病种 M01600 公示无异议，待遇已确认。"),
    ];
    assert_eq!(told, expected);
}

//! 异议: its days, its consequences, its appeal, and from whom it is taken.

use opsp::catalog::domain::ObjectionRules;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::notice::v1 as notice;
use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::{date_message, to_date};
use rstest::rstest;
use time::Date;
use time::macros::date;
use tonic::{Code, Status};

use application::application_service_client::ApplicationServiceClient;
use notice::notice_service_client::NoticeServiceClient;

use crate::catalogue::{document, import};
use crate::deadlines::{deadlines, events};
use crate::preview::draft;
use crate::world::scenario::{finding, row};
use crate::world::{Caller, Engine, OFFICER, THIRD_OFFICER, World, refused, request_id, wrong_fields};

const APPEALS: ObjectionRules =
    ObjectionRules { anonymous: false, working_days: 10, appeals: 1, appeal_working_days: 5 };

/// A case in an open notice, under rules of its own.
struct Case {
    world: World,
    psn_no: String,
    experts: Vec<(String, String)>,
    application: String,
    notice: String,
    entry: String,
}

impl Case {
    async fn begin(engine: Engine, rules: ObjectionRules) -> Self {
        let world = World::start(engine).await;
        if rules != ObjectionRules::default() {
            let changed = draft(|catalog| catalog.rules.objection = rules);
            let answer = import(world.ops(), document("620900", &changed)).await.unwrap();
            assert!(answer.catalog.is_some(), "{:?}", answer.faults);
        }
        let psn_no = world.person(row()).await;
        let application = world.submitted(&psn_no, "M01600").await;
        let experts = world.experts().await;
        world.decide(&application, &experts, true).await;
        let notice = world.notice(common::Insutype::Employee).await;
        let entry = world.entries(&notice).await.remove(0).name;
        Self { world, psn_no, experts, application, notice, entry }
    }

    async fn resolve(
        &self,
        officer: &str,
        objection: &str,
        upheld: bool,
        consequence: notice::ObjectionConsequence,
    ) -> Result<notice::Objection, Status> {
        let request = notice::ResolveObjectionRequest {
            name: objection.to_owned(),
            upheld,
            resolution: "已核实。".to_owned(),
            request_id: request_id(),
            validate_only: false,
            consequence: consequence.into(),
            finding: finding(upheld),
        };
        let mut client = NoticeServiceClient::new(self.world.bureau(officer));
        Ok(client.resolve_objection(request).await?.into_inner())
    }

    async fn dismiss(&self, officer: &str, objection: &str) -> Result<notice::Objection, Status> {
        self.resolve(officer, objection, false, notice::ObjectionConsequence::Unspecified).await
    }

    async fn appeal(&self, objection: &str) -> Result<notice::Objection, Status> {
        let request = notice::AppealObjectionRequest {
            name: objection.to_owned(),
            ground: "处理意见未回应所举的事实。".to_owned(),
            request_id: request_id(),
            validate_only: false,
        };
        let mut client = NoticeServiceClient::new(self.world.public());
        Ok(client.appeal_objection(request).await?.into_inner())
    }

    async fn get(&self, caller: Caller, objection: &str) -> notice::Objection {
        let request = notice::GetObjectionRequest { name: objection.to_owned() };
        NoticeServiceClient::new(caller).get_objection(request).await.unwrap().into_inner()
    }

    async fn entry(&self) -> notice::EntryState {
        self.world.entries(&self.notice).await[0].state()
    }

    async fn application(&self) -> application::Application {
        let request = application::GetApplicationRequest { name: self.application.clone() };
        let mut client = ApplicationServiceClient::new(self.world.bureau(OFFICER));
        client.get_application(request).await.unwrap().into_inner()
    }

    async fn benefits(&self) -> usize {
        self.world.benefits(&self.psn_no).await.len()
    }
}

fn day(message: Option<&opsp::proto::google::r#type::Date>) -> Option<Date> {
    message.and_then(to_date)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appeal_holds_the_entry_again_and_another_officer_decides_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let case = Case::begin(engine, APPEALS).await;
    let world = &case.world;
    let filed = world.object(&case.entry).await.unwrap();
    refused(case.appeal(&filed.name).await, Code::FailedPrecondition, "APPEAL_NOT_OPEN");
    let dismissed = case.dismiss(OFFICER, &filed.name).await.unwrap();
    assert_eq!(case.entry().await, notice::EntryState::Listed);
    // Five working days after 3 March, for the objector to see.
    let seen = case.get(world.public(), &filed.name).await;
    assert_eq!(day(seen.appeal_until.as_ref()), Some(date!(2025 - 03 - 10)));
    assert_eq!(seen.appeal_until, dismissed.appeal_until);

    let appealed = case.appeal(&filed.name).await.unwrap();
    assert_eq!(appealed.state(), notice::ObjectionState::Appealed);
    assert_eq!((appealed.first_resolution.as_str(), appealed.resolution.as_str()), ("已核实。", ""));
    assert!(
        appealed.appeal_time.is_some() && appealed.deadline.is_some() && appealed.appeal_ground.is_empty()
    );
    assert!(!case.get(world.bureau(OFFICER), &filed.name).await.appeal_ground.is_empty());
    refused(case.appeal(&filed.name).await, Code::FailedPrecondition, "APPEAL_NOT_OPEN");
    assert_eq!(case.entry().await, notice::EntryState::Objected);
    let own = case.dismiss(OFFICER, &filed.name).await;
    refused(own, Code::FailedPrecondition, "APPEAL_NEEDS_SECOND_PERSON");
    world.close(&case.notice).await;
    assert_eq!((case.benefits().await, case.entry().await), (0, notice::EntryState::Objected));

    let upheld = notice::ObjectionConsequence::Rejected;
    let resolved = case.resolve(THIRD_OFFICER, &filed.name, true, upheld).await.unwrap();
    assert_eq!((resolved.state(), resolved.consequence()), (notice::ObjectionState::Upheld, upheld));
    world.after_close().await;
    assert_eq!((case.benefits().await, case.entry().await), (0, notice::EntryState::Removed));
    assert_eq!(case.application().await.lines[0].state(), application::LineState::Objected);
    refused(case.appeal(&filed.name).await, Code::FailedPrecondition, "APPEAL_NOT_OPEN");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_benefit_waits_until_nobody_can_appeal_any_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let case = Case::begin(engine, APPEALS).await;
    let world = &case.world;
    let filed = world.object(&case.entry).await.unwrap();
    world.close(&case.notice).await;
    assert_eq!(world.today(), date!(2025 - 03 - 11));
    let dismissed = case.dismiss(OFFICER, &filed.name).await.unwrap();
    let last = day(dismissed.appeal_until.as_ref()).unwrap();
    assert_eq!(last, date!(2025 - 03 - 18));
    world.wait_until(last);
    world.after_close().await;
    assert_eq!((case.benefits().await, case.entry().await), (0, notice::EntryState::Appealable));
    let appealed = case.appeal(&filed.name).await.unwrap();
    assert_eq!(appealed.state(), notice::ObjectionState::Appealed);
    world.wait_days(3);
    world.after_close().await;
    assert_eq!((case.benefits().await, case.entry().await), (0, notice::EntryState::Objected));

    // Dismissed once more, that is final: nothing is waited for, and the appeal's days count for nobody.
    let last_word = case.dismiss(THIRD_OFFICER, &filed.name).await.unwrap();
    assert!(last_word.appeal_until.is_none());
    world.after_close().await;
    assert_eq!((case.benefits().await, case.entry().await), (1, notice::EntryState::Undisputed));
    assert_eq!(case.application().await.lines[0].state(), application::LineState::Granted);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_appeals_and_the_benefit_counts_from_the_dismissal(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let case = Case::begin(engine, APPEALS).await;
    let world = &case.world;
    let filed = world.object(&case.entry).await.unwrap();
    world.close(&case.notice).await;
    let dismissed = case.dismiss(OFFICER, &filed.name).await.unwrap();
    let (dismissed_on, last) = (world.today(), day(dismissed.appeal_until.as_ref()).unwrap());
    world.wait_until(last.next_day().unwrap());
    refused(case.appeal(&filed.name).await, Code::FailedPrecondition, "APPEAL_TOO_LATE");
    world.after_close().await;
    let benefits = world.benefits(&case.psn_no).await;
    assert_eq!(benefits.len(), 1);
    assert_eq!(day(benefits[0].begndate.as_ref()), Some(dismissed_on));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objection_has_its_own_time_and_is_told_of_when_it_runs_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let case = Case::begin(engine, ObjectionRules::default()).await;
    let world = &case.world;
    let filed = world.object(&case.entry).await.unwrap();
    let due = filed.deadline.as_ref().and_then(|deadline| deadline.due_date);
    assert_eq!(day(due.as_ref()), Some(date!(2025 - 03 - 17)), "ten working days");
    let wanted = || review::ListDeadlinesRequest {
        kind: review::DeadlineKind::Objection.into(),
        ..Default::default()
    };
    let listed = deadlines(world, wanted()).await;
    assert_eq!((listed.len(), &listed[0].resource), (1, &filed.name));
    assert_eq!(listed[0].opsp_dise_codes, ["M01600"]);
    assert_eq!(listed[0].deadline.as_ref().unwrap().due_date, Some(date_message(date!(2025 - 03 - 17))));

    world.wait_until(date!(2025 - 03 - 18));
    world.job("escalate-deadlines").await;
    let told = events(world, &["deadline.breached"]).await;
    let own = told.iter().filter(|(_, data)| data["subject"] == filed.name.as_str());
    assert_eq!(own.count(), 1);
    case.dismiss(OFFICER, &filed.name).await.unwrap();
    assert!(deadlines(world, wanted()).await.is_empty(), "what is resolved is due no more");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objection_that_is_upheld_can_send_the_case_back_to_review(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use notice::ObjectionConsequence::{Rejected, Review};
    let case = Case::begin(engine, ObjectionRules::default()).await;
    let world = &case.world;
    let filed = world.object(&case.entry).await.unwrap();
    let wrong = case.resolve(OFFICER, &filed.name, false, Review).await;
    assert_eq!(wrong_fields(wrong), ["consequence"]);
    let decided_on = world.today();
    world.wait_days(3);
    let resolved = case.resolve(OFFICER, &filed.name, true, Review).await.unwrap();
    assert_eq!((resolved.state(), resolved.consequence()), (notice::ObjectionState::Upheld, Review));
    assert_eq!(case.entry().await, notice::EntryState::Removed);
    let again = case.application().await;
    assert_eq!(again.state(), application::ApplicationState::Accepted);
    // What the notice and the investigation took is nobody's time.
    let stood = again.pauses.last().unwrap();
    assert_eq!(stood.ground(), application::PauseGround::Notice);
    let days = (day(stood.from_date.as_ref()), day(stood.to_date.as_ref()));
    assert_eq!(days, (Some(decided_on), Some(world.today())));
    assert_eq!(again.deadline.as_ref().unwrap().working_days_left, 20);
    world.close(&case.notice).await;
    assert_eq!(case.benefits().await, 0);

    // What was found wrong is not confirmed from the same opinions: experts judge it anew.
    let same = world.confirm(&case.application).await;
    refused(same, Code::FailedPrecondition, "OPINIONS_MISSING");
    for (_, operator) in &case.experts {
        let tasks = world.tasks(operator).await.into_iter();
        for task in tasks.filter(|task| task.opinion_time.is_none()) {
            world.opinion(operator, &task.name, true).await.unwrap();
        }
    }
    world.confirm(&case.application).await.unwrap();
    let next = world.notice(common::Insutype::Employee).await;
    let entry = world.entries(&next).await.remove(0).name;
    let [first, second] = [world.object(&entry).await.unwrap(), world.object(&entry).await.unwrap()];
    case.resolve(OFFICER, &first.name, true, Rejected).await.unwrap();
    let late = case.resolve(OFFICER, &second.name, true, Review).await;
    refused(late, Code::FailedPrecondition, "ENTRY_REMOVED");
    case.resolve(OFFICER, &second.name, true, Rejected).await.unwrap();
    let line = case.application().await.lines.remove(0);
    assert_eq!(line.state(), application::LineState::Objected);
    assert!(line.reasons[0].text_zh.contains(&finding(true)), "{line:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_objects_from_nowhere_unless_the_policy_takes_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let request = |entry: &str, name: &str, tel: &str| notice::FileObjectionRequest {
        parent: entry.to_owned(),
        ground: "该人员病历存疑，请核实其真实性。".to_owned(),
        objector_name: name.to_owned(),
        objector_tel: tel.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    for anonymous in [false, true] {
        let case = Case::begin(engine, ObjectionRules { anonymous, ..ObjectionRules::default() }).await;
        let mut client = NoticeServiceClient::new(case.world.public());
        for (name, tel, field) in [("某某", "", "objector_tel"), ("", "13812345678", "objector_name")] {
            let wrong = client.file_objection(request(&case.entry, name, tel)).await;
            assert_eq!(wrong_fields(wrong), [field]);
        }
        let nameless = client.file_objection(request(&case.entry, "", "")).await;
        if !anonymous {
            assert_eq!(wrong_fields(nameless), ["objector_name", "objector_tel"]);
            continue;
        }
        let filed = nameless.unwrap().into_inner();
        assert_eq!(case.entry().await, notice::EntryState::Objected);
        let seen = case.get(case.world.bureau(OFFICER), &filed.name).await;
        assert!(seen.objector_name.is_empty() && seen.objector_tel.is_empty() && !seen.ground.is_empty());
    }
}

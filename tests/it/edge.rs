//! What every caller can rely on: shape, credentials, scope, repeats, languages, pages, health.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::insured::v1 as insured;
use opsp::proto::opsp::ops::v1 as ops;
use rstest::rstest;
use tonic::{Code, Request};
use tonic_types::StatusExt;

use application::application_service_client::ApplicationServiceClient;
use benefit::benefit_service_client::BenefitServiceClient;
use catalog::catalog_service_client::CatalogServiceClient;
use insured::insured_service_client::InsuredServiceClient;
use ops::ops_service_client::OpsServiceClient;

use crate::world::scenario::row;
use crate::world::{Engine, World, refused, request_id, wrong_fields};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_is_named_in_one_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let request = application::CreateApplicationRequest {
        parent: "somebody".to_owned(),
        application: Some(application::ApplicationInput {
            tel: "1".to_owned(),
            lines: vec![application::LineInput::default()],
            dcla_souc: "77".to_owned(),
            ..Default::default()
        }),
        request_id: "7".to_owned(),
        validate_only: false,
    };
    let answer = ApplicationServiceClient::new(world.portal("1")).create_application(request).await;
    let expected = [
        "parent",
        "application.tel",
        "application.lines[0].opsp_dise_code",
        "application.lines[0].ide_fixmedins_no",
        "application.lines[0].hosp_ide_date",
        "application.lines[0].diag_dr_codg",
        "application.lines[0].diag_dr_name",
        "application.dcla_souc",
        "request_id",
    ];
    assert_eq!(wrong_fields(answer), expected);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_gives_the_first_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let mut portal = ApplicationServiceClient::new(world.portal(&psn_no));
    let request = application::CreateApplicationRequest {
        parent: format!("insured/{psn_no}"),
        application: Some(world.form("M01600", Vec::new())),
        request_id: request_id(),
        validate_only: false,
    };
    let first = portal.create_application(request.clone()).await.unwrap().into_inner();
    let withdraw = application::WithdrawApplicationRequest {
        name: first.name.clone(),
        request_id: request_id(),
        validate_only: false,
    };
    portal.withdraw_application(withdraw.clone()).await.unwrap();
    let repeated = portal.create_application(request.clone()).await.unwrap().into_inner();
    assert_eq!(repeated, first, "the first answer, whatever happened since");
    let mut upper = request.clone();
    upper.request_id = upper.request_id.to_ascii_uppercase();
    assert_eq!(
        wrong_fields(portal.create_application(upper).await),
        ["request_id"],
        "its bytes are part of the payload"
    );
    let mut other = request;
    other.application = Some(world.form("M03900", Vec::new()));
    assert_eq!(wrong_fields(portal.create_application(other).await), ["request_id"]);
    let again = application::WithdrawApplicationRequest { request_id: request_id(), ..withdraw };
    refused(portal.withdraw_application(again).await, Code::FailedPrecondition, "APPLICATION_STATE");
    let tried = application::CreateApplicationRequest {
        parent: format!("insured/{psn_no}"),
        application: Some(world.form("M01600", Vec::new())),
        request_id: request_id(),
        validate_only: true,
    };
    portal.create_application(tried).await.unwrap();
    let list = application::ListApplicationsRequest {
        parent: format!("insured/{psn_no}"),
        page_size: 0,
        page_token: String::new(),
    };
    let list = portal.list_applications(list).await.unwrap().into_inner().applications;
    assert_eq!(list.len(), 1, "one was made, one was only tried out");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_call_is_told_so_before_anything_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let bad = insured::GetInsuredRequest { name: "nonsense".to_owned() };
    let stranger = InsuredServiceClient::new(world.stranger()).get_insured(bad.clone()).await;
    refused(stranger, Code::Unauthenticated, "CREDENTIAL_UNKNOWN");
    let platform = InsuredServiceClient::new(world.platform()).get_insured(bad.clone()).await;
    refused(platform, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    let unknown = InsuredServiceClient::new(world.bureau("nobody")).get_insured(bad).await;
    refused(unknown, Code::PermissionDenied, "OPERATOR_UNKNOWN");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_scope_looks_like_not_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (own, other) = (world.person(row()).await, world.person(row()).await);
    let get = |psn_no: &str| insured::GetInsuredRequest { name: format!("insured/{psn_no}") };
    let mut portal = InsuredServiceClient::new(world.portal(&own));
    assert_eq!(portal.get_insured(get(&own)).await.unwrap().into_inner().psn_no, own);
    let foreign = refused(portal.get_insured(get(&other)).await, Code::NotFound, "NOT_FOUND");
    let absent = refused(portal.get_insured(get("404")).await, Code::NotFound, "NOT_FOUND");
    assert_eq!(foreign.replace(&other, ""), absent.replace("404", ""), "the two look alike");
    let elsewhere = InsuredServiceClient::new(world.elsewhere()).get_insured(get(&own)).await;
    refused(elsewhere, Code::NotFound, "NOT_FOUND");
    let subjectless = InsuredServiceClient::new(world.public()).get_insured(get(&own)).await;
    refused(subjectless, Code::NotFound, "NOT_FOUND");
    let nameless = benefit::CheckBenefitRequest {
        psn_no: other,
        opsp_dise_code: "M01600".to_owned(),
        service_day: None,
    };
    refused(
        BenefitServiceClient::new(world.portal(&own)).check_benefit(nameless).await,
        Code::NotFound,
        "NOT_FOUND",
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentences_come_in_the_callers_language(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let ask = |language: Option<&str>| {
        let mut request = Request::new(catalog::GetDiseaseRequest {
            name: "areas/620900/diseases/NONE".to_owned(),
            ..Default::default()
        });
        if let Some(language) = language {
            request.metadata_mut().insert("accept-language", language.parse().unwrap());
        }
        let mut client = CatalogServiceClient::new(world.public());
        async move { client.get_disease(request).await.unwrap_err().get_details_localized_message().unwrap() }
    };
    let chinese = ask(None).await;
    assert!(chinese.locale == "zh-CN" && chinese.message.starts_with("未找到"), "{chinese:?}");
    let english = ask(Some("en-GB")).await;
    assert!(english.locale == "en" && english.message.ends_with("was not found"), "{english:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_each_other_without_gap_or_repeat(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let mut client = CatalogServiceClient::new(world.public());
    let (mut codes, mut token) = (Vec::new(), String::new());
    loop {
        let request = catalog::ListDiseasesRequest {
            parent: "areas/620900".to_owned(),
            page_size: 7,
            page_token: token,
            ..Default::default()
        };
        let page = client.list_diseases(request).await.unwrap().into_inner();
        codes.extend(page.diseases.into_iter().map(|disease| disease.opsp_dise_code));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let mut sorted = codes.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((codes.len(), &codes), (68, &sorted));
    let forged = catalog::ListDiseasesRequest {
        parent: "areas/620900".to_owned(),
        page_size: 7,
        page_token: "AAAA".to_owned(),
        ..Default::default()
    };
    assert_eq!(wrong_fields(client.list_diseases(forged).await), ["page_token"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_sees_the_server(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let mut client = OpsServiceClient::new(world.ops());
    let info = client.get_server_info(ops::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert!(
        info.clock_simulated && info.catalogs[0].sample && info.catalogs[0].sha256.len() == 64,
        "{info:?}"
    );
    assert_eq!(info.database, if engine == Engine::Sqlite { "sqlite" } else { "postgres" });
    let year = client.list_calendar(ops::ListCalendarRequest { year: 2025 }).await.unwrap().into_inner();
    assert_eq!((year.published, year.working_days), (true, 248));
    let later = client.list_calendar(ops::ListCalendarRequest { year: 2030 }).await.unwrap().into_inner();
    assert!(!later.published);
    let jobs = client.list_jobs(ops::ListJobsRequest {}).await.unwrap().into_inner().jobs;
    let names: Vec<_> = jobs.iter().map(|job| job.name.as_str()).collect();
    for name in ["jobs/close-notices", "jobs/sequence", "jobs/grant-benefits"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let unknown = ops::RunJobRequest {
        name: "jobs/nonsense".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    assert_eq!(client.run_job(unknown).await.unwrap_err().code(), Code::NotFound);
}

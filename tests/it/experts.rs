//! 评审专家: their registration, and what of it keeps them from a panel.

use std::collections::BTreeSet;

use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::date_message;
use review::review_service_client::ReviewServiceClient;
use rstest::rstest;
use time::macros::date;
use tonic::{Code, Status};

use crate::deadlines::events;
use crate::world::scenario::{EXPERT_HOSPITALS, HOSPITAL, row};
use crate::world::{Caller, Engine, OFFICER, World, request_id, wrong_fields};

/// What a call answers.
pub type Answer<T> = Result<T, Status>;

/// ReviewService for somebody at the back office.
pub fn client(world: &World, operator: &str) -> ReviewServiceClient<Caller> {
    ReviewServiceClient::new(world.bureau(operator))
}

/// A new expert without a conflict.
pub fn new(operator: &str) -> review::CreateExpertRequest {
    review::CreateExpertRequest {
        parent: "areas/620900".to_owned(),
        expert_name: "专家".to_owned(),
        operator: operator.to_owned(),
        fixmedins_code: EXPERT_HOSPITALS[0].to_owned(),
        request_id: request_id(),
        ..Default::default()
    }
}

/// Registers an expert.
pub async fn create(world: &World, request: review::CreateExpertRequest) -> Answer<review::Expert> {
    Ok(client(world, OFFICER).create_expert(request).await?.into_inner())
}

/// The change that leaves an expert as it is.
fn same(expert: &review::Expert) -> review::UpdateExpertRequest {
    let expert = expert.clone();
    review::UpdateExpertRequest {
        name: expert.name,
        expert_name: expert.expert_name,
        fixmedins_code: expert.fixmedins_code,
        specialties: expert.specialties,
        diag_dr_codg: expert.diag_dr_codg,
        active_from: expert.active_from,
        active_until: expert.active_until,
        relations: expert.relations,
        etag: expert.etag,
        request_id: request_id(),
        validate_only: false,
    }
}

async fn update(world: &World, request: review::UpdateExpertRequest) -> Answer<review::Expert> {
    Ok(client(world, OFFICER).update_expert(request).await?.into_inner())
}

/// Everybody in the registry of the city.
pub async fn registry(world: &World) -> Vec<review::Expert> {
    let request = review::ListExpertsRequest { parent: "areas/620900".to_owned(), ..Default::default() };
    client(world, OFFICER).list_experts(request).await.unwrap().into_inner().experts
}

fn relation(psn_no: &str, doctor: &str, institution: &str) -> review::ExpertRelation {
    review::ExpertRelation {
        psn_no: psn_no.to_owned(),
        diag_dr_codg: doctor.to_owned(),
        fixmedins_code: institution.to_owned(),
        reason: "配偶".to_owned(),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_is_changed_whole_and_as_it_was_read(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let wrong = review::CreateExpertRequest {
        fixmedins_code: "H00000000000".to_owned(),
        active_from: Some(date_message(date!(2025 - 04 - 01))),
        active_until: Some(date_message(date!(2025 - 03 - 31))),
        relations: vec![relation("1", "", ""), relation("", "", ""), relation("", "D1", HOSPITAL)],
        ..new("zhang")
    };
    let fields = wrong_fields(create(&world, wrong).await);
    assert_eq!(fields, ["fixmedins_code", "active_until", "relations[1]", "relations[2]"]);

    let relations = vec![relation("620990001", "", ""), relation("", "D7", ""), relation("", "", HOSPITAL)];
    let made = create(&world, review::CreateExpertRequest { relations, ..new("zhang") }).await.unwrap();
    assert!(
        (made.relations.len(), made.etag.as_str()) == (3, "1") && registry(&world).await == [made.clone()]
    );
    let changed = review::UpdateExpertRequest {
        expert_name: "张改名".to_owned(),
        fixmedins_code: EXPERT_HOSPITALS[1].to_owned(),
        active_until: Some(date_message(date!(2025 - 12 - 31))),
        relations: Vec::new(),
        ..same(&made)
    };
    let tried = review::UpdateExpertRequest { validate_only: true, ..changed.clone() };
    let tried = update(&world, tried).await.unwrap();
    assert_eq!(registry(&world).await, std::slice::from_ref(&made), "nothing was changed");
    let done = update(&world, changed.clone()).await.unwrap();
    assert_eq!((&done, done.etag.as_str()), (&tried, "2"));
    assert!(
        done.relations.is_empty() && done.operator == "zhang" && registry(&world).await == [done.clone()]
    );
    assert_eq!(update(&world, changed).await.unwrap(), done, "the same call once more");
    let stale = update(&world, same(&made)).await.unwrap_err();
    assert_eq!((stale.code(), crate::world::reason(&stale)), (Code::Aborted, "STALE_ETAG".to_owned()));
    let unread = review::UpdateExpertRequest { etag: String::new(), ..same(&done) };
    assert_eq!(update(&world, unread).await.unwrap().etag, "3");
    let nobody =
        review::UpdateExpertRequest { name: format!("areas/620900/experts/{}", request_id()), ..same(&done) };
    assert_eq!(update(&world, nobody).await.unwrap_err().code(), Code::NotFound);
    let foreign = ReviewServiceClient::new(world.elsewhere()).update_expert(same(&done)).await;
    assert_eq!(foreign.unwrap_err().code(), Code::NotFound);
    let told = events(&world, &["review.expert_added", "review.expert_changed"]).await;
    assert_eq!(told.iter().map(|(event, _)| event.version).collect::<Vec<_>>(), [1, 2, 3]);
    for (event, _) in &told {
        assert!(!["张改名", "620990001", "配偶"].iter().any(|word| event.data_json.contains(word)));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_related_or_not_in_office_is_not_drawn(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let mut expected = BTreeSet::new();
    let declared = "CONFLICT_DECLARED_RELATION";
    for (number, (relations, from, until, reason)) in [
        (vec![relation(&person, "", "")], None, None, declared),
        (vec![relation("", "D1", "")], None, None, declared),
        (vec![relation("", "", HOSPITAL), relation("", "D1", "")], None, None, declared),
        (Vec::new(), Some(date!(2025 - 03 - 04)), None, "NOT_ACTIVE"),
        (Vec::new(), None, Some(date!(2025 - 03 - 02)), "NOT_ACTIVE"),
        (Vec::new(), None, None, "CONFLICT_OTHER_REGISTRATION"),
    ]
    .into_iter()
    .enumerate()
    {
        let request = review::CreateExpertRequest {
            relations,
            active_from: from.map(date_message),
            active_until: until.map(date_message),
            ..new(&format!("barred.{number}"))
        };
        let made = create(&world, request).await.unwrap();
        expected.insert((reason.to_owned(), made.name));
    }
    // The last one is related to the applicant by what is declared in 敦煌.
    let relations = vec![relation(&person, "", "")];
    let parent = "areas/620982".to_owned();
    create(&world, review::CreateExpertRequest { relations, parent, ..new("barred.5") }).await.unwrap();
    for operator in ["expert.0", "expert.1"] {
        create(&world, new(operator)).await.unwrap();
    }
    let name = world.submitted(&person, "M01600").await;
    world.accept(&name).await.unwrap();
    let panel = world.assign(&name).await.unwrap();
    let told = panel.excluded.iter().map(|reason| (reason.reason.clone(), reason.subject.clone()));
    assert_eq!(told.collect::<BTreeSet<_>>(), expected);
    let later = panel.excluded.iter().filter_map(|reason| reason.met_on).collect::<Vec<_>>();
    assert_eq!(later, [date_message(date!(2025 - 03 - 04))]);
    assert!(panel.excluded.iter().all(|reason| !reason.text_zh.contains("配偶")));
}

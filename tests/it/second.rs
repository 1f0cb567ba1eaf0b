//! What a second panel (质量抽查) has in common with a first one: redaction, a try that names nobody, 回避.

use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::review::v1 as review;
use review::{DeclineReason, QualityState};
use rstest::rstest;
use tonic::Code;

use crate::experts::{create, new};
use crate::quality::{confirmed, only, rated, say};
use crate::replaced::{decline, operator, reassign, replacement, seated, some_experts};
use crate::world::redaction::{redact, redactions};
use crate::world::scenario::psn_no;
use crate::world::{Engine, World, files, refused, request_id};

/// Papers that nobody had redacted for the first panel are redacted for the second one, which nobody finds otherwise.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_redacted_is_redacted_for_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 4).await;
    let (name, _) = confirmed(&world, &["M01600"], true).await;
    let missing = redactions(&world, &name).await.redactions;
    assert!(!missing.is_empty());
    let header = world.header(psn_no(&name), MaterialKind::Other, "脱敏件");
    let clean = world.upload(psn_no(&name), header, &files::pdf("of nobody")).await.unwrap().name;
    let request = review::RedactMaterialRequest {
        name: name.clone(),
        material: missing[0].material.clone(),
        redacted_copy: clean,
        request_id: request_id(),
        ..Default::default()
    };
    redact(&world, request.clone()).await.unwrap();
    let (_, second) = only(&world, QualityState::Waiting).await;
    for member in &second.members {
        let task = say(&world, member, true).await;
        assert!(task.materials.iter().any(|material| material.ready), "{:?}", task.materials);
    }
    // Once everything is judged nobody looks any more.
    let again = review::RedactMaterialRequest { request_id: request_id(), ..request };
    refused(redact(&world, again).await, Code::FailedPrecondition, "APPLICATION_STATE");
}

/// Whoever stays is named in a try, whoever is drawn is not.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_names_who_stays(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 5).await;
    let (name, _) = confirmed(&world, &["M01600"], true).await;
    let (_, second) = only(&world, QualityState::Waiting).await;
    let request = replacement(&name, &second.members[0].review_task);
    let tried = review::ReassignTaskRequest { validate_only: true, ..request };
    let told = reassign(&world, tried).await.unwrap();
    assert_eq!(told.members, second.members[1..]);
    assert_eq!(told.missing_members, 1);
}

/// Who came out to be related to the applicant is replaced before anything counts.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_counts_while_somebody_related_sits_on_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 4).await;
    let (name, first) = seated(&world).await;
    // Those who have nothing to do are drawn for the person's other application, and then for the second panel.
    let other = world.submitted(psn_no(&name), "M03900").await;
    world.accept(&other).await.unwrap();
    let beside = world.assign(&other).await.unwrap();
    for member in &first.members {
        say(&world, member, true).await;
    }
    world.confirm(&name).await.unwrap();
    let (_, second) = only(&world, QualityState::Waiting).await;
    let related = &second.members[0];
    let theirs = beside.members.iter().find(|member| member.expert == related.expert).unwrap();
    let who = operator(&world, &related.expert).await;
    decline(&world, &who, &theirs.review_task, DeclineReason::Relation).await.unwrap();
    for member in &second.members {
        say(&world, member, true).await;
    }
    let (_, waits) = only(&world, QualityState::Waiting).await;
    assert!(waits.members.iter().all(|member| member.answered));

    create(&world, new("last")).await.unwrap();
    let now = reassign(&world, replacement(&name, &related.review_task)).await.unwrap();
    say(&world, now.members.iter().find(|member| !member.answered).unwrap(), true).await;
    only(&world, QualityState::Agrees).await;
}

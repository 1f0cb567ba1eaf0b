//! 回避: a relation that comes out when an expert gives a task back.

use opsp::proto::opsp::review::v1 as review;
use review::DeclineReason;
use rstest::rstest;
use tonic::Code;

use crate::experts::{client, create, new};
use crate::once::reasons;
use crate::replaced::{decline, operator, reassign, replacement, seated, some_experts};
use crate::world::opinion::opinions;
use crate::world::{Engine, OFFICER, World, refused, request_id};

/// A relation that is told of one panel takes the expert from the applicant's other ones too, with the opinion.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_related_judges_nothing_of_the_applicant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    some_experts(&world, 2).await;
    let (name, first) = seated(&world).await;
    let other = world.submitted(crate::world::scenario::psn_no(&name), "M03900").await;
    world.accept(&other).await.unwrap();
    let second = world.assign(&other).await.unwrap();
    for member in &second.members {
        let request = review::SubmitOpinionRequest {
            name: member.review_task.clone(),
            request_id: request_id(),
            validate_only: false,
            opinions: Vec::new(),
        };
        let who = operator(&world, &member.expert).await;
        let task = world.tasks(&who).await.into_iter().find(|task| task.name == member.review_task).unwrap();
        let request = review::SubmitOpinionRequest { opinions: opinions(&task, &["M03900"]), ..request };
        client(&world, &who).submit_opinion(request).await.unwrap();
    }
    let gone = &first.members[0];
    let who = operator(&world, &gone.expert).await;
    decline(&world, &who, &gone.review_task, DeclineReason::Relation).await.unwrap();

    let expected = [("MEMBER_RELATED".to_owned(), gone.expert.clone())];
    assert_eq!(reasons(world.confirm(&other).await), expected);
    let sent = review::SendBackRequest {
        name: other.clone(),
        review_tasks: vec![second.members[0].review_task.clone()],
        opsp_dise_codes: vec!["M03900".to_owned()],
        reason: "请再看一次材料。".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    assert_eq!(reasons(client(&world, OFFICER).send_back(sent).await), expected);
    let theirs = |related: bool| {
        let mut members = second.members.iter();
        members.find(|member| (member.expert == gone.expert) == related).unwrap().review_task.clone()
    };
    let honest = reassign(&world, replacement(&other, &theirs(false))).await;
    refused(honest, Code::FailedPrecondition, "OPINION_GIVEN");
    create(&world, new("third")).await.unwrap();
    let now = reassign(&world, replacement(&other, &theirs(true))).await.unwrap();
    let [former] = &now.former_members[..] else { panic!("one left") };
    assert_eq!((&former.expert, former.earlier_opinions.len()), (&gone.expert, 1));
    refused(world.confirm(&other).await, Code::FailedPrecondition, "OPINIONS_MISSING");
    let third = now.members.iter().find(|member| !member.answered).unwrap();
    let task = world.tasks("third").await.into_iter().find(|task| task.name == third.review_task).unwrap();
    let request = review::SubmitOpinionRequest {
        name: task.name.clone(),
        opinions: opinions(&task, &["M03900"]),
        request_id: request_id(),
        validate_only: false,
    };
    client(&world, "third").submit_opinion(request).await.unwrap();
    world.confirm(&other).await.unwrap();
    assert_eq!(world.replay_all().await, 1);
}

//! 质量抽查: what an expert of a second panel sees, held against what one of a first panel sees.

use std::collections::BTreeSet;

use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::to_date;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use review::QualityState;
use rstest::rstest;
use time::Duration;

use crate::quality::{confirmed, only, rated, reviews, say, task};
use crate::replaced::some_experts;
use crate::world::scenario::row;
use crate::world::{Engine, World};

/// The fields that are set in a task, those of its parts too.
fn fields(task: &review::ReviewTask) -> BTreeSet<String> {
    fn walk(message: &DynamicMessage, place: &str, found: &mut BTreeSet<String>) {
        for (field, value) in message.fields() {
            let place = format!("{place}.{}", field.name());
            for inner in value.as_list().unwrap_or(&[]).iter().chain([value]) {
                if let Some(inner) = inner.as_message() {
                    walk(inner, &place, found);
                }
            }
            found.insert(place);
        }
    }
    let pool = DescriptorPool::decode(opsp::server::DESCRIPTORS).unwrap();
    let kind = pool.get_message_by_name("opsp.review.v1.ReviewTask").unwrap();
    let message = DynamicMessage::decode(kind, task.encode_to_vec().as_slice()).unwrap();
    let mut found = BTreeSet::new();
    walk(&message, "", &mut found);
    found
}

/// The task without what is its own: name, days and instants.
fn common(task: &review::ReviewTask) -> review::ReviewTask {
    let mut task = task.clone();
    let own = std::mem::take(&mut task.name);
    task.materials.iter_mut().for_each(|material| material.name = material.name.replace(&own, ""));
    (task.assign_time, task.opinion_time) = (None, None);
    (task.due_date, task.opinion_due_date) = (None, None);
    task
}

/// Nothing in a task of a second panel is other than in one of a first, before the opinion and after.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_does_not_tell_what_it_is_for(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 6).await;
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    world.wait_days(1);
    world.accept(&name).await.unwrap();
    let first = world.assign(&name).await.unwrap();
    let before = task(&world, &first.members[0]).await;
    let after = say(&world, &first.members[0], true).await;
    say(&world, &first.members[1], true).await;
    world.wait_days(14);
    world.confirm(&name).await.unwrap();
    let (_, second) = only(&world, QualityState::Waiting).await;
    let seen = task(&world, &second.members[0]).await;
    assert_eq!((common(&seen), fields(&seen)), (common(&before), fields(&before)));
    // 19 working days were left of 20 when the first panel was drawn, and as many are from now on.
    let days = |task: &review::ReviewTask| {
        [task.due_date, task.opinion_due_date].map(|day| to_date(&day.unwrap()).unwrap())
    };
    let (shift, moved) = (Duration::days(14), days(&seen));
    assert_eq!(moved[1], days(&before)[1] + shift);
    assert!(moved[0] > world.today() + Duration::days(19), "{moved:?}");
    let said = say(&world, &second.members[0], true).await;
    assert_eq!((common(&said), fields(&said)), (common(&after), fields(&after)));

    // Of two diseases one is drawn: no paper's title is the other's.
    let (_, _) = confirmed(&world, &["M03900", "M01600"], true).await;
    let other = reviews(&world, QualityState::Waiting).await.pop().unwrap().panel.unwrap();
    let seen = task(&world, &other.members[0]).await;
    assert_eq!(seen.lines.len(), 1);
    let titles = |task: &review::ReviewTask| task.material_titles.iter().cloned().collect::<BTreeSet<_>>();
    let (both, known) = (titles(&seen), titles(&before));
    assert!(both.iter().all(|title| known.contains(title) || !title.contains('：')), "{both:?} {known:?}");
}

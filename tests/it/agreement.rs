//! 评审一致率: opinions against what the panels found, and against what second panels found.

use std::collections::BTreeMap;

use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::date_message;
use review::AgreementBy;
use review::review_service_client::ReviewServiceClient;
use rstest::rstest;
use time::{Date, Duration};
use tonic::{Code, Status};

use crate::quality::{rated, reviews, say};
use crate::replaced::some_experts;
use crate::undo::undo;
use crate::world::scenario::row;
use crate::world::{Caller, Engine, OFFICER, World, refused, wrong_fields};

async fn agreement(
    caller: Caller,
    parent: &str,
    by: AgreementBy,
    (from, until): (Option<Date>, Option<Date>),
) -> Result<Vec<review::Agreement>, Status> {
    let (mut client, mut all) = (ReviewServiceClient::new(caller), Vec::new());
    let mut request = review::ListAgreementRequest {
        parent: parent.to_owned(),
        by: by.into(),
        page_size: 1,
        page_token: String::new(),
        confirmed_from: from.map(date_message),
        confirmed_until: until.map(date_message),
    };
    loop {
        let page = client.list_agreement(request.clone()).await?.into_inner();
        all.extend(page.agreements);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

/// What was counted: opinions, those that agree, those that were judged again, and those that this bears out.
type Counts = (i64, i64, i64, i64);

async fn counted(
    world: &World,
    by: AgreementBy,
    days: (Option<Date>, Option<Date>),
) -> BTreeMap<String, Counts> {
    let rows = agreement(world.bureau(OFFICER), "areas/620900", by, days).await.unwrap();
    let one = |row: review::Agreement| {
        let ratio = |part: i64, whole: i64| {
            if whole == 0 { 0 } else { i32::try_from(part * 10_000 / whole).unwrap() }
        };
        assert_eq!(row.ratio_bp, ratio(row.agreeing, row.opinions));
        assert_eq!(row.quality_ratio_bp, ratio(row.quality_agreeing, row.quality_judged));
        assert_ne!(row.expert.is_empty(), row.opsp_dise_code.is_empty());
        let counts = (row.opinions, row.agreeing, row.quality_judged, row.quality_agreeing);
        (row.expert + &row.opsp_dise_code, counts)
    };
    rows.into_iter().map(one).collect()
}

/// Adds what one opinion counts for.
fn count(counts: &mut BTreeMap<String, Counts>, key: &str, agrees: bool, judged: Option<bool>) {
    let sum = counts.entry(key.to_owned()).or_default();
    sum.0 += 1;
    sum.1 += i64::from(agrees);
    sum.2 += i64::from(judged.is_some());
    sum.3 += i64::from(judged == Some(true));
}

/// Decides a line by three of whom the second stands alone in saying that it is not met; gives the panel.
async fn decided_by_three(world: &World, code: &str) -> (String, review::Panel) {
    let name = world.submitted(&world.person(row()).await, code).await;
    world.accept(&name).await.unwrap();
    let first = world.assign(&name).await.unwrap();
    say(world, &first.members[0], true).await;
    say(world, &first.members[1], false).await;
    let all = world.assign(&name).await.unwrap();
    say(world, &all.members[2], true).await;
    world.confirm(&name).await.unwrap();
    (name, all)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_far_experts_agree_is_counted_by_expert_and_disease(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 6).await;
    let (experts, diseases) = (&mut BTreeMap::new(), &mut BTreeMap::new());
    let mut hand = |member: &review::PanelMember, code: &str, agrees: bool, judged: Option<bool>| {
        count(experts, &member.expert, agrees, judged);
        count(diseases, code, agrees, judged);
    };
    // One without a second panel; one that is judged otherwise by two who agree: the one who stood alone was right.
    let (_, plain) = decided_by_three(&world, "M03900").await;
    for (place, member) in plain.members.iter().enumerate() {
        hand(member, "M03900", place != 1, None);
    }
    world.wait_days(1);
    let (name, first) = decided_by_three(&world, "M01600").await;
    let waiting = counted(&world, AgreementBy::Disease, (None, None)).await;
    assert_eq!(waiting["M01600"], (3, 2, 0, 0), "as long as nobody has judged it again");
    let second = reviews(&world, review::QualityState::Waiting).await.remove(0).panel.unwrap();
    for member in &second.members {
        say(&world, member, false).await;
        hand(member, "M01600", true, None);
    }
    for (place, member) in first.members.iter().enumerate() {
        hand(member, "M01600", place != 1, Some(place == 1));
    }
    assert_eq!(counted(&world, AgreementBy::Expert, (None, None)).await, *experts);
    assert_eq!(counted(&world, AgreementBy::Disease, (None, None)).await, *diseases);
    assert_eq!(diseases["M01600"], (5, 4, 3, 1));

    // The days are those of the confirmations, both ends inclusive.
    let (today, before) = (world.today(), world.today() - Duration::days(1));
    let of = |days| counted(&world, AgreementBy::Disease, days);
    assert_eq!(of((Some(today), None)).await.into_keys().collect::<Vec<_>>(), ["M01600"]);
    assert_eq!(of((None, Some(before))).await.into_keys().collect::<Vec<_>>(), ["M03900"]);
    assert_eq!(of((Some(before), Some(today))).await.len(), 2);

    // What is taken back does not count, and counts anew when it is confirmed again.
    undo(&world, OFFICER, &name).await.unwrap();
    assert_eq!(of((None, None)).await.into_keys().collect::<Vec<_>>(), ["M03900"]);
    world.confirm(&name).await.unwrap();
    assert_eq!(of((None, None)).await["M01600"], (3, 2, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agreement_is_the_bureaus_and_its_areas() {
    let world = World::start(Engine::Sqlite).await;
    some_experts(&world, 3).await;
    decided_by_three(&world, "M01600").await;
    let within =
        |area: &'static str| agreement(world.bureau(OFFICER), area, AgreementBy::Disease, (None, None));
    assert_eq!(within("areas/620902").await.unwrap(), within("areas/620900").await.unwrap());
    assert_eq!(within("areas/620902").await.unwrap().len(), 1);
    assert_eq!(within("areas/620921").await.unwrap(), []);
    refused(within("areas/620700").await, Code::NotFound, "NOT_FOUND");
    let unspecified =
        agreement(world.bureau(OFFICER), "areas/620900", AgreementBy::Unspecified, (None, None)).await;
    assert_eq!(wrong_fields(unspecified), ["by"]);
    let denied = agreement(world.platform(), "areas/620900", AgreementBy::Expert, (None, None)).await;
    assert_eq!(denied.unwrap_err().code(), Code::PermissionDenied);
}

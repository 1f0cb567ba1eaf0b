//! 脱敏: what the officer redacts, what experts get of it, and what neither can do.

use std::time::{Duration, Instant};

use opsp::material::collect::stretch;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::event::v1 as event;
use opsp::proto::opsp::material::v1 as material;
use opsp::proto::opsp::review::v1 as review;
use rstest::rstest;
use tonic::{Code, Status};

use application::application_service_client::ApplicationServiceClient;
use event::event_service_client::EventServiceClient;
use material::material_service_client::MaterialServiceClient;
use review::RedactionState;
use review::review_service_client::ReviewServiceClient;

use crate::objects::{Store, age, paths};
use crate::world::opinion::opinions;
use crate::world::redaction::{Case, NOTED, holds, open, photo, redact, redactions};
use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, files, reason, refused, request_id, wrong_fields};

/// What the officer sees of a redaction.
async fn look(world: &World, name: &str) -> Result<Vec<u8>, Status> {
    use review::download_redaction_response::Part;
    let request = review::DownloadRedactionRequest { name: name.to_owned() };
    let mut client = ReviewServiceClient::new(world.bureau(OFFICER));
    let mut stream = client.download_redaction(request).await?.into_inner();
    let mut content = Vec::new();
    while let Some(piece) = stream.message().await? {
        if let Part::Chunk(chunk) = piece.part.unwrap() {
            content.extend(chunk);
        }
    }
    Ok(content)
}

/// The name under which an expert knows a material of the bureau's.
pub fn in_task(task: &review::ReviewTask, found: &review::Redaction) -> String {
    format!("{}/materials/{}", task.name, found.number)
}

/// Width and height of a jpg.
fn size(jpg: &[u8]) -> [u16; 2] {
    let frame = jpg.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0 | 0xC2])).unwrap();
    [frame + 7, frame + 5].map(|at| u16::from_be_bytes([jpg[at], jpg[at + 1]]))
}

pub async fn small(world: &World, operator: &str, name: &str) -> Result<Vec<u8>, Status> {
    let request = review::GetTaskThumbnailRequest { name: name.to_owned(), side_max: 0 };
    Ok(ReviewServiceClient::new(world.bureau(operator))
        .get_task_thumbnail(request)
        .await?
        .into_inner()
        .content)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expert_opens_what_the_officer_redacted_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let case = Case::begin(&world).await;
    let (operator, task) = case.seat(&world, 0).await;
    assert!(task.materials.iter().all(|material| !material.ready));
    for material in &task.materials {
        let told = refused(
            open(&world, &operator, &material.name).await,
            Code::FailedPrecondition,
            "MATERIAL_NOT_REDACTED",
        );
        assert!(told.contains("RedactMaterial"), "{told}");
    }
    let made = redact(&world, case.blackened(&case.photo, &[[0, 0, 10_000, 3_000]])).await.unwrap();
    assert_eq!((made.state(), made.operator.as_str()), (RedactionState::Blackened, OFFICER));
    let (_, task) = case.seat(&world, 0).await;
    let photo = in_task(&task, &made);
    let ready: Vec<_> = task.materials.iter().filter(|material| material.ready).collect();
    assert!(ready.len() == 1 && ready[0].name == photo, "{ready:?}");

    let (file, content) = open(&world, &operator, &photo).await.unwrap();
    assert_eq!((file.name.as_str(), file.media_type.as_str()), (photo.as_str(), "image/jpeg"));
    assert_eq!((file.title.as_str(), file.size_bytes), ("检查检验报告", content.len() as i64));
    assert!(
        !holds(&content, b"Exif") && !holds(&content, NOTED.as_bytes()),
        "a camera's notes are left in it"
    );
    assert_eq!((size(files::JPG), size(&content)), ([640, 404], [404, 640]), "upright");
    assert_eq!(look(&world, &made.name).await.unwrap(), content, "the officer sees what the expert gets");
    assert!(size(&small(&world, &operator, &photo).await.unwrap())[1] <= 512);

    // A pdf is given as it is.
    let paper = redact(&world, case.harmless(&case.paper)).await.unwrap();
    assert_eq!(paper.state(), RedactionState::NoIdentity);
    let (_, content) = open(&world, &operator, &in_task(&task, &paper)).await.unwrap();
    assert_eq!(content, files::pdf("nothing of anybody"));
    refused(
        small(&world, &operator, &in_task(&task, &paper)).await,
        Code::FailedPrecondition,
        "THUMBNAIL_NONE",
    );

    // Identity papers are no materials of a task; other people's tasks, and other areas', are nowhere.
    let shown: Vec<_> = task.materials.iter().map(|material| material.name.clone()).collect();
    let (other, _) = case.seat(&world, 1).await;
    for number in 0..30 {
        let name = format!("{}/materials/{number}", task.name);
        if !shown.contains(&name) {
            assert_eq!(open(&world, &operator, &name).await.unwrap_err().code(), Code::NotFound, "{name}");
        }
        assert_eq!(open(&world, &other, &name).await.unwrap_err().code(), Code::NotFound, "{name}");
    }
    let mut elsewhere = ReviewServiceClient::new(world.elsewhere());
    let request = review::DownloadTaskMaterialRequest { name: photo.clone() };
    assert_eq!(elsewhere.download_task_material(request).await.unwrap_err().code(), Code::NotFound);
    let request = review::DownloadRedactionRequest { name: made.name.clone() };
    assert_eq!(elsewhere.download_redaction(request).await.unwrap_err().code(), Code::NotFound);

    // Every read is recorded under the material, with who it was: three of the expert's, who got no small picture of
    // the pdf, one of the officer's.
    world.job("sequence").await;
    let page = event::ListEventsRequest { after: 0, page_size: 1000 };
    let events = EventServiceClient::new(world.ops()).list_events(page).await.unwrap().into_inner().events;
    let of = |name: &str| {
        let reads = |event: &&event::Event| event.r#type == "confidential.read";
        let about = format!("{name}/reads/");
        events.iter().filter(reads).filter(|event| event.resource.starts_with(&about)).count()
    };
    assert_eq!((of(&case.photo), of(&case.paper), of(&made.name)), (2, 1, 1));

    let request = application::WithdrawApplicationRequest {
        name: case.name.clone(),
        request_id: request_id(),
        validate_only: false,
    };
    ApplicationServiceClient::new(world.portal(&case.person)).withdraw_application(request).await.unwrap();
    refused(open(&world, &operator, &photo).await, Code::FailedPrecondition, "APPLICATION_NOT_UNDER_REVIEW");
    refused(redact(&world, case.harmless(&case.photo)).await, Code::FailedPrecondition, "APPLICATION_STATE");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_way_is_taken_and_what_it_cannot_do_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let case = Case::begin(&world).await;
    let boxed = || case.blackened(&case.photo, &[[0, 0, 1, 1]]);
    assert_eq!(wrong_fields(redact(&world, case.about(&case.photo)).await), ["boxes"]);
    let all = review::RedactMaterialRequest {
        shows_no_identity: true,
        redacted_copy: case.paper.clone(),
        ..boxed()
    };
    assert_eq!(wrong_fields(redact(&world, all).await), ["boxes", "shows_no_identity", "redacted_copy"]);
    let beyond = case.blackened(&case.photo, &[[0, 0, 10_000, 10_000], [1, 9_999, 10_000, 2]]);
    assert_eq!(wrong_fields(redact(&world, beyond).await), ["boxes[1].width", "boxes[1].height"]);
    let other = world.person(row()).await;
    let header = world.header(&other, MaterialKind::Other, "别人的");
    let foreign = world.upload(&other, header, &files::pdf("x")).await.unwrap().name;
    assert_eq!(wrong_fields(redact(&world, case.harmless(&foreign)).await), ["material"]);
    assert_eq!(wrong_fields(redact(&world, case.replaced(&case.photo, &foreign)).await), ["redacted_copy"]);
    let itself = redact(&world, case.replaced(&case.photo, &case.photo)).await;
    assert_eq!(wrong_fields(itself), ["redacted_copy"]);
    let spare = case.copy(&world, &files::pdf("none of the application's")).await;
    assert_eq!(wrong_fields(redact(&world, case.harmless(&spare)).await), ["material"]);

    let header = world.header(&case.person, MaterialKind::IdCardFront, "身份证");
    let card = world.upload(&case.person, header, files::JPG).await.unwrap().name;
    assert_eq!(wrong_fields(redact(&world, case.replaced(&case.photo, &card)).await), ["redacted_copy"]);
    let shown: Vec<_> = redactions(&world, &case.name).await.redactions;
    let shown: Vec<_> = shown.into_iter().map(|found| found.material).collect();
    let materials = ApplicationServiceClient::new(world.portal(&case.person))
        .get_application(application::GetApplicationRequest { name: case.name.clone() })
        .await
        .unwrap()
        .into_inner()
        .materials;
    let identity: Vec<_> = materials.iter().filter(|material| !shown.contains(material)).collect();
    assert!(!identity.is_empty(), "the checklist has no identity paper");
    for card in identity {
        let of_identity = redact(&world, case.harmless(card)).await;
        refused(of_identity, Code::FailedPrecondition, "REDACTION_OF_IDENTITY");
    }
    let boxes = redact(&world, case.blackened(&case.paper, &[[0, 0, 1, 1]])).await;
    refused(boxes, Code::FailedPrecondition, "REDACTION_PDF_BOXES");
    // The papers of the checklist have the person's number in them.
    let named = redact(&world, case.harmless(&shown[0])).await;
    let told = refused(named, Code::FailedPrecondition, "REDACTION_NAMES_APPLICANT");
    assert!(
        told.contains("参保人人员编号") && !told.contains("姓名") && !told.contains(&case.person),
        "{told}"
    );
    let bad = case.copy(&world, &files::pdf(&format!("about {}", case.person))).await;
    let named = redact(&world, case.replaced(&case.photo, &bad)).await;
    refused(named, Code::FailedPrecondition, "REDACTION_NAMES_APPLICANT");
    let elsewhere = ReviewServiceClient::new(world.elsewhere()).redact_material(boxed()).await;
    refused(elsewhere, Code::NotFound, "NOT_FOUND");

    // Nothing of all this is left; and what is only tried out leaves nothing either.
    let before = paths(&world).await;
    let tried = review::RedactMaterialRequest { validate_only: true, ..boxed() };
    let tried = redact(&world, tried).await.unwrap();
    assert_eq!((tried.state(), paths(&world).await), (RedactionState::Blackened, before.clone()));
    assert!(redactions(&world, &case.name).await.redactions.iter().all(|found| found.operator.is_empty()));

    let good = case.copy(&world, &photo()).await;
    let request = case.replaced(&shown[0], &good);
    let made = redact(&world, request.clone()).await.unwrap();
    assert_eq!((made.state(), made.media_type.as_str()), (RedactionState::Copy, "image/jpeg"));
    let content = look(&world, &made.name).await.unwrap();
    assert!(!holds(&content, NOTED.as_bytes()), "a copy is encoded anew as well");
    // A repeat gives the first answer, whatever happened since; and what experts get outlives what it was made of.
    redact(&world, case.replaced(&shown[0], &spare)).await.unwrap();
    let delete =
        material::DeleteMaterialRequest { name: spare, request_id: request_id(), validate_only: false };
    MaterialServiceClient::new(world.portal(&case.person)).delete_material(delete).await.unwrap();
    assert_eq!(look(&world, &made.name).await.unwrap(), files::pdf("none of the application's"));
    assert_eq!(redact(&world, request).await.unwrap(), made);
    let other = case.harmless(&case.paper);
    let clash = review::RedactMaterialRequest { request_id: other.request_id.clone(), ..boxed() };
    redact(&world, other).await.unwrap();
    assert_eq!(wrong_fields(redact(&world, clash).await), ["request_id"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redaction_is_redone_until_an_opinion_cites_it_and_leaves_nothing_behind(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = crate::objects::world(engine, Store::Folder, |_| {}).await;
    let case = Case::begin(&world).await;
    let before = paths(&world).await;
    let mut seen = Vec::new();
    for edge in [1_000, 2_000, 3_000] {
        let made = redact(&world, case.blackened(&case.photo, &[[0, 0, 10_000, edge]])).await.unwrap();
        assert!(!seen.contains(&made.sha256));
        seen.push(made.sha256);
        let now = paths(&world).await;
        let new: Vec<_> = now.iter().filter(|path| !before.contains(path)).collect();
        assert!(
            new.len() == 1 && new[0].ends_with(seen.last().unwrap()),
            "only the last copy is kept: {new:?}"
        );
    }
    let kept = paths(&world).await;
    for path in &kept {
        age(&world, path, 48);
    }
    stretch(&world.running.app, "", Instant::now() + Duration::from_secs(60)).await.unwrap();
    assert_eq!(paths(&world).await, kept, "the collector knows what experts get");

    // The first member opens the photo; both cite it, and a paper of which nobody could have seen anything.
    let (opener, task) = case.seat(&world, 0).await;
    let found = redactions(&world, &case.name).await.redactions;
    let photo = found.iter().find(|found| found.material == case.photo).unwrap();
    let paper = found.iter().find(|found| found.material == case.paper).unwrap();
    open(&world, &opener, &in_task(&task, photo)).await.unwrap();
    for seat in 0..2 {
        let (operator, task) = case.seat(&world, seat).await;
        let mut said = opinions(&task, &["M01600"]);
        for leaf in said.iter_mut().flat_map(|opinion| &mut opinion.leaves) {
            leaf.materials = vec![in_task(&task, photo), in_task(&task, paper)];
            leaf.opened.clone_from(&leaf.materials);
        }
        let request = review::SubmitOpinionRequest {
            name: task.name.clone(),
            opinions: said,
            request_id: request_id(),
            validate_only: false,
        };
        ReviewServiceClient::new(world.bureau(&operator)).submit_opinion(request).await.unwrap();
    }
    let panel = review::GetPanelRequest { name: case.name.clone() };
    let panel = ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(panel).await.unwrap().into_inner();
    for (member, opened) in panel.members.iter().zip([vec![case.photo.clone()], Vec::new()]) {
        for leaf in member.opinions.iter().flat_map(|opinion| &opinion.leaves) {
            assert_eq!(leaf.materials, [case.photo.clone(), case.paper.clone()]);
            assert_eq!(leaf.opened, opened, "what the expert says of it counts for nothing");
        }
    }
    let cited = |found: &review::ApplicationRedactions| -> Vec<String> {
        let cited = found.redactions.iter().filter(|found| found.cited);
        cited.map(|found| found.material.clone()).collect()
    };
    assert_eq!(cited(&redactions(&world, &case.name).await), [case.photo.clone(), case.paper.clone()]);
    refused(redact(&world, case.harmless(&case.photo)).await, Code::FailedPrecondition, "REDACTION_CITED");
    redact(&world, case.harmless(&case.paper)).await.unwrap();
    refused(redact(&world, case.harmless(&case.paper)).await, Code::FailedPrecondition, "REDACTION_CITED");

    // An expert who has answered may read on, until the application is decided.
    let photo = in_task(&task, photo);
    open(&world, &opener, &photo).await.unwrap();
    world.confirm(&case.name).await.unwrap();
    refused(open(&world, &opener, &photo).await, Code::FailedPrecondition, "APPLICATION_NOT_UNDER_REVIEW");
    let late = redact(&world, case.harmless(&case.paper)).await.unwrap_err();
    assert_eq!((late.code(), reason(&late)), (Code::FailedPrecondition, "APPLICATION_STATE".to_owned()));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_sees_at_once_what_waits_for_a_redaction(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let case = Case::begin(&world).await;
    // Another one, whose applicant moves away, and one that is not accepted yet.
    let mut moving = row();
    let person = world.person(moving.clone()).await;
    let other = world.submitted(&person, "M01600").await;
    world.accept(&other).await.unwrap();
    let third = world.person(row()).await;
    let submitted = world.submitted(&third, "M01600").await;
    let list = async |complete: bool| {
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = review::ListRedactionsRequest {
                parent: "areas/620900".to_owned(),
                page_size: 1,
                page_token,
                include_complete: complete,
            };
            let page = ReviewServiceClient::new(world.bureau(OFFICER)).list_redactions(request).await;
            let page = page.unwrap().into_inner();
            all.extend(page.applications);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    };
    let names = |found: &[review::ApplicationRedactions]| -> Vec<String> {
        found.iter().map(|found| found.application.clone()).collect()
    };
    let found = list(false).await;
    assert_eq!(names(&found), [case.name.clone(), other.clone()]);
    assert_eq!(found[0], redactions(&world, &case.name).await);
    let count = i32::try_from(found[0].redactions.len()).unwrap();
    assert!(found[0].missing == count && found[0].redactions.iter().all(|found| found.sha256.is_empty()));
    assert_eq!(redactions(&world, &submitted).await.missing, count - 2, "before the acceptance too");

    moving.insu_admdvs = "620702".to_owned();
    world.import(vec![moving]).await;
    assert_eq!(names(&list(false).await), std::slice::from_ref(&case.name));
    let clean = case.copy(&world, &files::pdf("of nobody")).await;
    for (done, material) in found[0].redactions.iter().enumerate() {
        let missing = redactions(&world, &case.name).await.missing;
        assert_eq!(missing, count - i32::try_from(done).unwrap());
        redact(&world, case.replaced(&material.material, &clean)).await.unwrap();
    }
    assert_eq!(names(&list(false).await), Vec::<String>::new());
    assert_eq!(names(&list(true).await), std::slice::from_ref(&case.name));
    let elsewhere = review::ListRedactionsRequest { parent: "areas/620900".to_owned(), ..Default::default() };
    let elsewhere = ReviewServiceClient::new(world.elsewhere()).list_redactions(elsewhere).await;
    assert_eq!(elsewhere.unwrap_err().code(), Code::NotFound);
}

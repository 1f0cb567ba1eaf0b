//! Files: what is taken, what is refused, and that what is refused leaves nothing behind.

use std::path::Path;

use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::material::v1 as pb;
use pb::material_service_client::MaterialServiceClient;
use pb::upload_material_request::Part;
use rstest::rstest;
use tokio_stream::iter;
use tonic::Code;
use tonic_types::StatusExt;

use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, files, refused, request_id, wrong_fields};

pub async fn list(world: &World, psn_no: &str) -> Vec<pb::Material> {
    let request = pb::ListMaterialsRequest {
        parent: format!("insured/{psn_no}"),
        page_size: 0,
        page_token: String::new(),
    };
    let list = MaterialServiceClient::new(world.portal(psn_no)).list_materials(request).await;
    list.unwrap().into_inner().materials
}

pub async fn download(world: &World, psn_no: &str, name: &str) -> Vec<u8> {
    let request = pb::DownloadMaterialRequest { name: name.to_owned() };
    let mut client = MaterialServiceClient::new(world.portal(psn_no));
    let mut stream = client.download_material(request).await.unwrap().into_inner();
    let mut content = Vec::new();
    while let Some(piece) = stream.message().await.unwrap() {
        if let Some(pb::download_material_response::Part::Chunk(chunk)) = piece.part {
            content.extend(chunk);
        }
    }
    content
}

/// How many files lie in the object store.
fn objects(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .map(|entry| entry.expect("a readable folder").path())
        .map(|path| if path.is_dir() { objects(&path) } else { 1 })
        .sum()
}

fn store(world: &World) -> std::path::PathBuf {
    let config = &world.running.app.config;
    config.path(Path::new(&config.materials))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_back_as_it_went_and_lies_encrypted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let header = world.header(&psn_no, MaterialKind::IdCardFront, "身份证");
    let stored = world.upload(&psn_no, header.clone(), files::JPG).await.unwrap();
    assert_eq!((stored.media_type.as_str(), stored.size_bytes), ("image/jpeg", files::JPG.len() as i64));
    assert_eq!(download(&world, &psn_no, &stored.name).await, files::JPG);
    assert_eq!(objects(&store(&world)), 1);
    let found = walk(&store(&world));
    assert!(!found.windows(16).any(|part| part == &files::JPG[..16]), "the content lies in the clear");

    let again = world.upload(&psn_no, header.clone(), files::JPG).await.unwrap();
    assert_eq!(again, stored, "the same request, the first answer");
    let other = world.upload(&psn_no, header, &files::pdf("x")).await;
    assert_eq!(wrong_fields(other), ["request_id"]);
    assert_eq!((list(&world, &psn_no).await.len(), objects(&store(&world))), (1, 1));
}

fn walk(folder: &Path) -> Vec<u8> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    entries
        .map(|entry| entry.expect("a readable folder").path())
        .flat_map(
            |path| if path.is_dir() { walk(&path) } else { std::fs::read(path).expect("a readable file") },
        )
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_whole_jpg_or_pdf_is_refused_and_leaves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let pdf = files::pdf("x");
    let mut padded = files::JPG.to_vec();
    padded.truncate(padded.len() / 2);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), ""),
        ("text", b"just words".to_vec(), ""),
        ("half a jpg", padded, ""),
        ("half a pdf", pdf[..pdf.len() / 2].to_vec(), ""),
        ("a pdf without its end", pdf[..pdf.len() - 8].to_vec(), ""),
        ("a jpg that claims to be a pdf", files::JPG.to_vec(), "application/pdf"),
        ("a header only", vec![0xff, 0xd8, 0xff, 0xd9], ""),
        ("too large", [pdf.clone(), vec![b' '; 11 << 20]].concat(), ""),
    ];
    for (what, content, claimed) in cases {
        let header = pb::UploadHeader {
            media_type: claimed.to_owned(),
            ..world.header(&psn_no, MaterialKind::ExamReport, "报告")
        };
        let fields = wrong_fields(world.upload(&psn_no, header, &content).await);
        assert_eq!(fields.len(), 1, "{what}: {fields:?}");
        assert_eq!((list(&world, &psn_no).await.len(), objects(&store(&world))), (0, 0), "{what}");
    }
    // Without its header, with a wrong one, with two of them.
    let mut client = MaterialServiceClient::new(world.portal(&psn_no));
    let chunk = pb::UploadMaterialRequest { part: Some(Part::Chunk(pdf.clone())) };
    let headless = client.upload_material(iter(vec![chunk])).await.unwrap_err();
    assert_eq!(headless.code(), Code::InvalidArgument);
    let nothing = client.upload_material(iter(Vec::new())).await.unwrap_err();
    assert_eq!(nothing.code(), Code::InvalidArgument);
    let header = world.header(&psn_no, MaterialKind::ExamReport, "");
    let future = Some(opsp::rpc::parse::date_message(world.today().next_day().unwrap()));
    assert_eq!(wrong_fields(world.upload(&psn_no, header, &pdf).await), ["header.title"]);
    let header =
        pb::UploadHeader { issued_on: future, ..world.header(&psn_no, MaterialKind::ExamReport, "报告") };
    assert_eq!(wrong_fields(world.upload(&psn_no, header, &pdf).await), ["header.issued_on"]);
    let other = world.person(row()).await;
    let header = world.header(&other, MaterialKind::ExamReport, "报告");
    refused(world.upload(&psn_no, header, &pdf).await, Code::NotFound, "NOT_FOUND");
    assert_eq!(objects(&store(&world)), 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_can_be_deleted_until_it_is_used(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let delete = |name: &str| pb::DeleteMaterialRequest {
        name: name.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let mut client = MaterialServiceClient::new(world.portal(&psn_no));
    let one =
        world.upload(&psn_no, world.header(&psn_no, MaterialKind::Other, "a"), files::JPG).await.unwrap();
    let two =
        world.upload(&psn_no, world.header(&psn_no, MaterialKind::Other, "b"), files::JPG).await.unwrap();
    client.delete_material(delete(&one.name)).await.unwrap();
    assert_eq!(
        download(&world, &psn_no, &two.name).await,
        files::JPG,
        "the same content stays for the other"
    );
    client.delete_material(delete(&two.name)).await.unwrap();
    assert_eq!((list(&world, &psn_no).await.len(), objects(&store(&world))), (0, 0));
    refused(client.delete_material(delete(&two.name)).await, Code::NotFound, "NOT_FOUND");

    world.submitted(&psn_no, "M01600").await;
    let used = list(&world, &psn_no).await.remove(0);
    assert!(used.in_use);
    refused(client.delete_material(delete(&used.name)).await, Code::FailedPrecondition, "MATERIAL_IN_USE");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_file_shows_is_told_with_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    use pb::material_check::Outcome;
    use pb::material_facts::Colour;
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let header = world.header(&psn_no, MaterialKind::IdCardFront, "身份证");
    let stored = world.upload(&psn_no, header, files::JPG).await.unwrap();
    let facts = stored.facts.unwrap();
    assert_eq!((facts.width, facts.height, facts.pages, facts.colour()), (640, 404, 0, Colour::Coloured));
    let told = |material: &pb::Material| -> Vec<(String, Outcome)> {
        material.checks.iter().map(|check| (check.reason.clone(), check.outcome())).collect()
    };
    let expected = [
        ("MATERIAL_SMALL".to_owned(), Outcome::Warn),
        ("MATERIAL_SHARPNESS".to_owned(), Outcome::Pass),
        ("MATERIAL_SEAL_STATED".to_owned(), Outcome::Pass),
    ];
    assert_eq!(told(&stored), expected);
    assert!(stored.checks[0].text_zh.contains("404") && !stored.checks[0].help_zh.is_empty());
    assert!(stored.checks[1].help_zh.is_empty(), "nothing is wrong, nothing would help");
    assert_eq!(told(&list(&world, &psn_no).await[0]), expected);

    let header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
    let paper = world.upload(&psn_no, header, &files::pdf("x")).await.unwrap();
    assert_eq!(paper.facts.unwrap().pages, 1);
    let header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
    let blank = String::from_utf8(files::pdf("x")).unwrap().replace(" Tj", " q ");
    let refusal = world.upload(&psn_no, header, blank.as_bytes()).await.unwrap_err();
    assert!(refusal.message().contains("MATERIAL_BLANK"), "{}", refusal.message());
    assert_eq!((list(&world, &psn_no).await.len(), objects(&store(&world))), (2, 2));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_sees_a_file_in_small(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let header = world.header(&psn_no, MaterialKind::IdCardFront, "身份证");
    let stored = world.upload(&psn_no, header, files::JPG).await.unwrap();
    let ask = |name: &str, side_max| pb::GetThumbnailRequest { name: name.to_owned(), side_max };
    let mut bureau = MaterialServiceClient::new(world.bureau(OFFICER));
    let small = bureau.get_thumbnail(ask(&stored.name, 128)).await.unwrap().into_inner();
    assert_eq!(small.media_type, "image/jpeg");
    assert!(small.content.starts_with(&[0xFF, 0xD8, 0xFF]) && small.content.len() < files::JPG.len());
    let larger = bureau.get_thumbnail(ask(&stored.name, 0)).await.unwrap().into_inner();
    assert!(larger.content.len() > small.content.len());
    assert_eq!(wrong_fields(bureau.get_thumbnail(ask(&stored.name, 513)).await), ["side_max"]);
    let mut elsewhere = MaterialServiceClient::new(world.elsewhere());
    refused(elsewhere.get_thumbnail(ask(&stored.name, 0)).await, Code::NotFound, "NOT_FOUND");
    let header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
    let paper = world.upload(&psn_no, header, &files::pdf("x")).await.unwrap();
    let none = bureau.get_thumbnail(ask(&paper.name, 0)).await;
    refused(none, Code::FailedPrecondition, "THUMBNAIL_NONE");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bureau_learns_that_a_file_was_handed_in_for_somebody_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (one, other) = (world.person(row()).await, world.person(row()).await);
    let record = files::pdf("the same record");
    for psn_no in [&one, &other] {
        let mut materials = world.upload_checklist(psn_no, "M01600").await;
        let header = world.header(psn_no, MaterialKind::Other, "另一份病历");
        materials.push(world.upload(psn_no, header, &record).await.unwrap().name);
        let draft = world.draft(psn_no, world.form("M01600", materials)).await.unwrap();
        world.submit(&draft).await.unwrap();
    }
    let seen = |materials: Vec<pb::Material>| -> Vec<String> {
        let elsewhere = |check: &pb::MaterialCheck| check.reason == "MATERIAL_SEEN_ELSEWHERE";
        let seen = materials.into_iter().filter(|material| material.checks.iter().any(elsewhere));
        seen.map(|material| material.title).collect()
    };
    for psn_no in [&one, &other] {
        let request = pb::ListMaterialsRequest {
            parent: format!("insured/{psn_no}"),
            page_size: 0,
            page_token: String::new(),
        };
        let mut bureau = MaterialServiceClient::new(world.bureau(OFFICER));
        let told = bureau.list_materials(request).await.unwrap().into_inner().materials;
        assert!(!format!("{told:?}").contains(if *psn_no == one { &other } else { &one }), "never whose");
        assert_eq!(seen(told), ["另一份病历"]);
        assert_eq!(seen(list(&world, psn_no).await), [""; 0], "not the applicant");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_papers_is_told_at_submission_all_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let mut materials = world.upload_checklist(&psn_no, "M01600").await;
    let header = world.header(&psn_no, MaterialKind::IdCardFront, "身份证");
    materials.push(world.upload(&psn_no, header, files::JPG).await.unwrap().name);
    let header = world.header(&psn_no, MaterialKind::Other, "另一份");
    materials.push(world.upload(&psn_no, header, files::JPG).await.unwrap().name);
    let draft = world.draft(&psn_no, world.form("M01600", materials)).await.unwrap();
    let refusal = world.submit(&draft).await.unwrap_err();
    let reasons = refusal.get_details_precondition_failure().unwrap().violations;
    let mut reasons: Vec<_> = reasons.into_iter().map(|reason| reason.r#type).collect();
    reasons.sort();
    assert_eq!(reasons, ["MATERIAL_SAME_CONTENT", "MATERIAL_SEVERAL"]);
}

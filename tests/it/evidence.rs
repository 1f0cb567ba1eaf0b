//! What comes with an objection: files that only the bureau gets, and the copy that its subject may see.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::notice::v1 as notice;
use prost::Message;
use rstest::rstest;
use tonic::{Code, Status};

use application::application_service_client::ApplicationServiceClient;
use notice::notice_service_client::NoticeServiceClient;

use crate::world::scenario::row;
use crate::world::{Caller, Engine, OFFICER, World, files, refused, request_id, wrong_fields};

/// What the objector says, with what tells who it is.
const GROUND: &str = "我是邻居赵某，该人员病历存疑，请核实其真实性。";
const REDACTED: &str = "该人员病历存疑，请核实其真实性。";

/// A person with an objection to an entry in an open notice; gives psn_no, the entry and the objection.
async fn objected(world: &World) -> (String, String, String) {
    let psn_no = world.person(row()).await;
    let application = world.submitted(&psn_no, "M01600").await;
    world.decide(&application, &world.experts().await, true).await;
    let name = world.notice(common::Insutype::Employee).await;
    let entry = world.entries(&name).await.remove(0).name;
    let request = notice::FileObjectionRequest {
        parent: entry.clone(),
        ground: GROUND.to_owned(),
        objector_name: "赵某".to_owned(),
        objector_tel: "13812345678".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let filed = NoticeServiceClient::new(world.public()).file_objection(request).await.unwrap();
    (psn_no, entry, filed.into_inner().name)
}

fn adding(name: &str, content: &[u8]) -> notice::AddObjectionFileRequest {
    notice::AddObjectionFileRequest {
        name: name.to_owned(),
        content: content.to_vec(),
        request_id: request_id(),
        validate_only: false,
    }
}

async fn add(
    caller: Caller,
    request: notice::AddObjectionFileRequest,
) -> Result<notice::ObjectionFile, Status> {
    Ok(NoticeServiceClient::new(caller).add_objection_file(request).await?.into_inner())
}

async fn read(caller: Caller, name: &str) -> Result<notice::ObjectionFileContent, Status> {
    let request = notice::GetObjectionFileRequest { name: name.to_owned() };
    Ok(NoticeServiceClient::new(caller).get_objection_file(request).await?.into_inner())
}

async fn get(caller: Caller, name: &str) -> notice::Objection {
    let request = notice::GetObjectionRequest { name: name.to_owned() };
    NoticeServiceClient::new(caller).get_objection(request).await.unwrap().into_inner()
}

async fn copies(caller: Caller, psn_no: &str) -> Result<Vec<notice::ObjectionCopy>, Status> {
    let request = notice::ListObjectionCopiesRequest {
        parent: format!("insured/{psn_no}"),
        page_size: 0,
        page_token: String::new(),
    };
    Ok(NoticeServiceClient::new(caller).list_objection_copies(request).await?.into_inner().objections)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_an_objection_are_looked_at_and_only_the_bureau_gets_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, _, name) = objected(&world).await;
    let photo = files::JPG;
    let first = adding(&name, photo);
    let added = add(world.public(), first.clone()).await.unwrap();
    assert_eq!((added.name.clone(), added.media_type.as_str()), (format!("{name}/files/1"), "image/jpeg"));
    assert_eq!(add(world.public(), first).await.unwrap(), added, "a repeat gives the first answer");
    assert_eq!(
        add(world.public(), adding(&name, photo)).await.unwrap(),
        added,
        "the same content is one file"
    );

    // What is refused of a material is refused here.
    let pdf = files::pdf("evidence");
    for broken in [&photo[..photo.len() / 2], &pdf[..pdf.len() / 2], b"GIF89a", b""] {
        assert!(!wrong_fields(add(world.public(), adding(&name, broken)).await).is_empty());
    }
    let large = add(world.public(), adding(&name, &vec![0; (1 << 20) + 1])).await;
    assert_eq!(wrong_fields(large), ["content"]);
    let unknown = name.replace(name.rsplit('/').next().unwrap(), &uuid::Uuid::nil().to_string());
    refused(add(world.public(), adding(&unknown, photo)).await, Code::NotFound, "NOT_FOUND");
    for number in 2..=5 {
        let added =
            add(world.public(), adding(&name, &files::pdf(&format!("evidence {number}")))).await.unwrap();
        assert_eq!(added.name, format!("{name}/files/{number}"));
    }
    let sixth = add(world.public(), adding(&name, &files::pdf("evidence 6"))).await;
    refused(sixth, Code::FailedPrecondition, "OBJECTION_FILES_TOO_MANY");

    let content = read(world.bureau(OFFICER), &added.name).await.unwrap();
    assert_eq!((content.file, content.content.as_slice()), (Some(added.clone()), photo));
    assert_eq!(get(world.bureau(OFFICER), &name).await.files.len(), 5);
    assert!(get(world.public(), &name).await.files.is_empty());
    refused(read(world.elsewhere(), &added.name).await, Code::NotFound, "NOT_FOUND");
    refused(read(world.bureau(OFFICER), &format!("{name}/files/9")).await, Code::NotFound, "NOT_FOUND");
    for caller in [world.public(), world.portal(&psn_no), world.platform()] {
        assert_eq!(read(caller, &added.name).await.unwrap_err().code(), Code::PermissionDenied);
    }
    world.resolve(&name, false).await.unwrap();
    let late = add(world.public(), adding(&name, &files::pdf("late"))).await;
    refused(late, Code::FailedPrecondition, "OBJECTION_RESOLVED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_an_objection_is_about_sees_the_redacted_copy_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, entry, name) = objected(&world).await;
    add(world.public(), adding(&name, &files::pdf("evidence"))).await.unwrap();
    let before = copies(world.portal(&psn_no), &psn_no).await.unwrap();
    assert_eq!((before.len(), before[0].entry.as_str(), before[0].ground.as_str()), (1, entry.as_str(), ""));

    let request = |name: &str, ground: &str| notice::RedactObjectionRequest {
        name: name.to_owned(),
        ground: ground.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let mut bureau = NoticeServiceClient::new(world.bureau(OFFICER));
    let named = bureau.redact_objection(request(&name, "邻居赵某称病历存疑。")).await;
    assert_eq!(wrong_fields(named), ["ground"]);
    bureau.redact_objection(request(&name, "该人员病历存疑。")).await.unwrap();
    let redacted = bureau.redact_objection(request(&name, REDACTED)).await.unwrap().into_inner();
    assert_eq!((redacted.ground.as_str(), redacted.redacted_ground.as_str()), (GROUND, REDACTED));
    assert_eq!(get(world.bureau(OFFICER), &name).await, redacted, "the original is as it was filed");
    let elsewhere = NoticeServiceClient::new(world.elsewhere()).redact_objection(request(&name, "无")).await;
    refused(elsewhere, Code::NotFound, "NOT_FOUND");

    let resolved = world.resolve(&name, true).await.unwrap();
    let seen = copies(world.portal(&psn_no), &psn_no).await.unwrap().remove(0);
    assert_eq!((seen.ground.as_str(), seen.state()), (REDACTED, notice::ObjectionState::Upheld));
    assert_eq!(seen.resolve_time, resolved.resolve_time);
    let timeline = application::ListApplicationsRequest {
        parent: format!("insured/{psn_no}"),
        page_size: 0,
        page_token: String::new(),
    };
    let applications = ApplicationServiceClient::new(world.portal(&psn_no)).list_applications(timeline).await;
    let answers = [seen.encode_to_vec(), applications.unwrap().into_inner().encode_to_vec()];
    let id = name.rsplit('/').next().unwrap();
    for secret in ["赵某", "邻居", "13812345678", id] {
        for answer in &answers {
            let found = answer.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "the person is told {secret}");
        }
    }
    // The name of an objection is its objector's: with it, others could appeal.
    let other = world.person(row()).await;
    refused(copies(world.portal(&other), &psn_no).await, Code::NotFound, "NOT_FOUND");
    assert!(copies(world.portal(&other), &other).await.unwrap().is_empty());
    assert_eq!(copies(world.bureau(OFFICER), &psn_no).await.unwrap(), [seen]);
}

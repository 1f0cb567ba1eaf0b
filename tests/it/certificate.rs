//! 撤销, 补发, 换发: what becomes of a certificate after it was issued; the rotation of the key that signs it.

use opsp::catalog::domain::SAMPLE;
use opsp::certificate::offline;
use opsp::certificate::status::domain::{ENTRY, Entries, Worth};
use opsp::db::keys::Keys;
use opsp::db::public::Algorithm;
use opsp::db::source::Random;
use opsp::kernel::id::Id;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::certificate::v1 as pb;
use opsp::proto::opsp::event::v1 as event;
use opsp::proto::opsp::insured::v1 as insured;
use opsp::proto::opsp::ops::v1 as ops;
use opsp::rpc::parse::date_message;
use prost::Message;
use rstest::rstest;
use time::{Date, Duration};
use tonic::{Code, Status};

use benefit::benefit_service_client::BenefitServiceClient;
use catalog::catalog_service_client::CatalogServiceClient;
use event::event_service_client::EventServiceClient;
use ops::ops_service_client::OpsServiceClient;
use pb::certificate_service_client::CertificateServiceClient;
use pb::verify_certificate_response::Verdict;

use crate::paper::verdict;
use crate::world::scenario::{psn_no, row};
use crate::world::{Caller, Engine, OFFICER, World, postgres_database, refused, request_id};

fn portal(world: &World, psn_no: &str) -> CertificateServiceClient<Caller> {
    CertificateServiceClient::new(world.portal(psn_no))
}

fn bureau(world: &World) -> CertificateServiceClient<Caller> {
    CertificateServiceClient::new(world.bureau(OFFICER))
}

pub async fn get(world: &World, name: &str) -> pb::Certificate {
    let request = pb::GetCertificateRequest { name: name.to_owned() };
    portal(world, psn_no(name)).get_certificate(request).await.unwrap().into_inner()
}

/// All of a person's certificates, newest first, one a page.
async fn list(world: &World, psn_no: &str) -> Vec<pb::Certificate> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            pb::ListCertificatesRequest { parent: format!("insured/{psn_no}"), page_size: 1, page_token };
        let page = portal(world, psn_no).list_certificates(request).await.unwrap().into_inner();
        all.extend(page.certificates);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn revoking(name: &str, reissue: Option<bool>) -> pb::RevokeCertificateRequest {
    pb::RevokeCertificateRequest {
        name: name.to_owned(),
        reason: "本人张三遗失".to_owned(),
        reissue,
        request_id: request_id(),
        validate_only: false,
    }
}

async fn issue(world: &World, benefit: &str) -> Result<pb::Certificate, Status> {
    let request = pb::IssueCertificateRequest {
        benefit: benefit.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(bureau(world).issue_certificate(request).await?.into_inner())
}

pub async fn end(world: &World, benefit: &str, last: Date) {
    let request = benefit::EndBenefitRequest {
        name: benefit.to_owned(),
        enddate: Some(date_message(last)),
        ground: benefit::EndGround::Recovered.into(),
        request_id: request_id(),
        validate_only: false,
    };
    BenefitServiceClient::new(world.bureau(OFFICER)).end_benefit(request).await.unwrap();
}

/// Everything of a type that happened, oldest first.
pub async fn events(world: &World, kind: &str) -> Vec<serde_json::Value> {
    while world.job("sequence").await > 0 {}
    let request = event::ListEventsRequest { after: 0, page_size: 1_000 };
    let page = EventServiceClient::new(world.ops()).list_events(request).await.unwrap().into_inner();
    let own = page.events.into_iter().filter(|event| event.r#type == kind);
    own.map(|event| serde_json::from_str(&event.data_json).unwrap()).collect()
}

/// What follows from what happened: outdated papers are replaced.
pub async fn replaced(world: &World) {
    while world.job("sequence").await > 0 {}
    world.job("replace-certificates").await;
}

pub async fn fetch(world: &World, if_version: &str) -> pb::GetStatusListResponse {
    let request = pb::GetStatusListRequest { if_version: if_version.to_owned() };
    let mut stream =
        CertificateServiceClient::new(world.public()).get_status_list(request).await.unwrap().into_inner();
    let mut whole = pb::GetStatusListResponse::default();
    while let Some(piece) = stream.message().await.unwrap() {
        // As a client reads it that has written the pieces one after the other.
        whole.merge(piece.encode_to_vec().as_slice()).unwrap();
    }
    whole
}

/// The status list once all that happened is in it.
pub async fn status_list(world: &World) -> pb::GetStatusListResponse {
    while world.job("sequence").await > 0 {}
    world.job("publish-status-list").await;
    fetch(world, "").await
}

pub fn told(listed: &pb::GetStatusListResponse, certificate: &str) -> Option<Worth> {
    let id = Id::parse(certificate.rsplit('/').next().unwrap()).unwrap();
    Entries::read(listed.entries.concat()).expect("whole entries").find(id)
}

/// The exit code of a check that knows only what is published, now.
pub async fn offline_code(world: &World, qr_text: &str) -> u8 {
    let keys = CertificateServiceClient::new(world.public())
        .get_verification_keys(pb::GetVerificationKeysRequest {})
        .await
        .unwrap()
        .into_inner();
    let keys = offline::read_keys(&keys.encode_to_vec()).unwrap();
    let listed = offline::read_list(&fetch(world, "").await.encode_to_vec()).unwrap();
    offline::check(qr_text, &keys, Some(&listed), world.running.app.db.time().now()).exit_code()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_is_seen_online_at_once_and_in_the_next_list(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, held) = world.granted(row(), "M01600").await;
    let first = get(&world, &held.certificate).await;
    let before = status_list(&world).await;
    assert_eq!((told(&before, &first.name), offline_code(&world, &first.qr_text).await), (None, 0));

    let tried = pb::RevokeCertificateRequest { validate_only: true, ..revoking(&first.name, None) };
    bureau(&world).revoke_certificate(tried).await.unwrap();
    assert_eq!(list(&world, &psn_no).await.len(), 1, "a trial changes nothing");
    let request = revoking(&first.name, None);
    let revoked = bureau(&world).revoke_certificate(request.clone()).await.unwrap().into_inner();
    let again = bureau(&world).revoke_certificate(request).await.unwrap().into_inner();
    assert!(again == revoked, "the same answer to the same request");
    assert_eq!(revoked.revoke_date, Some(date_message(world.today())));
    assert_eq!(revoked.revoke_reason, "本人张三遗失");
    assert_eq!(verdict(&world, &first.qr_text).await, Verdict::Revoked, "online at once");

    let all = list(&world, &psn_no).await;
    assert_eq!(all.len(), 2);
    let second = all[0].clone();
    assert!(all[1] == revoked && second.name == revoked.replaced_by && second.revoke_date.is_none());
    assert_ne!((&second.number, &second.qr_text), (&first.number, &first.qr_text));
    assert_eq!(verdict(&world, &second.qr_text).await, Verdict::Valid);
    assert_eq!(world.benefits(&psn_no).await[0].certificate, second.name);
    assert!(world.in_force(&psn_no, "M01600", None).await.0, "the benefit itself is untouched");

    let listed = status_list(&world).await;
    assert_eq!((told(&listed, &first.name), told(&listed, &second.name)), (Some(Worth::Revoked), None));
    assert_eq!(listed.entries.concat().len(), ENTRY);
    assert_eq!(offline_code(&world, &first.qr_text).await, 5);
    assert_eq!(offline_code(&world, &second.qr_text).await, 0);

    let anew = bureau(&world).revoke_certificate(revoking(&first.name, None)).await;
    refused(anew.map(|_| ()), Code::FailedPrecondition, "CERTIFICATE_REVOKED");
    let request = pb::DownloadCertificateRequest { name: first.name.clone() };
    let paper = portal(&world, &psn_no).download_certificate(request).await;
    refused(paper.map(|_| ()), Code::FailedPrecondition, "CERTIFICATE_REVOKED");
    let own = portal(&world, &psn_no).revoke_certificate(revoking(&second.name, None)).await;
    assert_eq!(own.map(|_| ()).unwrap_err().code(), Code::PermissionDenied);
    let mut elsewhere = CertificateServiceClient::new(world.elsewhere());
    let foreign = elsewhere.revoke_certificate(revoking(&second.name, None)).await;
    refused(foreign.map(|_| ()), Code::NotFound, "NOT_FOUND");
    let happened = events(&world, "certificate.revoked").await;
    assert_eq!(happened.len(), 1);
    assert!(happened[0]["replaced_by"].is_string() && happened[0]["changed"] == serde_json::json!([]));
    assert!(!happened[0].to_string().contains("张三"), "an officer's words are in no event");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_new_one_there_is_none_until_the_bureau_issues_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, held) = world.granted(row(), "M01600").await;
    let stands = issue(&world, &held.name).await;
    refused(stands.map(|_| ()), Code::FailedPrecondition, "CERTIFICATE_STANDS");
    let request = revoking(&held.certificate, Some(false));
    let revoked = bureau(&world).revoke_certificate(request).await.unwrap().into_inner();
    assert!(revoked.replaced_by.is_empty());
    world.job("issue-certificates").await;
    replaced(&world).await;
    assert_eq!(list(&world, &psn_no).await.len(), 1, "no job goes against the officer");

    let second = issue(&world, &held.name).await.unwrap();
    assert_eq!(verdict(&world, &second.qr_text).await, Verdict::Valid);
    assert!(get(&world, &held.certificate).await.replaced_by.is_empty(), "what was revoked stays as it is");
    end(&world, &held.name, world.today()).await;
    world.wait_days(1);
    let last = world.benefits(&psn_no).await.remove(0).certificate;
    let request = revoking(&last, None);
    let revoked = bureau(&world).revoke_certificate(request).await.unwrap().into_inner();
    assert!(revoked.replaced_by.is_empty(), "nothing is issued for a benefit that has ended");
    let over = issue(&world, &held.name).await;
    refused(over.map(|_| ()), Code::FailedPrecondition, "BENEFIT_NOT_RUNNING");
}

async fn publish_other_ratios(world: &World) {
    let text =
        SAMPLE.replace("ratio_bp = 8000", "ratio_bp = 7900").replace("2025-sample-2", "2025-sample-79");
    let content =
        text.replace("in_force_from = \"2025-01-01\"", &format!("in_force_from = \"{}\"", world.today()));
    assert_ne!(content.matches("ratio_bp = 7900").count(), SAMPLE.matches("ratio_bp = 7900").count());
    let request = catalog::ImportCatalogRequest {
        parent: "areas/620900".to_owned(),
        files: vec![catalog::CatalogFile { name: "catalog.toml".to_owned(), content }],
        request_id: request_id(),
        validate_only: false,
    };
    CatalogServiceClient::new(world.ops()).import_catalog(request).await.expect("it is published");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_paper_says_no_more_is_replaced_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = row();
    let (psn_no, held) = world.granted(person.clone(), "M01600").await;
    let first = get(&world, &held.certificate).await;
    let moved = insured::ImportInsuredRequest { tel: "13800000000".to_owned(), ..person.clone() };
    world.import(vec![moved]).await;
    publish_other_ratios(&world).await;
    replaced(&world).await;
    assert_eq!(list(&world, &psn_no).await.len(), 1, "neither a phone nor a ratio is a reason");

    let renamed = insured::ImportInsuredRequest { psn_name: "王测试".to_owned(), ..person.clone() };
    world.import(vec![renamed.clone()]).await;
    replaced(&world).await;
    let all = list(&world, &psn_no).await;
    assert_eq!((all.len(), &all[1].replaced_by), (2, &all[0].name));
    assert_eq!(all[1].revoke_reason, "所载内容变更（姓名），已换发新证明");
    assert_eq!(all[0].catalog_version, "2025-sample-79", "the new paper is of its day");
    assert_eq!(verdict(&world, &first.qr_text).await, Verdict::Revoked);
    assert_eq!(verdict(&world, &all[0].qr_text).await, Verdict::Valid);

    end(&world, &held.name, world.today() + Duration::days(30)).await;
    replaced(&world).await;
    world.import(vec![renamed]).await;
    replaced(&world).await;
    assert_eq!(list(&world, &psn_no).await.len(), 3, "a last day is a reason, the same row again is none");
    world.wait_days(31);
    let late = insured::ImportInsuredRequest { psn_name: "李测试".to_owned(), ..person };
    world.import(vec![late]).await;
    replaced(&world).await;
    assert_eq!(list(&world, &psn_no).await.len(), 3, "nothing is issued for a benefit that has ended");
    let happened = events(&world, "certificate.revoked").await;
    let changed: Vec<_> = happened.iter().map(|data| data["changed"].to_string()).collect();
    assert_eq!(changed, [r#"["psn_name"]"#, r#"["enddate"]"#]);
}

/// Two instances of two servers on one database go through the same events at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_instances_replace_each_paper_once() {
    let (one, other) = two_servers(|_| {}).await;
    let person = row();
    let (psn_no, _) = one.granted(person.clone(), "M01600").await;
    one.import(vec![insured::ImportInsuredRequest { psn_name: "王测试".to_owned(), ..person }]).await;
    a_minute_later([&one, &other]);
    while one.job("sequence").await > 0 {}
    let sweep = async |world: &World, name: &str| {
        let app = &world.running.app;
        let lease = app.db.lease(name, name, 60).await.unwrap().expect("nobody else takes it");
        opsp::certificate::replace::run(app, &lease).await.unwrap()
    };
    let done = tokio::join!(sweep(&one, "a"), sweep(&other, "b"), sweep(&one, "c"), sweep(&other, "d"));
    assert!(done.0 + done.1 + done.2 + done.3 <= 1, "{done:?}");
    let all = list(&one, &psn_no).await;
    assert_eq!((all.len(), &all[1].replaced_by), (2, &all[0].name));
    assert_eq!(events(&one, "certificate.revoked").await.len(), 1);
    let (one, other) = (one.stop(), other.stop());
    tokio::join!(one, other);
}

/// What a server warns its operators of.
async fn warnings(world: &World) -> Vec<String> {
    let info = OpsServiceClient::new(world.ops()).get_server_info(ops::GetServerInfoRequest {}).await;
    info.unwrap().into_inner().warnings.into_iter().map(|warning| warning.reason).collect()
}

/// Sets both clocks a minute past the first one's: what is issued from now on has the greater id.
fn a_minute_later(worlds: [&World; 2]) {
    let later = worlds[0].running.app.db.time().now() + Duration::MINUTE;
    for world in worlds {
        world.running.app.db.time().advance_to(later).unwrap();
    }
}

/// Two servers on one database, the second one with another form of the first one's key ring.
async fn two_servers(change: impl FnOnce(&mut String)) -> (World, World) {
    let database = postgres_database().await;
    let one = World::start_on(&database, |_| {}).await;
    let ring = one.running.app.config.data_dir.join("keys.toml");
    let mut ring = std::fs::read_to_string(ring).unwrap();
    change(&mut ring);
    let other = World::start_on(&database, |config| {
        std::fs::write(config.data_dir.join("keys.toml"), &ring).unwrap();
    })
    .await;
    (one, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_signs_what_is_new_and_the_old_papers_stay_genuine() {
    let from = time::macros::datetime!(2025-03-03 00:00 UTC);
    let (one, other) = two_servers(|ring| {
        *ring = Keys::rotate(ring, Algorithm::Sm2, &Random::system(), from).unwrap().0;
    })
    .await;
    assert!(warnings(&one).await.is_empty() && warnings(&other).await.is_empty());
    let path = one.running.app.config.data_dir.join("keys.toml");
    let read = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, Keys::rotate(&read, Algorithm::Sm2, &Random::system(), from).unwrap().0).unwrap();
    assert_eq!(warnings(&one).await, ["KEY_RING_DIFFERS"], "an operator hears what is left to do");
    let (psn_no, held) = one.granted(row(), "M01600").await;
    a_minute_later([&one, &other]);
    let first = get(&other, &held.certificate).await;
    let keys = CertificateServiceClient::new(other.public())
        .get_verification_keys(pb::GetVerificationKeysRequest {})
        .await
        .unwrap()
        .into_inner()
        .keys;
    let told: Vec<_> = keys.iter().map(|key| (key.id.as_str(), key.algorithm.as_str())).collect();
    assert_eq!(told, [("s1", "Ed25519"), ("s2", "SM2")]);
    let since = keys.iter().map(|key| key.sign_from_time.as_ref().map(|time| time.seconds));
    assert_eq!(since.collect::<Vec<_>>(), [None, Some(from.unix_timestamp())]);
    assert!(first.qr_text.starts_with("OPSP1.s1.") || first.qr_text.starts_with("OPSP1.s2."));

    bureau(&other).revoke_certificate(revoking(&first.name, None)).await.unwrap();
    let second = list(&other, &psn_no).await.remove(0);
    assert!(second.qr_text.starts_with("OPSP1.s2."), "{}", second.qr_text);
    assert_eq!(verdict(&other, &second.qr_text).await, Verdict::Valid);
    assert_eq!(verdict(&other, &first.qr_text).await, Verdict::Revoked, "genuine, as it was");
    status_list(&other).await;
    let offline = [offline_code(&other, &first.qr_text).await, offline_code(&other, &second.qr_text).await];
    assert_eq!(offline, [5, 0], "a list that either key signed tells of papers of both");
    assert!(second.qr_text.len() < 400, "{}", second.qr_text);
    let request = pb::DownloadCertificateRequest { name: second.name.clone() };
    let mut pieces = portal(&other, &psn_no).download_certificate(request).await.unwrap().into_inner();
    let start = pieces.message().await.unwrap().expect("a page").chunk;
    assert!(start.starts_with(b"%PDF-"), "the code fits the page");
    // Why the new ring must be everywhere before its key signs.
    assert_eq!(verdict(&one, &second.qr_text).await, Verdict::Forged);
    let (one, other) = (one.stop(), other.stop());
    tokio::join!(one, other);
}

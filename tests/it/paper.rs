//! The certificate as paper: its text, its QR code, and what verification says of it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::certificate::v1 as pb;
use opsp::rpc::parse::date_message;
use pb::certificate_service_client::CertificateServiceClient;
use pb::verify_certificate_response::Verdict;
use rstest::rstest;
use time::Duration;

use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, request_id};

pub async fn verdict(world: &World, qr_text: &str) -> Verdict {
    let request = pb::VerifyCertificateRequest { qr_text: qr_text.to_owned() };
    CertificateServiceClient::new(world.public())
        .verify_certificate(request)
        .await
        .unwrap()
        .into_inner()
        .verdict()
}

async fn download(world: &World, psn_no: &str, name: &str) -> Vec<u8> {
    let request = pb::DownloadCertificateRequest { name: name.to_owned() };
    let mut client = CertificateServiceClient::new(world.portal(psn_no));
    let mut stream = client.download_certificate(request).await.unwrap().into_inner();
    let mut pdf = Vec::new();
    while let Some(piece) = stream.message().await.unwrap() {
        pdf.extend(piece.chunk);
    }
    pdf
}

/// What a program answers to an input.
pub fn through(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; tests/run installs it"));
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let done = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends").expect("the input is written");
    done.stdout
}

/// Neither poppler nor qpdf has anything to say of the file, which is one page with an embedded font.
fn readers_find_no_fault(folder: &Path, pdf: &[u8]) {
    let path = folder.join("page.pdf");
    std::fs::write(&path, pdf).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).arg(&path).output();
        let done = done.unwrap_or_else(|error| panic!("{program}: {error}; tests/run installs it"));
        let (said, complained) =
            (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success() && complained.is_empty(), "{program}: {said}{complained}");
        said.into_owned()
    };
    let checked = run("qpdf", &["--check"]);
    assert!(checked.contains("No syntax or stream encoding errors found"), "{checked}");
    assert!(!checked.contains("WARNING"), "{checked}");
    let info = run("pdfinfo", &[]);
    assert!(info.lines().any(|line| line.starts_with("Pages:") && line.ends_with(" 1")), "{info}");
    let fonts = run("pdffonts", &[]);
    assert!(fonts.lines().skip(2).all(|line| line.contains(" yes yes ")), "embedded, and a subset: {fonts}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_what_it_proves(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, held) = world.granted(row(), "M01600").await;
    let get = pb::GetCertificateRequest { name: held.certificate.clone() };
    let issued =
        CertificateServiceClient::new(world.portal(&psn_no)).get_certificate(get).await.unwrap().into_inner();
    assert!(issued.sample && issued.qr_text.len() < 400, "{} bytes", issued.qr_text.len());
    let pdf = download(&world, &psn_no, &held.certificate).await;
    assert_eq!(pdf, download(&world, &psn_no, &held.certificate).await, "the same page each time");
    let text = String::from_utf8(through("pdftotext", &["-", "-"], &pdf)).unwrap();
    let flat: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    for expected in [
        issued.catalog_sha256.as_str(),
        "欧阳**",
        "糖尿病",
        "公示无异议",
        "定点医药机构未限定",
        "M01600",
        "80%",
        "6,000.00",
        "样例",
        "酒泉市医疗保障局",
        issued.number.as_str(),
    ] {
        assert!(flat.contains(expected), "{expected} is not in {flat}");
    }
    assert!(!flat.contains("欧阳测试"), "the full name is not on the page");
    let png = through("pdftoppm", &["-r", "150", "-png", "-"], &pdf);
    let folder = tempfile::tempdir().unwrap();
    readers_find_no_fault(folder.path(), &pdf);
    let picture = folder.path().join("page.png");
    std::fs::write(&picture, png).unwrap();
    let read =
        Command::new("zbarimg").args(["--quiet", "--raw"]).arg(&picture).output().expect("zbarimg runs");
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), issued.qr_text);
    assert_eq!(verdict(&world, &issued.qr_text).await, Verdict::Valid);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verification_follows_the_benefit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    use benefit::benefit_service_client::BenefitServiceClient;
    let world = World::start(engine).await;
    let (psn_no, held) = world.granted(row(), "M01600").await;
    let get = pb::GetCertificateRequest { name: held.certificate.clone() };
    let issued =
        CertificateServiceClient::new(world.portal(&psn_no)).get_certificate(get).await.unwrap().into_inner();
    for wrong in ["", "nonsense", "OPSP1.s1.AAAA.AAAA", &issued.qr_text[..issued.qr_text.len() - 1]] {
        let request = pb::VerifyCertificateRequest { qr_text: wrong.to_owned() };
        let answer = CertificateServiceClient::new(world.public()).verify_certificate(request).await;
        match answer {
            Ok(answer) => assert_eq!(answer.into_inner().verdict(), Verdict::Forged, "{wrong}"),
            Err(status) => assert!(wrong.is_empty() && status.code() == tonic::Code::InvalidArgument),
        }
    }
    let mut bureau = BenefitServiceClient::new(world.bureau(OFFICER));
    let suspend = benefit::SuspendBenefitRequest {
        name: held.name.clone(),
        begndate: Some(date_message(world.today())),
        enddate: None,
        ground: benefit::SuspensionGround::Audit.into(),
        reason: "核查".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    bureau.suspend_benefit(suspend).await.unwrap();
    assert_eq!(verdict(&world, &issued.qr_text).await, Verdict::Suspended);
    assert_eq!(world.in_force(&psn_no, "M01600", None).await, (false, vec!["BENEFIT_SUSPENDED".to_owned()]));
    world.wait_days(10);
    let resume = benefit::ResumeBenefitRequest {
        name: held.name.clone(),
        begndate: Some(date_message(world.today())),
        reason: "核查完毕".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    bureau.resume_benefit(resume).await.unwrap();
    assert_eq!(verdict(&world, &issued.qr_text).await, Verdict::Valid);
    let inside = world.today() - Duration::days(5);
    assert!(!world.in_force(&psn_no, "M01600", Some(inside)).await.0, "the suspended days stay suspended");
    let end = benefit::EndBenefitRequest {
        name: held.name,
        enddate: Some(date_message(world.today())),
        ground: benefit::EndGround::Recovered.into(),
        request_id: request_id(),
        validate_only: false,
    };
    bureau.end_benefit(end).await.unwrap();
    // The paper does not say the last day: another one that does comes in its place.
    while world.job("sequence").await > 0 {}
    world.job("replace-certificates").await;
    assert_eq!(verdict(&world, &issued.qr_text).await, Verdict::Revoked);
    let get = pb::GetCertificateRequest { name: world.benefits(&psn_no).await.remove(0).certificate };
    let last =
        CertificateServiceClient::new(world.portal(&psn_no)).get_certificate(get).await.unwrap().into_inner();
    assert_eq!(verdict(&world, &last.qr_text).await, Verdict::Valid, "its last day is a day of it");
    world.wait_days(1);
    assert_eq!(verdict(&world, &last.qr_text).await, Verdict::Ended);
}

//! Forms as paper: what is known is printed, the rest is left for the pen, and nothing gets lost on the way.

use opsp::proto::opsp::catalog::v1 as pb;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::insured::v1 as insured;
use pb::catalog_service_client::CatalogServiceClient;
use rstest::rstest;
use tonic::{Code, Status};

use crate::paper::through;
use crate::world::scenario::{resident_row, row};
use crate::world::{Engine, OFFICER, World, refused, wrong_fields};

/// Ten diseases of the sample.
const TEN: [&str; 10] =
    ["M00500", "M07803", "M01600", "M03900", "M04600", "M05300", "M06900", "M07200", "M08300", "M00201"];

fn form(psn_no: &str, kind: pb::FormKind) -> pb::GetFormRequest {
    pb::GetFormRequest { parent: format!("insured/{psn_no}"), kind: kind.into(), ..Default::default() }
}

fn blank(area: &str, kind: pb::FormKind, codes: &[&str]) -> pb::GetBlankFormRequest {
    pb::GetBlankFormRequest {
        parent: format!("areas/{area}"),
        kind: kind.into(),
        opsp_dise_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
    }
}

async fn get(world: &World, psn_no: &str, request: pb::GetFormRequest) -> Result<pb::Form, Status> {
    Ok(CatalogServiceClient::new(world.portal(psn_no)).get_form(request).await?.into_inner())
}

async fn get_blank(world: &World, request: pb::GetBlankFormRequest) -> Result<pb::Form, Status> {
    Ok(CatalogServiceClient::new(world.public()).get_blank_form(request).await?.into_inner())
}

/// The text of a form without spaces, which is A4 on as many pages as it says.
fn text(form: &pb::Form) -> String {
    assert!(form.pdf.len() < 200_000, "{} bytes", form.pdf.len());
    let text = String::from_utf8(through("pdftotext", &["-layout", "-", "-"], &form.pdf)).unwrap();
    assert_eq!(text.matches('\u{c}').count(), usize::try_from(form.pages).unwrap(), "pages");
    let flat: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    assert!(flat.contains(&form.form_number) && flat.contains(&form.catalog_version), "{flat}");
    assert!(flat.contains(&format!("第{0}页，共{0}页", form.pages)), "{flat}");
    assert_eq!(
        flat.matches("依据样例目录生成").count(),
        usize::try_from(form.pages).unwrap(),
        "a mark a page"
    );
    flat
}

fn holds(flat: &str, words: &[&str]) {
    for word in words {
        assert!(flat.contains(word), "{word} is not in {flat}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_printed_with_what_is_known(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let person = row();
    let certno = person.certno.clone();
    let psn_no = world.person(person).await;
    let mut said = world.form("M01600", Vec::new());
    said.agent = Some(common::Agent {
        agnter_name: "王小五".to_owned(),
        agnter_cert_type: "08".to_owned(),
        agnter_certno: "E12345678".to_owned(),
        agnter_tel: "13700000000".to_owned(),
        agnter_rlts: "2".to_owned(),
        agnter_addr: "酒泉市玉门市样例街".to_owned(),
    });
    said.lines[0].diag_dr_name = "李大夫".to_owned();
    let name = world.draft(&psn_no, said).await.unwrap();
    let request = pb::GetFormRequest { application: name, ..form(&psn_no, pb::FormKind::Application) };
    let printed = get(&world, &psn_no, request.clone()).await.unwrap();
    let flat = text(&printed);
    holds(
        &flat,
        &[
            "酒泉市门诊慢特病病种申请表",
            "欧阳测试",
            &certno,
            &psn_no,
            "■男□女",
            "居民身份证",
            "■职工基本医疗保险□城乡居民基本医疗保险",
            "在职职工",
            "肃州区",
            "13912345678",
            "酒泉市肃州区样例路",
            "王小五",
            "外国人护照",
            "E12345678",
            "子女",
            "酒泉市玉门市样例街",
            "糖尿病（M01600）",
            "H62090200001",
            "2025年2月21日",
            "李大夫",
            "申请理由：长期门诊治疗",
            "个人承诺",
            "诊断医师签名",
            "（盖章）",
            "□受理□一次性告知补正□不予受理",
            "居民身份证人像面（彩色扫描件）",
            "须加盖医院公章或电子签章",
            "糖尿病（M01600）另需",
            "20个工作日",
        ],
    );
    assert_eq!(get(&world, &psn_no, request.clone()).await.unwrap(), printed, "the same paper each time");
    // The bureau prints it at the counter; each print of personal data is on record.
    let mut bureau = CatalogServiceClient::new(world.bureau(OFFICER));
    assert_eq!(bureau.get_form(request).await.unwrap().into_inner(), printed);
    assert_eq!(reads(&world, "/applications/").await, 3);
    get(&world, &psn_no, form(&psn_no, pb::FormKind::Commitment)).await.unwrap();
    assert_eq!(reads(&world, "/reads/").await, 4);
}

/// Reads on record whose resource holds a word.
async fn reads(world: &World, word: &str) -> usize {
    world.job("sequence").await;
    let entries = world.running.app.db.logged_after(0, 500).await.unwrap();
    entries
        .iter()
        .filter(|entry| entry.event == "confidential.read" && entry.aggregate.contains(word))
        .count()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_words_wrap_and_ten_diseases_go_on(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let person = insured::ImportInsuredRequest {
        psn_name: "买买提".repeat(16),
        addr: "甘肃省酒泉市肃州区样例街道样例路一百二十三号".repeat(9).chars().take(200).collect(),
        ..row()
    };
    let (long_name, long_addr) = (person.psn_name.clone(), person.addr.clone());
    let psn_no = world.person(person).await;
    let codes = TEN.iter().map(|code| (*code).to_owned()).collect();
    let request = pb::GetFormRequest { opsp_dise_codes: codes, ..form(&psn_no, pb::FormKind::Application) };
    let printed = get(&world, &psn_no, request).await.unwrap();
    let flat = text(&printed);
    assert!((2..=4).contains(&printed.pages), "{} pages", printed.pages);
    for code in TEN {
        assert!(flat.matches(&format!("（{code}）")).count() >= 1, "{code} in {flat}");
    }
    // A value that wraps is cut into lines, which `pdftotext -layout` puts between their neighbours: read it raw.
    let raw = String::from_utf8(through("pdftotext", &["-raw", "-", "-"], &printed.pdf)).unwrap();
    let raw: String = raw.chars().filter(|letter| !letter.is_whitespace()).collect();
    holds(&raw, &[&long_name, &long_addr]);

    // An application may say a thousand characters, in more lines than a page has.
    let mut said = world.form("M01600", Vec::new());
    said.appy_rea = "长期门诊治疗，病情需要。\n".repeat(77).chars().take(1_000).collect();
    let reason: String = said.appy_rea.lines().collect();
    let application = world.draft(&psn_no, said).await.unwrap();
    let request = pb::GetFormRequest { application, ..form(&psn_no, pb::FormKind::Application) };
    holds(&text(&get(&world, &psn_no, request).await.unwrap()), &[&reason]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_known_is_left_for_the_pen(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let psn_no = world
        .person(insured::ImportInsuredRequest { tel: String::new(), addr: String::new(), ..resident_row() })
        .await;
    let printed = get(&world, &psn_no, form(&psn_no, pb::FormKind::Application)).await.unwrap();
    assert_eq!((printed.pages, printed.sample), (2, true));
    let flat = text(&printed);
    holds(&flat, &["■城乡居民基本医疗保险", "城乡居民", "各病种另需的材料，见所申请病种的材料清单"]);

    let commitment = get(&world, &psn_no, form(&psn_no, pb::FormKind::Commitment)).await.unwrap();
    assert_eq!(commitment.pages, 1);
    holds(
        &text(&commitment),
        &[
            "酒泉市异地就医备案承诺书",
            "欧阳测试",
            "□异地安置退休人员□异地长期居住人员□常驻异地工作人员",
            "备案后6个月内不得变更或者取消备案",
            "医保发〔2022〕22号",
        ],
    );

    // The empty form of a county is that of its pooling area, and holds nothing of anyone.
    let empty = get_blank(&world, blank("620902", pb::FormKind::Application, &["M01600"])).await.unwrap();
    let flat = text(&empty);
    holds(&flat, &["酒泉市门诊慢特病病种申请表", "□男□女", "糖尿病（M01600）另需", "□职工基本医疗保险"]);
    assert!(!flat.contains("欧阳测试") && !flat.contains('■'));
    let empty = get_blank(&world, blank("620900", pb::FormKind::Commitment, &[])).await.unwrap();
    assert_eq!((empty.pages, empty.form_number), (1, commitment.form_number));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_cannot_be_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, other) = (world.person(row()).await, world.person(row()).await);
    let name = world.draft(&other, world.form("M01600", Vec::new())).await.unwrap();
    let base = form(&psn_no, pb::FormKind::Application);
    let with = |codes: &[&str]| pb::GetFormRequest {
        opsp_dise_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        ..base.clone()
    };
    let shape = get(&world, &psn_no, pb::GetFormRequest { kind: 0, ..with(&["M01600", "M01600"]) }).await;
    assert_eq!(wrong_fields(shape), ["kind", "opsp_dise_codes"]);
    let status = get(&world, &psn_no, with(&["M01600", "NONE", "NEVER"])).await;
    refused(status, Code::FailedPrecondition, "DISEASE_UNKNOWN");
    // Another person's application looks like none, and so does another person.
    let theirs = pb::GetFormRequest { application: name.clone(), ..base.clone() };
    refused(get(&world, &psn_no, theirs).await, Code::NotFound, "NOT_FOUND");
    refused(get(&world, &psn_no, form(&other, pb::FormKind::Commitment)).await, Code::NotFound, "NOT_FOUND");
    let both = pb::GetFormRequest {
        application: name.clone(),
        parent: format!("insured/{other}"),
        ..with(&["M01600"])
    };
    assert_eq!(wrong_fields(get(&world, &other, both).await), ["opsp_dise_codes"]);
    let wrong = pb::GetFormRequest { kind: pb::FormKind::Commitment.into(), ..with(&["M01600"]) };
    assert_eq!(wrong_fields(get(&world, &psn_no, wrong).await), ["kind"]);
    let elsewhere = get_blank(&world, blank("620700", pb::FormKind::Application, &[])).await;
    refused(elsewhere, Code::NotFound, "NOT_FOUND");
    // A surname that the font does not have: no empty box in its place, and not a word of it in the answer.
    let rare =
        world.person(insured::ImportInsuredRequest { psn_name: "\u{2CC56}一".to_owned(), ..row() }).await;
    let sentence = refused(
        get(&world, &rare, form(&rare, pb::FormKind::Application)).await,
        Code::FailedPrecondition,
        "GLYPH_MISSING",
    );
    assert!(!sentence.contains('\u{2CC56}'));
}

//! The applicant's side: files, draft, submission, supplement.

use anyhow::{Context, ensure};
use time::{Date, Duration};
use tokio_stream::iter;
use tonic::Code;

use super::case::Person;
use super::clients::for_subject;
use super::print::{day, deadline};
use super::{Demo, Told, refused};
use crate::certificate::sheet::{self, Sheet};
use crate::proto::opsp::application::v1 as pb;
use crate::proto::opsp::catalog::v1 as catalog;
use crate::proto::opsp::material::v1 as material;
use crate::rpc::parse::date_message;

/// The hospital that identified both diseases and issued the papers: tertiary, in 肃州.
pub const HOSPITAL: &str = "H62090200001";
/// Bytes a message.
const CHUNK: usize = 64 << 10;

/// 上传材料: everything on the checklist, jpg and pdf.
pub async fn upload(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for person in demo.case.people() {
        let request = catalog::GetDiseaseRequest {
            name: format!("areas/620900/diseases/{}", person.code),
            ..Default::default()
        };
        let disease = demo.clients.catalog().get_disease(request).await?.into_inner();
        let mut names = Vec::new();
        for required in &disease.materials {
            let uploaded = upload_one(demo, &person, required.kind(), &required.title, "").await?;
            let is_exam = required.kind() == catalog::MaterialKind::ExamReport;
            if is_exam {
                demo.case.keep(&format!("{}.exam", person.key), &uploaded.name);
            } else {
                names.push(uploaded.name.clone());
            }
            let (media_type, size) = (&uploaded.media_type, uploaded.size_bytes);
            told.push(format!(
                "MaterialService/UploadMaterial  {} {media_type} {size} bytes: {}",
                person.key, required.title
            ));
        }
        demo.case.keep(&format!("{}.materials", person.key), names.join(" "));
    }
    Ok(told)
}

/// A file that is neither jpg nor pdf is refused.
pub async fn bad_upload(demo: &mut Demo) -> Told {
    let [person, _] = demo.case.people();
    let header = header(demo, &person, catalog::MaterialKind::Other, "不是图片", "bad");
    let parts = parts(header, b"this is a text, whatever its name says".to_vec());
    let answer = demo.clients.material().upload_material(for_subject(&person.psn_no, iter(parts))?).await;
    let text = refused(answer, Code::InvalidArgument, "INVALID_FIELDS")?;
    Ok(vec![format!("MaterialService/UploadMaterial  refused, as it should be: {text}")])
}

async fn upload_one(
    demo: &Demo,
    person: &Person,
    kind: catalog::MaterialKind,
    title: &str,
    extra: &str,
) -> anyhow::Result<material::Material> {
    let content = content(demo, kind, title)?;
    let parts = parts(header(demo, person, kind, title, extra), content);
    let answer = demo.clients.material().upload_material(for_subject(&person.psn_no, iter(parts))?).await;
    Ok(answer.with_context(|| format!("upload of {title}"))?.into_inner())
}

fn header(
    demo: &Demo,
    person: &Person,
    kind: catalog::MaterialKind,
    title: &str,
    extra: &str,
) -> material::UploadHeader {
    material::UploadHeader {
        parent: format!("insured/{}", person.psn_no),
        request_id: demo.case.request_id(&format!("upload {} {title} {extra}", person.key)),
        kind: kind.into(),
        title: title.to_owned(),
        media_type: String::new(),
        issued_on: Some(date_message(demo.today() - Duration::days(7))),
        fixmedins_code: HOSPITAL.to_owned(),
        sealed: true,
        offset: 0,
    }
}

fn parts(header: material::UploadHeader, content: Vec<u8>) -> Vec<material::UploadMaterialRequest> {
    use material::upload_material_request::Part;
    let chunks = content.chunks(CHUNK).map(|chunk| Part::Chunk(chunk.to_vec()));
    let parts = std::iter::once(Part::Header(header)).chain(chunks);
    parts.map(|part| material::UploadMaterialRequest { part: Some(part) }).collect()
}

/// A picture for cards, a page for papers.
fn content(demo: &Demo, kind: catalog::MaterialKind, title: &str) -> anyhow::Result<Vec<u8>> {
    use catalog::MaterialKind;
    let picture: &[u8] = match kind {
        MaterialKind::IdCardFront => include_bytes!("id-front.jpg"),
        MaterialKind::IdCardBack => include_bytes!("id-back.jpg"),
        MaterialKind::InsuranceCard => include_bytes!("insurance-card.jpg"),
        _ => {
            let page = Sheet {
                title: title.to_owned(),
                area: "酒泉市".to_owned(),
                number: "样例".to_owned(),
                lead: String::new(),
                fields: vec![("内容".to_owned(), "样例材料，仅供演示，不含任何真实病历".to_owned())],
                notes: Vec::new(),
                sample: Some("样例材料".to_owned()),
                issuer: "样例医院".to_owned(),
                issued_on: String::new(),
                qr: "sample".to_owned(),
            };
            return Ok(sheet::render(&page, &demo.running.app.face)?);
        }
    };
    Ok(picture.to_vec())
}

/// 申请: a draft for each, still without the exam report.
pub async fn draft(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for person in demo.case.people() {
        let request = pb::CreateApplicationRequest {
            parent: format!("insured/{}", person.psn_no),
            application: Some(form(demo, &person, false)?),
            request_id: demo.case.request_id(&format!("create {}", person.key)),
            validate_only: false,
        };
        let request = for_subject(&person.psn_no, request)?;
        let made = demo.clients.application().create_application(request).await?.into_inner();
        demo.case.keep(&format!("{}.application", person.key), &made.name);
        told.push(format!(
            "ApplicationService/Create       {} {} {}",
            person.key,
            person.code,
            made.state().as_str_name()
        ));
    }
    Ok(told)
}

fn form(demo: &Demo, person: &Person, whole: bool) -> anyhow::Result<pb::ApplicationInput> {
    let mut materials: Vec<_> =
        demo.case.kept(&format!("{}.materials", person.key))?.split(' ').map(str::to_owned).collect();
    if whole {
        materials.push(demo.case.kept(&format!("{}.exam", person.key))?);
    }
    let identified: Date = demo.today() - Duration::days(10);
    Ok(pb::ApplicationInput {
        appy_rea: "病情稳定，需长期门诊治疗".to_owned(),
        tel: "13900000000".to_owned(),
        agent: None,
        lines: vec![pb::LineInput {
            opsp_dise_code: person.code.to_owned(),
            ide_fixmedins_no: HOSPITAL.to_owned(),
            hosp_ide_date: Some(date_message(identified)),
            diag_dr_codg: "D620900000001".to_owned(),
            diag_dr_name: "李医生".to_owned(),
        }],
        materials,
        dcla_souc: "03".to_owned(),
        ..Default::default()
    })
}

fn submit_request(demo: &Demo, person: &Person, what: &str) -> anyhow::Result<pb::SubmitApplicationRequest> {
    Ok(pb::SubmitApplicationRequest {
        name: demo.case.kept(&format!("{}.application", person.key))?,
        etag: String::new(),
        request_id: demo.case.request_id(&format!("{what} {}", person.key)),
        validate_only: false,
    })
}

/// Submitted too early: everything that is missing is told at once.
pub async fn incomplete(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for person in demo.case.people() {
        let request = for_subject(&person.psn_no, submit_request(demo, &person, "early submit")?)?;
        let answer = demo.clients.application().submit_application(request).await;
        let text = refused(answer, Code::FailedPrecondition, "MATERIAL_MISSING")?;
        told.push(format!("ApplicationService/Submit       {} refused, as it should be: {text}", person.key));
    }
    Ok(told)
}

/// 提交: with the exam report. The 20 working days begin.
pub async fn submit(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for person in demo.case.people() {
        let update = pb::UpdateApplicationRequest {
            name: demo.case.kept(&format!("{}.application", person.key))?,
            application: Some(form(demo, &person, true)?),
            etag: String::new(),
            request_id: demo.case.request_id(&format!("update {}", person.key)),
            validate_only: false,
        };
        demo.clients.application().update_application(for_subject(&person.psn_no, update)?).await?;
        let request = for_subject(&person.psn_no, submit_request(demo, &person, "submit")?)?;
        let sent = demo.clients.application().submit_application(request).await?.into_inner();
        let due = deadline(sent.deadline.as_ref());
        told.push(format!(
            "ApplicationService/Submit       {} {} {due}",
            person.key,
            sent.state().as_str_name()
        ));
    }
    Ok(told)
}

/// 补正: a week later the resident brings what was asked for, and the clock goes on.
pub async fn supplement(demo: &mut Demo) -> Told {
    let before = demo.today();
    let since: Date = demo
        .case
        .kept("supplement.since")
        .ok()
        .and_then(|text| crate::kernel::calendar::parse_date(&text))
        .unwrap_or(before);
    demo.wait_until(since + Duration::days(7))?;
    let [_, resident] = demo.case.people();
    let title = "补充血压监测记录";
    let added = upload_one(demo, &resident, catalog::MaterialKind::ExamReport, title, "supplement").await?;
    let request = pb::SupplementApplicationRequest {
        name: demo.case.kept("resident.application")?,
        materials: vec![added.name],
        nothing_to_add: false,
        request_id: demo.case.request_id("supplement"),
        validate_only: false,
    };
    let request = for_subject(&resident.psn_no, request)?;
    let answer = demo.clients.application().supplement_application(request).await?.into_inner();
    let due = answer.deadline.as_ref().and_then(|deadline| deadline.due_date.as_ref());
    ensure!(due.is_some(), "the clock does not run after the supplement");
    Ok(vec![
        format!("…                               a week goes by: it is {}", day(demo.today())),
        format!(
            "ApplicationService/Supplement   resident {} {}",
            answer.state().as_str_name(),
            deadline(answer.deadline.as_ref())
        ),
    ])
}

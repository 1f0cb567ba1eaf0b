//! 公示页面: what the public can read of a notice, as HTML and on paper, of any size, and nothing of anybody.

use opsp::catalog::domain::Insutype;
use opsp::catalog::published::Cited;
use opsp::db::work::Owner;
use opsp::kernel::access::Actor;
use opsp::kernel::id::PsnNo;
use opsp::kernel::region::Region;
use opsp::notice::domain::{Head, Opening};
use opsp::notice::entry::domain::{Entry, Listing};
use opsp::proto::opsp::catalog::v1::ImportCatalogRequest;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::notice::v1 as notice;
use rstest::rstest;
use tonic::{Code, Status};

use notice::notice_service_client::NoticeServiceClient;

use crate::catalogue::{document, import};
use crate::paper::through;
use crate::preview::draft;
use crate::world::chance::size;
use crate::world::scenario::row;
use crate::world::{Caller, Engine, OFFICER, World, refused, wrong_fields};

/// No piece is larger, however many rows there are.
const PIECE: usize = 96 << 10;

/// The pieces of one rendering, and the token that came with the last.
async fn pieces(
    caller: Caller,
    name: &str,
    format: notice::NoticeFormat,
    token: String,
) -> Result<(Vec<Vec<u8>>, String), Status> {
    let request =
        notice::RenderNoticeRequest { name: name.to_owned(), format: format.into(), page_token: token };
    let mut stream = NoticeServiceClient::new(caller).render_notice(request).await?.into_inner();
    let (mut pieces, mut next) = (Vec::new(), String::new());
    while let Some(piece) = stream.message().await? {
        assert!(next.is_empty() && piece.chunk.len() <= PIECE, "{} bytes", piece.chunk.len());
        next = piece.next_page_token;
        pieces.push(piece.chunk);
    }
    Ok((pieces, next))
}

async fn html(caller: Caller, name: &str) -> Result<String, Status> {
    let (pieces, token) = pieces(caller, name, notice::NoticeFormat::Html, String::new()).await?;
    assert!(token.is_empty());
    Ok(String::from_utf8(pieces.concat()).unwrap())
}

/// A volume as it is, the token of the next one, and its text without spaces.
async fn volume(caller: Caller, name: &str, token: String) -> Result<(Vec<u8>, String, String), Status> {
    let (pieces, token) = pieces(caller, name, notice::NoticeFormat::Pdf, token).await?;
    let pdf = pieces.concat();
    let text = String::from_utf8(through("pdftotext", &["-layout", "-", "-"], &pdf)).unwrap();
    let flat: String = text.chars().filter(|letter| *letter == '\u{c}' || !letter.is_whitespace()).collect();
    Ok((pdf, token, flat))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_the_mask_and_nothing_else_of_anybody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = row();
    let psn_no = world.person(person.clone()).await;
    let application = world.submitted(&psn_no, "M01600").await;
    world.decide(&application, &world.experts().await, true).await;
    let name = world.notice(common::Insutype::Employee).await;
    let entry = world.entries(&name).await.remove(0);

    let page = html(world.public(), &name).await.unwrap();
    let (pdf, token, flat) = volume(world.public(), &name, String::new()).await.unwrap();
    assert!(token.is_empty() && pdf.starts_with(b"%PDF-"));
    let said = [entry.reference.as_str(), "欧阳**", &entry.masked_certno, "酒泉市", "职工基本医疗保险"];
    for shown in said.into_iter().chain(["样例", "5个工作日", "2025年3月10日（含当日）前", "公示编号"])
    {
        assert!(page.replace(' ', "").contains(shown), "{shown} is not on the page");
        assert!(flat.contains(shown), "{shown} is not on paper: {flat}");
    }
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<html lang=\"zh-CN\">"));
    for none in ["<script", "http:", "https:", "src=", "href=", "url("] {
        assert!(!page.contains(none), "{none}");
    }
    let brdy = &person.certno[6..14];
    let id = application.rsplit('/').next().unwrap();
    let own = [person.psn_name.as_str(), &person.certno, brdy, &person.tel, &person.addr, &psn_no, id];
    // The disease is not published, the application's number and what its people said neither.
    for secret in own.into_iter().chain(["糖尿病", "M01600", "长期门诊治疗", "李医生", OFFICER]) {
        assert!(!page.contains(secret), "the page holds {secret}");
        assert!(!flat.contains(secret), "the paper holds {secret}");
        assert!(!pdf.windows(secret.len()).any(|part| part == secret.as_bytes()), "the file holds {secret}");
    }

    let both = notice::RenderNoticeRequest { name: name.clone(), format: 1, page_token: "x".to_owned() };
    let wrong = NoticeServiceClient::new(world.public()).render_notice(both).await;
    assert_eq!(wrong_fields(wrong.map(drop)), ["page_token"]);

    // Of a removed entry nothing is shown, and of a closed notice nothing to the public.
    let filed = world.object(&entry.name).await.unwrap();
    world.resolve(&filed.name, true).await.unwrap();
    assert!(!html(world.public(), &name).await.unwrap().contains(&entry.reference));
    assert!(!volume(world.public(), &name, String::new()).await.unwrap().2.contains(&entry.reference));
    world.close(&name).await;
    for caller in [world.public(), world.elsewhere(), world.platform()] {
        refused(html(caller.clone(), &name).await, Code::NotFound, "NOT_FOUND");
        refused(volume(caller, &name, String::new()).await, Code::NotFound, "NOT_FOUND");
    }
    let closed = html(world.bureau(OFFICER), &name).await.unwrap();
    assert!(closed.contains("公示期满") && closed.contains("不再受理异议"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disease_is_named_only_on_a_basis_that_is_shown(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let draft = |basis: &str| {
        draft(|catalog| {
            catalog.rules.publish_disease = true;
            basis.clone_into(&mut catalog.rules.publish_disease_basis);
        })
    };
    let bare = draft("");
    let tried = ImportCatalogRequest { validate_only: true, ..document("620900", &bare) };
    let answer = import(world.ops(), tried).await.unwrap();
    let line = bare.lines().position(|line| line.starts_with("publish_disease = ")).unwrap() + 1;
    let told: Vec<_> = answer.faults.iter().map(|fault| (fault.path.as_str(), fault.line)).collect();
    assert_eq!(told, [("rules.publish_disease", i32::try_from(line).unwrap())]);
    assert!(answer.catalog.is_none() && answer.faults[0].text_zh.contains("publish_disease_basis"));

    let basis = "《样例办法》第五条 <样例>";
    let published = import(world.ops(), document("620900", &draft(basis))).await.unwrap().catalog.unwrap();
    assert_eq!((published.publish_disease, published.publish_disease_basis.as_str()), (true, basis));
    let psn_no = world.person(row()).await;
    let application = world.submitted(&psn_no, "M01600").await;
    world.decide(&application, &world.experts().await, true).await;
    let name = world.notice(common::Insutype::Employee).await;
    assert_eq!(world.get_notice(&name).await.disease_basis, basis);
    assert!(world.entries(&name).await[0].opsp_dise_name.contains("糖尿病"));
    let page = html(world.public(), &name).await.unwrap();
    let (_, _, flat) = volume(world.public(), &name, String::new()).await.unwrap();
    assert!(page.contains("糖尿病") && page.contains("《样例办法》第五条 &lt;样例&gt;"));
    assert!(flat.contains("糖尿病") && flat.contains("《样例办法》第五条<样例>"), "{flat}");
}

/// A notice with so many entries, all of one person; gives its name and their references.
async fn crowded(world: &World, count: usize) -> (String, Vec<String>) {
    let psn_no = PsnNo::parse(&world.person(row()).await).unwrap();
    let (area, db) = (Region::find("620900").unwrap(), &world.running.app.db);
    let work = db.work(&Actor::system(), Owner::Person(psn_no)).await.unwrap();
    let id = work.new_id();
    let name = opsp::notice::store::name(&area, id);
    let mut references = Vec::new();
    for number in 0..count {
        let reference = format!("2025-900-{number:06}");
        let listing = Listing {
            id: work.new_id(),
            notice: id,
            name: format!("{name}/entries/{reference}"),
            reference: reference.clone(),
            insured_area: Region::find("620902").unwrap(),
            insutype: Insutype::Employee,
            code: "M01600".to_owned(),
            application: work.new_id(),
            approved_on: world.today(),
            masked_name: "张*".to_owned(),
            masked_certno: "620902********0011".to_owned(),
            opsp_dise_name: String::new(),
        };
        opsp::notice::entry::store::create(&work, &area, Entry::list(listing)).await.unwrap();
        references.push(reference);
    }
    work.commit().await.unwrap();
    let work = db.work(&Actor::system(), Owner::Area(area.clone())).await.unwrap();
    let head = Head {
        id,
        area,
        number: "2025-900".to_owned(),
        insutype: Insutype::Employee,
        sample: true,
        cited: Cited::default(),
        disease_basis: String::new(),
        created_at: work.now(),
    };
    opsp::notice::store::create(&work, Opening::begin(head)).await.unwrap();
    work.commit().await.unwrap();
    world.job("open-notices").await;
    (name, references)
}

/// `NOTICE_ROWS` of them; `tests/run` takes 1,500.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_of_any_size_goes_out_piece_by_piece(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let count = usize::try_from(size("NOTICE_ROWS", 1_500)).unwrap();
    let (name, references) = crowded(&world, count).await;
    let page = html(world.public(), &name).await.unwrap();
    let rows: Vec<_> = page.split("<tr role=\"row\">").skip(2).collect();
    assert_eq!(rows.len(), count);
    for (number, (row, reference)) in rows.iter().zip(&references).enumerate() {
        assert!(row.contains(&format!(">{}</td>", number + 1)) && row.contains(reference), "{row}");
    }

    let (mut token, mut found, mut volumes) = (String::new(), Vec::new(), 0);
    loop {
        let (_, next, flat) = volume(world.public(), &name, token).await.unwrap();
        volumes += 1;
        let pages: Vec<_> = flat.split('\u{c}').filter(|page| !page.is_empty()).collect();
        for (number, page) in pages.iter().enumerate() {
            let foot = format!("第{}页，共{}页", number + 1, pages.len());
            assert!(page.contains(&foot) && page.contains("样例"), "{foot} is not on {page}");
            assert!(page.contains("序号公示编号姓名证件号码") || !page.contains("张*"), "no head on {page}");
        }
        assert!(flat.contains(&format!("共{count}条")));
        found.extend(references.iter().filter(|reference| flat.contains(*reference)).cloned());
        token = next;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((volumes, found), (count.div_ceil(1_000), references));
}

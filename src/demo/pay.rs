//! The certificate, the settlements up to and over the limit, a reversal, remote residence.

use anyhow::{Context, ensure};
use tonic::Code;

use super::apply::HOSPITAL;
use super::clients::for_subject;
use super::print::yuan;
use super::{Demo, Told, refused};
use crate::proto::opsp::application::v1 as application;
use crate::proto::opsp::benefit::v1 as benefit;
use crate::proto::opsp::certificate::v1 as certificate;
use crate::proto::opsp::event::v1 as event;
use crate::proto::opsp::residence::v1 as residence;
use crate::proto::opsp::settlement::v1 as pb;
use crate::rpc::parse::date_message;

/// A tertiary hospital in 兰州.
const ELSEWHERE: &str = "H62010200001";

/// 待遇认定证明: the PDF, its QR text genuine, an altered one forged.
pub async fn certificate(demo: &mut Demo) -> Told {
    let [person, _] = demo.case.people();
    let list = benefit::ListBenefitsRequest {
        parent: format!("insured/{}", person.psn_no),
        page_size: 0,
        page_token: String::new(),
    };
    let held = demo.clients.benefit().list_benefits(list).await?.into_inner().benefits;
    let held = held.first().context("the employee has no benefit")?.clone();
    demo.case.keep("employee.benefit", &held.name);
    let get = certificate::GetCertificateRequest { name: held.certificate.clone() };
    let issued =
        demo.clients.certificate().get_certificate(for_subject(&person.psn_no, get)?).await?.into_inner();
    ensure!(issued.sample, "a certificate of the sample catalogue does not say so");

    let download = certificate::DownloadCertificateRequest { name: held.certificate };
    let mut pieces = demo
        .clients
        .certificate()
        .download_certificate(for_subject(&person.psn_no, download)?)
        .await?
        .into_inner();
    let mut pdf = Vec::new();
    while let Some(piece) = pieces.message().await? {
        pdf.extend(piece.chunk);
    }
    let path = demo.data_dir.join(format!("certificate-{}.pdf", issued.number));
    std::fs::write(&path, &pdf)?;
    demo.case.keep("pdf", path.display().to_string());

    let mut told = vec![
        format!("CertificateService/Download     {} ({} bytes)", path.display(), pdf.len()),
        format!("CertificateService/Verify       {}", verify(demo, &issued.qr_text).await?),
    ];
    ensure!(told[1].ends_with("VERDICT_VALID"), "{}", told[1]);
    let altered = issued.qr_text.replace('.', ".A");
    let verdict = verify(demo, &altered).await?;
    ensure!(verdict == "VERDICT_FORGED", "an altered text is {verdict}");
    told.push(format!("CertificateService/Verify       altered: {verdict}"));
    Ok(told)
}

async fn verify(demo: &Demo, qr_text: &str) -> anyhow::Result<String> {
    let request = certificate::VerifyCertificateRequest { qr_text: qr_text.to_owned() };
    let answer = demo.clients.certificate().verify_certificate(request).await?.into_inner();
    Ok(answer.verdict().as_str_name().to_owned())
}

fn bill(demo: &Demo, number: &str, fixmedins_code: &str, fen: i64) -> pb::Bill {
    let [person, _] = demo.case.people();
    pb::Bill {
        psn_no: person.psn_no,
        opsp_dise_code: person.code.to_owned(),
        fixmedins_code: fixmedins_code.to_owned(),
        mdtrt_id: format!("V{number}"),
        medins_setl_id: format!("R{}B{number}", demo.case.run),
        service_day: Some(date_message(demo.today())),
        medfee_sumamt_fen: fen,
        inscp_scp_amt_fen: fen,
    }
}

fn request(demo: &Demo, bill: pb::Bill) -> pb::SettleRequest {
    let request_id = demo.case.request_id(&format!("settle {}", bill.medins_setl_id));
    pb::SettleRequest { bill: Some(bill), request_id, validate_only: false }
}

fn told(what: &str, done: &pb::Settlement) -> String {
    let bill = done.bill.as_ref().map_or(0, |bill| bill.medfee_sumamt_fen);
    format!(
        "SettlementService/{what:<14}{} bill {}: fund {}, person {}, left {} 元",
        done.place,
        yuan(bill),
        yuan(done.fund_pay_sumamt_fen),
        yuan(done.psn_part_amt_fen),
        yuan(done.left_fen)
    )
}

/// 结算: 80 % until the yearly limit of 6,000 元, then nothing, and explained.
pub async fn settle(demo: &mut Demo) -> Told {
    let preview = pb::PreviewSettlementRequest { bill: Some(bill(demo, "1", HOSPITAL, 500_000)) };
    let preview = demo.clients.settlement().preview_settlement(preview).await?.into_inner();
    let mut lines = vec![self::told("Preview", &preview)];
    for (number, fen, expected) in [("1", 500_000, 400_000), ("2", 400_000, 200_000), ("3", 100_000, 0)] {
        let done = demo
            .clients
            .settlement()
            .settle(request(demo, bill(demo, number, HOSPITAL, fen)))
            .await?
            .into_inner();
        ensure!(
            done.fund_pay_sumamt_fen == expected,
            "bill {number}: the fund paid {}",
            done.fund_pay_sumamt_fen
        );
        ensure!(
            done.fund_pay_sumamt_fen + done.psn_part_amt_fen == fen,
            "bill {number}: parts are not the whole"
        );
        lines.push(self::told("Settle", &done));
        if expected == 0 {
            let explained = done.explanation.iter().map(|line| line.text_zh.as_str());
            lines
                .push(format!("                                {}", explained.collect::<Vec<_>>().join(" ")));
        }
    }
    Ok(lines)
}

/// The same request again: the same answer. With another payload: refused.
pub async fn repeat(demo: &mut Demo) -> Told {
    let again = request(demo, bill(demo, "1", HOSPITAL, 500_000));
    let done = demo.clients.settlement().settle(again.clone()).await?.into_inner();
    ensure!(done.fund_pay_sumamt_fen == 400_000, "the repeat answered {}", done.fund_pay_sumamt_fen);
    let mut other = again;
    other.bill = Some(bill(demo, "1", HOSPITAL, 500_001));
    let text =
        refused(demo.clients.settlement().settle(other).await, Code::InvalidArgument, "INVALID_FIELDS")?;
    Ok(vec![
        format!("{} (repeated: the first answer)", told("Settle", &done)),
        format!("SettlementService/Settle        other payload, refused as it should be: {text}"),
    ])
}

/// 冲正: the first settlement is taken back, its amount is there again.
pub async fn reverse(demo: &mut Demo) -> Told {
    let [person, _] = demo.case.people();
    let bill = bill(demo, "1", HOSPITAL, 500_000);
    let reversal = pb::ReverseSettlementRequest {
        psn_no: person.psn_no,
        fixmedins_code: bill.fixmedins_code,
        medins_setl_id: bill.medins_setl_id,
        request_id: demo.case.request_id("reverse"),
        validate_only: false,
    };
    let done = demo.clients.settlement().reverse_settlement(reversal).await?.into_inner();
    ensure!(done.state() == pb::SettlementState::Reversed, "{}", done.state().as_str_name());
    Ok(vec![format!("SettlementService/Reverse       {} 元 given back", yuan(done.fund_pay_sumamt_fen))])
}

/// Elsewhere without a filing: refused, with what helps.
pub async fn unfiled(demo: &mut Demo) -> Told {
    let early = request(demo, bill(demo, "4-early", ELSEWHERE, 100_000));
    let text = refused(demo.clients.settlement().settle(early).await, Code::FailedPrecondition, "NOT_FILED")?;
    Ok(vec![format!("SettlementService/Settle        refused, as it should be: {text}")])
}

/// 异地就医备案: by commitment, valid at once, and paid as at home.
pub async fn remote(demo: &mut Demo) -> Told {
    let [person, _] = demo.case.people();
    let filing = residence::FileResidenceRequest {
        parent: format!("insured/{}", person.psn_no),
        kind: residence::ResidenceKind::Retired.into(),
        basis: residence::ResidenceBasis::Commitment.into(),
        places: vec!["620100".to_owned()],
        begndate: None,
        addr: "甘肃省兰州市城关区样例路2号".to_owned(),
        tel: "13900000000".to_owned(),
        materials: Vec::new(),
        agent: None,
        request_id: demo.case.request_id("file"),
        validate_only: false,
    };
    let filed =
        demo.clients.residence().file_residence(for_subject(&person.psn_no, filing)?).await?.into_inner();
    let done = demo
        .clients
        .settlement()
        .settle(request(demo, bill(demo, "4", ELSEWHERE, 100_000)))
        .await?
        .into_inner();
    ensure!(done.place == "remote" && done.fund_pay_sumamt_fen == 80_000, "{}", told("Settle", &done));
    Ok(vec![
        format!(
            "RemoteResidenceService/File     {} in 620100 兰州市, by commitment",
            filed.state().as_str_name()
        ),
        told("Settle", &done),
    ])
}

/// 年度累计, 办理进度, 事件.
pub async fn history(demo: &mut Demo) -> Told {
    let [person, _] = demo.case.people();
    let ask = benefit::GetAccumulatorRequest {
        parent: format!("insured/{}", person.psn_no),
        opsp_dise_code: person.code.to_owned(),
        year: 0,
    };
    let sum = demo.clients.benefit().get_accumulator(ask).await?.into_inner();
    // 2,000.00 of bill 2, 800.00 of bill 4; bill 1 was given back, bill 3 was over the limit.
    ensure!(
        sum.used_fen == 280_000 && sum.left_fen == 320_000,
        "used {}, left {}",
        sum.used_fen,
        sum.left_fen
    );
    demo.case.keep("sum.used", yuan(sum.used_fen));
    demo.case.keep("sum.left", yuan(sum.left_fen));
    let timeline = application::ListTimelineRequest {
        parent: demo.case.kept("employee.application")?,
        page_size: 100,
        page_token: String::new(),
    };
    let timeline = for_subject(&person.psn_no, timeline)?;
    let entries = demo.clients.application().list_timeline(timeline).await?.into_inner().entries;
    let steps: Vec<_> = entries.iter().map(|entry| entry.text_zh.trim_end_matches('。').to_owned()).collect();
    demo.run_job("sequence").await?;
    let (mut after, mut count) = (0, 0);
    loop {
        let request = event::ListEventsRequest { after, page_size: 500 };
        let page = demo.clients.event().list_events(request).await?.into_inner();
        if page.last_position == after {
            break;
        }
        count += page.events.len();
        after = page.last_position;
    }
    demo.case.keep("events", format!("{after} positions, {count} of them visible to the platform"));
    Ok(vec![
        format!(
            "BenefitService/GetAccumulator   {}: used {}, left {} 元",
            sum.year,
            yuan(sum.used_fen),
            yuan(sum.left_fen)
        ),
        format!("ApplicationService/ListTimeline {}", steps.join(" → ")),
        format!("EventService/ListEvents         {count} events, the last at position {after}"),
    ])
}

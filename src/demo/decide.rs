//! The bureau's side: acceptance, supplement, experts, confirmation, notice, objection.

use anyhow::{Context, ensure};
use tonic::Code;

use super::clients::by_operator;
use super::print::{day, deadline};
use super::{Demo, Told, redact, refused};
use crate::kernel::calendar::parse_date;
use crate::proto::opsp::benefit::v1 as benefit;
use crate::proto::opsp::catalog::v1 as catalog;
use crate::proto::opsp::common::v1 as common;
use crate::proto::opsp::notice::v1 as notice;
use crate::proto::opsp::review::v1 as review;
use crate::rpc::parse::to_date;

const OFFICER: &str = "officer.li";

/// 受理.
pub async fn accept(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for person in demo.case.people() {
        let request = review::AcceptApplicationRequest {
            name: demo.case.kept(&format!("{}.application", person.key))?,
            request_id: demo.case.request_id(&format!("accept {}", person.key)),
            validate_only: false,
        };
        let answer =
            demo.clients.review().accept_application(by_operator(OFFICER, request)?).await?.into_inner();
        told.push(format!("ReviewService/AcceptApplication {} {}", person.key, answer.state().as_str_name()));
    }
    Ok(told)
}

/// 告知补正: the clock of the resident's application stands still.
pub async fn want_supplement(demo: &mut Demo) -> Told {
    let request = review::RequestSupplementRequest {
        name: demo.case.kept("resident.application")?,
        items: vec![review::SupplementItem {
            opsp_dise_code: "M03900".to_owned(),
            text: "血压监测记录不足三次，请补充近一个月内的动态血压监测记录。".to_owned(),
            kind: catalog::MaterialKind::ExamReport.into(),
            ..Default::default()
        }],
        request_id: demo.case.request_id("want supplement"),
        validate_only: false,
    };
    let answer = demo.clients.review().request_supplement(by_operator(OFFICER, request)?).await?.into_inner();
    let since = demo.today().to_string();
    demo.case.keep("supplement.since", since);
    Ok(vec![format!(
        "ReviewService/RequestSupplement resident {} {}",
        answer.state().as_str_name(),
        deadline(answer.deadline.as_ref())
    )])
}

/// 分配专家: two for each application, none with a conflict of interest.
pub async fn panel(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for person in demo.case.people() {
        let panel = assign(demo, person.key, "first").await?;
        ensure!(panel.members.len() == 2, "{} experts were drawn", panel.members.len());
        keep_members(demo, person.key, &panel);
        told.push(format!(
            "ReviewService/AssignExperts     {} 2 experts, seed {}, {} left out for conflicts",
            person.key,
            panel.seed,
            panel.excluded.len()
        ));
    }
    Ok(told)
}

async fn assign(demo: &Demo, key: &str, what: &str) -> anyhow::Result<review::Panel> {
    let request = review::AssignExpertsRequest {
        name: demo.case.kept(&format!("{key}.application"))?,
        request_id: demo.case.request_id(&format!("assign {what} {key}")),
        validate_only: false,
    };
    Ok(demo.clients.review().assign_experts(by_operator(OFFICER, request)?).await?.into_inner())
}

fn keep_members(demo: &mut Demo, key: &str, panel: &review::Panel) {
    for (index, member) in panel.members.iter().enumerate() {
        demo.case.keep(&format!("{key}.task{index}"), &member.review_task);
        demo.case.keep(&format!("{key}.expert{index}"), &member.expert);
    }
}

/// 评审意见: the experts agree on the resident and differ on the employee.
pub async fn opinions(demo: &mut Demo) -> Told {
    let mut told =
        vec![opinion(demo, "employee", 0, true).await?, opinion(demo, "employee", 1, false).await?];
    told.extend([opinion(demo, "resident", 0, true).await?, opinion(demo, "resident", 1, true).await?]);
    Ok(told)
}

async fn opinion(demo: &Demo, key: &str, index: usize, met: bool) -> anyhow::Result<String> {
    let task = demo.case.kept(&format!("{key}.task{index}"))?;
    let operator = demo.case.kept(&demo.case.kept(&format!("{key}.expert{index}"))?)?;
    let seen = seen_task(demo, &operator, &task).await?;
    let evidence = seen.materials.last().context("a task without materials")?.name.clone();
    let bytes = redact::open(demo, &operator, &evidence).await?;
    let finding = if met { review::Finding::Met } else { review::Finding::NotMet };
    let leaf = |fact: &review::FactText| review::LeafFinding {
        fact: fact.fact.clone(),
        finding: finding.into(),
        materials: vec![evidence.clone()],
        note: if met { String::new() } else { "现有检查结果不足以认定。".to_owned() },
        opened: Vec::new(),
    };
    let line = |line: &review::ReviewLine| review::LineOpinion {
        opsp_dise_code: line.opsp_dise_code.clone(),
        finding: finding.into(),
        facts_not_met: Vec::new(),
        text: if met {
            "资料齐全，符合认定标准。"
        } else {
            "现有检查结果不足以认定。"
        }
        .to_owned(),
        leaves: line.facts.iter().map(leaf).collect(),
    };
    let opinions = seen.lines.iter().map(line).collect();
    let request = review::SubmitOpinionRequest {
        name: task,
        opinions,
        request_id: demo.case.request_id(&format!("opinion {key} {index}")),
        validate_only: false,
    };
    demo.clients.review().submit_opinion(by_operator(&operator, request)?).await?;
    Ok(format!(
        "ReviewService/SubmitOpinion     {key}: {operator} reads {bytes} bytes and finds {}, fact by fact",
        if met { "MET" } else { "NOT_MET" }
    ))
}

/// What the expert sees: the task without its applicant.
async fn seen_task(demo: &Demo, operator: &str, task: &str) -> anyhow::Result<review::ReviewTask> {
    let mut page_token = String::new();
    loop {
        let list = review::ListReviewTasksRequest {
            parent: "areas/620900".to_owned(),
            page_size: 200,
            page_token,
            include_answered: true,
        };
        let page = demo.clients.review().list_review_tasks(by_operator(operator, list)?).await?.into_inner();
        if let Some(seen) = page.tasks.into_iter().find(|seen| seen.name == task) {
            return Ok(seen);
        }
        ensure!(!page.next_page_token.is_empty(), "{operator} does not see {task}");
        page_token = page.next_page_token;
    }
}

/// 第三名专家: for the two who differ.
pub async fn third(demo: &mut Demo) -> Told {
    let panel = assign(demo, "employee", "third").await?;
    ensure!(panel.members.len() == 3, "{} experts on the panel", panel.members.len());
    keep_members(demo, "employee", &panel);
    let drawn = "ReviewService/AssignExperts     employee: the two differ, a third is drawn".to_owned();
    Ok(vec![drawn, opinion(demo, "employee", 2, true).await?])
}

/// 审核确认: by another officer, line by line.
pub async fn confirm(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for person in demo.case.people() {
        let request = review::ConfirmDecisionRequest {
            name: demo.case.kept(&format!("{}.application", person.key))?,
            request_id: demo.case.request_id(&format!("confirm {}", person.key)),
            validate_only: false,
        };
        let answer =
            demo.clients.review().confirm_decision(by_operator("officer.wang", request)?).await?.into_inner();
        for line in &answer.lines {
            let code = line.input.as_ref().map_or("", |input| input.opsp_dise_code.as_str());
            told.push(format!(
                "ReviewService/ConfirmDecision   {} {code} {}",
                person.key,
                line.state().as_str_name()
            ));
        }
        let request = review::ReplayDecisionRequest { name: answer.name };
        let replayed =
            demo.clients.review().replay_decision(by_operator(OFFICER, request)?).await?.into_inner();
        ensure!(replayed.equal, "made again, the decision differs: {:?}", replayed.receipts);
        told.push(format!(
            "ReviewService/ReplayDecision    {} made again from its receipt: equal",
            person.key
        ));
    }
    Ok(told)
}

/// 公示: a notice for each insured kind.
pub async fn open_notice(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for (key, kind) in [("employee", common::Insutype::Employee), ("resident", common::Insutype::Resident)] {
        let request = notice::OpenNoticeRequest {
            parent: "areas/620900".to_owned(),
            insutype: kind.into(),
            request_id: demo.case.request_id(&format!("notice {key}")),
            validate_only: false,
        };
        let opened = demo.clients.notice().open_notice(by_operator(OFFICER, request)?).await?.into_inner();
        demo.case.keep(&format!("{key}.notice"), &opened.name);
        told.push(format!(
            "NoticeService/OpenNotice        {} {} {}",
            opened.number,
            key,
            opened.state().as_str_name()
        ));
    }
    Ok(told)
}

async fn get_notice(demo: &Demo, key: &str) -> anyhow::Result<notice::Notice> {
    let request = notice::GetNoticeRequest { name: demo.case.kept(&format!("{key}.notice"))? };
    Ok(demo.clients.notice().get_notice(by_operator(OFFICER, request)?).await?.into_inner())
}

/// The masked list is public; the benefit is not in force yet.
pub async fn notice_is_open(demo: &mut Demo) -> Told {
    demo.run_job("open-notices").await?;
    let mut told = Vec::new();
    for person in demo.case.people() {
        let opened = get_notice(demo, person.key).await?;
        ensure!(
            opened.state() == notice::NoticeState::Open,
            "{} is {}",
            opened.name,
            opened.state().as_str_name()
        );
        let due = opened.deadline.as_ref().and_then(|deadline| deadline.due_date.as_ref()).and_then(to_date);
        let due = due.context("an open notice without a last day")?;
        demo.case.keep(&format!("{}.notice_due", person.key), due.to_string());
        let entry = listed(demo, &opened.name, &crate::kernel::mask::certno(&person.certno)).await?;
        demo.case.keep(&format!("{}.entry", person.key), &entry.name);
        told.push(format!(
            "NoticeService/ListEntries       {} {} {} {}, until {due}",
            opened.number, entry.reference, entry.masked_name, entry.masked_certno
        ));
        told.push(check(demo, person.key, false).await?);
    }
    Ok(told)
}

/// The entry of a notice that shows this masked number.
async fn listed(demo: &Demo, notice: &str, masked_certno: &str) -> anyhow::Result<notice::Entry> {
    let mut page_token = String::new();
    loop {
        let request = notice::ListEntriesRequest { parent: notice.to_owned(), page_size: 200, page_token };
        let page = demo.clients.portal_notice().list_entries(request).await?.into_inner();
        if let Some(entry) = page.entries.into_iter().find(|entry| entry.masked_certno == masked_certno) {
            return Ok(entry);
        }
        ensure!(!page.next_page_token.is_empty(), "the entry is not in its notice");
        page_token = page.next_page_token;
    }
}

/// CheckBenefit, with the answer that is expected.
pub async fn check(demo: &Demo, key: &str, in_force: bool) -> anyhow::Result<String> {
    let person = demo.case.people().into_iter().find(|person| person.key == key).context("no such person")?;
    let request = benefit::CheckBenefitRequest {
        psn_no: person.psn_no,
        opsp_dise_code: person.code.to_owned(),
        service_day: None,
    };
    let answer = demo.clients.benefit().check_benefit(request).await?.into_inner();
    ensure!(answer.in_force == in_force, "{key}: in force is {}: {:?}", answer.in_force, answer.reasons);
    let why = answer.reasons.first().map_or("in force".to_owned(), |reason| reason.text_zh.clone());
    Ok(format!("BenefitService/CheckBenefit     {key} {}: {why}", person.code))
}

/// 异议: somebody objects to the resident's entry.
pub async fn object(demo: &mut Demo) -> Told {
    let request = notice::FileObjectionRequest {
        parent: demo.case.kept("resident.entry")?,
        ground: "公示对象近两年未见就诊，请核实病历真实性。".to_owned(),
        objector_name: "赵先生".to_owned(),
        objector_tel: "13700000000".to_owned(),
        request_id: demo.case.request_id("object"),
        validate_only: false,
    };
    let filed = demo.clients.portal_notice().file_objection(request).await?.into_inner();
    demo.case.keep("objection", &filed.name);
    Ok(vec![format!(
        "NoticeService/FileObjection     {} against the resident's entry",
        filed.state().as_str_name()
    )])
}

/// 公示期满: the employee's benefit begins, the resident's is held back.
pub async fn close_notice(demo: &mut Demo) -> Told {
    let due = demo.case.kept("employee.notice_due")?;
    let due = parse_date(&due).context("the notice's last day")?;
    demo.wait_until(due.next_day().context("the end of time")?)?;
    for job in ["close-notices", "grant-benefits", "issue-certificates"] {
        demo.run_job(job).await?;
    }
    let mut told = vec![format!(
        "…                               the notice's days are over: it is {}",
        day(demo.today())
    )];
    for key in ["employee", "resident"] {
        let closed = get_notice(demo, key).await?;
        ensure!(
            closed.state() == notice::NoticeState::Closed,
            "{} is {}",
            closed.name,
            closed.state().as_str_name()
        );
    }
    told.push(check(demo, "employee", true).await?);
    told.push(check(demo, "resident", false).await?);
    Ok(told)
}

/// 异议不成立: then the resident's benefit begins too.
pub async fn dismiss(demo: &mut Demo) -> Told {
    let request = notice::ResolveObjectionRequest {
        name: demo.case.kept("objection")?,
        upheld: false,
        resolution: "经核实，病历与检查报告真实有效，异议不成立。".to_owned(),
        request_id: demo.case.request_id("dismiss"),
        validate_only: false,
        consequence: notice::ObjectionConsequence::Unspecified.into(),
        finding: String::new(),
    };
    let answer = demo.clients.notice().resolve_objection(by_operator(OFFICER, request)?).await?.into_inner();
    for job in ["close-notices", "grant-benefits", "issue-certificates"] {
        demo.run_job(job).await?;
    }
    let again = notice::FileObjectionRequest {
        parent: demo.case.kept("resident.entry")?,
        ground: "对同一公示对象再次提出异议，请核实。".to_owned(),
        objector_name: "赵先生".to_owned(),
        objector_tel: "13700000000".to_owned(),
        request_id: demo.case.request_id("object again"),
        validate_only: false,
    };
    let late = demo.clients.portal_notice().file_objection(again).await;
    let late = refused(late, Code::FailedPrecondition, "NOTICE_NOT_OPEN")?;
    Ok(vec![
        format!("NoticeService/ResolveObjection  {}", answer.state().as_str_name()),
        check(demo, "resident", true).await?,
        format!("NoticeService/FileObjection     too late, as it should be: {late}"),
    ])
}

//! 退回专家复评: the officer sends back what could be confirmed.

use std::collections::BTreeSet;

use super::domain::{Refused, Task, task_name};
use super::panel::Seated;
use super::sent_back::SentBack;
use super::store;
use crate::application::domain::{Accepted, Form};
use crate::application::store as applications;
use crate::db::work::Work;
use crate::insured::domain::Insured;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::Id;
use crate::proto::opsp::review::v1 as pb;

/// What is sent back.
pub struct Sending {
    /// `reviewTasks/{id}` of the tasks.
    pub tasks: Vec<String>,
    /// 病种代码 of the lines.
    pub codes: Vec<String>,
    /// 退回说明.
    pub reason: String,
}

impl From<&pb::SendBackRequest> for Sending {
    fn from(input: &pb::SendBackRequest) -> Self {
        Self {
            tasks: input.review_tasks.clone(),
            codes: input.opsp_dise_codes.clone(),
            reason: input.reason.clone(),
        }
    }
}

/// Opens the tasks again.
pub async fn send_back(work: &Work, calendar: &Calendar, id: Id, sending: &Sending) -> Result<Seated> {
    let application = applications::get(work, id).await?.application;
    let accepted = application.into_accepted().and_then(Accepted::running).map_err(Refusal::from)?;
    let seated = store::seated(work, id).await?.ok_or(Refused::PanelMissing).map_err(Refusal::from)?.value;
    let insured = crate::insured::store::get(work).await?.insured;
    let faults = faults(sending, &seated, &own_words(&insured, &accepted.filed.form));
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let officer = work.actor().operator()?;
    let reasons = seated.not_sent_back(officer);
    if !reasons.is_empty() {
        return Err(Error::Refused(reasons));
    }
    let sent = SentBack {
        reason: sending.reason.clone(),
        by: officer.to_owned(),
        at: work.now(),
        codes: sending.codes.iter().cloned().collect(),
    };
    let seen = accepted.filed.form.materials.len();
    for member in &seated.panel.members {
        if !sending.tasks.contains(&task_name(member.task)) {
            continue;
        }
        let stored = store::task(work, member.task, &member.operator).await?;
        if let Task::Answered(answered) = stored.value {
            store::save_task(work, calendar, stored.version, answered.send_back(sent.clone(), seen)).await?;
        }
    }
    let after = store::seated(work, id)
        .await?
        .ok_or_else(|| Error::internal(format!("the panel of {id} is gone within one work")))?;
    Ok(after.value)
}

/// Everything wrong with what is sent.
fn faults(sending: &Sending, seated: &Seated, own_words: &[String]) -> Vec<Violation> {
    let mut faults = Vec::new();
    let tasks: BTreeSet<_> = seated.panel.members.iter().map(|member| task_name(member.task)).collect();
    for (index, task) in sending.tasks.iter().enumerate().filter(|(_, task)| !tasks.contains(*task)) {
        let en = format!("{task} is no task of this panel");
        faults.push(Violation::new(&format!("review_tasks[{index}]"), "不是本申请评审专家的任务", en));
    }
    let known = |code: &String| seated.lines().iter().any(|line| line.code == *code);
    for (index, _) in sending.codes.iter().enumerate().filter(|(_, code)| !known(code)) {
        let at = format!("opsp_dise_codes[{index}]");
        faults.push(Violation::new(&at, "不是本申请的病种", "is no disease of this application"));
    }
    if names_somebody(&sending.reason, own_words) {
        faults.push(Violation::new(
            "reason",
            "专家可见，不得写明申请人或代办人的姓名、证件号码、人员编号、电话或地址",
            "is read by the experts: it must not tell who the applicant or the agent is",
        ));
    }
    faults
}

/// What tells who the applicant or the agent is.
fn own_words(insured: &Insured, form: &Form) -> Vec<String> {
    let mut words = vec![
        insured.psn_no.as_str().to_owned(),
        insured.certno.clone(),
        insured.psn_name.clone(),
        insured.tel.clone(),
        insured.addr.clone(),
        form.tel.clone(),
    ];
    if let Some(agent) = &form.agent {
        words.extend([&agent.name, &agent.certno, &agent.tel, &agent.addr].map(String::clone));
    }
    words
}

/// Whether a text has one of the words in it, however it is spaced.
fn names_somebody(text: &str, words: &[String]) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    let text = bare(text);
    // A single letter is no name.
    words.iter().map(|word| bare(word)).any(|word| word.chars().count() > 1 && text.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_may_not_tell_who_it_is_however_it_is_spaced() {
        let words = ["欧阳测试", "62090219600101001X", "", "酒"].map(str::to_owned);
        for telling in ["请核对欧阳 测试的报告", "证件62090219600101001x不清"] {
            assert!(names_somebody(telling, &words), "{telling}");
        }
        for fine in ["请再看材料 4 的糖化血红蛋白", "酒后检查不作数"] {
            assert!(!names_somebody(fine, &words), "{fine}");
        }
    }
}

//! 退回专家复评: the officer sends back what could be confirmed.

use std::collections::BTreeSet;

use super::concerned::{Field, known, listed, told};
use super::domain::{Refused, Task, task_name};
use super::panel::Seated;
use super::replace::related;
use super::sent_back::SentBack;
use super::store;
use crate::application::domain::Accepted;
use crate::application::store as applications;
use crate::db::work::Work;
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
    let faults = faults(sending, &seated, &told(&sending.reason, &known(&insured, &accepted.filed.form)));
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let officer = work.actor().operator()?;
    let related = related(work, &seated).await?;
    let reasons = seated.not_sent_back(officer, related);
    if !reasons.is_empty() {
        return Err(Error::Refused(reasons));
    }
    let sent = SentBack {
        reason: sending.reason.clone(),
        by: officer.to_owned(),
        at: work.now(),
        codes: sending.codes.iter().cloned().collect(),
    };
    let named = seated.panel.members.iter().map(|member| member.task);
    let tasks = named.filter(|task| sending.tasks.contains(&task_name(*task))).collect();
    reopen(work, calendar, id, &tasks, &sent).await?;
    let after = store::seated(work, id)
        .await?
        .ok_or_else(|| Error::internal(format!("the panel of {id} is gone within one work")))?;
    Ok(after.value)
}

/// Opens answered tasks of an accepted application's panel again.
pub async fn reopen(
    work: &Work,
    calendar: &Calendar,
    id: Id,
    tasks: &BTreeSet<Id>,
    sent: &SentBack,
) -> Result<()> {
    let seen = applications::get(work, id).await?.application.form().materials.len();
    let Some(seated) = store::seated(work, id).await? else { return Ok(()) };
    for member in seated.value.panel.members.iter().filter(|member| tasks.contains(&member.task)) {
        let stored = store::task(work, member.task, &member.operator).await?;
        if let Task::Answered(answered) = stored.value {
            store::save_task(work, calendar, stored.version, answered.send_back(sent.clone(), seen)).await?;
        }
    }
    Ok(())
}

/// Everything wrong with what is sent.
fn faults(sending: &Sending, seated: &Seated, tells: &[Field]) -> Vec<Violation> {
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
    if !tells.is_empty() {
        let (zh, en) = listed(tells);
        faults.push(Violation::new(
            "reason",
            format!("专家可见，不得写明有关人员的身份信息，其中含有{zh}"),
            format!("is read by the experts: it must not tell who anybody concerned is, and holds {en}"),
        ));
    }
    faults
}

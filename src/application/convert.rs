//! What the applicant says, from the contract's words into ours and back.

use super::domain::{Agent, Application, Form, Kind, Line, LineForm, LineState};
use super::supplement::Answer;
use crate::catalog::domain::Catalog;
use crate::kernel::access::Person;
use crate::kernel::clock::{Clock, Extension, Ground, Pause};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::proto::opsp::application::v1 as pb;
use crate::proto::opsp::common::v1 as common;
use crate::rpc::parse::{date_message, day, reason};

/// What a draft is to say.
pub fn form(person: &Person, input: Option<&pb::ApplicationInput>) -> Result<Form> {
    let input = input.ok_or_else(|| Error::invalid("application", "必填", "is required"))?;
    let lines = input.lines.iter().enumerate().map(|(index, line)| line_form(index, line));
    Ok(Form {
        appy_rea: input.appy_rea.clone(),
        tel: input.tel.clone(),
        agent: input.agent.as_ref().map(agent),
        lines: lines.collect::<Result<_>>()?,
        materials: materials(person, &input.materials)?,
        dcla_souc: input.dcla_souc.clone(),
        kind: kind(person, input)?,
    })
}

/// 申请类型, with the benefit that it builds on. Another person's benefit looks like none.
fn kind(person: &Person, input: &pb::ApplicationInput) -> Result<Kind> {
    let field = "application.benefit";
    let benefit = || {
        if input.benefit.is_empty() {
            let zh = "增加病种和病情变化的申请须填写所依据的待遇";
            return Err(Error::invalid(field, zh, "is required for the kinds ADDED and CHANGED"));
        }
        let [psn_no, id] = name_parts(&input.benefit, ["insured", "benefits"])?;
        let id = Id::parse(id).ok().filter(|_| psn_no == person.psn_no.as_str());
        id.ok_or_else(|| Error::not_found(&input.benefit))
    };
    match input.kind() {
        pb::ApplicationKind::Unspecified | pb::ApplicationKind::New if input.benefit.is_empty() => {
            Ok(Kind::New)
        }
        pb::ApplicationKind::Unspecified | pb::ApplicationKind::New => Err(Error::invalid(
            field,
            "首次申请不得填写待遇；据已有待遇申请的，申请类型请填增加病种或病情变化",
            "must be empty for the kind NEW; an application that builds on a benefit is ADDED or CHANGED",
        )),
        pb::ApplicationKind::Added => Ok(Kind::Added { benefit: benefit()? }),
        pb::ApplicationKind::Changed => Ok(Kind::Changed { benefit: benefit()? }),
    }
}

/// 申请类型 in the contract's words.
pub fn kind_message(kind: Kind) -> pb::ApplicationKind {
    match kind {
        Kind::New => pb::ApplicationKind::New,
        Kind::Added { .. } => pb::ApplicationKind::Added,
        Kind::Changed { .. } => pb::ApplicationKind::Changed,
    }
}

/// Materials by their names. Another person's look like none.
pub fn materials(person: &Person, names: &[String]) -> Result<Vec<Id>> {
    let id = |name: &String| {
        let [psn_no, id] = name_parts(name, ["insured", "materials"])?;
        let id = Id::parse(id).ok().filter(|_| psn_no == person.psn_no.as_str());
        id.ok_or_else(|| Error::not_found(name))
    };
    names.iter().map(id).collect()
}

/// What is answered to a request for a supplement: materials, or that there are none.
pub fn supplement(person: &Person, input: &pb::SupplementApplicationRequest) -> Result<Answer> {
    match (input.nothing_to_add, input.materials.is_empty()) {
        (false, false) => materials(person, &input.materials).map(Answer::Materials),
        (true, true) => Ok(Answer::NothingToAdd),
        (false, true) => Err(Error::invalid(
            "materials",
            "须列出至少一份新材料；没有其他证明的，填 nothing_to_add（无补充材料）",
            "must name at least one new material, unless nothing_to_add says that there is none",
        )),
        (true, false) => Err(Error::invalid(
            "nothing_to_add",
            "已列出材料的，不得填写无补充材料",
            "must be false where materials are named",
        )),
    }
}

fn line_form(index: usize, line: &pb::LineInput) -> Result<LineForm> {
    let field = format!("application.lines[{index}].hosp_ide_date");
    Ok(LineForm {
        code: line.opsp_dise_code.clone(),
        ide_fixmedins_no: line.ide_fixmedins_no.clone(),
        hosp_ide_date: day(&field, line.hosp_ide_date.as_ref())?,
        diag_dr_codg: line.diag_dr_codg.clone(),
        diag_dr_name: line.diag_dr_name.clone(),
    })
}

fn agent(agent: &common::Agent) -> Agent {
    Agent {
        name: agent.agnter_name.clone(),
        cert_type: agent.agnter_cert_type.clone(),
        certno: agent.agnter_certno.clone(),
        tel: agent.agnter_tel.clone(),
        rlts: agent.agnter_rlts.clone(),
        addr: agent.agnter_addr.clone(),
    }
}

/// 代办人 in the contract's words.
pub fn agent_message(agent: &Agent) -> common::Agent {
    common::Agent {
        agnter_name: agent.name.clone(),
        agnter_cert_type: agent.cert_type.clone(),
        agnter_certno: agent.certno.clone(),
        agnter_tel: agent.tel.clone(),
        agnter_rlts: agent.rlts.clone(),
        agnter_addr: agent.addr.clone(),
    }
}

/// What is said of one disease, in the contract's words.
pub fn line_input(line: &LineForm) -> pb::LineInput {
    pb::LineInput {
        opsp_dise_code: line.code.clone(),
        ide_fixmedins_no: line.ide_fixmedins_no.clone(),
        hosp_ide_date: Some(date_message(line.hosp_ide_date)),
        diag_dr_codg: line.diag_dr_codg.clone(),
        diag_dr_name: line.diag_dr_name.clone(),
    }
}

/// The lines of an application, each with where it stands, in the contract's words.
pub fn lines(application: &Application, catalog: &Catalog) -> Vec<pb::ApplicationLine> {
    let message = |line: Line| pb::ApplicationLine {
        input: application.form().lines.iter().find(|said| said.code == line.code).map(line_input),
        opsp_dise_name: catalog.disease(&line.code).map(|disease| disease.name.clone()).unwrap_or_default(),
        state: line_state(line.state).into(),
        reasons: line.reasons.iter().map(reason).collect(),
        rchk_flag: rchk_flag(application, line.state).to_owned(),
    };
    application.lines().into_iter().map(message).collect()
}

/// The pauses of a clock, in the contract's words.
pub fn pauses(clock: &Clock) -> Vec<pb::ReviewPause> {
    let ground = |ground| match ground {
        Ground::Supplement => pb::PauseGround::Supplement,
        Ground::Assessment => pb::PauseGround::Assessment,
        Ground::Examination => pb::PauseGround::Examination,
        Ground::Notice => pb::PauseGround::Notice,
    };
    let pause = |pause: &Pause| pb::ReviewPause {
        ground: ground(pause.ground).into(),
        reason: pause.text.clone(),
        from_date: Some(date_message(pause.from)),
        to_date: pause.to.map(date_message),
    };
    clock.pauses().iter().map(pause).collect()
}

/// An extension, in the contract's words.
pub fn extension(extension: &Extension) -> pb::ReviewExtension {
    pb::ReviewExtension {
        working_days: i32::try_from(extension.working_days).unwrap_or(i32::MAX),
        reason: extension.reason.clone(),
        date: Some(date_message(extension.on)),
    }
}

fn line_state(state: LineState) -> pb::LineState {
    match state {
        LineState::Pending => pb::LineState::Pending,
        LineState::Approved => pb::LineState::Approved,
        LineState::Rejected => pb::LineState::Rejected,
        LineState::InNotice => pb::LineState::InNotice,
        LineState::Granted => pb::LineState::Granted,
        LineState::Objected => pb::LineState::Objected,
    }
}

/// 复核标志. A line that was 不予受理 is 未复核, as in a draft.
fn rchk_flag(application: &Application, state: LineState) -> &'static str {
    match (state, application) {
        (LineState::Approved | LineState::InNotice | LineState::Granted, _) => "7",
        (LineState::Rejected | LineState::Objected, _) => "8",
        (LineState::Pending, Application::Draft(_) | Application::Refused(_)) => "0",
        (LineState::Pending, Application::Withdrawn(_)) => "3",
        (LineState::Pending, _) => "9",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::PsnNo;
    use crate::kernel::region::Region;
    use crate::proto::google::r#type::Date;

    fn person() -> Person {
        Person { psn_no: PsnNo::parse("62090000001").unwrap(), area: Region::find("620902").unwrap() }
    }

    fn input(codes: &[&str]) -> pb::ApplicationInput {
        let line = |code: &&str| pb::LineInput {
            opsp_dise_code: (*code).to_owned(),
            ide_fixmedins_no: "H62090200001".to_owned(),
            hosp_ide_date: Some(Date { year: 2025, month: 2, day: 28 }),
            diag_dr_codg: "D1".to_owned(),
            diag_dr_name: "李医生".to_owned(),
        };
        pb::ApplicationInput { lines: codes.iter().map(line).collect(), ..Default::default() }
    }

    #[test]
    fn what_is_said_comes_back_as_it_was_said() {
        let said = common::Agent {
            agnter_name: "王五".to_owned(),
            agnter_cert_type: "01".to_owned(),
            agnter_certno: "620982197512310020".to_owned(),
            agnter_tel: "13800000000".to_owned(),
            agnter_rlts: "2".to_owned(),
            agnter_addr: "酒泉市肃州区样例路".to_owned(),
        };
        let input = pb::ApplicationInput { agent: Some(said), ..input(&["A"]) };
        let form = form(&person(), Some(&input)).unwrap();
        assert_eq!(form.agent.as_ref().map(agent_message), input.agent);
        assert_eq!(form.lines.iter().map(line_input).collect::<Vec<_>>(), input.lines);
    }

    #[test]
    fn another_persons_material_looks_like_none() {
        let id = "0195a3c0-0000-7000-8000-000000000001";
        let own = format!("insured/62090000001/materials/{id}");
        assert_eq!(materials(&person(), &[own]).unwrap(), [Id::parse(id).unwrap()]);
        for name in
            [format!("insured/2/materials/{id}"), format!("insured/62090000001/materials/{}", "-".repeat(36))]
        {
            let found = materials(&person(), std::slice::from_ref(&name));
            assert!(matches!(found, Err(Error::NotFound(found)) if found == name));
        }
    }
}

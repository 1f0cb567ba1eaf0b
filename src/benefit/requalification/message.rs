//! Re-qualifications in the contract's words.

use time::Date;

use super::domain::{Answer, Basis, Closing, Decision, Delivery, Requalification, Wanted, Way};
use super::store::{Stored, name};
use crate::app::App;
use crate::catalog::convert::required;
use crate::db::work::View;
use crate::kernel::access::Role;
use crate::kernel::error::Refusal;
use crate::proto::opsp::application::v1 as application;
use crate::proto::opsp::benefit::v1 as pb;
use crate::proto::opsp::common::v1 as common;
use crate::rpc::parse::{date_message, deadline, reason, timestamp};

/// One re-qualification.
pub fn message(view: &View, app: &App, stored: &Stored) -> pb::Requalification {
    let Stored { psn_no, round, version } = stored;
    let (head, dossier) = (round.head(), round.dossier());
    let disease = app.catalogs.in_force(&head.area, view.today()).ok();
    let disease = disease.and_then(|found| found.catalog.disease(&head.code).map(|known| known.name.clone()));
    let until = |clock| -> common::Deadline { deadline(clock, &app.calendar.now(), view.today()) };
    let running =
        matches!(round, Requalification::Open(_) | Requalification::Answered(_) | Requalification::Lapsed(_));
    let shows_officer = view.actor().role == Some(Role::Bureau);
    let mut message = pb::Requalification {
        name: name(psn_no, head.id),
        benefit: format!("insured/{psn_no}/benefits/{}", head.benefit),
        opsp_dise_code: head.code.clone(),
        opsp_dise_name: disease.unwrap_or_default(),
        state: state(round).into(),
        due_date: Some(date_message(head.due_on)),
        open_date: Some(date_message(head.opened_on)),
        wanted: if running { items(&dossier.wanted) } else { Vec::new() },
        delivery: dossier.delivered.as_ref().map(delivery),
        answers: dossier.answers.iter().map(|said| answer(psn_no.as_str(), said)).collect(),
        decisions: dossier.decisions.iter().map(|made| decision(made, shows_officer)).collect(),
        deadline: round.clock().map(until),
        catalog_version: head.cited.catalog_version.clone(),
        catalog_sha256: head.cited.catalog_sha256.clone(),
        etag: version.to_string(),
        create_time: Some(timestamp(head.created_at)),
        ..Default::default()
    };
    ending(round, &mut message);
    message
}

/// What is known of how it ends.
fn ending(round: &Requalification, message: &mut pb::Requalification) {
    match round {
        Requalification::Open(open) => message.lapse_date = open.lapse_on().map(date_message),
        Requalification::Answered(answered) => message.lapse_date = answered.lapsed_on.map(date_message),
        Requalification::Renewed(renewed) => {
            message.basis = basis(renewed.basis).into();
            message.requalify_on = renewed.next.map(date_message);
            message.returned = renewed.lapsed_on.is_some();
            message.lapse_date = renewed.lapsed_on.map(date_message);
        }
        Requalification::Lapsed(lapsed) => {
            message.lapse_date = Some(date_message(lapsed.on));
            message.return_until = Some(date_message(lapsed.return_until()));
            message.remedies = remedies(&lapsed.head.code, lapsed.return_until());
        }
        Requalification::Closed(closed) => {
            message.closing_ground = match closed.why {
                Closing::BenefitEnded => pb::ClosingGround::BenefitEnded,
                Closing::Died => pb::ClosingGround::Died,
                Closing::Moved => pb::ClosingGround::Moved,
                Closing::ReturnOver => pb::ClosingGround::ReturnOver,
            }
            .into();
        }
    }
}

/// 救济途径 of one that lapsed.
fn remedies(code: &str, until: Date) -> Vec<application::Remedy> {
    let remedy = |kind: application::RemedyKind, zh: String, en: String, until| application::Remedy {
        kind: kind.into(),
        text_zh: zh,
        text_en: en,
        until,
        opsp_dise_codes: vec![code.to_owned()],
    };
    vec![
        remedy(
            application::RemedyKind::Recheck,
            format!("可在 {until} 前（含当日）补充材料，或要求经办人员人工办理；通过后恢复待遇。"),
            format!(
                "hand in what is missing or ask for an officer, until {until} inclusive: the benefit returns."
            ),
            Some(date_message(until)),
        ),
        remedy(
            application::RemedyKind::Legal,
            "对决定不服的，可依法申请行政复议或者提起行政诉讼，期限依法律规定。".to_owned(),
            "administrative reconsideration or litigation, within the time that the law sets.".to_owned(),
            None,
        ),
    ]
}

/// A word of the table for a state of the contract; none for all that are not over.
pub fn state_word(state: pb::RequalificationState) -> Option<&'static str> {
    match state {
        pb::RequalificationState::Unspecified => None,
        pb::RequalificationState::Open => Some("open"),
        pb::RequalificationState::Answered => Some("answered"),
        pb::RequalificationState::Renewed => Some("renewed"),
        pb::RequalificationState::Lapsed => Some("lapsed"),
        pb::RequalificationState::Closed => Some("closed"),
    }
}

/// 送达方式; none where it was not stated.
pub fn way(way: pb::DeliveryWay) -> Option<Way> {
    match way {
        pb::DeliveryWay::Unspecified => None,
        pb::DeliveryWay::PortalRead => Some(Way::PortalRead),
        pb::DeliveryWay::Sms => Some(Way::Sms),
        pb::DeliveryWay::Letter => Some(Way::Letter),
        pb::DeliveryWay::InPerson => Some(Way::InPerson),
        pb::DeliveryWay::Public => Some(Way::Public),
    }
}

fn state(round: &Requalification) -> pb::RequalificationState {
    match round {
        Requalification::Open(_) => pb::RequalificationState::Open,
        Requalification::Answered(_) => pb::RequalificationState::Answered,
        Requalification::Renewed(_) => pb::RequalificationState::Renewed,
        Requalification::Lapsed(_) => pb::RequalificationState::Lapsed,
        Requalification::Closed(_) => pb::RequalificationState::Closed,
    }
}

fn basis(basis: Basis) -> pb::RenewalBasis {
    match basis {
        Basis::Data => pb::RenewalBasis::Data,
        Basis::Rule => pb::RenewalBasis::Rule,
        Basis::Confirmed => pb::RenewalBasis::Confirmed,
        Basis::Officer => pb::RenewalBasis::Officer,
    }
}

fn items(wanted: &[Wanted]) -> Vec<pb::RequalificationItem> {
    let item = |wanted: &Wanted| match wanted {
        Wanted::Paper(paper) => pb::RequalificationItem {
            want: pb::RequalificationWant::Paper.into(),
            material: Some(required(paper)),
            reasons: vec![reason(&why(
                "REQUALIFICATION_PAPER",
                format!("该病种复审须提交“{}”。", paper.name),
                format!("the disease asks for {} to be re-qualified.", paper.name),
                ("请上传该材料并答复。", "upload it and answer with it."),
            ))],
        },
        Wanted::Insurance { reasons } => pb::RequalificationItem {
            want: pb::RequalificationWant::Insurance.into(),
            material: None,
            reasons: reasons.iter().map(reason).collect(),
        },
        Wanted::StillNeeded { since } => pb::RequalificationItem {
            want: pb::RequalificationWant::StillNeeded.into(),
            material: None,
            reasons: vec![reason(&why(
                "REQUALIFICATION_UNUSED",
                format!("自 {since} 以来没有该病种的结算记录。"),
                format!("nothing was settled for the disease since {since}."),
                ("仍需使用的，请确认。", "say so where the benefit is still needed."),
            ))],
        },
    };
    wanted.iter().map(item).collect()
}

fn why(word: &'static str, zh: String, en: String, (help_zh, help_en): (&str, &str)) -> Refusal {
    Refusal::new(word, zh, en).help(help_zh, help_en)
}

fn delivery(delivery: &Delivery) -> pb::Delivery {
    let way = match delivery.way {
        Way::PortalRead => pb::DeliveryWay::PortalRead,
        Way::Sms => pb::DeliveryWay::Sms,
        Way::Letter => pb::DeliveryWay::Letter,
        Way::InPerson => pb::DeliveryWay::InPerson,
        Way::Public => pb::DeliveryWay::Public,
    };
    pb::Delivery { delivered_on: Some(date_message(delivery.on)), way: way.into() }
}

fn answer(psn_no: &str, said: &Answer) -> pb::RequalificationAnswer {
    pb::RequalificationAnswer {
        materials: said.materials.iter().map(|id| format!("insured/{psn_no}/materials/{id}")).collect(),
        still_needed: said.still_needed,
        ask_officer: said.ask_officer,
        reason: said.reason.clone(),
        answer_date: Some(date_message(said.on)),
    }
}

fn decision(made: &Decision, shows_officer: bool) -> pb::RequalificationDecision {
    pb::RequalificationDecision {
        reason: made.reason.clone(),
        operator: if shows_officer { made.officer.clone() } else { String::new() },
        decide_date: Some(date_message(made.on)),
    }
}

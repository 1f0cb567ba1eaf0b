//! Experts of a registry, between the contract's words and ours.

use time::Date;

use super::expert::{Listed, Registration, SaidRelation};
use super::registry::{Party, Relation, Term};
use crate::proto::google::r#type::Date as DateMessage;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::parse::{date_message, to_date};

/// What a new expert is said to be.
pub fn of_new(input: &pb::CreateExpertRequest) -> Registration {
    Registration {
        name: input.expert_name.clone(),
        fixmedins_code: input.fixmedins_code.clone(),
        specialties: input.specialties.clone(),
        diag_dr_codg: input.diag_dr_codg.clone(),
        term: term(input.active_from.as_ref(), input.active_until.as_ref()),
        relations: input.relations.iter().map(said).collect(),
    }
}

/// What an expert is said to be from now on.
pub fn of_changed(input: &pb::UpdateExpertRequest) -> Registration {
    Registration {
        name: input.expert_name.clone(),
        fixmedins_code: input.fixmedins_code.clone(),
        specialties: input.specialties.clone(),
        diag_dr_codg: input.diag_dr_codg.clone(),
        term: term(input.active_from.as_ref(), input.active_until.as_ref()),
        relations: input.relations.iter().map(said).collect(),
    }
}

fn term(from: Option<&DateMessage>, until: Option<&DateMessage>) -> Term {
    let day = |message: Option<&DateMessage>| -> Option<Date> { message.and_then(to_date) };
    Term { from: day(from), until: day(until) }
}

fn said(relation: &pb::ExpertRelation) -> SaidRelation {
    SaidRelation {
        psn_no: relation.psn_no.clone(),
        diag_dr_codg: relation.diag_dr_codg.clone(),
        fixmedins_code: relation.fixmedins_code.clone(),
        reason: relation.reason.clone(),
    }
}

/// An expert.
pub fn message(Listed { stored, load }: &Listed) -> pb::Expert {
    let (expert, card) = (&stored.value, &stored.value.card);
    let count = |tasks: u64| i32::try_from(tasks).unwrap_or(i32::MAX);
    pb::Expert {
        name: expert.resource(),
        expert_name: card.name.clone(),
        operator: expert.operator.clone(),
        fixmedins_code: card.fixmedins_code.clone(),
        specialties: card.specialties.clone(),
        diag_dr_codg: card.diag_dr_codg.clone(),
        open_tasks: count(load.open_tasks),
        answered_tasks: count(load.answered_tasks),
        closed_tasks: count(load.closed_tasks),
        active_from: card.term.from.map(date_message),
        active_until: card.term.until.map(date_message),
        relations: card.relations.iter().map(relation).collect(),
        etag: stored.etag(),
    }
}

fn relation(Relation { party, reason }: &Relation) -> pb::ExpertRelation {
    let mut message = pb::ExpertRelation { reason: reason.clone(), ..Default::default() };
    match party {
        Party::Person(psn_no) => message.psn_no = psn_no.to_string(),
        Party::Doctor(code) => message.diag_dr_codg.clone_from(code),
        Party::Institution(code) => message.fixmedins_code.clone_from(code),
    }
    message
}

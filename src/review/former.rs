//! Who left a panel, in the contract's words.

use super::departure::{Closed, DeclineReason, Departure};
use super::domain::task_name;
use super::message::told;
use super::panel::{Member, Seated};
use crate::kernel::access::Person;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::parse::timestamp;

/// Everybody who left.
pub fn members(person: &Person, seated: &Seated) -> Vec<pb::FormerMember> {
    let former = seated.panel.former.iter().zip(&seated.former);
    former.map(|(member, closed)| message(person, member, closed)).collect()
}

fn message(person: &Person, member: &Member, closed: &Closed) -> pb::FormerMember {
    let earlier = closed.earlier.iter().flat_map(|given| &given.opinions);
    let left = &closed.left;
    let (departure, reason) = match left.how {
        Departure::Declined(reason) => (pb::Departure::Declined, decline_reason(reason)),
        Departure::Reassigned => (pb::Departure::Reassigned, pb::DeclineReason::Unspecified),
        Departure::Overdue => (pb::Departure::Overdue, pb::DeclineReason::Unspecified),
        Departure::Undone => (pb::Departure::Undone, pb::DeclineReason::Unspecified),
    };
    pb::FormerMember {
        expert: member.resource(),
        review_task: task_name(member.task),
        departure: departure.into(),
        decline_reason: reason.into(),
        text: left.text.clone(),
        leave_time: Some(timestamp(left.at)),
        operator: left.by.clone(),
        earlier_opinions: earlier.map(|opinion| told(person, opinion)).collect(),
    }
}

fn decline_reason(reason: DeclineReason) -> pb::DeclineReason {
    match reason {
        DeclineReason::Relation => pb::DeclineReason::Relation,
        DeclineReason::NotMyField => pb::DeclineReason::NotMyField,
        DeclineReason::Absent => pb::DeclineReason::Absent,
        DeclineReason::Other => pb::DeclineReason::Other,
    }
}

//! What is due in an area, in the contract's words.

use time::Date;

use crate::application::grpc::state_of_word;
use crate::deadline::domain::Kind;
use crate::deadline::query::store::Wanted;
use crate::deadline::store::Stored;
use crate::kernel::calendar::Calendar;
use crate::proto::opsp::application::v1::ApplicationState;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::parse::deadline;

/// What the request wants.
pub fn wanted(input: &pb::ListDeadlinesRequest, today: Date) -> Wanted {
    Wanted {
        officer: input.operator.clone(),
        code: input.opsp_dise_code.clone(),
        kind: Kind::ALL.into_iter().find(|known| kind(*known) == input.kind()),
        due_before: input.overdue_only.then_some(today),
    }
}

/// One deadline.
pub fn entry(stored: &Stored, calendar: &Calendar, today: Date) -> pb::DeadlineEntry {
    let subject = &stored.subject;
    let of_application = matches!(subject.kind, Kind::Acceptance | Kind::Review);
    let state = of_application.then(|| state_of_word(&subject.state)).flatten();
    pb::DeadlineEntry {
        application: if of_application { subject.name.clone() } else { String::new() },
        state: state.unwrap_or(ApplicationState::Unspecified).into(),
        deadline: Some(deadline(&stored.clock, calendar, today)),
        resource: subject.name.clone(),
        kind: kind(subject.kind).into(),
        operator: subject.officer.clone(),
        opsp_dise_codes: subject.codes.clone(),
        escalations: stored.told.iter().filter_map(|mark| i32::try_from(mark.number()).ok()).collect(),
    }
}

fn kind(kind: Kind) -> pb::DeadlineKind {
    match kind {
        Kind::Acceptance => pb::DeadlineKind::Acceptance,
        Kind::Review => pb::DeadlineKind::Review,
        Kind::Opinion => pb::DeadlineKind::Opinion,
        Kind::Notice => pb::DeadlineKind::Notice,
        Kind::Residence => pb::DeadlineKind::Residence,
        Kind::Claim => pb::DeadlineKind::Claim,
        Kind::Objection => pb::DeadlineKind::Objection,
        Kind::Requalification => pb::DeadlineKind::Requalification,
    }
}

//! Notices, entries and objections in the contract's words.

use time::Date;

use super::domain::{Closed, Notice};
use super::entry::domain::Entry;
use super::objection::domain::{File, Objection, Redacted};
use super::{objection, store};
use crate::catalog::grpc::insutype;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::proto::opsp::common::v1 as common;
use crate::proto::opsp::notice::v1 as pb;
use crate::rpc::parse::{date_message, deadline, timestamp};

/// A notice.
pub fn message(notice: &Notice, calendar: &Calendar, today: Date) -> pb::Notice {
    let (head, opened, closed) = (notice.head(), notice.opened(), notice.closed());
    let withdrawal = notice.withdrawal();
    pb::Notice {
        name: store::name(&head.area, head.id),
        number: head.number.clone(),
        insutype: insutype(head.insutype),
        state: match notice {
            Notice::Opening(_) => pb::NoticeState::Opening,
            Notice::Open(_) => pb::NoticeState::Open,
            Notice::Closed(_) | Notice::Settled(_) => pb::NoticeState::Closed,
            Notice::Void(_) => pb::NoticeState::Void,
            Notice::Withdrawing(_) | Notice::Withdrawn(_) => pb::NoticeState::Withdrawn,
        }
        .into(),
        deadline: opened
            .filter(|_| withdrawal.is_none())
            .map(|open| period(&open.clock, closed, calendar, today)),
        entry_count: opened.map_or(0, |open| i32::try_from(open.entries).unwrap_or(i32::MAX)),
        open_time: opened.map(|open| timestamp(open.opened_at)),
        close_time: notice.ended_at().map(timestamp),
        sample: head.sample,
        catalog_version: head.cited.catalog_version.clone(),
        catalog_sha256: head.cited.catalog_sha256.clone(),
        disease_basis: head.disease_basis.clone(),
        withdraw_reason: withdrawal.map(|withdrawal| withdrawal.reason.clone()).unwrap_or_default(),
    }
}

/// 公示期. Once closed it is final: what a later calendar says of it does not matter.
fn period(clock: &Clock, closed: Option<&Closed>, calendar: &Calendar, today: Date) -> common::Deadline {
    let Some(closed) = closed else { return deadline(clock, calendar, today) };
    common::Deadline {
        due_date: Some(date_message(closed.last_day)),
        provisional: false,
        working_days_left: 0,
        ..deadline(clock, calendar, closed.last_day)
    }
}

/// An entry as the public sees it: that somebody objected is nobody's business but the bureau's.
pub fn public_entry(shown: &Entry) -> pb::Entry {
    let told = entry(shown);
    match shown {
        Entry::Objected(_) => pb::Entry { state: pb::EntryState::Listed.into(), ..told },
        _ => told,
    }
}

/// An entry, for its bureau.
pub fn entry(entry: &Entry) -> pb::Entry {
    let listing = entry.listing();
    pb::Entry {
        name: listing.name.clone(),
        reference: listing.reference.clone(),
        masked_name: listing.masked_name.clone(),
        masked_certno: listing.masked_certno.clone(),
        opsp_dise_name: listing.opsp_dise_name.clone(),
        withdraw_reason: match entry {
            Entry::Withdrawn(withdrawn) => withdrawn.withdrawal.reason.clone(),
            _ => String::new(),
        },
        state: match entry {
            Entry::Listed(_) => pb::EntryState::Listed,
            Entry::Objected(_) => pb::EntryState::Objected,
            Entry::Appealable(_) => pb::EntryState::Appealable,
            Entry::Undisputed(_) | Entry::Concluded(_) => pb::EntryState::Undisputed,
            Entry::Removed(_) => pb::EntryState::Removed,
            Entry::Withdrawn(_) => pb::EntryState::Withdrawn,
        }
        .into(),
    }
}

/// The calendar and the day by which days are told.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    /// The calendar.
    pub calendar: &'a Calendar,
    /// The day.
    pub today: Date,
}

/// An objection for the bureau.
pub fn whole(objection: &Objection, now: Now<'_>) -> pb::Objection {
    let filed = objection.filed();
    pb::Objection {
        ground: filed.ground.clone(),
        objector_name: filed.objector_name.clone(),
        objector_tel: filed.objector_tel.clone(),
        appeal_ground: objection.heard().map(|heard| heard.appeal.ground.clone()).unwrap_or_default(),
        ..outcome(objection, now)
    }
}

/// An objection for anybody who knows its name: what came of it, and nothing of what was said and by whom.
pub fn outcome(objection: &Objection, now: Now<'_>) -> pb::Objection {
    let (filed, resolution, heard) = (objection.filed(), objection.resolution(), objection.heard());
    let Now { calendar, today } = now;
    pb::Objection {
        name: objection::store::name(objection),
        state: state(objection).into(),
        file_time: Some(timestamp(filed.filed_at)),
        resolve_time: resolution.map(|resolution| timestamp(resolution.at)),
        resolution: resolution.map(|resolution| resolution.text.clone()).unwrap_or_default(),
        deadline: objection.clock().map(|clock| deadline(clock, calendar, today)),
        consequence: consequence(objection).into(),
        appeal_until: objection.appeal_until(calendar, today).map(date_message),
        appeal_time: heard.map(|heard| timestamp(heard.appeal.at)),
        first_resolution: heard.map(|heard| heard.first.text.clone()).unwrap_or_default(),
        ..Default::default()
    }
}

/// An objection for the bureau, with what comes with it.
pub fn complete(
    objection: &Objection,
    now: Now<'_>,
    copy: Option<&Redacted>,
    files: &[File],
) -> pb::Objection {
    let name = objection::store::name(objection);
    pb::Objection {
        redacted_ground: copy.map(|copy| copy.ground.clone()).unwrap_or_default(),
        files: files.iter().map(|one| file(&name, one)).collect(),
        ..whole(objection, now)
    }
}

/// A file of an objection.
pub fn file(objection: &str, file: &File) -> pb::ObjectionFile {
    pb::ObjectionFile {
        name: format!("{objection}/files/{}", file.number),
        media_type: file.media_type.clone(),
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone(),
        add_time: Some(timestamp(file.added_at)),
    }
}

/// An objection for the person whom it is about.
pub fn copy(objection: &Objection, copy: Option<&Redacted>) -> pb::ObjectionCopy {
    pb::ObjectionCopy {
        entry: objection.filed().entry_name.clone(),
        state: state(objection).into(),
        file_time: Some(timestamp(objection.filed().filed_at)),
        resolve_time: objection.resolution().map(|resolution| timestamp(resolution.at)),
        ground: copy.map(|copy| copy.ground.clone()).unwrap_or_default(),
        consequence: consequence(objection).into(),
        finding: objection.resolved().map(|resolved| resolved.finding.clone()).unwrap_or_default(),
    }
}

fn consequence(objection: &Objection) -> pb::ObjectionConsequence {
    match objection {
        Objection::Upheld(resolved) if resolved.to_review => pb::ObjectionConsequence::Review,
        Objection::Upheld(_) => pb::ObjectionConsequence::Rejected,
        _ => pb::ObjectionConsequence::Unspecified,
    }
}

fn state(objection: &Objection) -> pb::ObjectionState {
    match objection {
        Objection::Standing(_) => pb::ObjectionState::Standing,
        Objection::Upheld(_) => pb::ObjectionState::Upheld,
        Objection::Dismissed(_) => pb::ObjectionState::Dismissed,
        Objection::Moot(_) => pb::ObjectionState::Moot,
        Objection::Appealed(_) => pb::ObjectionState::Appealed,
    }
}

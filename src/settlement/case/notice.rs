//! A line in its public notice, as the person reads it: nothing of who objected, nor of how many. Pure.

use super::domain::{At, Item, Known, Waits, Words};
use crate::kernel::clock::Due;
use crate::kernel::id::Id;
use crate::notice::domain::Notice;
use crate::notice::entry::domain::Entry;

/// What the notice of a line says of it.
pub fn item(at: At<'_>, item: Item, of: &Words, known: &Known, application: Id) -> Item {
    let code = item.code.clone();
    let entry = known.entries.iter().find(|entry| {
        let listing = entry.listing();
        (listing.application, listing.code.as_str()) == (application, code.as_str())
    });
    let Some(entry) = entry else {
        // Between the line's step and its entry's there is nothing: who reads both may fall between.
        return item
            .says(format!("{}在公示程序中。", of.zh), format!("{} is in a public notice.", of.en))
            .waits(Waits::Bureau);
    };
    let listing = entry.listing();
    let mut item = item;
    item.name.clone_from(&listing.name);
    item.state = entry.word();
    let number = &listing.reference;
    match entry {
        Entry::Listed(_) => listed(at, item, of, known, entry),
        Entry::Objected(_) => item
            .says(
                format!("{}公示期间有异议，正在核实（公示编号 {number}）。", of.zh),
                format!("an objection to {} is being looked into (reference {number}).", of.en),
            )
            .waits(Waits::Bureau)
            .due(resolved_by(at, known, entry))
            .then(
                "异议不成立的，公示照常进行；成立的，告知理由和救济途径。脱敏后的异议内容可以查阅。",
                "if it is dismissed the notice goes on; if it is upheld you are told why and what you can do. Its words, without who wrote them, can be read.",
            ),
        Entry::Appealable(waiting) => item
            .says(
                format!("{}公示期满，异议不成立，尚在复核申请期内（公示编号 {number}）。", of.zh),
                format!(
                    "the notice of {} is over and nothing stands against it; an appeal may still come (reference {number}).",
                    of.en
                ),
            )
            .waits(Waits::Public)
            .due(waiting.appeal.due(at.calendar))
            .then("期满无人申请复核的，待遇生效。", "the benefit begins if nobody appeals in time."),
        Entry::Undisputed(_) => item
            .says(
                format!("{}公示无异议，正在登记待遇。", of.zh),
                format!("nobody objects to {}: the benefit is being granted.", of.en),
            )
            .then("无需办理，登记后签发待遇证明。", "there is nothing to do; the certificate follows."),
        // None of these is read: their lines are in no notice.
        Entry::Concluded(_) | Entry::Removed(_) | Entry::Withdrawn(_) => item
            .says(format!("{}的公示已结束。", of.zh), format!("the notice of {} is over.", of.en))
            .waits(Waits::Bureau),
    }
}

/// An entry that nothing stands against: it waits for its notice.
fn listed(at: At<'_>, item: Item, of: &Words, known: &Known, entry: &Entry) -> Item {
    let listing = entry.listing();
    let number = &listing.reference;
    let notice = known.notices.iter().find(|notice| notice.head().id == listing.notice);
    match notice {
        Some(open @ Notice::Open(_)) if open.running(at.calendar, at.today).is_ok() => {
            let due = open.clock().and_then(|clock| clock.due(at.calendar));
            let day = due.map(|due| due.date.to_string()).unwrap_or_default();
            item.says(
                format!("{}正在公示，至 {day}（含当日），公示编号 {number}。", of.zh),
                format!("{} is in a public notice until {day} inclusive, reference {number}.", of.en),
            )
            .waits(Waits::Public)
            .due(due)
            .then("公示期满无异议的，待遇生效。", "the benefit begins if nobody objects until then.")
        }
        Some(Notice::Withdrawing(_) | Notice::Withdrawn(_)) => item
            .says(format!("{}所在的公示已撤回。", of.zh), format!("the notice with {} was withdrawn.", of.en))
            .waits(Waits::Bureau)
            .then("等待列入下一批公示。", "it waits for the next notice."),
        Some(Notice::Open(_) | Notice::Closed(_) | Notice::Settled(_)) => item
            .says(
                format!("{}公示期满，正在办结（公示编号 {number}）。", of.zh),
                format!("the notice of {} is over and is being closed (reference {number}).", of.en),
            )
            .then("无异议的，随即登记待遇。", "where nobody objected the benefit follows at once."),
        Some(Notice::Opening(_) | Notice::Void(_)) | None => item
            .says(
                format!("{}已列入公示批次，即将公示（公示编号 {number}）。", of.zh),
                format!("{} is in a notice that is being prepared (reference {number}).", of.en),
            )
            .waits(Waits::Bureau)
            .then("公示期满无异议的，待遇生效。", "the benefit begins if nobody objects."),
    }
}

/// The day by which all that stands against an entry is to be resolved.
fn resolved_by(at: At<'_>, known: &Known, entry: &Entry) -> Option<Due> {
    let standing = entry.standing();
    let clocks = known.objections.iter().filter(|objection| standing.contains(&objection.filed().id));
    let days = clocks.filter_map(|objection| objection.clock()?.due(at.calendar));
    days.max_by_key(|due| due.date)
}

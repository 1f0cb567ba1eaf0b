//! A filing of remote residence, as its person reads it. Pure.

use super::domain::{At, Item, Kind, Waits};
use crate::kernel::error::Refusal;
use crate::kernel::region::Region;
use crate::residence::domain::{Cancelled, Facts, Filing, Rejected, Standing};
use crate::residence::store;

/// A filing.
pub fn item(at: At<'_>, filing: &Filing) -> Item {
    let (facts, standing) = (filing.facts(), filing.standing(at.today, &at.person.area));
    let state = match standing {
        Standing::Pending => "pending",
        Standing::Valid => "valid",
        Standing::Rejected => "rejected",
        Standing::Cancelled => "cancelled",
        Standing::Expired => "expired",
    };
    let mut item = Item::new(Kind::Filing, store::name(at.person, facts.id), state);
    (item.term.begndate, item.term.enddate) = (Some(facts.period.from), facts.period.to);
    let place = facts.places.iter().map(Region::name).collect::<Vec<_>>().join("、");
    let codes = facts.places.iter().map(Region::as_str).collect::<Vec<_>>().join(", ");
    match filing {
        Filing::Pending(pending) => item
            .says(
                format!("{place}的异地就医备案等待审核。"),
                format!("the filing for {codes} waits for the bureau."),
            )
            .waits(Waits::Bureau)
            .due(pending.clock.due(at.calendar))
            .then("审核通过后，自开始日期起有效。", "once approved it holds from its first day on."),
        Filing::Valid(valid) if standing == Standing::Valid => self::valid(item, facts, (&place, &codes))
            .then(
                match valid.cancellable_on.filter(|day| at.today < *day) {
                    Some(day) => format!("在备案地就医与参保地同等待遇；{day} 起可以取消。"),
                    None => "在备案地就医与参保地同等待遇；返回后可以取消。".to_owned(),
                },
                match valid.cancellable_on.filter(|day| at.today < *day) {
                    Some(day) => {
                        format!("treatment there counts as at home; it can be cancelled from {day} on.")
                    }
                    None => "treatment there counts as at home; cancel it when you are back.".to_owned(),
                },
            ),
        Filing::Valid(_) => item
            .says(format!("{place}的异地就医备案已到期。"), format!("the filing for {codes} has expired."))
            .then("仍在异地的，请重新备案。", "file again if you are still away.")
            .over(),
        Filing::Rejected(Rejected { reason, .. }) => {
            let refusal = Refusal::new("FILING_REJECTED", reason.clone(), reason.clone());
            item.reasons.push(refusal);
            item.says(
                format!("{place}的异地就医备案未通过。"),
                format!("the filing for {codes} was not approved."),
            )
            .then("可以补充证明后重新备案。", "file again with the proof that was missing.")
            .over()
        }
        Filing::Cancelled(Cancelled { cancelled_on, .. }) => item
            .says(
                format!("{place}的异地就医备案已于 {cancelled_on} 取消。"),
                format!("the filing for {codes} was cancelled on {cancelled_on}."),
            )
            .then("需要时可以重新备案。", "file again whenever it is needed.")
            .over(),
    }
}

fn valid(item: Item, facts: &Facts, (place, codes): (&str, &str)) -> Item {
    let from = facts.period.from;
    match facts.period.to {
        Some(last) => item
            .says(
                format!("{place}的异地就医备案有效，自 {from} 至 {last}。"),
                format!("the filing for {codes} holds from {from} to {last}."),
            )
            .until(Some(last)),
        None => item.says(
            format!("{place}的异地就医备案有效，自 {from} 起。"),
            format!("the filing for {codes} holds from {from} on."),
        ),
    }
}

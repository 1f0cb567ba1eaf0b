//! A re-qualification (复审), as whoever has the benefit reads it. Pure.

use super::domain::{At, Item, Kind, Known, Waits, Words, disease_words};
use crate::benefit::requalification::domain::{Answered, Lapsed, Open, Requalification, Wanted};
use crate::benefit::requalification::store;

/// One that is not over; none otherwise.
pub fn item(at: At<'_>, known: &Known, round: &Requalification) -> Option<Item> {
    let head = round.head();
    let name = store::name(&at.person.psn_no, head.id);
    let mut item = Item::new(Kind::Requalification, name, round.word());
    let found = known.published.as_ref().and_then(|published| published.catalog.disease(&head.code));
    item.disease = found.map(|disease| disease.name.clone()).unwrap_or_default();
    item.code.clone_from(&head.code);
    let of = disease_words(&item.code, &item.disease);
    match round {
        Requalification::Open(open) => Some(opened(item, &of, open)),
        Requalification::Answered(answered) => Some(with_the_bureau(at, item, &of, answered)),
        Requalification::Lapsed(lapsed) => Some(returnable(at, item, &of, lapsed)),
        Requalification::Renewed(_) | Requalification::Closed(_) => None,
    }
}

fn opened(mut item: Item, of: &Words, open: &Open) -> Item {
    let due = open.head.due_on;
    for wanted in &open.dossier.wanted {
        if let Wanted::Insurance { reasons } = wanted {
            item.reasons.extend(reasons.iter().cloned());
        }
    }
    let (zh, en) = asked(&open.dossier.wanted);
    let item = item.says(
        format!("{}须在 {due} 前完成复审：{zh}。", of.zh),
        format!("the benefit for {} is to be re-qualified until {due}: {en}.", of.en),
    );
    let item = item.waits(Waits::Applicant).until(Some(due));
    match open.lapse_on() {
        Some(lapse) => item.then(
            format!("请答复，或申请人工办理；不答复的，待遇自 {lapse} 起中止。"),
            format!("answer it, or ask for an officer; without any answer the benefit lapses on {lapse}."),
        ),
        None => item.then("请答复，或申请人工办理。", "answer it, or ask for an officer."),
    }
}

fn with_the_bureau(at: At<'_>, item: Item, of: &Words, answered: &Answered) -> Item {
    let lapsed = answered.lapsed_on.is_some();
    let item = item.says(
        format!("{}的复审已答复，等待经办机构办理。", of.zh),
        format!("the re-qualification of the benefit for {} was answered; the bureau decides.", of.en),
    );
    let item = item.waits(Waits::Bureau).due(answered.clock.due(at.calendar));
    if lapsed {
        item.then("通过后待遇恢复。", "the benefit returns when it is renewed.")
    } else {
        item.then("办理期间待遇不中止。", "nothing lapses while the bureau has it.")
    }
}

fn returnable(at: At<'_>, item: Item, of: &Words, lapsed: &Lapsed) -> Item {
    let (zh, en) = asked(&lapsed.dossier.wanted);
    let (verb_zh, verb_en) = if lapsed.on > at.today { ("将自", "lapses") } else { ("已自", "lapsed") };
    item.says(
        format!("{}的待遇因未完成复审{verb_zh} {} 起中止：{zh}。", of.zh, lapsed.on),
        format!("the benefit for {} {verb_en} on {}: {en}.", of.en, lapsed.on),
    )
    .waits(Waits::Applicant)
    .until(Some(lapsed.return_until()))
    .then(
        "此日之前仍可办理复审或申请人工办理，通过后恢复；逾期须重新申请。",
        "until then it can be answered, or an officer asked for, and returns; afterwards apply anew.",
    )
}

/// What is asked for, in one breath.
fn asked(wanted: &[Wanted]) -> (String, String) {
    let words = wanted.iter().map(|wanted| match wanted {
        Wanted::Paper(paper) => (format!("提交{}", paper.name), format!("hand in {}", paper.name)),
        Wanted::Insurance { .. } => {
            ("恢复参保和缴费".to_owned(), "have the insurance in force again".to_owned())
        }
        Wanted::StillNeeded { since } => (
            format!("自 {since} 起未使用，确认是否仍需要"),
            format!("nothing was settled since {since}; confirm that it is still needed"),
        ),
    });
    let (zh, en): (Vec<_>, Vec<_>) = words.unzip();
    (zh.join("；"), en.join("; "))
}

//! A disease line of an application, as its applicant reads it. Pure.

use time::Date;

use super::domain::{At, Item, Kind, Known, Made, Waits, Words, disease_words};
use super::notice;
use crate::application::domain::{
    Accepted, Application, Asked, Awaiting, Filed, Kind as Purpose, Line, LineState,
};
use crate::application::{remedy, store};
use crate::kernel::clock::Ground;
use crate::kernel::error::Refusal;
use crate::rpc::parse::to_date;

/// A line's application, and what else is known.
struct Seen<'a> {
    at: At<'a>,
    known: &'a Known,
    made: &'a Made,
    /// The line's disease.
    of: Words,
}

/// The lines of an application.
pub fn items(at: At<'_>, known: &Known, made: &Made) -> Vec<Item> {
    made.application.lines().iter().map(|line| item(at, known, made, line)).collect()
}

fn item(at: At<'_>, known: &Known, made: &Made, line: &Line) -> Item {
    let application = store::name(at.person, made.application.case().id);
    let mut item = Item::new(Kind::Line, application.clone(), made.application.word());
    let found = made.published.as_ref().and_then(|published| published.catalog.disease(&line.code));
    item.disease = found.map(|disease| disease.name.clone()).unwrap_or_default();
    (item.code, item.application) = (line.code.clone(), application);
    let seen = Seen { at, known, made, of: disease_words(&item.code, &item.disease) };
    let item = told(&seen, item, line);
    match made.application.form().kind {
        Purpose::Changed { .. } if !item.over => beside_the_old(item),
        _ => item,
    }
}

/// 病情变化: nothing is lost by asking.
fn beside_the_old(mut item: Item) -> Item {
    item.next.zh.push_str("新待遇生效前，原待遇不受影响。");
    item.next.en.push_str(" The benefit that it is to replace stays as it is until then.");
    item
}

fn told(seen: &Seen<'_>, mut item: Item, line: &Line) -> Item {
    let of = &seen.of;
    match &seen.made.application {
        Application::Draft(_) => draft(item, of),
        Application::Submitted(submitted) => self::submitted(seen, item, &submitted.filed),
        Application::Accepted(accepted) => self::accepted(seen, item, accepted),
        Application::AwaitingSupplement(awaiting) => self::awaiting(item, of, awaiting),
        Application::Decided(_) => decided(seen, item, line),
        Application::Refused(refused) => {
            item.reasons.clone_from(&refused.reasons);
            let item = item.says(
                format!("{}的申请不予受理。", of.zh),
                format!("the application for {} was not accepted.", of.en),
            );
            against(seen, item)
        }
        Application::Withdrawn(_) => item
            .says(format!("{}的申请已撤回。", of.zh), format!("the application for {} was withdrawn.", of.en))
            .then("需要时可以重新申请。", "apply again whenever it is needed.")
            .over(),
    }
}

fn draft(item: Item, of: &Words) -> Item {
    item.says(
        format!("{}的申请是草稿，尚未提交。", of.zh),
        format!("the application for {} is a draft and was not submitted.", of.en),
    )
    .waits(Waits::Applicant)
    .then("请备齐材料后提交；不再申请的可以撤回。", "submit it when all papers are there, or withdraw it.")
}

fn submitted(seen: &Seen<'_>, item: Item, filed: &Filed) -> Item {
    let Seen { at, of, .. } = seen;
    let clock = seen.made.application.acceptance_clock().unwrap_or_else(|| filed.clock.clone());
    let item = item
        .says(
            format!("{}的申请已提交，等待受理。", of.zh),
            format!("the application for {} was submitted and waits to be accepted.", of.en),
        )
        .waits(Waits::Bureau)
        .due(clock.due(at.calendar));
    perhaps_late(
        *at,
        item,
        Words::new(
            "受理后由专家评审；缺少材料的，经办机构一次告知。办结前可以撤回。",
            "experts review it once it is accepted; what is missing is told all at once. It can be withdrawn until it is decided.",
        ),
    )
}

fn accepted(seen: &Seen<'_>, item: Item, accepted: &Accepted) -> Item {
    let Seen { at, of, .. } = seen;
    let clock = &accepted.filed.clock;
    if let Some(pause) = clock.paused() {
        let (zh, en) = match pause.ground {
            Ground::Assessment => ("机构鉴定", "an institution's assessment"),
            Ground::Examination => ("体检", "a physical examination"),
            Ground::Supplement => ("补正", "a supplement"),
            Ground::Notice => ("异议核实", "the investigation of an objection"),
        };
        return item
            .says(
                format!("{}的审核自 {} 起暂停，等待{zh}结果。", of.zh, pause.from),
                format!("the review of {} stands still since {}: {en} is waited for.", of.en, pause.from),
            )
            .waits(Waits::Institution)
            .then(
                "请按通知参加；有结果后审核继续，暂停的时间不计入审核时限。",
                "go where you were asked to; the review goes on with its result, and the time between does not count.",
            );
    }
    let item = item
        .says(
            format!("{}的申请已受理，正在评审。", of.zh),
            format!("the application for {} was accepted and is under review.", of.en),
        )
        .waits(Waits::Experts)
        .due(clock.due(at.calendar));
    perhaps_late(
        *at,
        item,
        Words::new(
            "评审后由经办机构逐病种确认；通过的列入公示。办结前可以撤回。",
            "the bureau then confirms it disease by disease, and what is approved goes into a public notice. It can be withdrawn until it is decided.",
        ),
    )
}

/// What comes next, or who can be asked where the last day is over.
fn perhaps_late(at: At<'_>, item: Item, next: Words) -> Item {
    if item.until.is_some_and(|due| due.date < at.today) {
        item.then(
            "已超过时限，可以向经办机构询问原因。",
            "its last day is over: you may ask the bureau why it is late.",
        )
    } else {
        item.then(next.zh, next.en)
    }
}

fn awaiting(mut item: Item, of: &Words, awaiting: &Awaiting) -> Item {
    let concerns = |wanted: &&Refusal| wanted.subject.is_empty() || wanted.subject == item.code;
    item.reasons = awaiting.wanted.iter().filter(concerns).cloned().collect();
    let item = if item.reasons.is_empty() {
        item.says(
            format!("{}的申请等待补正：同一申请的其他病种须补充材料。", of.zh),
            format!("the application for {} waits for a supplement about its other diseases.", of.en),
        )
    } else {
        let many = item.reasons.len();
        item.says(
            format!("{}的申请等待补正，共 {many} 项。", of.zh),
            format!("the application for {} waits for a supplement, {many} in all.", of.en),
        )
    };
    let asked = awaiting.filed.requests.last().map(|request| request.items.as_slice()).unwrap_or_default();
    let only_facts = !asked.is_empty() && asked.iter().all(|asked| matches!(asked, Asked::Fact { .. }));
    let item = item.waits(Waits::Applicant);
    if only_facts {
        item.then(
            "请补交所要求的材料；确无其他证明的，答复无补充材料。补正期间不计入审核时限。",
            "add what is asked for, or answer that there is nothing to add. The review's time stands still.",
        )
    } else {
        item.then(
            "请补交所要求的材料。补正期间不计入审核时限。",
            "add what is asked for. The review's time stands still.",
        )
    }
}

fn decided(seen: &Seen<'_>, mut item: Item, line: &Line) -> Item {
    let Seen { at, known, made, of } = seen;
    item.state = line.state.word();
    item.reasons.clone_from(&line.reasons);
    match line.state {
        LineState::Pending => item
            .says(format!("{}正在评审。", of.zh), format!("{} is under review.", of.en))
            .waits(Waits::Experts),
        LineState::Approved => approved(item, of, known),
        LineState::InNotice => notice::item(*at, item, of, known, made.application.case().id),
        LineState::Granted => item
            .says(
                format!("{}公示无异议，待遇已登记。", of.zh),
                format!("nobody objected to {}: the benefit was granted.", of.en),
            )
            .then("见本页的待遇一项。", "see the benefit among these.")
            .over(),
        LineState::Rejected => {
            let item = item.says(format!("{}审核未通过。", of.zh), format!("{} was not approved.", of.en));
            against(seen, item)
        }
        LineState::Objected => {
            let item = item.says(
                format!("{}公示期间的异议成立，待遇不生效。", of.zh),
                format!("an objection to {} was upheld: there is no benefit.", of.en),
            );
            against(seen, item)
        }
    }
}

fn approved(item: Item, of: &Words, known: &Known) -> Item {
    let days = known.published.as_ref().map(|published| published.catalog.rules.notice_working_days);
    let (zh, en) = match days {
        Some(days) => (format!("公示期 {days} 个工作日，"), format!(", for {days} working days")),
        None => (String::new(), String::new()),
    };
    item.says(
        format!("{}审核通过，等待列入公示。", of.zh),
        format!("{} was approved and waits for a public notice.", of.en),
    )
    .waits(Waits::Bureau)
    .then(
        format!("经办机构将其列入下一批公示；{zh}无异议的待遇生效。"),
        format!("the bureau puts it into the next notice{en}; the benefit begins if nobody objects."),
    )
}

/// What was decided against the applicant, with the ways against that and the last day of 复核 where it is known.
fn against(seen: &Seen<'_>, mut item: Item) -> Item {
    let Seen { at, made, .. } = seen;
    if let Some(published) = &made.published {
        let remedies = remedy::messages(&made.application, made.changed_on, &published.catalog.rules);
        let concerns = |remedy: &crate::proto::opsp::application::v1::Remedy| {
            remedy.opsp_dise_codes.contains(&item.code)
        };
        item.remedies = remedies.into_iter().filter(concerns).collect();
    }
    let mut days = item.remedies.iter().filter_map(|remedy| remedy.until.as_ref().and_then(to_date));
    let (until, open) = match days.next() {
        Some(day) if day < at.today => (None, false),
        until => (until, true),
    };
    let (zh, en) = match until {
        Some(day) => recheck(day),
        None if open => (
            "对决定不服的，可以向经办机构申请复核；补充所缺的证明后也可以重新申请。".to_owned(),
            "you may ask the bureau to look again, or apply again with the proof that was missing."
                .to_owned(),
        ),
        None => (
            "申请复核的期限已过；补充所缺的证明后可以重新申请。".to_owned(),
            "the time to ask for another look is over; apply again with the proof that was missing."
                .to_owned(),
        ),
    };
    let item = item.then(zh, en).until(until);
    if open { item } else { item.over() }
}

fn recheck(day: Date) -> (String, String) {
    (
        format!("对决定不服的，可以在 {day} 前（含当日）申请复核；补充所缺的证明后也可以重新申请。"),
        format!(
            "you may ask the bureau to look again until {day} inclusive, or apply again with the proof that was missing."
        ),
    )
}

//! Every verb, a row a verb: when it may happen, and what it does to the model.

use time::{Date, Duration};

use super::model::{Choice, Entry, Held, Model, STAFF, Saw};

/// A verb.
#[derive(Clone, Copy)]
pub struct Rule {
    pub name: &'static str,
    /// How often it is chosen against the others, where it may happen.
    pub weight: u32,
    pub may: fn(&Model, &Choice) -> bool,
    pub then: fn(&mut Model, &Choice, &Saw),
}

pub const fn rule(
    name: &'static str,
    weight: u32,
    may: fn(&Model, &Choice) -> bool,
    then: fn(&mut Model, &Choice, &Saw),
) -> Rule {
    Rule { name, weight, may, then }
}

/// Those that lead to a decision are in `panel_rules.rs`.
pub static RULES: [Rule; 15] = [
    rule("update", 2, |m, _| m.is(&["draft"]), |_, _, _| {}),
    rule("submit", 8, |m, _| m.is(&["draft"]), |m, _, _| m.state = "submitted"),
    rule(
        "withdraw",
        1,
        |m, _| m.is(&["draft", "submitted", "accepted", "awaiting_supplement"]),
        |m, _, _| m.state = "withdrawn",
    ),
    rule(
        "accept",
        8,
        |m, _| m.is(&["submitted"]),
        |m, choice, _| {
            (m.state, m.accepted) = ("accepted", Some(STAFF[choice.who]));
        },
    ),
    rule(
        "refuse",
        1,
        |m, _| m.is(&["submitted"]) || (m.is(&["awaiting_supplement"]) && m.accepted.is_none()),
        |m, choice, _| (m.state, m.ended_by) = ("refused", Some(STAFF[choice.who])),
    ),
    rule(
        "supplement",
        8,
        |m, _| m.is(&["awaiting_supplement"]),
        |m, _, _| {
            (m.materials, m.stands) = (m.materials + 1, false);
            m.state = if m.accepted.is_some() { "accepted" } else { "submitted" };
        },
    ),
    rule("open_notice", 8, |m, _| m.lines.contains(&"approved"), then_open_notice),
    rule("object", 2, may_object, then_object),
    rule("resolve", 4, may_resolve, then_resolve),
    rule(
        "close_notice",
        16,
        |m, _| m.notice == "open" && m.notice_due.is_some_and(|due| due < m.today),
        |m, _, _| {
            m.notice = "closed";
            for entry in m.entries.iter_mut().flatten().filter(|entry| entry.word == "listed") {
                entry.word = "undisputed";
            }
        },
    ),
    rule("grant", 8, may_grant, then_grant),
    rule("suspend", 4, may_suspend, |m, choice, _| {
        let rest = (from(m, choice), choice.length.map(|days| from(m, choice) + Duration::days(days)));
        m.benefits[choice.line].iter_mut().for_each(|held| held.rests.push(rest));
    }),
    rule("resume", 4, may_resume, then_resume),
    rule("end", 1, may_end, |m, choice, _| {
        let last = from(m, choice);
        m.benefits[choice.line].iter_mut().for_each(|held| held.last = Some(last));
    }),
    rule("wait", 8, |_, _| true, |m, _, saw| m.pass(saw.today, &saw.waited)),
];

fn from(model: &Model, choice: &Choice) -> Date {
    model.today + Duration::days(choice.from)
}

fn then_open_notice(m: &mut Model, _: &Choice, saw: &Saw) {
    (m.notice, m.notice_due) = ("open", saw.notice_due);
    for (line, entry) in m.lines.iter_mut().zip(&mut m.entries).filter(|(line, _)| **line == "approved") {
        *line = "in_notice";
        *entry = Some(Entry { word: "listed", standing: 0 });
    }
}

fn may_object(m: &Model, choice: &Choice) -> bool {
    let runs = m.notice == "open" && m.notice_due.is_some_and(|due| m.today <= due);
    let entry = m.entries[choice.line].as_ref();
    runs && entry.is_some_and(|entry| ["listed", "objected"].contains(&entry.word) && entry.standing < 1_000)
}

fn then_object(m: &mut Model, choice: &Choice, _: &Saw) {
    m.objections.push((choice.line, true));
    for entry in m.entries[choice.line].iter_mut() {
        (entry.word, entry.standing) = ("objected", entry.standing + 1);
    }
}

fn may_resolve(m: &Model, choice: &Choice) -> bool {
    let own = m.ended_by == Some(STAFF[choice.who]);
    !own && m.objection(choice).is_some_and(|place| m.objections[place].1)
}

fn then_resolve(m: &mut Model, choice: &Choice, _: &Saw) {
    let place = choice.any % m.objections.len();
    let (line, stands) = &mut m.objections[place];
    *stands = false;
    let Some(entry) = &mut m.entries[*line] else { return };
    entry.standing -= 1;
    if choice.upheld && entry.word != "removed" {
        (entry.word, m.lines[*line]) = ("removed", "objected");
    } else if entry.word == "objected" && entry.standing == 0 {
        entry.word = if m.notice == "closed" { "undisputed" } else { "listed" };
    }
}

fn may_grant(m: &Model, choice: &Choice) -> bool {
    m.entries[choice.line].as_ref().is_some_and(|entry| entry.word == "undisputed")
}

fn then_grant(m: &mut Model, choice: &Choice, saw: &Saw) {
    m.lines[choice.line] = "granted";
    m.entries[choice.line].iter_mut().for_each(|entry| entry.word = "concluded");
    let begins = saw.begins[choice.line].unwrap_or(m.today);
    m.benefits[choice.line] = Some(Held { begins, last: None, rests: Vec::new() });
}

fn may_suspend(m: &Model, choice: &Choice) -> bool {
    let first = from(m, choice);
    let last = choice.length.map_or(Date::MAX, |days| first + Duration::days(days));
    m.benefits[choice.line].as_ref().is_some_and(|held| {
        let apart = |(from, to): &(Date, Option<Date>)| last < *from || to.is_some_and(|to| to < first);
        first >= m.today
            && first >= held.begins
            && held.last.is_none_or(|last| first <= last)
            && held.rests.iter().all(apart)
    })
}

fn may_resume(m: &Model, choice: &Choice) -> bool {
    let day = from(m, choice);
    let within = |held: &Held| held.rests_on(day).is_some() && held.last.is_none_or(|last| day <= last);
    day >= m.today && m.benefits[choice.line].as_ref().is_some_and(within)
}

fn then_resume(m: &mut Model, choice: &Choice, _: &Saw) {
    let day = from(m, choice);
    for held in m.benefits[choice.line].iter_mut() {
        let Some(place) = held.rests_on(day) else { continue };
        if held.rests[place].0 == day {
            held.rests.remove(place);
        } else {
            held.rests[place].1 = day.previous_day();
        }
    }
}

fn may_end(m: &Model, choice: &Choice) -> bool {
    let last = from(m, choice);
    let earlier = |held: &Held| held.last.is_none_or(|set| last < set);
    last >= m.today && m.benefits[choice.line].as_ref().is_some_and(earlier)
}

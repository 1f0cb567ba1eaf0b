//! The verbs between acceptance and decision: the panel, the clock, and what is taken back.

use super::model::{Choice, EXTENSION_DAYS, Found, Model, Outcome, SENT_BACK, STAFF, Saw, Seat, Time};
use super::rules::{Rule, rule};

pub static PANEL_RULES: [Rule; 13] = [
    rule("ask", 4, may_ask, then_ask),
    rule("nothing_to_add", 8, |m, _| m.is(&["awaiting_supplement"]) && !m.papers_asked, then_nothing),
    rule("assign", 16, may_assign, then_assign),
    rule("opine", 16, |m, choice| judges(m) && has_open_seat(m, choice) && !choice.contradicts, then_opine),
    rule("confirm", 8, may_confirm, then_confirm),
    rule("send_back", 8, |m, choice| may_confirm(m, choice) && m.sent_back < SENT_BACK, then_send_back),
    rule("undo", 6, may_undo, then_undo),
    rule(
        "decline",
        1,
        |m, choice| m.is_with_experts() && has_open_seat(m, choice),
        |m, choice, saw| {
            let seat = choice.any % m.seats.len();
            if choice.upheld {
                m.avoided.push(m.members[seat].clone());
            }
            let comes = m.drawable() > 0;
            leave(m, seat, comes);
            m.members.clone_from(&saw.members);
        },
    ),
    rule(
        "reassign",
        1,
        |m, choice| {
            // Who was asked again has the time for it.
            let free = |seat: usize| m.seats[seat].earlier.is_empty() || m.late().contains(&seat);
            m.is_with_experts()
                && has_open_seat(m, choice)
                && m.seat(choice).is_some_and(free)
                && m.drawable() > 0
        },
        |m, choice, saw| {
            leave(m, choice.any % m.seats.len(), true);
            m.members.clone_from(&saw.members);
        },
    ),
    rule(
        "replace",
        8,
        |m, _| m.late().into_iter().any(|seat| m.drawable() > 0 || !m.seats[seat].told),
        then_replace,
    ),
    rule(
        "extend",
        1,
        |m, choice| {
            let in_time = !m.extended && !m.time.is_over(m.today);
            m.is(&["submitted", "accepted"]) && in_time && days(choice) <= EXTENSION_DAYS
        },
        |m, choice, _| {
            m.time.days += days(choice);
            (m.extended, m.time.last) = (true, None);
        },
    ),
    // The sample counts the time of an assessment.
    rule("pause_review", 2, |m, choice| judges(m) && !choice.papers, |m, _, _| m.stands = true),
    rule("resume_review", 8, |m, _| m.is(&["accepted"]) && m.stands, |m, _, _| m.stands = false),
];

/// By how many days a choice extends.
pub fn days(choice: &Choice) -> i64 {
    i64::try_from(choice.any % 14).unwrap_or_default() + 1
}

/// Whether a choice sends the task of a seat back.
pub fn is_sent(choice: &Choice, seat: usize, seats: usize) -> bool {
    let picked = |seat: usize| (choice.any >> seat) & 1 == 1;
    picked(seat) || !(0..seats).any(picked)
}

/// For which lines.
pub fn sent_lines(choice: &Choice) -> Vec<usize> {
    if choice.papers { vec![0, 1] } else { vec![choice.line] }
}

/// It is with the experts, and no one else is waited for.
fn judges(m: &Model) -> bool {
    m.is(&["accepted"]) && !m.stands
}

fn has_open_seat(m: &Model, choice: &Choice) -> bool {
    m.seat(choice).is_some_and(|seat| m.seats[seat].open)
}

/// Before the opinions whatever the catalogue names, after them what they could not judge, in between nothing.
fn may_ask(m: &Model, _: &Choice) -> bool {
    (judges(m) || m.is(&["submitted"])) && (!m.has_opinion() || !m.unknown_lines().is_empty())
}

fn then_ask(m: &mut Model, choice: &Choice, _: &Saw) {
    let lines = m.unknown_lines();
    m.papers_asked = choice.papers && lines.is_empty();
    let materials = m.materials;
    for seat in m.seats.iter_mut().filter(|_| !lines.is_empty()) {
        open_again(seat, &lines, materials);
    }
    (m.state, m.stands) = ("awaiting_supplement", true);
}

/// Its expert has the whole time anew.
fn open_again(seat: &mut Seat, lines: &[usize], materials: usize) {
    seat.earlier.push(seat.says);
    lines.iter().for_each(|line| seat.says[*line] = None);
    (seat.open, seat.seen, seat.sent_back, seat.told) = (true, materials, false, false);
    seat.time = Time::default();
}

/// What was found stands again, where nothing has come that was not judged.
fn then_nothing(m: &mut Model, _: &Choice, _: &Saw) {
    let materials = m.materials;
    for seat in m.seats.iter_mut().filter(|seat| seat.open && !seat.sent_back && seat.seen == materials) {
        if let Some(said) = seat.earlier.pop() {
            (seat.says, seat.open) = (said, false);
        }
    }
    m.state = if m.accepted.is_some() { "accepted" } else { "submitted" };
    m.stands = false;
}

/// Two at first; whoever is missing; one more where two differ.
fn drawn(m: &Model) -> usize {
    match (m.wanted, m.missing()) {
        (0, _) => 2,
        (_, 0) => 1,
        (_, missing) => missing,
    }
}

fn may_assign(m: &Model, _: &Choice) -> bool {
    let differ = !m.any_open() && m.outcomes().contains(&Outcome::Differ);
    m.is(&["accepted"]) && (!m.is_whole() || differ) && m.drawable() >= drawn(m)
}

fn then_assign(m: &mut Model, _: &Choice, saw: &Saw) {
    let new = drawn(m);
    m.seats.extend(std::iter::repeat_n(Seat { open: true, ..Seat::default() }, new));
    m.wanted = m.wanted.max(m.seats.len());
    m.members.clone_from(&saw.members);
}

fn then_opine(m: &mut Model, choice: &Choice, _: &Saw) {
    let seat = choice.any % m.seats.len();
    let seat = &mut m.seats[seat];
    for (line, found) in choice.found.into_iter().enumerate() {
        seat.says[line] = seat.says[line].or(Some(found));
    }
    (seat.open, seat.sent_back) = (false, false);
}

fn may_confirm(m: &Model, choice: &Choice) -> bool {
    judges(m) && m.all_found() && !m.sits(STAFF[choice.who])
}

fn then_confirm(m: &mut Model, choice: &Choice, _: &Saw) {
    let fate = |outcome| if outcome == Outcome::Found(Found::Met) { "approved" } else { "rejected" };
    m.lines = m.outcomes().map(fate);
    (m.state, m.ended_by) = ("decided", Some(STAFF[choice.who]));
}

fn then_send_back(m: &mut Model, choice: &Choice, _: &Saw) {
    let (materials, seats) = (m.materials, m.seats.len());
    let sent = m.seats.iter_mut().enumerate().filter(|(place, _)| is_sent(choice, *place, seats));
    for (_, seat) in sent {
        open_again(seat, &sent_lines(choice), materials);
        seat.sent_back = true;
    }
    m.sent_back += 1;
}

/// By another person, while no line has gone on.
fn may_undo(m: &Model, choice: &Choice) -> bool {
    let stays = m.lines.iter().all(|line| ["pending", "approved", "rejected"].contains(line));
    m.is(&["decided", "refused"]) && stays && m.ended_by != Some(STAFF[choice.who])
}

fn then_undo(m: &mut Model, _: &Choice, _: &Saw) {
    m.state = if m.state == "decided" { "accepted" } else { "submitted" };
    (m.lines, m.ended_by, m.stands) = (["pending"; 2], None, false);
}

/// Somebody leaves, and who comes sits down at the end.
fn leave(m: &mut Model, seat: usize, comes: bool) {
    m.left_unheard |= m.seats.remove(seat).sent_back;
    let left = m.members.remove(seat);
    m.former.push(left);
    if comes {
        m.seats.push(Seat { open: true, ..Seat::default() });
    }
}

fn then_replace(m: &mut Model, _: &Choice, saw: &Saw) {
    // Whoever was late at first: each who comes sits at the end, and is not.
    let late: Vec<_> = m.late().into_iter().map(|seat| m.members[seat].clone()).collect();
    let mut drawable = m.drawable();
    for name in late {
        let seat = m.members.iter().position(|member| *member == name).unwrap_or_default();
        if drawable > 0 {
            leave(m, seat, true);
            drawable -= 1;
        } else {
            m.seats[seat].told = true;
        }
    }
    m.members.clone_from(&saw.members);
}

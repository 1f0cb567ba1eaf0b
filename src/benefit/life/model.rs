//! What the contract says may happen to a case, written down a second time: words and counts, and nothing of the types
//! that it is held against.

use time::Date;

pub const STAFF: [&str; 6] = ["officer.li", "officer.wang", "expert.0", "expert.1", "expert.2", "expert.3"];

/// What an expert finds of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Met,
    NotMet,
    Unknown,
}

/// What a panel found of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Open,
    Differ,
    Found(Found),
}

/// What is drawn by chance for a verb.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Index into `STAFF`.
    pub who: usize,
    /// Which of the two lines.
    pub line: usize,
    /// Which seat of the panel, which objection: by remainder.
    pub any: usize,
    pub found: [Found; 2],
    /// The finding that is sent does not follow from the facts.
    pub contradicts: bool,
    /// Papers are asked for, and not proof of the criteria.
    pub papers: bool,
    pub upheld: bool,
    /// Days from today on.
    pub from: i64,
    pub length: Option<i64>,
}

/// A seat of the panel.
#[derive(Clone, Debug, Default)]
pub struct Seat {
    pub open: bool,
    pub says: [Option<Found>; 2],
    /// What was said before it was opened again.
    pub earlier: Vec<[Option<Found>; 2]>,
    /// Materials that it has judged.
    pub seen: usize,
}

/// An entry of the notice.
#[derive(Clone, Debug)]
pub struct Entry {
    pub word: &'static str,
    pub standing: usize,
}

/// A benefit.
#[derive(Clone, Debug)]
pub struct Held {
    pub begins: Date,
    pub last: Option<Date>,
    /// Suspensions: first day, and last day where there is one.
    pub rests: Vec<(Date, Option<Date>)>,
}

impl Held {
    pub fn rests_on(&self, day: Date) -> Option<usize> {
        self.rests.iter().position(|(from, to)| *from <= day && day <= to.unwrap_or(Date::MAX))
    }

    pub fn is_over(&self, today: Date) -> bool {
        self.last.is_some_and(|last| last < today)
    }
}

/// What is taken over from the case itself, because the model does not decide it.
#[derive(Clone, Debug)]
pub struct Saw {
    pub today: Date,
    /// How the members of the panel sign in.
    pub members: Vec<String>,
    pub notice_due: Option<Date>,
    pub begins: [Option<Date>; 2],
}

/// A case.
#[derive(Clone, Debug)]
pub struct Model {
    pub today: Date,
    pub state: &'static str,
    /// It was accepted, whatever it waits for now.
    pub accepted: bool,
    pub lines: [&'static str; 2],
    pub materials: usize,
    pub papers_asked: bool,
    pub seats: Vec<Seat>,
    pub members: Vec<String>,
    /// `none`, `open` or `closed`.
    pub notice: &'static str,
    pub notice_due: Option<Date>,
    pub entries: [Option<Entry>; 2],
    /// Of each objection: its line, and whether it stands.
    pub objections: Vec<(usize, bool)>,
    pub benefits: [Option<Held>; 2],
}

impl Model {
    pub fn new(today: Date) -> Self {
        Self {
            today,
            state: "draft",
            accepted: false,
            lines: ["pending"; 2],
            materials: 1,
            papers_asked: false,
            seats: Vec::new(),
            members: Vec::new(),
            notice: "none",
            notice_due: None,
            entries: [None, None],
            objections: Vec::new(),
            benefits: [None, None],
        }
    }

    pub fn is(&self, states: &[&str]) -> bool {
        states.contains(&self.state)
    }

    pub fn sits(&self, operator: &str) -> bool {
        self.members.iter().any(|member| member == operator)
    }

    pub fn any_open(&self) -> bool {
        self.seats.iter().any(|seat| seat.open)
    }

    /// What the seats say together of a line, counted.
    pub fn outcome(&self, line: usize) -> Outcome {
        let said: Vec<_> = self.seats.iter().filter_map(|seat| seat.says[line]).collect();
        let votes = |found: Found| said.iter().filter(|said| **said == found).count();
        let twice = [Found::Met, Found::NotMet, Found::Unknown].into_iter().find(|found| votes(*found) >= 2);
        match twice {
            Some(found) => Outcome::Found(found),
            None if said.len() < self.seats.len() => Outcome::Open,
            None if said.len() == 3 => Outcome::Found(Found::Unknown),
            None => Outcome::Differ,
        }
    }

    pub fn outcomes(&self) -> [Outcome; 2] {
        [self.outcome(0), self.outcome(1)]
    }

    /// Everybody has answered, and nothing is left to a further expert.
    pub fn all_found(&self) -> bool {
        let found = |outcome: &Outcome| matches!(outcome, Outcome::Found(_));
        !self.seats.is_empty() && !self.any_open() && self.outcomes().iter().all(found)
    }

    /// The lines for which more evidence may be asked after the opinions.
    pub fn unknown_lines(&self) -> Vec<usize> {
        (0..2)
            .filter(|line| self.all_found() && self.outcome(*line) == Outcome::Found(Found::Unknown))
            .collect()
    }

    pub fn has_opinion(&self) -> bool {
        self.seats.iter().any(|seat| !seat.open)
    }

    /// The objection that a choice means.
    pub fn objection(&self, choice: &Choice) -> Option<usize> {
        (!self.objections.is_empty()).then(|| choice.any % self.objections.len())
    }

    /// The seat that a choice means.
    pub fn seat(&self, choice: &Choice) -> Option<usize> {
        (!self.seats.is_empty()).then(|| choice.any % self.seats.len())
    }
}

/// Edges that the states of an application and of its lines may go along, in one step.
pub const STATE_EDGES: [(&str, &str); 13] = [
    ("draft", "submitted"),
    ("draft", "withdrawn"),
    ("submitted", "accepted"),
    ("submitted", "refused"),
    ("submitted", "awaiting_supplement"),
    ("submitted", "withdrawn"),
    ("accepted", "awaiting_supplement"),
    ("accepted", "decided"),
    ("accepted", "withdrawn"),
    ("awaiting_supplement", "submitted"),
    ("awaiting_supplement", "accepted"),
    ("awaiting_supplement", "refused"),
    ("awaiting_supplement", "withdrawn"),
];
pub const LINE_EDGES: [(&str, &str); 5] = [
    ("pending", "approved"),
    ("pending", "rejected"),
    ("approved", "in_notice"),
    ("in_notice", "granted"),
    ("in_notice", "objected"),
];

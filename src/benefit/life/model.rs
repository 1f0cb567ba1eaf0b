//! What the contract says may happen to a case, written down a second time: words and counts, and nothing of the types
//! that it is held against.

use time::Date;

pub const STAFF: [&str; 6] = ["officer.li", "officer.wang", "expert.0", "expert.1", "expert.2", "expert.3"];

/// Working days, as the sample has them.
pub const REVIEW_DAYS: i64 = 20;
pub const ACCEPTANCE_DAYS: i64 = 5;
pub const OPINION_DAYS: i64 = 10;
pub const EXTENSION_DAYS: i64 = 10;
/// So often an application is sent back.
pub const SENT_BACK: usize = 2;

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
    /// Papers are asked for, and not proof of the criteria; an assessment is waited for, and not an examination.
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
    /// It is open because an officer sent it back.
    pub sent_back: bool,
    /// It was told that its expert is late and nobody can be drawn instead.
    pub told: bool,
    /// 评审时限.
    pub time: Time,
}

/// Working days that went by while a clock ran.
#[derive(Clone, Debug)]
pub struct Time {
    pub days: i64,
    pub used: i64,
    /// The day on which none was left.
    pub last: Option<Date>,
}

impl Time {
    pub fn of(days: i64) -> Self {
        Self { days, used: 0, last: None }
    }

    pub fn pass(&mut self, day: Date) {
        self.used += 1;
        if self.used == self.days {
            self.last = Some(day);
        }
    }

    pub fn left(&self) -> i64 {
        self.days - self.used
    }

    pub fn is_over(&self, today: Date) -> bool {
        self.last.is_some_and(|last| last < today)
    }
}

impl Default for Time {
    fn default() -> Self {
        Self::of(OPINION_DAYS)
    }
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
    /// Working days that the last wait went through.
    pub waited: Vec<Date>,
}

/// A case.
#[derive(Clone, Debug)]
pub struct Model {
    pub today: Date,
    pub state: &'static str,
    /// It was accepted, whatever it waits for now, by whom.
    pub accepted: Option<&'static str>,
    /// Who decided or refused it.
    pub ended_by: Option<&'static str>,
    /// The clock stands still: for a supplement, or while somebody outside is waited for.
    pub stands: bool,
    /// 审核时限.
    pub time: Time,
    pub extended: bool,
    pub lines: [&'static str; 2],
    pub materials: usize,
    pub papers_asked: bool,
    pub seats: Vec<Seat>,
    /// How those sign in who have them.
    pub members: Vec<String>,
    /// How many seats there have to be; 0 before the first draw.
    pub wanted: usize,
    pub former: Vec<String>,
    /// Somebody left who had been asked again by an officer and had not answered.
    pub left_unheard: bool,
    /// Who is never drawn for this person because of a relation.
    pub avoided: Vec<String>,
    /// How often it was sent back to the experts.
    pub sent_back: usize,
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
            accepted: None,
            ended_by: None,
            stands: false,
            time: Time::of(REVIEW_DAYS),
            extended: false,
            lines: ["pending"; 2],
            materials: 1,
            papers_asked: false,
            seats: Vec::new(),
            members: Vec::new(),
            wanted: 0,
            former: Vec::new(),
            left_unheard: false,
            avoided: Vec::new(),
            sent_back: 0,
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
        has(&self.members, operator)
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
            None if said.len() < self.seats.len().max(self.wanted) => Outcome::Open,
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
        self.is_whole() && !self.any_open() && self.outcomes().iter().all(found)
    }

    /// The lines for which more evidence may be asked after the opinions.
    pub fn unknown_lines(&self) -> Vec<usize> {
        (0..2)
            .filter(|line| self.all_found() && self.outcome(*line) == Outcome::Found(Found::Unknown))
            .collect()
    }

    pub fn has_opinion(&self) -> bool {
        self.left_unheard || self.seats.iter().any(|seat| !seat.open || seat.sent_back)
    }

    /// A panel was drawn, and nobody is missing.
    pub fn is_whole(&self) -> bool {
        self.wanted > 0 && self.missing() == 0
    }

    pub fn missing(&self) -> usize {
        self.wanted.saturating_sub(self.seats.len())
    }

    /// How many experts could be drawn.
    pub fn drawable(&self) -> usize {
        let gone = |expert: &str| {
            [&self.members, &self.former, &self.avoided].iter().any(|names| has(names, expert))
        };
        STAFF[2..].iter().filter(|expert| !gone(expert) && self.accepted != Some(**expert)).count()
    }

    /// The panel can change: it is with the experts, or was before its applicant was asked.
    pub fn is_with_experts(&self) -> bool {
        self.is(&["accepted"]) || (self.is(&["awaiting_supplement"]) && self.accepted.is_some())
    }

    /// Time that was taken by whoever had it.
    pub fn pass(&mut self, today: Date, waited: &[Date]) {
        self.today = today;
        // What is decided may be taken back, and then its clock never stopped.
        let runs = !self.stands && self.is(&["submitted", "accepted", "decided", "refused"]);
        for day in waited.iter().filter(|_| runs) {
            self.time.pass(*day);
            self.seats.iter_mut().filter(|seat| seat.open).for_each(|seat| seat.time.pass(*day));
        }
    }

    /// Seats whose expert is late.
    pub fn late(&self) -> Vec<usize> {
        let late = |place: &usize| self.seats[*place].open && self.seats[*place].time.is_over(self.today);
        let seats = 0..self.seats.len();
        seats.filter(|_| self.is(&["accepted"]) && !self.stands).filter(late).collect()
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

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|other| other == name)
}

/// Edges that the states of an application and of its lines may go along, in one step.
pub const STATE_EDGES: [(&str, &str); 15] = [
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
    ("decided", "accepted"),
    ("refused", "submitted"),
];
pub const LINE_EDGES: [(&str, &str); 7] = [
    ("pending", "approved"),
    ("pending", "rejected"),
    ("approved", "pending"),
    ("rejected", "pending"),
    ("approved", "in_notice"),
    ("in_notice", "granted"),
    ("in_notice", "objected"),
];

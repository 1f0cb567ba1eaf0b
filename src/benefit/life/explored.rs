//! A state of the exploration, and everything that can happen in it.

use std::rc::Rc;

use time::{Date, OffsetDateTime};

use super::made::{BEGAN, CODES, Fixed, application, form, head, id, listing, reason};
use super::real::why;
use crate::application::domain::{Application, Draft, Line, LineState};
use crate::benefit::domain::Benefit;
use crate::catalog::domain::BenefitStart;
use crate::kernel::clock::Clock;
use crate::kernel::{day_start, local_day};
use crate::notice::domain::{Notice, Opening, Withdrawal};
use crate::notice::entry::domain::{Dismissal, Entry};
use crate::notice::objection::domain::{Appeal, Filed, Objection, Resolution};

/// So often a line is listed: the second time after it was taken out of the first notice.
pub const LISTINGS: usize = 2;
/// 公示期 and 复核申请期, working days: short ones, so that all days before, on and behind the last are visited.
const NOTICE_DAYS: u32 = 1;
const APPEAL_DAYS: u32 = 1;
pub const CODE: &str = CODES[0];

/// What differs between areas, and how far it is looked.
pub struct Policy {
    /// Whether a dismissal can be appealed against.
    pub appeals: bool,
    /// When a benefit begins.
    pub start: BenefitStart,
    /// No day after this one is visited.
    pub horizon: Date,
    /// So many objections are filed against one entry.
    pub objections: usize,
}

/// One line with all that hangs on it.
#[derive(Clone)]
pub struct State {
    pub today: Date,
    pub application: Rc<Application>,
    /// The newest last; each with its entry, once it is written.
    pub notices: Vec<Listed>,
    pub benefit: Option<Benefit>,
    /// Which of the notices a step is about.
    pub focus: usize,
}

/// A notice as far as the line is concerned.
#[derive(Clone)]
pub struct Listed {
    pub notice: Notice,
    pub entry: Option<Entry>,
    pub objections: Vec<Objection>,
    /// Whether the job that closes or withdraws it has been at the entry since.
    pub visited: bool,
}

/// A step by its name: the states that it can lead to.
pub struct Step(pub &'static str, pub fn(&State, &Policy, &Fixed) -> Vec<State>);

/// What a step leads to, or why it cannot be taken.
pub type Next = Result<State, String>;

/// Moments are all one: nothing follows from them but their days, which stand in clocks.
pub fn at() -> OffsetDateTime {
    BEGAN
}

fn resolution(officer: &str) -> Resolution {
    Resolution { text: "已核实。".to_owned(), officer: officer.to_owned(), at: at() }
}

fn withdrawal() -> Withdrawal {
    Withdrawal { reason: "名单有误。".to_owned(), officer: "officer.li".to_owned(), at: at() }
}

fn only(next: Next) -> Vec<State> {
    next.into_iter().collect()
}

impl State {
    /// Everything that can happen. A step that reads the notice's header under the person's lock is tried also with a
    /// header that changes behind it before it is done.
    pub const ALL: &'static [Step] = &[
        Step("wait", |state, policy, _| only(state.wait(policy))),
        Step("begin_notice", |state, _, _| only(state.begin_notice())),
        Step("list", |state, _, fixed| only(state.list(fixed))),
        Step("void", |state, _, _| only(state.void())),
        Step("open_notice", |state, _, _| only(state.open_notice())),
        Step("object", |state, policy, fixed| {
            state.racing(fixed, |state, seen| only(state.object(seen, policy, fixed)))
        }),
        Step("uphold", |state, _, _| state.each_objection(|state, place| state.uphold(place, false))),
        Step("uphold_to_review", |state, _, _| {
            state.each_objection(|state, place| state.uphold(place, true))
        }),
        Step("dismiss", |state, policy, fixed| {
            state.racing(fixed, |state, seen| {
                state.each_objection(|state, place| state.dismiss(place, seen, policy))
            })
        }),
        Step("appeal", |state, _, fixed| state.each_objection(|state, place| state.appeal(place, fixed))),
        Step("withdraw_entry", |state, _, fixed| {
            state.racing(fixed, |state, seen| only(state.take_out(seen, fixed)))
        }),
        Step("withdraw_notice", |state, _, fixed| only(state.withdraw_notice(fixed))),
        Step("take_out", |state, _, fixed| only(state.visit_withdrawn(fixed))),
        Step("complete", |state, _, _| only(state.complete())),
        Step("close", |state, _, fixed| only(state.close(fixed))),
        Step("clear", |state, _, _| only(state.visit_closed())),
        Step("settle", |state, _, _| only(state.settle())),
        Step("mature", |state, _, fixed| only(state.mature(fixed))),
        Step("grant", |state, policy, fixed| only(state.grant(policy, fixed))),
        Step("decide_again", |state, _, _| only(state.decide())),
        Step("suspend", |state, _, _| only(state.suspend())),
        Step("resume", |state, _, _| only(state.resume())),
        Step("end", |state, _, _| only(state.end())),
    ];

    /// A line that was approved just now.
    pub fn first(fixed: &Fixed) -> Self {
        let today = local_day(BEGAN);
        let draft = Draft::begin(&fixed.eligible, application(), form(&[CODE]), BEGAN).state;
        let submitted = draft.submit(&fixed.eligible, &fixed.complete, &fixed.published, today).state;
        let accepted = submitted.accept("officer.li").state;
        let application = Rc::new(Application::Accepted(accepted));
        let first = Self { today, application, notices: Vec::new(), benefit: None, focus: 0 };
        first.decide().unwrap()
    }

    /// Each step that can be taken, with what comes of it.
    pub fn steps(&self, policy: &Policy, fixed: &Fixed) -> Vec<(&'static str, Self)> {
        let mut after = Vec::new();
        for focus in 0..self.notices.len().max(1) {
            let state = Self { focus, ..self.clone() };
            for Step(name, step) in Self::ALL {
                after.extend(step(&state, policy, fixed).into_iter().map(|next| (*name, next)));
            }
        }
        after
    }

    /// Everything that tells it apart.
    pub fn told(&self) -> String {
        let notices = self.notices.iter().map(|listed| {
            if ["void", "withdrawn"].contains(&listed.notice.word()) && !listed.stands() {
                // Nothing can come of it any more, whatever it was.
                return format!("{} {:?}", listed.notice.word(), listed.entry.as_ref().map(Entry::word));
            }
            let (clock, closed) =
                (listed.notice.clock(), listed.notice.closed().map(|closed| closed.last_day));
            let objections: Vec<_> = listed.objections.iter().map(objection_told).collect();
            let entry = listed.entry.as_ref().map(entry_told);
            format!(
                "{} {clock:?} {closed:?} {entry:?} {objections:?} {}",
                listed.notice.word(),
                listed.visited
            )
        });
        let notices: Vec<_> = notices.collect();
        let decided = match &*self.application {
            Application::Decided(decided) => Some(decided.decided_on),
            _ => None,
        };
        format!("{} {:?} {decided:?} {notices:?} {:?}", self.today, self.line(), self.benefit)
    }

    fn wait(&self, policy: &Policy) -> Next {
        let today = self.today.next_day().ok_or("the end of time")?;
        if today > policy.horizon {
            return Err("beyond the horizon".to_owned());
        }
        Ok(Self { today, ..self.clone() })
    }

    /// The notice that the step is about.
    pub fn current(&self) -> Result<&Listed, String> {
        self.notices.get(self.focus).ok_or_else(|| "no notice".to_owned())
    }

    /// The same with a notice changed.
    pub fn with(&self, listed: Listed) -> Self {
        let mut next = self.clone();
        next.notices[self.focus] = listed;
        next
    }

    /// The application, to be stepped.
    pub fn taken(&self) -> Application {
        Application::clone(&self.application)
    }

    /// Where its line stands.
    pub fn line(&self) -> LineState {
        self.application.lines()[0].state
    }

    fn decide(&self) -> Next {
        let accepted = self.taken().into_accepted().map_err(why)?;
        let line = Line { code: CODE.to_owned(), state: LineState::Approved, reasons: Vec::new() };
        let decided = accepted.decide(vec![line], "officer.li", self.today).state;
        Ok(Self { application: Rc::new(Application::Decided(decided)), ..self.clone() })
    }

    fn begin_notice(&self) -> Next {
        if self.notices.len() == LISTINGS {
            return Err("enough notices".to_owned());
        }
        let number = u128::try_from(self.notices.len()).map_err(why)?;
        let notice = Notice::Opening(Opening::begin(head(id(100 + number), at())).state);
        let mut next = self.clone();
        next.notices.push(Listed { notice, entry: None, objections: Vec::new(), visited: false });
        Ok(next)
    }

    /// The job enters the line in its person's transaction.
    fn list(&self, _: &Fixed) -> Next {
        let mut listed = self.current()?.clone();
        let opening = listed.notice.clone().into_opening().map_err(why)?;
        if listed.entry.is_some() {
            return Err("listed".to_owned());
        }
        let decided = self.taken().into_decided().map_err(why)?;
        let number = u128::try_from(self.focus).map_err(why)?;
        let about = listing(id(200 + number), opening.head.id, CODE, decided.decided_on);
        let decided = decided.notice(CODE, about.name.clone()).map_err(why)?.state;
        listed.entry = Some(Entry::list(about).state);
        Ok(Self { application: Rc::new(Application::Decided(decided)), ..self.with(listed) })
    }

    fn void(&self) -> Next {
        let mut listed = self.current()?.clone();
        if listed.entry.is_some() {
            return Err("it has an entry".to_owned());
        }
        listed.notice = listed.notice.into_opening().map_err(why)?.void(at()).state.into();
        Ok(self.with(listed))
    }

    fn open_notice(&self) -> Next {
        let mut listed = self.current()?.clone();
        if listed.entry.is_none() {
            return Err("nothing to show".to_owned());
        }
        let opening = listed.notice.into_opening().map_err(why)?;
        listed.notice = opening.open(1, NOTICE_DAYS, day_start(self.today)).state.into();
        Ok(self.with(listed))
    }

    /// With the header as it is, and with the header as it was before it was closed or withdrawn.
    fn racing(&self, fixed: &Fixed, step: impl Fn(&Self, &Notice) -> Vec<Self>) -> Vec<Self> {
        let Ok(current) = self.current() else { return Vec::new() };
        let moved = [self.close(fixed), self.withdraw_notice(fixed)].into_iter().flatten();
        let late = moved.flat_map(|moved| step(&moved, &current.notice));
        step(self, &current.notice).into_iter().chain(late).collect()
    }

    fn each_objection(&self, step: impl Fn(&Self, usize) -> Next) -> Vec<Self> {
        let count = self.current().map_or(0, |listed| listed.objections.len());
        (0..count).filter_map(|place| step(self, place).ok()).collect()
    }

    fn object(&self, seen: &Notice, policy: &Policy, fixed: &Fixed) -> Next {
        let mut listed = self.current()?.clone();
        if listed.objections.len() == policy.objections {
            return Err("enough objections".to_owned());
        }
        let running = seen.running(&fixed.calendar, self.today).map_err(why)?;
        let entry = listed.entry.ok_or("no entry")?;
        let number = 300 + 10 * self.focus + listed.objections.len();
        let filed = Filed {
            id: id(u128::try_from(number).map_err(why)?),
            entry: entry.listing().id,
            entry_name: entry.listing().name.clone(),
            ground: "病历存疑，请核实。".to_owned(),
            objector_name: "某某".to_owned(),
            objector_tel: "13800000000".to_owned(),
            filed_by: String::new(),
            clock: None,
            filed_at: at(),
        };
        listed.entry = Some(entry.object(&running, filed.id).map_err(why)?.state);
        listed.objections.push(Objection::file(filed).state);
        Ok(self.with(listed))
    }

    fn uphold(&self, place: usize, to_review: bool) -> Next {
        let mut listed = self.current()?.clone();
        let objection = listed.objections.remove(place);
        let about = objection.filed().id;
        let upheld = objection.uphold(resolution("officer.wang"), to_review, "已核实。").map_err(why)?.state;
        listed.objections.insert(place, upheld);
        let entry = listed.entry.ok_or("no entry")?;
        let removed = entry.removed();
        if removed == Some(false) && to_review {
            return Err("rejected before".to_owned());
        }
        listed.entry = Some(entry.uphold(about, to_review).map_err(why)?.state);
        let next = self.with(listed);
        if removed.is_some() {
            return Ok(next);
        }
        let decided = self.taken().into_decided().map_err(why)?;
        let application = if to_review {
            let decided = decided.unlist(CODE, String::new()).map_err(why)?.state;
            Application::Accepted(decided.undo("officer.li").map_err(why)?.state)
        } else {
            Application::Decided(decided.object(CODE, reason()).map_err(why)?.state)
        };
        Ok(Self { application: Rc::new(application), ..next })
    }

    fn dismiss(&self, place: usize, seen: &Notice, policy: &Policy) -> Next {
        let mut listed = self.current()?.clone();
        let objection = listed.objections.remove(place);
        let about = objection.filed().id;
        let entry = listed.entry.ok_or("no entry")?;
        let window = Clock::start(self.today, APPEAL_DAYS);
        let window = Some(window).filter(|_| policy.appeals && entry.removed().is_none());
        let officer = if objection.heard().is_some() { "officer.li" } else { "officer.wang" };
        let dismissed = objection.dismiss(resolution(officer), window).map_err(why)?.state;
        let appeal = dismissed.resolved().and_then(|resolved| resolved.window.clone());
        let dismissal = Dismissal { on: self.today, appeal };
        listed.entry = Some(entry.dismiss(about, seen.over().as_ref(), dismissal).map_err(why)?.state);
        listed.objections.insert(place, dismissed);
        Ok(self.with(listed))
    }

    fn appeal(&self, place: usize, fixed: &Fixed) -> Next {
        let mut listed = self.current()?.clone();
        let objection = listed.objections.remove(place);
        let about = objection.filed().id;
        let appeal = Appeal { ground: "不服。".to_owned(), at: at() };
        let clock = Clock::start(local_day(BEGAN), 10);
        let appealed = objection.appeal(appeal, clock, &fixed.calendar, self.today).map_err(why)?.state;
        listed.entry = Some(listed.entry.ok_or("no entry")?.appeal(about).map_err(why)?.state);
        listed.objections.insert(place, appealed);
        Ok(self.with(listed))
    }

    fn withdraw_notice(&self, fixed: &Fixed) -> Next {
        let mut listed = self.current()?.clone();
        let recall = listed.notice.recall(&fixed.calendar, self.today).map_err(why)?;
        let open = listed.notice.into_open().map_err(why)?;
        listed.notice = open.withdraw(&recall, withdrawal()).map_err(why)?.state.into();
        Ok(self.with(listed))
    }

    /// The entry is withdrawn, and its line waits again.
    pub fn take_out(&self, seen: &Notice, fixed: &Fixed) -> Next {
        let mut listed = self.current()?.clone();
        let recall = seen.recall(&fixed.calendar, self.today).map_err(why)?;
        let entry = listed.entry.ok_or("no entry")?;
        let standing = entry.standing();
        listed.entry = Some(entry.withdraw(&recall, withdrawal()).map_err(why)?.state);
        for objection in &mut listed.objections {
            if standing.contains(&objection.filed().id) {
                *objection = objection.clone().moot(resolution("officer.li")).map_err(why)?.state;
            }
        }
        let decided = self.taken().into_decided().map_err(why)?;
        let decided = decided.unlist(CODE, String::new()).map_err(why)?.state;
        Ok(Self { application: Rc::new(Application::Decided(decided)), ..self.with(listed) })
    }
}

/// All of an entry from which anything follows.
fn entry_told(entry: &Entry) -> String {
    let rest = match entry {
        Entry::Listed(listed) => format!("{:?} {:?}", listed.dismissed_on, listed.appeal),
        Entry::Objected(objected) => format!("{:?}", objected.appeal),
        Entry::Appealable(waiting) => format!("{} {:?}", waiting.closed_on, waiting.appeal),
        Entry::Undisputed(cleared) | Entry::Concluded(cleared) => cleared.closed_on.to_string(),
        Entry::Removed(removed) => removed.to_review.to_string(),
        Entry::Withdrawn(_) => String::new(),
    };
    format!("{} {} {:?} {rest}", entry.word(), entry.listing().approved_on, entry.standing())
}

/// All of an objection from which anything follows.
fn objection_told(objection: &Objection) -> String {
    let window = objection.resolved().and_then(|resolved| resolved.window.as_ref());
    format!("{} {window:?} {}", objection.word(), objection.heard().is_some())
}

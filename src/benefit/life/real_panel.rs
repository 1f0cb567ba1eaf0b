//! The verbs between acceptance and decision, in the types that the server runs on.

use std::collections::{BTreeMap, BTreeSet};

use super::made::{CODES, Fixed, application, assigned, reason, say, show};
use super::model::{Choice, STAFF};
use super::panel_rules::{days, is_sent, sent_lines};
use super::real::{Real, why};
use crate::application::domain::{Accepted, Application, Asked};
use crate::application::ledger::Outside;
use crate::application::undo::Ended;
use crate::catalog::domain::MaterialKind;
use crate::kernel::clock::Extension;
use crate::kernel::id::{Id, PsnNo};
use crate::review::clock::{under_review, with_experts};
use crate::review::departure::{DeclineReason, Departure, Left};
use crate::review::domain::{Open, Task};
use crate::review::draw::{Drawn, Matter, Seed, draw};
use crate::review::panel::{Panel, Seated};
use crate::review::registry::Expert;
use crate::review::sent_back::SentBack;
use crate::review::undo::reasons;

impl Real {
    fn running(&self) -> Result<Accepted, String> {
        self.take().into_accepted().and_then(Accepted::running).map_err(why)
    }

    /// Before the opinions anything; after them the facts that they could not judge, for which they are asked again.
    pub fn ask(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let pending = self.take().into_pending().map_err(why)?;
        let fact = |(code, fact): (String, String)| Asked::Fact { code, fact };
        let kind = MaterialKind::ExamReport;
        let mut items = match with.papers {
            true => vec![Asked::Paper { code: String::new(), kind, title: "化验单".to_owned() }],
            false => vec![fact((CODES[with.line].to_owned(), "a".to_owned()))],
        };
        if let Some(seated) = self.seated.as_mut().filter(|seated| seated.has_opinion()) {
            items = seated.wanting().ok_or("opinions are given")?.into_iter().map(fact).collect();
            let codes: BTreeSet<_> = items.iter().map(|asked| asked.code().to_owned()).collect();
            let seen = pending.filed().form.materials.len();
            for task in &mut seated.tasks {
                if let Task::Answered(answered) = task.clone() {
                    *task = Task::Open(answered.reopen(&codes, seen, self.today).state);
                }
            }
        }
        let awaiting = pending.ask(items, vec![reason()], STAFF[with.who], self.today).state;
        self.application = Application::AwaitingSupplement(awaiting);
        Ok(())
    }

    pub fn nothing_to_add(&mut self, _: &Choice, _: &Fixed) -> Result<(), String> {
        let awaiting = self.take().into_awaiting().map_err(why)?;
        self.application = awaiting.nothing_to_add(self.today).map_err(why)?.state;
        let materials = self.application.form().materials.len();
        for task in self.seated.iter_mut().flat_map(|seated| &mut seated.tasks) {
            if let Task::Open(open) = task.clone()
                && let Some(step) = open.stand(materials)
            {
                *task = Task::Answered(step.state);
            }
        }
        Ok(())
    }

    /// Draws so many for the panel, who never sat on it.
    fn draw(&self, wanted: usize, with: &Choice, fixed: &Fixed) -> Result<Drawn, String> {
        let seed = Seed([u8::try_from(with.any % 251).map_err(why)?; 16]);
        let (_, officer) = with_experts(self.take()).map_err(why)?;
        let seen = self.seated.as_ref().map_or(Vec::new(), |seated| seated.panel.seen());
        let related = |closed: &&crate::review::departure::Closed| closed.is_related();
        let former = self.seated.iter().flat_map(|seated| &seated.former).filter(related);
        let matter = Matter {
            day: self.today,
            psn_no: PsnNo::parse("62090000001").map_err(why)?,
            avoided_by: former.map(|closed| closed.assigned.operator.clone()).collect(),
            lines: Vec::new(),
            issuers: Vec::new(),
            officers: vec![officer],
            names: Vec::new(),
        };
        draw(fixed.candidates.clone(), &matter, &seen, wanted, seed).map_err(why)
    }

    /// A task for each who was drawn.
    fn hand_out(&mut self, drawn: &Drawn) -> Result<(Vec<Id>, Vec<Task>), String> {
        let (filed, _) = with_experts(self.take()).map_err(why)?;
        let (now, ids) = (self.now(), drawn.experts.iter().map(|_| self.new_id()).collect::<Vec<_>>());
        let open = |(expert, task): (&Expert, &Id)| {
            Task::Open(Open::assign(assigned(expert, *task, filed.cited(), now)).state)
        };
        let tasks = drawn.experts.iter().zip(&ids).map(open).collect();
        Ok((ids, tasks))
    }

    pub fn assign(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        self.take().into_accepted().map_err(why)?;
        let Some(seated) = self.seated.clone() else {
            let drawn = self.draw(2, with, fixed)?;
            let (ids, tasks) = self.hand_out(&drawn)?;
            let panel = Panel::first(application(), &drawn, &ids).state;
            self.seated = Some(Seated { panel, tasks, former: Vec::new() });
            return Ok(());
        };
        let missing = seated.panel.missing();
        if missing == 0 {
            seated.needs_third().map_err(why)?;
        }
        let drawn = self.draw(missing.max(1), with, fixed)?;
        let (ids, new) = self.hand_out(&drawn)?;
        let Seated { panel, mut tasks, former } = seated;
        tasks.extend(new);
        let step = if missing == 0 { panel.join(&drawn, &ids) } else { panel.fill(&drawn, &ids) };
        self.seated = Some(Seated { panel: step.state, tasks, former });
        Ok(())
    }

    pub fn opine(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let (now, case) = (self.now(), self.take());
        under_review(&case).map_err(why)?;
        let (place, open) = self.open_task(with)?;
        let shown: Vec<_> =
            case.form().materials.iter().zip(1..).map(|(id, number)| show(*id, number)).collect();
        let stands = |code: &str| open.standing.iter().any(|opinion| opinion.code == code);
        let said: Vec<_> = CODES
            .into_iter()
            .zip(with.found)
            .filter(|(code, _)| !stands(code))
            .map(|(code, found)| say(code, found, with.contradicts, &shown, open.assigned.id))
            .collect();
        let answered = open.answer(&said, &shown, now).map_err(why)?.state;
        self.seated.as_mut().ok_or("no panel")?.tasks[place] = Task::Answered(answered);
        Ok(())
    }

    fn open_task(&self, with: &Choice) -> Result<(usize, Open), String> {
        let tasks = &self.seated.as_ref().ok_or("no panel")?.tasks;
        let place = with.any.checked_rem(tasks.len()).ok_or("everybody left")?;
        Ok((place, tasks[place].clone().into_open().map_err(why)?))
    }

    pub fn confirm(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let (accepted, officer) = (self.running()?, STAFF[with.who]);
        let seated = self.seated.as_ref().ok_or("no panel")?;
        let lines = seated.decide(officer, &Default::default()).map_err(why)?;
        self.application = Application::Decided(accepted.decide(lines, officer, self.today).state);
        Ok(())
    }

    pub fn send_back(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let (accepted, officer) = (self.running()?, STAFF[with.who]);
        let sent = SentBack {
            reason: "请再看材料".to_owned(),
            by: officer.to_owned(),
            at: self.now(),
            codes: sent_lines(with).into_iter().map(|line| CODES[line].to_owned()).collect(),
        };
        let seated = self.seated.as_mut().ok_or("no panel")?;
        let against = seated.not_sent_back(officer, Vec::new());
        if !against.is_empty() {
            return Err(why(against));
        }
        let (seats, seen) = (seated.tasks.len(), accepted.filed.form.materials.len());
        for (place, task) in seated.tasks.iter_mut().enumerate() {
            if let Task::Answered(answered) = task.clone()
                && is_sent(with, place, seats)
            {
                *task = Task::Open(answered.send_back(sent.clone(), seen).state);
            }
        }
        Ok(())
    }

    pub fn undo(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let ended = self.take().into_ended().map_err(why)?;
        let decided_by = match &ended {
            Ended::Decided(decided) => Some(decided.decided_by.as_str()),
            Ended::Refused(_) => self.refused_by.as_deref(),
        };
        let against = reasons(&ended, decided_by, STAFF[with.who], &BTreeMap::new(), Vec::new());
        if !against.is_empty() {
            return Err(why(against));
        }
        self.application = match ended {
            Ended::Decided(decided) => {
                Application::Accepted(decided.undo(&self.accepted_by).map_err(why)?.state)
            }
            Ended::Refused(refused) => Application::Submitted(refused.undo(self.today).state),
        };
        Ok(())
    }

    /// Closes an open task, with whoever was drawn instead.
    fn leave(&mut self, open: Open, how: Departure, drawn: Option<Drawn>) -> Result<(), String> {
        let left = Left { how, text: String::new(), at: self.now(), by: String::new() };
        let task = open.assigned.id;
        let closed = open.close(left).state;
        let (ids, new) = match &drawn {
            Some(drawn) => self.hand_out(drawn)?,
            None => (Vec::new(), Vec::new()),
        };
        let Seated { panel, mut tasks, mut former } = self.seated.take().ok_or("no panel")?;
        let step = match &drawn {
            Some(drawn) => panel.replace(task, drawn, &ids),
            None => panel.leave(task),
        };
        tasks.retain(|other| other.assigned().id != task);
        tasks.extend(new);
        former.push(closed);
        self.seated = Some(Seated { panel: step.ok_or("no member")?.state, tasks, former });
        Ok(())
    }

    pub fn decline(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        let (_, open) = self.open_task(with)?;
        with_experts(self.take()).map_err(why)?;
        let why = if with.upheld { DeclineReason::Relation } else { DeclineReason::Absent };
        let drawn = self.draw(1, with, fixed).ok();
        self.leave(open, Departure::Declined(why), drawn)
    }

    pub fn reassign(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        let (_, open) = self.open_task(with)?;
        let filed = with_experts(self.take()).map_err(why)?.0;
        let is_overdue = open.is_overdue(&filed.clock, &fixed.calendar, self.today);
        if let Some(refused) = open.not_reassigned(is_overdue, false) {
            return Err(why(refused));
        }
        let drawn = self.draw(1, with, fixed)?;
        self.leave(open, Departure::Reassigned, Some(drawn))
    }

    /// What the job does: each who is late leaves, where somebody can be drawn; else that is told once.
    pub fn replace(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        let (filed, _) = with_experts(self.take()).map_err(why)?;
        let late = |task: &Task| match task {
            Task::Open(open) => {
                open.is_overdue(&filed.clock, &fixed.calendar, self.today).then(|| open.clone())
            }
            _ => None,
        };
        let late: Vec<_> = self.seated.iter().flat_map(|seated| &seated.tasks).filter_map(late).collect();
        let mut done = 0;
        for open in late {
            let id = open.assigned.id;
            if let Ok(drawn) = self.draw(1, with, fixed) {
                self.leave(open, Departure::Overdue, Some(drawn))?;
                done += 1;
            } else if let Some(step) = open.irreplaceable() {
                let tasks = self.seated.iter_mut().flat_map(|seated| &mut seated.tasks);
                tasks
                    .filter(|task| task.assigned().id == id)
                    .for_each(|task| *task = Task::Open(step.state.clone()));
                done += 1;
            }
        }
        if done > 0 { Ok(()) } else { Err("nothing to replace".to_owned()) }
    }

    pub fn extend(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        let extension = Extension {
            working_days: u32::try_from(days(with)).map_err(why)?,
            reason: "病情复杂".to_owned(),
            by: STAFF[with.who].to_owned(),
            on: self.today,
        };
        let rules = &fixed.published.catalog.rules;
        self.application = self.take().extend(rules, &fixed.calendar, extension).map_err(why)?.state;
        Ok(())
    }

    pub fn pause_review(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        let outside = if with.papers { Outside::Assessment } else { Outside::Examination };
        let accepted = self.take().into_accepted().map_err(why)?;
        let rules = &fixed.published.catalog.rules;
        let step = accepted.pause(rules, outside, "体检", STAFF[with.who], self.today);
        self.application = Application::Accepted(step.map_err(why)?.state);
        Ok(())
    }

    pub fn resume_review(&mut self, _: &Choice, _: &Fixed) -> Result<(), String> {
        let accepted = self.take().into_accepted().map_err(why)?;
        self.application = Application::Accepted(accepted.resume(self.today).map_err(why)?.state);
        Ok(())
    }
}

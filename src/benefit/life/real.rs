//! The same case in the types that the server runs on, stepped as the verbs step them, without a database between.

use time::{Date, Duration, OffsetDateTime};

use super::made::{BEGAN, CODES, Fixed, application, form, head, id, listing, reason};
use super::model::{Choice, STAFF, Saw};
use crate::application::domain::{Application, Draft, LineState};
use crate::benefit::domain::{Benefit, EndGround, SuspensionGround, Under};
use crate::kernel::id::Id;
use crate::kernel::period::Period;
use crate::kernel::{day_start, local_day};
use crate::notice::domain::{Notice, Opening};
use crate::notice::entry::domain::{Dismissal, Entry};
use crate::notice::objection::domain::{Filed, Objection, Resolution};
use crate::review::panel::Seated;

/// How each verb is done.
pub type Do = fn(&mut Real, &Choice, &Fixed) -> Result<(), String>;

/// A row a verb.
pub const VERBS: [(&str, Do); 28] = [
    ("update", Real::update),
    ("submit", Real::submit),
    ("withdraw", Real::withdraw),
    ("accept", Real::accept),
    ("refuse", Real::refuse),
    ("ask", Real::ask),
    ("supplement", Real::supplement),
    ("nothing_to_add", Real::nothing_to_add),
    ("assign", Real::assign),
    ("opine", Real::opine),
    ("confirm", Real::confirm),
    ("send_back", Real::send_back),
    ("undo", Real::undo),
    ("decline", Real::decline),
    ("reassign", Real::reassign),
    ("replace", Real::replace),
    ("extend", Real::extend),
    ("pause_review", Real::pause_review),
    ("resume_review", Real::resume_review),
    ("open_notice", Real::open_notice),
    ("object", Real::object),
    ("resolve", Real::resolve),
    ("close_notice", Real::close_notice),
    ("grant", Real::grant),
    ("suspend", Real::suspend),
    ("resume", Real::resume),
    ("end", Real::end),
    ("wait", Real::wait),
];

/// A case.
pub struct Real {
    pub application: Application,
    pub seated: Option<Seated>,
    pub notice: Option<Notice>,
    pub entries: [Option<Entry>; 2],
    pub objections: Vec<Objection>,
    pub benefits: [Option<Benefit>; 2],
    pub today: Date,
    /// Who accepted it last, and who refused it last, as the journal would tell.
    pub accepted_by: String,
    pub refused_by: Option<String>,
    /// Working days that the last wait went through.
    waited: Vec<Date>,
    due: Option<Date>,
    last_id: u128,
}

pub fn why<E: std::fmt::Debug>(error: E) -> String {
    format!("{error:?}")
}

impl Real {
    pub fn new(fixed: &Fixed) -> Self {
        let draft = Draft::begin(&fixed.eligible, application(), form(&CODES), BEGAN).state;
        Self {
            application: Application::Draft(draft),
            seated: None,
            notice: None,
            entries: [None, None],
            objections: Vec::new(),
            benefits: [None, None],
            today: local_day(BEGAN),
            accepted_by: String::new(),
            refused_by: None,
            waited: Vec::new(),
            due: None,
            last_id: 1_000,
        }
    }

    /// Whether somebody sits on the panel.
    pub fn sits(&self, operator: &str) -> bool {
        let members = self.seated.iter().flat_map(|seated| &seated.panel.members);
        members.into_iter().any(|member| member.operator == operator)
    }

    pub fn saw(&self) -> Saw {
        let members = self.seated.iter().flat_map(|seated| &seated.panel.members);
        let begins = |benefit: &Option<Benefit>| benefit.as_ref().map(|benefit| benefit.begndate);
        Saw {
            today: self.today,
            members: members.map(|member| member.operator.clone()).collect(),
            notice_due: self.due,
            begins: [begins(&self.benefits[0]), begins(&self.benefits[1])],
            waited: self.waited.clone(),
        }
    }

    pub fn new_id(&mut self) -> Id {
        self.last_id += 1;
        id(self.last_id)
    }

    /// Today, and later than anything before.
    pub fn now(&mut self) -> OffsetDateTime {
        self.last_id += 1;
        day_start(self.today) + Duration::microseconds(i64::try_from(self.last_id).unwrap())
    }

    pub fn take(&self) -> Application {
        self.application.clone()
    }

    pub fn update(&mut self, _: &Choice, fixed: &Fixed) -> Result<(), String> {
        let draft = self.take().into_draft().map_err(why)?;
        let form = draft.form.clone();
        self.application = Application::Draft(draft.update(&fixed.eligible, form).state);
        Ok(())
    }

    pub fn submit(&mut self, _: &Choice, fixed: &Fixed) -> Result<(), String> {
        let draft = self.take().into_draft().map_err(why)?;
        let step = draft.submit(&fixed.eligible, &fixed.complete, &fixed.published, self.today);
        self.application = Application::Submitted(step.state);
        Ok(())
    }

    pub fn withdraw(&mut self, _: &Choice, _: &Fixed) -> Result<(), String> {
        self.application = Application::Withdrawn(self.take().withdraw().map_err(why)?.state);
        Ok(())
    }

    pub fn accept(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let submitted = self.take().into_submitted().map_err(why)?;
        self.application = Application::Accepted(submitted.accept(STAFF[with.who]).state);
        STAFF[with.who].clone_into(&mut self.accepted_by);
        Ok(())
    }

    pub fn refuse(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let step = match self.take() {
            Application::AwaitingSupplement(awaiting) => awaiting.refuse(vec![reason()]),
            other => other.into_submitted().map(|submitted| submitted.refuse(vec![reason()])),
        };
        self.application = Application::Refused(step.map_err(why)?.state);
        self.refused_by = Some(STAFF[with.who].to_owned());
        Ok(())
    }

    pub fn supplement(&mut self, _: &Choice, _: &Fixed) -> Result<(), String> {
        let awaiting = self.take().into_awaiting().map_err(why)?;
        let material = self.new_id();
        self.application = awaiting.supplement(&[material], self.today).state;
        Ok(())
    }

    pub fn open_notice(&mut self, _: &Choice, fixed: &Fixed) -> Result<(), String> {
        let mut decided = self.take().into_decided().map_err(why)?;
        let head = head(self.new_id(), day_start(self.today));
        let mut entries = [None, None];
        for (place, entry) in entries.iter_mut().enumerate() {
            let approved = decided
                .lines
                .iter()
                .any(|line| line.code == CODES[place] && line.state == LineState::Approved);
            if approved {
                let listing = listing(self.new_id(), head.id, CODES[place], decided.decided_on);
                decided = decided.notice(CODES[place], listing.name.clone()).map_err(why)?.state;
                *entry = Some(Entry::list(listing).state);
            }
        }
        let count = u32::try_from(entries.iter().flatten().count()).map_err(why)?;
        if count == 0 {
            return Err("nothing to publish".to_owned());
        }
        let days = fixed.published.catalog.rules.notice_working_days;
        let open = Opening::begin(head).state.open(count, days, day_start(self.today)).state;
        self.due = open.clock.due(&fixed.calendar).map(|due| due.date);
        (self.notice, self.entries) = (Some(open.into()), entries);
        self.application = Application::Decided(decided);
        Ok(())
    }

    pub fn object(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        let notice = self.notice.as_ref().ok_or("no notice")?;
        let running = notice.running(&fixed.calendar, self.today).map_err(why)?;
        let entry = self.entries[with.line].clone().ok_or("no entry")?;
        let (id, about) = (self.new_id(), entry.listing().clone());
        self.entries[with.line] = Some(entry.object(&running, id).map_err(why)?.state);
        let filed = Filed {
            id,
            entry: about.id,
            entry_name: about.name,
            ground: "病历存疑，请核实。".to_owned(),
            objector_name: "某某".to_owned(),
            objector_tel: "13800000000".to_owned(),
            filed_by: String::new(),
            clock: None,
            filed_at: day_start(self.today),
        };
        self.objections.push(Objection::file(filed).state);
        Ok(())
    }

    pub fn resolve(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        if self.objections.is_empty() {
            return Err("no objection".to_owned());
        }
        let place = with.any % self.objections.len();
        let decided = self.take().into_decided().map_err(why)?;
        if decided.decided_by == STAFF[with.who] {
            return Err("of the own decision".to_owned());
        }
        let objection = self.objections[place].clone();
        let (id, about) = (objection.filed().id, objection.filed().entry);
        let at = day_start(self.today);
        let resolution =
            Resolution { text: "已核实。".to_owned(), officer: STAFF[with.who].to_owned(), at };
        let of = |entry: &&mut Option<Entry>| entry.as_ref().is_some_and(|entry| entry.listing().id == about);
        let slot = self.entries.iter_mut().find(of).ok_or("no entry")?;
        let entry = slot.clone().ok_or("no entry")?;
        if with.upheld {
            let upheld = objection.uphold(resolution, false, "已核实。").map_err(why)?.state;
            let (removed_before, code) = (entry.removed().is_some(), entry.listing().code.clone());
            *slot = Some(entry.uphold(id, false).map_err(why)?.state);
            self.objections[place] = upheld;
            if !removed_before {
                let decided = self.take().into_decided().map_err(why)?;
                self.application = Application::Decided(decided.object(&code, reason()).map_err(why)?.state);
            }
            return Ok(());
        }
        let dismissed = objection.dismiss(resolution, None).map_err(why)?.state;
        let over = self.notice.as_ref().and_then(Notice::over);
        let dismissal = Dismissal { on: self.today, appeal: None };
        *slot = Some(entry.dismiss(id, over.as_ref(), dismissal).map_err(why)?.state);
        self.objections[place] = dismissed;
        Ok(())
    }

    pub fn close_notice(&mut self, _: &Choice, fixed: &Fixed) -> Result<(), String> {
        let open = self.notice.clone().ok_or("no notice")?.into_open().map_err(why)?;
        let closed: Notice = open.close(&fixed.calendar, day_start(self.today)).map_err(why)?.state.into();
        let over = closed.over().ok_or("a closed notice is not over")?;
        for slot in &mut self.entries {
            if let Some(Ok(step)) = slot.clone().map(|entry| entry.close(&over)) {
                *slot = Some(step.state);
            }
        }
        self.notice = Some(closed);
        Ok(())
    }

    pub fn grant(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        let entry = self.entries[with.line].clone().ok_or("no entry")?;
        let undisputed = entry.undisputed().ok_or("disputed")?;
        let decided = self.take().into_decided().map_err(why)?;
        let catalog = &fixed.published.catalog;
        let disease = catalog.disease(CODES[with.line]).ok_or("no such disease")?;
        let under = Under { disease, rules: &catalog.rules, cited: fixed.published.cited(), replaces: None };
        let benefit = Benefit::grant(undisputed, under, self.new_id(), day_start(self.today)).state;
        let decided = decided.grant(CODES[with.line], benefit.id.to_string()).map_err(why)?.state;
        self.entries[with.line] = Some(entry.conclude().map_err(why)?.state);
        self.application = Application::Decided(decided);
        self.benefits[with.line] = Some(benefit);
        Ok(())
    }

    fn benefit(&self, with: &Choice) -> Result<(Benefit, Date), String> {
        let benefit = self.benefits[with.line].clone().ok_or("no benefit")?;
        Ok((benefit, self.today + Duration::days(with.from)))
    }

    pub fn suspend(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let (benefit, from) = self.benefit(with)?;
        let period = Period { from, to: with.length.map(|days| from + Duration::days(days)) };
        let step = benefit.suspend(period, SuspensionGround::Audit, self.today).map_err(why)?;
        self.benefits[with.line] = Some(step.state);
        Ok(())
    }

    pub fn resume(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let (benefit, day) = self.benefit(with)?;
        self.benefits[with.line] = Some(benefit.resume(day, self.today).map_err(why)?.state);
        Ok(())
    }

    pub fn end(&mut self, with: &Choice, _: &Fixed) -> Result<(), String> {
        let (benefit, day) = self.benefit(with)?;
        self.benefits[with.line] =
            Some(benefit.end(day, EndGround::Recovered, self.today).map_err(why)?.state);
        Ok(())
    }

    pub fn wait(&mut self, with: &Choice, fixed: &Fixed) -> Result<(), String> {
        let days = (1..=with.from.max(0) / 4).map(|days| self.today + Duration::days(days));
        self.waited = days.filter(|day| fixed.calendar.is_working(*day)).collect();
        self.today += Duration::days(with.from.max(0) / 4);
        Ok(())
    }
}

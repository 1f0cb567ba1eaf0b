//! The steps of the exploration that jobs take, and those of the benefit.

use std::rc::Rc;

use super::explored::{CODE, Listed, Next, Policy, State, at};
use super::made::{Fixed, id};
use super::real::why;
use crate::application::domain::Application;
use crate::benefit::domain::{Benefit, EndGround, SuspensionGround, Under};
use crate::catalog::domain::Rules;
use crate::kernel::day_start;
use crate::kernel::period::Period;
use crate::notice::entry::domain::Entry;

impl State {
    /// The job that takes the entries of a withdrawn notice out comes to this one.
    pub fn visit_withdrawn(&self, fixed: &Fixed) -> Next {
        let listed = self.current()?;
        listed.notice.clone().into_withdrawing().map_err(why)?;
        if listed.visited {
            return Err("visited".to_owned());
        }
        let waits = listed.entry.as_ref().is_some_and(Entry::is_waiting);
        let next = if waits { self.take_out(&listed.notice, fixed)? } else { self.clone() };
        let visited = Listed { visited: true, ..next.current()?.clone() };
        Ok(next.with(visited))
    }

    pub fn complete(&self) -> Next {
        let mut listed = self.current()?.clone();
        if !listed.visited {
            return Err("entries wait".to_owned());
        }
        listed.notice = listed.notice.into_withdrawing().map_err(why)?.complete().state.into();
        Ok(self.with(listed))
    }

    pub fn close(&self, fixed: &Fixed) -> Next {
        let mut listed = self.current()?.clone();
        let open = listed.notice.into_open().map_err(why)?;
        listed.notice = open.close(&fixed.calendar, day_start(self.today)).map_err(why)?.state.into();
        Ok(self.with(listed))
    }

    /// The job that clears the entries of a closed notice comes to this one.
    pub fn visit_closed(&self) -> Next {
        let mut listed = self.current()?.clone();
        listed.notice.clone().into_closed().map_err(why)?;
        if listed.visited {
            return Err("visited".to_owned());
        }
        let over = listed.notice.over().ok_or("not over")?;
        if let Some(Ok(step)) = listed.entry.clone().map(|entry| entry.close(&over)) {
            listed.entry = Some(step.state);
        }
        listed.visited = true;
        Ok(self.with(listed))
    }

    pub fn settle(&self) -> Next {
        let mut listed = self.current()?.clone();
        if !listed.visited {
            return Err("entries wait".to_owned());
        }
        listed.notice = listed.notice.into_closed().map_err(why)?.settle().state.into();
        Ok(self.with(listed))
    }

    pub fn mature(&self, fixed: &Fixed) -> Next {
        let mut listed = self.current()?.clone();
        let entry = listed.entry.ok_or("no entry")?;
        listed.entry = Some(entry.mature(&fixed.calendar, self.today).ok_or("not yet")?.state);
        Ok(self.with(listed))
    }

    pub fn grant(&self, policy: &Policy, fixed: &Fixed) -> Next {
        let mut listed = self.current()?.clone();
        let entry = listed.entry.ok_or("no entry")?;
        let undisputed = entry.undisputed().ok_or("disputed")?;
        let decided = self.taken().into_decided().map_err(why)?;
        let catalog = &fixed.published.catalog;
        let rules = Rules { benefit_start: policy.start, ..catalog.rules.clone() };
        let disease = catalog.disease(CODE).ok_or("no such disease")?;
        let under = Under { disease, rules: &rules, cited: fixed.published.cited(), replaces: None };
        let benefit = Benefit::grant(undisputed, under, id(400), at()).state;
        let decided = decided.grant(CODE, benefit.id.to_string()).map_err(why)?.state;
        listed.entry = Some(entry.conclude().map_err(why)?.state);
        let application = Rc::new(Application::Decided(decided));
        Ok(Self { application, benefit: Some(benefit), ..self.with(listed) })
    }

    pub fn held(&self) -> Result<Benefit, String> {
        self.benefit.clone().ok_or_else(|| "no benefit".to_owned())
    }

    /// For ever, at the bureau's word, and once: a benefit's own life is told elsewhere.
    pub fn suspend(&self) -> Next {
        let benefit = self.held()?;
        if !benefit.suspensions.is_empty() {
            return Err("suspended before".to_owned());
        }
        let from = self.today.max(benefit.begndate);
        let period = Period { from, to: None };
        let benefit = benefit.suspend(period, SuspensionGround::Audit, self.today).map_err(why)?.state;
        Ok(Self { benefit: Some(benefit), ..self.clone() })
    }

    pub fn resume(&self) -> Next {
        let benefit = self.held()?;
        let day = self.today.max(benefit.begndate);
        Ok(Self { benefit: Some(benefit.resume(day, self.today).map_err(why)?.state), ..self.clone() })
    }

    pub fn end(&self) -> Next {
        let step = self.held()?.end(self.today, EndGround::Recovered, self.today).map_err(why)?;
        Ok(Self { benefit: Some(step.state), ..self.clone() })
    }
}

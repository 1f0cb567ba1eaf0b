//! The steps of a re-qualification, and what each does to its benefit: both are saved together or not at all.

use time::{Date, OffsetDateTime};

use super::domain::{
    Answer, Answered, Basis, Closed, Closing, Decision, Delivery, Dossier, Event, Found, Head, Lapsed, Open,
    Refused, Renewed, Requalification, Wanted,
};
use crate::benefit::domain::{Benefit, Event as BenefitEvent};
use crate::benefit::transition::ChangeRefused;
use crate::catalog::domain::{Disease, RequalificationRules};
use crate::catalog::published::Cited;
use crate::kernel::clock::Clock;
use crate::kernel::id::Id;
use crate::kernel::step::Step;

/// A step of a re-qualification and of its benefit.
#[derive(Debug)]
pub struct Advance {
    /// The re-qualification.
    pub round: Step<Requalification, Event>,
    /// The benefit; none where nothing changes for it.
    pub benefit: Option<Step<Benefit, BenefitEvent>>,
}

/// What a re-qualification is opened under.
pub struct Opening<'a> {
    /// Its id.
    pub id: Id,
    /// The disease as the catalogue in force has it; none where it has it no more.
    pub disease: Option<&'a Disease>,
    /// Its rules.
    pub rules: &'a RequalificationRules,
    /// The catalogue.
    pub cited: Cited,
    /// Now.
    pub now: OffsetDateTime,
}

/// Looks at a benefit whose day comes near: renewed at once where data are enough, else the person is asked. None where
/// there is nothing to do yet, or nobody to ask: a benefit that ends before, or was left behind in another pooling area.
pub fn open(
    opening: Opening<'_>,
    benefit: &Benefit,
    found: &Found,
) -> Result<Option<Advance>, ChangeRefused> {
    let Some(due_on) = benefit.requalify_on else { return Ok(None) };
    let ends_before = benefit.end.is_some_and(|(last, _)| last <= due_on.max(found.today));
    let left = (due_on - found.today).whole_days();
    if ends_before || found.died || !benefit.is_of(&found.area) || left > i64::from(opening.rules.open_days) {
        return Ok(None);
    }
    let months = opening.disease.map_or(0, |disease| disease.requalify_months);
    let papers = opening.disease.map(|disease| disease.requalify_materials.clone()).unwrap_or_default();
    let head = Head {
        id: opening.id,
        benefit: benefit.id,
        area: found.area.clone(),
        code: benefit.code.clone(),
        due_on,
        opened_on: found.today,
        months,
        rules: opening.rules.clone(),
        papers,
        cited: opening.cited,
        created_at: opening.now,
    };
    if months == 0 {
        return renew(head, Dossier::default(), Basis::Rule, benefit, found.today).map(Some);
    }
    let wanted = found.leaves(&head.rules, &head.papers);
    if wanted.is_empty() {
        return renew(head, Dossier::default(), Basis::Data, benefit, found.today).map(Some);
    }
    let event = Event::Asked {
        benefit: benefit.id,
        opsp_dise_code: benefit.code.clone(),
        due_on,
        wanted: words(&wanted),
        cited: head.cited.clone(),
    };
    let dossier = Dossier { wanted, ..Dossier::default() };
    let mut open = Open { head, dossier, reminded: Vec::new(), due_told: false };
    // Who is asked later than that is not reminded of what was just said.
    open.reminded = open.reminders().filter(|(day, _)| *day <= found.today).map(|(_, days)| days).collect();
    Ok(Some(Advance { round: Step::new(Requalification::Open(open), event), benefit: None }))
}

/// Renewed: the next one is due a whole period after this one was, or after today where that is over already.
fn renew(
    head: Head,
    dossier: Dossier,
    basis: Basis,
    benefit: &Benefit,
    today: Date,
) -> Result<Advance, ChangeRefused> {
    let lapsed_on = benefit.lapsed_since();
    let period = |from: Date| head.rules.next(from, head.months);
    let next = period(head.due_on).filter(|next| *next > today && lapsed_on.is_none());
    let next = next.or_else(|| period(today));
    let changed = benefit.clone().renew(next, today)?;
    let event = Event::Renewed {
        benefit: head.benefit,
        opsp_dise_code: head.code.clone(),
        basis,
        requalify_on: next,
        returned: lapsed_on.is_some(),
        cited: head.cited.clone(),
    };
    let renewed = Renewed { head, dossier, basis, on: today, next, lapsed_on };
    Ok(Advance { round: Step::new(Requalification::Renewed(renewed), event), benefit: Some(changed) })
}

fn close(head: Head, dossier: Dossier, why: Closing, today: Date) -> Advance {
    let closed = Requalification::Closed(Closed { head, dossier, why, on: today });
    Advance { round: Step::new(closed, Event::Closed { why }), benefit: None }
}

/// Why there is nothing left to re-qualify.
fn over(benefit: &Benefit, found: &Found) -> Option<Closing> {
    if benefit.is_over(found.today) {
        Some(Closing::BenefitEnded)
    } else if found.died {
        Some(Closing::Died)
    } else if !benefit.is_of(&found.area) {
        Some(Closing::Moved)
    } else {
        None
    }
}

fn words(wanted: &[Wanted]) -> Vec<&'static str> {
    let mut words: Vec<_> = wanted.iter().map(Wanted::word).collect();
    words.dedup();
    words
}

impl Requalification {
    /// What the job does on a day: looks at data first, each time, and then does what the day asks for. None where there is
    /// nothing to do.
    pub fn look(self, benefit: &Benefit, found: &Found) -> Result<Option<Advance>, ChangeRefused> {
        if matches!(self, Self::Renewed(_) | Self::Closed(_)) {
            return Ok(None);
        }
        if let Some(why) = over(benefit, found) {
            return Ok(Some(close(self.head().clone(), self.dossier().clone(), why, found.today)));
        }
        match self {
            Self::Open(open) => open.look(benefit, found),
            Self::Lapsed(lapsed) if lapsed.return_over_on() <= found.today => {
                let mut closed = close(lapsed.head, lapsed.dossier, Closing::ReturnOver, found.today);
                closed.benefit = Some(benefit.clone().expire(found.today)?);
                Ok(Some(closed))
            }
            _ => Ok(None),
        }
    }

    /// 送达 was told. Only the first delivery counts: of another one nothing is kept.
    pub fn deliver(self, delivery: Delivery, today: Date) -> Result<Option<Step<Self, Event>>, Refused> {
        let mut open = self.into_open()?;
        let opened_on = open.head.opened_on;
        if open.dossier.delivered.is_some() {
            return Ok(None);
        }
        if delivery.on < opened_on || delivery.on > today {
            return Err(Refused::DeliveryDay { opened_on });
        }
        let (on, way) = (delivery.on, delivery.way);
        open.dossier.delivered = Some(delivery);
        let event = Event::Delivered { on, way, lapse_on: open.lapse_on() };
        Ok(Some(Step::new(Self::Open(open), event)))
    }

    fn into_open(self) -> Result<Open, Refused> {
        if let Self::Open(open) = self { Ok(open) } else { Err(Refused::WrongState { is: self.word() }) }
    }

    /// What stands against an answer, beside what is wrong with its papers. Who asks for an officer is heard in any case.
    pub fn against(&self, answer: &Answer, found: &Found) -> Vec<Refused> {
        let mut refused = Vec::new();
        match self {
            Self::Open(_) => {}
            Self::Lapsed(lapsed) if lapsed.return_over_on() > found.today => {}
            Self::Lapsed(lapsed) => refused.push(Refused::ReturnOver { until: lapsed.return_until() }),
            _ => refused.push(Refused::WrongState { is: self.word() }),
        }
        if refused.is_empty() && !answer.ask_officer {
            let asked = |wanted: &Wanted| matches!(wanted, Wanted::StillNeeded { .. });
            if self.dossier().wanted.iter().any(asked) && !answer.still_needed {
                refused.push(Refused::StillNeeded);
            }
            if !found.insurance.is_empty() {
                refused.push(Refused::Insurance);
            }
        }
        refused
    }

    /// 答复 against which nothing stands: it is with the bureau from now on. Where only a confirmation was asked for it is
    /// renewed at once; but who lapsed returns by an officer's decision.
    pub fn answer(self, answer: Answer, benefit: &Benefit, found: &Found) -> Result<Advance, AnswerFailed> {
        if let Some(refused) = self.against(&answer, found).into_iter().next() {
            return Err(refused.into());
        }
        let lapsed_on = if let Self::Lapsed(lapsed) = &self { Some(lapsed.on) } else { None };
        let (head, mut dossier) = (self.head().clone(), self.dossier().clone());
        let event = Event::Answered {
            materials: answer.materials.len(),
            still_needed: answer.still_needed,
            ask_officer: answer.ask_officer,
            lapsed: lapsed_on.is_some(),
        };
        let is_enough = head.papers.is_empty() && lapsed_on.is_none() && !answer.ask_officer;
        dossier.answers.push(answer);
        if is_enough {
            return Ok(renew(head, dossier, Basis::Confirmed, benefit, found.today)?);
        }
        let clock = Clock::start(found.today, head.rules.decide_working_days);
        let answered = Answered { head, dossier, clock, lapsed_on };
        Ok(Advance { round: Step::new(Self::Answered(answered), event), benefit: None })
    }

    /// 办理 of what was answered: renewed, or lapsed from the next day on and at the earliest on the due day.
    pub fn decide(
        self,
        renewed: bool,
        decision: Decision,
        benefit: &Benefit,
    ) -> Result<Advance, AnswerFailed> {
        let Self::Answered(answered) = self else {
            return Err(Refused::WrongState { is: self.word() }.into());
        };
        let Answered { head, mut dossier, lapsed_on, .. } = answered;
        let today = decision.on;
        dossier.decisions.push(decision);
        if renewed {
            return Ok(renew(head, dossier, Basis::Officer, benefit, today)?);
        }
        let tomorrow = today.next_day().unwrap_or(today);
        let on = lapsed_on.unwrap_or_else(|| head.due_on.max(tomorrow));
        Ok(lapse(Lapsed { head, dossier, on }, true, benefit, today)?)
    }
}

/// Lapsed. A benefit that had lapsed before stays as it is.
fn lapse(lapsed: Lapsed, by_officer: bool, benefit: &Benefit, today: Date) -> Result<Advance, ChangeRefused> {
    let changed = match benefit.lapsed_since() {
        Some(_) => None,
        None => Some(benefit.clone().lapse(lapsed.on, today)?),
    };
    let event = Event::Lapsed {
        benefit: lapsed.head.benefit,
        on: lapsed.on,
        by_officer,
        return_until: lapsed.return_until(),
    };
    Ok(Advance { round: Step::new(Requalification::Lapsed(lapsed), event), benefit: changed })
}

impl Open {
    fn look(mut self, benefit: &Benefit, found: &Found) -> Result<Option<Advance>, ChangeRefused> {
        let today = found.today;
        let wanted = found.leaves(&self.head.rules, &self.head.papers);
        if wanted.is_empty() {
            return renew(self.head, self.dossier, Basis::Data, benefit, today).map(Some);
        }
        self.dossier.wanted = wanted;
        let delivered = self.dossier.delivered.is_some();
        if self.lapse_on().is_some_and(|day| day <= today) {
            let lapsed = Lapsed { head: self.head, dossier: self.dossier, on: today };
            return lapse(lapsed, false, benefit, today).map(Some);
        }
        let event = if !self.due_told && self.head.due_on <= today {
            self.due_told = true;
            Event::Due { due_on: self.head.due_on, delivered, lapse_on: self.lapse_on() }
        } else if !self.due_told {
            let reached: Vec<_> =
                self.reminders().filter(|(day, _)| *day <= today).map(|(_, days)| days).collect();
            // Of several that a server which was down has missed, one says what the others would have said.
            let Some(days) = reached.iter().min().copied() else { return Ok(None) };
            self.reminded.extend(reached);
            let due_on = self.head.due_on;
            Event::Reminded { due_on, days, wanted: words(&self.dossier.wanted), delivered }
        } else {
            return Ok(None);
        };
        Ok(Some(Advance { round: Step::new(Requalification::Open(self), event), benefit: None }))
    }
}

/// Why an answer or a decision fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerFailed {
    /// The re-qualification does not allow it.
    Refused(Refused),
    /// The benefit does not.
    Benefit(ChangeRefused),
}

impl From<Refused> for AnswerFailed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<ChangeRefused> for AnswerFailed {
    fn from(refused: ChangeRefused) -> Self {
        Self::Benefit(refused)
    }
}

#[cfg(test)]
#[path = "transition_tests.rs"]
pub mod tests;

//! What follows from a call, and by itself: in the model, and in what is known of a case from answers.

use std::collections::BTreeMap;

use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::to_date;
use time::{Date, Duration};

use super::calls::form;
use super::model::{Choice, LINE_EDGES, Model, STATE_EDGES, Saw};
use super::reads::events;
use super::review_calls::panel;
use super::rules::Rule;
use super::{LINES, PEOPLE, Town, choice, named};
use crate::world::chance::chance;

impl Town {
    pub async fn done(&mut self, rule: &Rule, place: usize, choice: &Choice, made: String) {
        if rule.name == "open_notice" {
            return self.listed(&made).await;
        }
        if rule.name == "again" {
            return self.next(place, made);
        }
        let case = &mut self.cases[place];
        match rule.name {
            "object" => case.objections.push(made),
            "settle" => case.bills.push(made),
            "reverse" => case.bills.retain(|number| *number != made),
            "redact" => {
                case.redacted.insert(case.paper(choice));
            }
            "assign" | "decline" | "reassign" => self.sit(place).await,
            _ => {}
        }
        let saw = self.saw(place, None);
        let before = self.cases[place].model.clone();
        (rule.then)(&mut self.cases[place].model, choice, &saw);
        edges(&before, &self.cases[place].model);
        if self.cases[place].model.is(&["withdrawn"]) {
            self.check(place).await.unwrap();
            let (psn_no, materials) = (self.cases[place].psn_no.clone(), self.cases[place].materials.clone());
            let name = self.world.draft(&psn_no, form(&self.world, materials)).await.unwrap();
            self.next(place, name);
        }
    }

    /// Who sits on the panel by now.
    async fn sit(&mut self, place: usize) {
        let panel = panel(&self.world, &self.cases[place].name).await.unwrap();
        let seat =
            |member: &review::PanelMember| (self.experts[&member.expert].clone(), member.review_task.clone());
        self.cases[place].seats = panel.members.iter().map(seat).collect();
    }

    fn saw(&self, place: usize, notice_due: Option<Date>) -> Saw {
        let members = self.cases[place].seats.iter().map(|(operator, _)| operator.clone()).collect();
        let (before, today) = (self.cases[place].model.today, self.world.today());
        let days = (1..=(today - before).whole_days()).map(|days| before + Duration::days(days));
        let waited = days.filter(|day| self.calendar.is_working(*day)).collect();
        Saw { today, members, notice_due, begins: [None, None], waited }
    }

    /// All approved lines went into a notice.
    async fn listed(&mut self, notice: &str) {
        self.world.job("open-notices").await;
        let due = self.world.get_notice(notice).await.deadline.and_then(|due| due.due_date);
        let due = due.as_ref().and_then(to_date);
        let listed =
            events(&self.world).await.into_iter().filter(|event| event.r#type == "notice.entry_listed");
        let mut names = BTreeMap::new();
        for event in listed.filter(|event| event.resource.starts_with(notice)) {
            let data: serde_json::Value = serde_json::from_str(&event.data_json).unwrap();
            let [application, code] =
                ["application", "opsp_dise_code"].map(|field| data[field].as_str().unwrap().to_owned());
            names.insert((application, code), event.resource);
        }
        let rule = named("open_notice");
        for place in 0..PEOPLE {
            let case = &self.cases[place];
            let id = case.name.rsplit('/').next().unwrap().to_owned();
            if case.model.lines.contains(&"approved") {
                let entries = LINES.map(|code| names.remove(&(id.clone(), code.to_owned())));
                let saw = self.saw(place, due);
                self.cases[place].entries = entries;
                (rule.then)(&mut self.cases[place].model, &choice(&mut chance(0)), &saw);
            }
        }
        assert!(names.is_empty(), "entered without being approved: {names:?}");
    }

    /// What is due is done by jobs: notices are closed, benefits granted.
    pub async fn settle(&mut self) {
        for job in ["replace-overdue-experts", "close-notices", "grant-benefits"] {
            self.world.job(job).await;
        }
        for place in 0..PEOPLE {
            let wait = self.saw(place, None);
            for name in ["wait", "close_notice"] {
                let rule = named(name);
                let any = choice(&mut chance(0));
                if (rule.may)(&self.cases[place].model, &any) {
                    (rule.then)(&mut self.cases[place].model, &any, &wait);
                }
            }
            self.replaced(place).await;
            for line in 0..2 {
                self.granted(place, line).await;
            }
        }
    }

    /// 评审时限: the server itself puts another expert in the place of one who was asked too long ago.
    async fn replaced(&mut self, place: usize) {
        let (rule, any) = (named("replace"), choice(&mut chance(0)));
        if (rule.may)(&self.cases[place].model, &any) {
            self.sit(place).await;
            let saw = self.saw(place, None);
            (rule.then)(&mut self.cases[place].model, &any, &saw);
        }
    }

    async fn granted(&mut self, place: usize, line: usize) {
        let rule = named("grant");
        let at = Choice { line, ..choice(&mut chance(0)) };
        if !(rule.may)(&self.cases[place].model, &at) {
            return;
        }
        let held = self.world.benefits(&self.cases[place].psn_no).await;
        let benefit = held.into_iter().find(|benefit| benefit.opsp_dise_code == LINES[line]);
        let benefit = benefit
            .unwrap_or_else(|| panic!("an undisputed line has no benefit: {:?}", self.cases[place].model));
        let mut saw = self.saw(place, None);
        saw.begins[line] = benefit.begndate.as_ref().and_then(to_date);
        self.cases[place].benefits[line] = Some(benefit.name);
        (rule.then)(&mut self.cases[place].model, &at, &saw);
    }
}

fn edges(before: &Model, after: &Model) {
    let state = (before.state, after.state);
    assert!(state.0 == state.1 || STATE_EDGES.contains(&state), "{state:?}");
    for line in before.lines.into_iter().zip(after.lines) {
        assert!(line.0 == line.1 || LINE_EDGES.contains(&line), "{line:?}");
    }
}

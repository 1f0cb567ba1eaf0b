//! What can be read of a case, against the model.

use std::collections::{BTreeMap, BTreeSet};

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::event::v1::event_service_client::EventServiceClient;
use opsp::proto::opsp::event::v1::{Event, ListEventsRequest};
use opsp::proto::opsp::review::v1 as review;
use opsp::proto::opsp::settlement::v1 as settlement;

use application::application_service_client::ApplicationServiceClient;
use benefit::benefit_service_client::BenefitServiceClient;
use review::review_service_client::ReviewServiceClient;
use settlement::settlement_service_client::SettlementServiceClient;

use super::model::{ACCEPTANCE_DAYS, Found, Outcome};
use super::review_calls::panel;
use super::{Case, LINES, Town};
use crate::world::{OFFICER, World};

impl Town {
    pub async fn read(&self, case: &Case) -> application::Application {
        let request = application::GetApplicationRequest { name: case.name.clone() };
        let answer = ApplicationServiceClient::new(self.world.bureau(OFFICER)).get_application(request).await;
        answer.unwrap().into_inner()
    }

    /// Everything that can be read of a case says what the model says.
    pub async fn check(&self, place: usize) -> Result<(), String> {
        let case = &self.cases[place];
        let (model, seen) = (&case.model, self.read(case).await);
        let state = seen.state().as_str_name().trim_start_matches("APPLICATION_STATE_").to_lowercase();
        let word = |line: &application::ApplicationLine| {
            line.state().as_str_name().trim_start_matches("LINE_STATE_").to_lowercase()
        };
        let lines: Vec<_> = seen.lines.iter().map(word).collect();
        let same = |what: &str, found: String, expected: String| {
            if found == expected {
                Ok(())
            } else {
                Err(format!("{what}: {found}, and not {expected} of {model:?}"))
            }
        };
        same("the state", state, model.state.to_owned())?;
        same("the lines", lines.join(" "), model.lines.join(" "))?;
        same("the materials", seen.materials.len().to_string(), model.materials.to_string())?;
        let stands = seen.deadline.as_ref().map(|deadline| deadline.paused_since.is_some());
        let runs = model.is(&["submitted", "accepted", "awaiting_supplement"]);
        let expected = runs.then_some(model.stands);
        same("whether the clock stands", format!("{stands:?}"), format!("{expected:?}"))?;
        let left = seen.deadline.as_ref().map(|deadline| i64::from(deadline.working_days_left));
        same("days left", format!("{left:?}"), format!("{:?}", runs.then_some(model.time.left())))?;
        self.deadlines(case, &seen).await?;
        self.money(case).await?;
        if model.wanted > 0 {
            self.seats(case).await?;
        }
        for (line, code) in LINES.iter().enumerate() {
            let (in_force, _) = self.world.in_force(&case.psn_no, code, None).await;
            let today = model.today;
            let active = model.benefits[line].as_ref().is_some_and(|held| {
                held.begins <= today && !held.is_over(today) && held.rests_on(today).is_none()
            });
            same("whether it is in force", in_force.to_string(), active.to_string())?;
        }
        Ok(())
    }

    /// ListDeadlines tells of the application what GetApplication does.
    async fn deadlines(&self, case: &Case, seen: &application::Application) -> Result<(), String> {
        let request = review::ListDeadlinesRequest {
            parent: "areas/620900".to_owned(),
            page_size: 200,
            ..Default::default()
        };
        let list =
            ReviewServiceClient::new(self.world.bureau(OFFICER)).list_deadlines(request).await.unwrap();
        let entries = list.into_inner().entries;
        let of = |kind: review::DeadlineKind| {
            let entry = entries.iter().find(|entry| entry.resource == case.name && entry.kind() == kind);
            entry.and_then(|entry| entry.deadline.clone())
        };
        let model = &case.model;
        if of(review::DeadlineKind::Review) != seen.deadline {
            return Err(format!(
                "ListDeadlines: {:?}, GetApplication: {:?}",
                of(review::DeadlineKind::Review),
                seen.deadline
            ));
        }
        let acceptance = model.is(&["submitted", "awaiting_supplement"]) && model.accepted.is_none();
        let left = of(review::DeadlineKind::Acceptance).map(|deadline| i64::from(deadline.working_days_left));
        if left != acceptance.then_some(ACCEPTANCE_DAYS - model.time.used) {
            return Err(format!("acceptance is due or not: {left:?}, against {model:?}"));
        }
        // The experts' own clocks stand still and end with the review's.
        let with_experts = model.is(&["accepted", "awaiting_supplement"]);
        for ((_, task), seat) in case.seats.iter().zip(&model.seats) {
            let is_of = |entry: &&review::DeadlineEntry| {
                entry.resource == *task && entry.kind() == review::DeadlineKind::Opinion
            };
            let found = entries.iter().find(is_of).and_then(|entry| entry.deadline.as_ref());
            let found = found.map(|due| (i64::from(due.working_days_left), due.paused_since.is_some()));
            let expected = (with_experts && seat.open).then_some((seat.time.left(), model.stands));
            if found != expected {
                return Err(format!("an opinion is due: {found:?}, and not {expected:?} of {model:?}"));
            }
        }
        Ok(())
    }

    /// What was settled and not reversed is what the year's total says.
    async fn money(&self, case: &Case) -> Result<(), String> {
        let parent = format!("insured/{}", case.psn_no);
        let request = settlement::ListSettlementsRequest {
            parent: parent.clone(),
            page_size: 200,
            ..Default::default()
        };
        let list = SettlementServiceClient::new(self.world.platform()).list_settlements(request).await;
        let settled = list.unwrap().into_inner().settlements;
        let settled: Vec<_> =
            settled.iter().filter(|one| one.state() == settlement::SettlementState::Settled).collect();
        if settled.len() != case.bills.len() {
            return Err(format!("{} bills are settled, and not {:?}", settled.len(), case.bills));
        }
        for code in LINES {
            let is_of = |bill: &settlement::Bill| {
                let year = bill.service_day.as_ref().map(|day| day.year);
                bill.opsp_dise_code == code && year == Some(case.model.today.year())
            };
            let of = settled.iter().filter(|one| one.bill.as_ref().is_some_and(is_of));
            let paid: i64 = of.map(|one| one.fund_pay_sumamt_fen).sum();
            let request = benefit::GetAccumulatorRequest {
                parent: parent.clone(),
                opsp_dise_code: code.to_owned(),
                year: 0,
            };
            let total = BenefitServiceClient::new(self.world.platform()).get_accumulator(request).await;
            let total = total.unwrap().into_inner();
            if total.used_fen != paid || paid > total.limit_fen {
                return Err(format!("{paid} were paid, and the total is {total:?}"));
            }
        }
        Ok(())
    }

    async fn seats(&self, case: &Case) -> Result<(), String> {
        let panel = panel(&self.world, &case.name).await.unwrap();
        let answered: Vec<_> = panel.members.iter().map(|member| !member.answered).collect();
        let open: Vec<_> = case.model.seats.iter().map(|seat| seat.open).collect();
        let outcome = |outcome: &review::PanelOutcome| match outcome.finding() {
            review::Finding::Met => Outcome::Found(Found::Met),
            review::Finding::NotMet => Outcome::Found(Found::NotMet),
            review::Finding::Unknown => Outcome::Found(Found::Unknown),
            review::Finding::Unspecified if outcome.third_expert_needed => Outcome::Differ,
            review::Finding::Unspecified => Outcome::Open,
        };
        let outcomes: Vec<_> = panel.outcomes.iter().map(outcome).collect();
        let tasks = panel.members.iter().map(|member| &member.review_task);
        let gone = panel.former_members.len() == case.model.former.len();
        let missing = usize::try_from(panel.missing_members) == Ok(case.model.missing());
        let sits = tasks.eq(case.seats.iter().map(|(_, task)| task)) && gone && missing;
        let same = sits && answered == open && outcomes == case.model.outcomes();
        if same { Ok(()) } else { Err(format!("{answered:?} {outcomes:?} against {:?}", case.model)) }
    }
}

pub async fn events(world: &World) -> Vec<Event> {
    world.job("sequence").await;
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let request = ListEventsRequest { after, page_size: 1000 };
        let page = EventServiceClient::new(world.ops()).list_events(request).await.unwrap().into_inner();
        if page.last_position == after {
            return found;
        }
        after = page.last_position;
        found.extend(page.events);
    }
}

/// The versions of each resource follow one another without a gap.
pub async fn versions_follow(world: &World) {
    let mut versions: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    for event in events(world).await.into_iter().filter(|event| event.version > 0) {
        assert!(
            versions.entry(event.resource.clone()).or_default().insert(event.version),
            "twice: {event:?}"
        );
        let before = last.insert(event.resource.clone(), event.version).unwrap_or(0);
        assert_eq!(event.version, before + 1, "{event:?}");
    }
}

//! Years in the life of a city, week by week: people come, move, die, change their insured kind, stop paying and pay again,
//! are suspended, go to hospital, are asked whether they still need the benefit, and answer or do not.
//!
//! `PEOPLE` and `YEARS` are how many; the time is printed.

use std::collections::BTreeMap;
use std::time::Instant;

use opsp::kernel::calendar::parse_date;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::common::v1::Insutype;
use opsp::proto::opsp::insured::v1::{ImportInsuredRequest, Payment, Spell};
use opsp::proto::opsp::settlement::v1 as settlement;
use opsp::rpc::parse::{date_message, to_date};
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use rstest::rstest;
use serde_json::Value;
use time::{Date, Duration};

use benefit::benefit_service_client::BenefitServiceClient;
use settlement::settlement_service_client::SettlementServiceClient;

use crate::deadlines::events;
use crate::requalification::{answer, decide, deliver};
use crate::requalify_mass::query;
use crate::rows::sql;
use crate::world::chance::{chance, size};
use crate::world::insurance::{paid, spell, told};
use crate::world::scenario::{HOSPITAL, row};
use crate::world::{Engine, OFFICER, World, request_id};

const CODE: &str = "M03900";
const STEP: i64 = 7;
/// 宽限期 of the sample, days.
const GRACE: i64 = 30;

/// Somebody with what the platform would tell.
struct Person {
    row: ImportInsuredRequest,
    spells: Vec<Spell>,
    payments: Vec<Payment>,
    gone: bool,
    changed: bool,
    bills: u64,
}

impl Person {
    fn new(today: Date) -> Self {
        let row = row();
        let since = today - Duration::days(400);
        let (spells, payments) =
            (vec![spell(&row, since, None)], vec![paid(since, today + Duration::days(9_000))]);
        Self { row, spells, payments, gone: false, changed: true, bills: 0 }
    }

    fn told(&self) -> ImportInsuredRequest {
        told(&self.row, self.spells.clone(), self.payments.clone())
    }

    fn pays(&self, day: Date) -> bool {
        self.payments
            .last()
            .and_then(|last| last.enddate.as_ref().and_then(to_date))
            .is_some_and(|to| day <= to)
    }

    /// Ends the spell of today, and begins another one.
    fn begins(&mut self, today: Date) {
        if let Some(last) = self.spells.last_mut() {
            last.enddate = Some(date_message(today - Duration::days(1)));
        }
        self.spells.push(spell(&self.row, today, None));
        self.changed = true;
    }

    /// Something of what happens to people.
    fn live(&mut self, chance: &mut TestRng, today: Date) {
        match chance.random_range(0..2_000) {
            0..4 => {
                self.row.death_date = Some(date_message(today - Duration::days(chance.random_range(0..20))));
                (self.gone, self.changed) = (true, true);
            }
            4..8 => {
                self.row.insu_admdvs = "620102".to_owned();
                self.begins(today);
                self.gone = true;
            }
            8..20 => {
                let employee = self.row.insutype == i32::from(Insutype::Employee);
                let (kind, psn_type) =
                    if employee { (Insutype::Resident, "1501") } else { (Insutype::Employee, "1101") };
                (self.row.insutype, self.row.psn_type) = (kind.into(), psn_type.to_owned());
                self.begins(today);
            }
            20..40 if self.pays(today) => {
                let last = self.payments.last_mut().unwrap();
                last.enddate = Some(date_message(today - Duration::days(1)));
                self.changed = true;
            }
            40..400 if !self.pays(today) => {
                self.payments.push(paid(today, today + Duration::days(9_000)));
                self.changed = true;
            }
            _ => {}
        }
    }
}

/// The city, and what the fund is known to have paid: by person and year.
struct City {
    world: World,
    chance: TestRng,
    people: Vec<Person>,
    paid: BTreeMap<(String, i32), i64>,
    counts: BTreeMap<&'static str, u64>,
}

impl City {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// The platform tells what changed.
    async fn tell(&mut self) {
        let changed = self.people.iter_mut().filter(|person| person.changed);
        let rows: Vec<_> = changed
            .map(|person| {
                person.changed = false;
                person.told()
            })
            .collect();
        for part in rows.chunks(2_000) {
            let answers = self.world.import(part.to_vec()).await;
            let wrong: Vec<_> = answers.iter().flat_map(|answer| &answer.reasons).collect();
            assert!(wrong.is_empty(), "{wrong:?}");
        }
    }

    /// New people, each with a benefit that begins today.
    async fn arrive(&mut self, count: usize) {
        let today = self.world.today();
        let from = self.people.len();
        self.people.extend((0..count).map(|_| Person::new(today)));
        self.tell().await;
        for person in &self.people[from..] {
            let numbers = format!("'{}'", person.row.psn_no);
            grant(&self.world, &numbers, today).await;
        }
    }

    async fn week(&mut self) {
        self.world.wait_days(STEP);
        let today = self.world.today();
        for person in self.people.iter_mut().filter(|person| !person.gone) {
            person.live(&mut self.chance, today);
        }
        self.tell().await;
        self.world.follow().await;
        self.world.job("requalify").await;
        self.bureau().await;
        self.suspend().await;
        self.bills().await;
    }

    /// Some of what is open is delivered, some of it answered, most of what is answered decided.
    async fn bureau(&mut self) {
        use benefit::RequalificationState::{Answered, Lapsed, Open};
        for one in self.some(Open, true, 4).await {
            let bureau = self.world.bureau(OFFICER);
            deliver(&self.world, bureau, &one, benefit::DeliveryWay::Letter).await.unwrap();
            self.count("delivered");
        }
        for (state, seldom) in [(Open, 12), (Lapsed, 20)] {
            for one in self.some(state, false, seldom).await {
                let said = benefit::AnswerRequalificationRequest { ask_officer: true, ..answer(&one) };
                // Of somebody who has left nothing can be answered any more.
                let bureau = self.world.bureau(OFFICER);
                let done = BenefitServiceClient::new(bureau).answer_requalification(said).await;
                self.count(if done.is_ok() { "answered" } else { "answer refused" });
            }
        }
        for one in self.some(Answered, false, 2).await {
            let renews = self.chance.random_ratio(4, 5);
            let outcome = if renews {
                benefit::RequalificationOutcome::Renewed
            } else {
                benefit::RequalificationOutcome::Lapsed
            };
            let done = decide(&self.world, &one, outcome).await;
            self.count(if done.is_ok() { "decided" } else { "decision refused" });
        }
    }

    /// One in so many of what the bureau has before it.
    async fn some(
        &mut self,
        state: benefit::RequalificationState,
        undelivered: bool,
        of: u32,
    ) -> Vec<String> {
        let request = benefit::ListDueRequalificationsRequest {
            parent: "areas/620900".to_owned(),
            page_size: 200,
            state: state.into(),
            undelivered,
            ..Default::default()
        };
        let mut client = BenefitServiceClient::new(self.world.bureau(OFFICER));
        let listed = client.list_due_requalifications(request).await.unwrap().into_inner().requalifications;
        let chance = &mut self.chance;
        listed.into_iter().filter(|_| chance.random_ratio(1, of)).map(|one| one.name).collect()
    }

    /// 违规使用, now and then.
    async fn suspend(&mut self) {
        let count = self.people.len();
        for _ in 0..count.div_ceil(500) {
            let place = self.chance.random_range(0..count);
            let months = self.chance.random_range(4..11);
            if self.people[place].gone {
                continue;
            }
            let psn_no = self.people[place].row.psn_no.clone();
            let Some(held) = self.world.benefits(&psn_no).await.into_iter().next() else { continue };
            let today = self.world.today();
            let request = benefit::SuspendBenefitRequest {
                name: held.name,
                begndate: Some(date_message(today)),
                enddate: Some(date_message(today + Duration::days(30 * months))),
                ground: benefit::SuspensionGround::Abuse.into(),
                reason: "出借医保凭证".to_owned(),
                request_id: request_id(),
                validate_only: false,
            };
            let done = BenefitServiceClient::new(self.world.bureau(OFFICER)).suspend_benefit(request).await;
            self.count(if done.is_ok() { "suspended" } else { "suspension refused" });
        }
    }

    /// Bills of some people, a few of them taken back.
    async fn bills(&mut self) {
        let today = self.world.today();
        for place in 0..self.people.len() {
            if !self.chance.random_ratio(1, 30) {
                continue;
            }
            let fen = self.chance.random_range(10_000..400_000);
            let reverse = self.chance.random_ratio(1, 10);
            let person = &mut self.people[place];
            person.bills += 1;
            let (psn_no, number) =
                (person.row.psn_no.clone(), format!("{}-{}", person.row.psn_no, person.bills));
            let mut client = SettlementServiceClient::new(self.world.platform());
            let bill = Some(self.world.bill(&psn_no, CODE, &number, fen));
            let request = settlement::SettleRequest { bill, request_id: request_id(), validate_only: false };
            let Ok(settled) = client.settle(request).await else {
                self.count("bill refused");
                continue;
            };
            let mut fund = settled.into_inner().fund_pay_sumamt_fen;
            if reverse {
                let request = settlement::ReverseSettlementRequest {
                    psn_no: psn_no.clone(),
                    fixmedins_code: HOSPITAL.to_owned(),
                    medins_setl_id: number,
                    request_id: request_id(),
                    validate_only: false,
                };
                client.reverse_settlement(request).await.unwrap();
                fund = 0;
            }
            *self.paid.entry((psn_no, today.year())).or_default() += fund;
            self.count("bill");
        }
    }
}

/// A benefit of each of some people, from a day on.
async fn grant(world: &World, numbers: &str, from: Date) {
    let id = if world.running.app.db.is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    let benefits = format!(
        "INSERT INTO benefit (psn_no, id, area, insutype, opsp_dise_code, begndate, requalify_on, suspensions, \
         application_id, entry_id, notice_entry, certificate_id, version, created_at) \
         SELECT psn_no, {id}, insu_admdvs, insutype, '{CODE}', '{from}', '{}', \
         '{{\"list\":[],\"remarks\":\"\"}}', {id}, {id}, '', {id}, 1, 0 FROM insured WHERE psn_no IN ({numbers})",
        from + Duration::days(365)
    );
    sql(world, &benefits).await;
    let look = format!(
        "INSERT INTO benefit_look (psn_no, benefit_id, look_on) SELECT psn_no, id, '{from}' FROM benefit \
         WHERE psn_no IN ({numbers})"
    );
    sql(world, &look).await;
}

/// Every lapse that no officer decided came after a delivery and the whole grace, and behind the due day and the grace.
async fn nobody_lapsed_silently(world: &World) -> usize {
    let kinds = ["requalification.asked", "requalification.delivered", "requalification.lapsed"];
    let (mut due, mut delivered, mut lapses) = (BTreeMap::new(), BTreeMap::new(), 0);
    let day = |data: &Value, field: &str| parse_date(data[field].as_str().unwrap()).unwrap();
    for (event, data) in events(world, &kinds).await {
        match event.r#type.as_str() {
            "requalification.asked" => drop(due.insert(event.resource, day(&data, "due_on"))),
            "requalification.delivered" => drop(delivered.entry(event.resource).or_insert(day(&data, "on"))),
            _ if data["by_officer"] == true => {}
            _ => {
                let grace = Duration::days(GRACE);
                let (on, due) = (day(&data, "on"), due[&event.resource]);
                let told = delivered.get(&event.resource);
                assert!(told.is_some_and(|told| *told + grace < on), "{}: {told:?}, {on}", event.resource);
                assert!(due + grace < on, "{}: {due}, {on}", event.resource);
                lapses += 1;
            }
        }
    }
    lapses
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_years_nobody_lapses_silently_and_what_was_used_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (people, years) = (size("PEOPLE", 60), size("YEARS", 2));
    let began = Instant::now();
    let world = World::start(engine).await;
    let mut city = City {
        world,
        chance: chance(people + years),
        people: Vec::new(),
        paid: BTreeMap::new(),
        counts: BTreeMap::new(),
    };
    let weeks = years * 365 / 7;
    // Everybody is there after a quarter of the years.
    let each = people.div_ceil((weeks / 4).max(1));
    for _ in 0..weeks {
        let left = usize::try_from(people).unwrap() - city.people.len();
        city.arrive(left.min(usize::try_from(each).unwrap())).await;
        city.week().await;
    }
    let lapses = nobody_lapsed_silently(&city.world).await;
    println!(
        "{engine:?}: {people} people, {years} years, {lapses} lapses by themselves, {:?}, {:.1?}",
        city.counts,
        began.elapsed()
    );
    // Whatever the kinds were, the sum is what was paid.
    let rows = query(
        &city.world,
        "SELECT psn_no, year, CAST(SUM(used_fen) AS BIGINT) AS used FROM accumulator GROUP BY psn_no, year",
    );
    let used: BTreeMap<(String, i32), i64> = rows
        .await
        .iter()
        .map(|row| {
            let year: i16 = row.try_get("", "year").unwrap();
            ((row.try_get("", "psn_no").unwrap(), i32::from(year)), row.try_get("", "used").unwrap())
        })
        .filter(|(_, used)| *used != 0)
        .collect();
    city.paid.retain(|_, fund| *fund != 0);
    assert_eq!(used, city.paid);
    let kinds = "SELECT psn_no, year FROM accumulator GROUP BY psn_no, year HAVING COUNT(*) > 1";
    let transferred = query(&city.world, kinds).await.len();
    println!("{transferred} people and years with more than one insured kind");
    // Who died or left has nothing that goes on.
    for person in city.people.iter().filter(|person| person.gone) {
        let open =
            format!("SELECT id FROM benefit WHERE psn_no = '{}' AND enddate IS NULL", person.row.psn_no);
        assert!(query(&city.world, &open).await.is_empty(), "{}", person.row.psn_no);
    }
}

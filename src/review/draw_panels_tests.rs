//! Random panels: the draw against a second implementation, written from the rule at the head of `draw.rs` alone, and how
//! load spreads. `PANELS` is how many, 300 where it is not set.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::kernel::region::Region;
use crate::review::registry::{Card, Relation, Term};
use time::Duration;
use time::macros::date;

const TODAY: Date = date!(2025 - 06 - 02);

fn panels() -> usize {
    std::env::var_os("PANELS").map_or(300, |panels| {
        panels.to_str().and_then(|panels| panels.parse().ok()).expect("PANELS is a number")
    })
}

/// Chance that can be had again (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn of(&mut self, what: &str, most: u64) -> String {
        format!("{what}{}", self.below(most))
    }

    fn some(&mut self, what: &str, most: u64, up_to: u64) -> Vec<String> {
        let count = self.below(up_to + 1);
        (0..count).map(|_| self.of(what, most)).collect()
    }

    fn seed(&mut self) -> Seed {
        let half = |dice: &mut Self| u128::from(dice.below(u64::MAX));
        Seed(((half(self) << 64) | half(self)).to_be_bytes())
    }

    fn day(&mut self) -> Option<Date> {
        let near = i64::try_from(self.below(120)).unwrap() - 60;
        self.one_in(4).then(|| TODAY + Duration::days(near))
    }

    fn party(&mut self) -> Party {
        match self.below(3) {
            0 => Party::Person(PsnNo::parse(&self.of("6209", 15)).unwrap()),
            1 => Party::Doctor(self.of("D", 10)),
            _ => Party::Institution(self.of("H", 25)),
        }
    }

    fn expert(&mut self, number: u64) -> Expert {
        let doctor = if self.one_in(2) { self.of("D", 10) } else { String::new() };
        let relation = |party| Relation { party, reason: "亲属".to_owned() };
        let relations: Vec<_> = (0..self.below(3)).map(|_| relation(self.party())).collect();
        let area = if self.one_in(5) { "620982" } else { "620900" };
        Expert {
            // The ids are as random as real ones.
            id: Id(uuid::Uuid::from_bytes(self.seed().0)),
            area: Region::find(area).unwrap(),
            operator: if self.one_in(4) { self.of("twice", 6) } else { format!("expert{number}") },
            card: Card {
                name: self.of("甲 乙", 40),
                fixmedins_code: self.of("H", 25),
                specialties: self.some("大类", 4, 3),
                diag_dr_codg: doctor,
                term: Term { from: self.day(), until: self.day() },
                relations,
            },
        }
    }

    fn matter(&mut self) -> Matter {
        let mut concern = |_| Concern {
            code: self.of("M", 60),
            ide_fixmedins_no: self.of("H", 25),
            diag_dr_codg: self.of("D", 10),
            group: self.of("大类", 4),
        };
        let lines: Vec<_> = (0..2).map(&mut concern).collect();
        let many = if self.one_in(3) { 2 } else { 1 };
        Matter {
            day: TODAY,
            psn_no: PsnNo::parse(&self.of("6209", 15)).unwrap(),
            avoided_by: self.some("expert", 40, 2),
            lines: lines.into_iter().take(many).collect(),
            issuers: self.some("H", 25, 2),
            officers: vec![self.of("expert", 40)],
            names: self.some("甲乙", 40, 3),
        }
    }
}

/// One draw to be made.
struct Case {
    registry: Vec<Expert>,
    loads: BTreeMap<Id, Load>,
    matter: Matter,
    panel: Vec<Member>,
    wanted: usize,
    seed: Seed,
}

impl Case {
    fn random(dice: &mut Dice) -> Self {
        let size = 5 + dice.below(40);
        let registry: Vec<_> = (0..size).map(|number| dice.expert(number)).collect();
        let load = |dice: &mut Dice| Load {
            open_tasks: dice.below(4),
            answered_tasks: dice.below(35),
            closed_tasks: dice.below(15),
        };
        let loads = registry.iter().map(|expert| (expert.id, load(dice))).collect();
        let sits = |expert: &Expert| Member {
            expert: expert.id,
            area: expert.area.clone(),
            operator: expert.operator.clone(),
            task: expert.id,
        };
        let count = usize::try_from(dice.below(3)).unwrap();
        let panel = registry.iter().take(count).map(sits).collect();
        let wanted = 1 + usize::try_from(dice.below(3)).unwrap();
        Self { loads, matter: dice.matter(), panel, wanted, seed: dice.seed(), registry }
    }

    /// Everybody but those of 敦煌, who judge there alone.
    fn candidates(&self) -> Vec<Candidate> {
        let loads = self.loads.iter().map(|(id, load)| (*id, *load)).collect();
        Candidate::all(&self.registry, &[Region::find("620900").unwrap()], &loads)
    }

    /// The second implementation: those who may be drawn, in order.
    fn second(&self) -> Vec<Id> {
        let matter = &self.matter;
        let barred: BTreeSet<&str> = self
            .registry
            .iter()
            .filter(|expert| has_conflict(expert, matter))
            .map(|expert| expert.operator.as_str())
            .chain(self.panel.iter().map(|member| member.operator.as_str()))
            .collect();
        // By operator: where it stands, and all that it has and had to do.
        let mut stands: BTreeMap<&str, &Expert> = BTreeMap::new();
        let mut tasks: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for expert in &self.registry {
            let Load { open_tasks, answered_tasks, closed_tasks } = self.loads[&expert.id];
            let sum = tasks.entry(&expert.operator).or_default();
            *sum = (sum.0 + open_tasks, sum.1 + answered_tasks + closed_tasks);
            let Card { term, specialties, .. } = &expert.card;
            let early = term.from.is_some_and(|from| from > matter.day);
            let late = term.until.is_some_and(|until| until < matter.day);
            let judges = |group: &String| specialties.is_empty() || specialties.contains(group);
            let fits = matter.lines.iter().all(|line| judges(&line.group));
            let here = expert.area.as_str() == "620900";
            if here && fits && !early && !late && !barred.contains(expert.operator.as_str()) {
                let place = stands.entry(&expert.operator).or_insert(expert);
                if expert.id.0.as_u128() < place.id.0.as_u128() {
                    *place = expert;
                }
            }
        }
        let rank = |(operator, expert): (&str, &Expert)| {
            let (open, ended) = tasks[operator];
            (open, ended / 10, digest(&self.seed.hex(), expert.id), expert.id)
        };
        let mut places: Vec<_> = stands.into_iter().map(rank).collect();
        places.sort();
        places.into_iter().map(|place| place.3).collect()
    }
}

/// SHA-256 of the seed and the id, in hexadecimal.
fn digest(seed: &str, expert: Id) -> String {
    let mut bytes: Vec<u8> =
        (0..16).map(|place| u8::from_str_radix(&seed[2 * place..2 * place + 2], 16).unwrap()).collect();
    bytes.extend(expert.0.as_u128().to_be_bytes());
    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn has_conflict(expert: &Expert, matter: &Matter) -> bool {
    let mut institutions: BTreeSet<&str> = matter.issuers.iter().map(String::as_str).collect();
    institutions.extend(matter.lines.iter().map(|line| line.ide_fixmedins_no.as_str()));
    let doctors: BTreeSet<&str> = matter.lines.iter().map(|line| line.diag_dr_codg.as_str()).collect();
    let (mut own_institutions, mut own_doctors) =
        (vec![expert.card.fixmedins_code.as_str()], vec![expert.card.diag_dr_codg.as_str()]);
    let mut is_applicants = matter.avoided_by.contains(&expert.operator);
    for relation in &expert.card.relations {
        match &relation.party {
            Party::Person(psn_no) => is_applicants |= psn_no.as_str() == matter.psn_no.as_str(),
            Party::Doctor(code) => own_doctors.push(code),
            Party::Institution(code) => own_institutions.push(code),
        }
    }
    let name = expert.card.name.replace(' ', "");
    is_applicants
        || expert.operator == matter.officers[0]
        || matter.names.iter().any(|other| other.replace(' ', "") == name)
        || own_institutions.iter().any(|code| institutions.contains(code))
        || own_doctors.iter().any(|code| !code.is_empty() && doctors.contains(code))
}

#[test]
fn random_panels_are_without_conflict_and_are_drawn_alike_by_a_second_implementation() {
    let (mut drawn, mut refused, mut conflicts) = (0, 0, 0);
    for number in 0..panels() {
        let mut dice = Dice(u64::try_from(number).unwrap());
        let case = Case::random(&mut dice);
        let Case { registry, matter, panel, wanted, seed, .. } = &case;
        let second = case.second();
        conflicts += registry.iter().filter(|expert| has_conflict(expert, matter)).count();
        match draw(case.candidates(), matter, panel, *wanted, *seed) {
            Ok(first) => {
                drawn += 1;
                let order: Vec<_> = first.order.iter().map(|place| place.expert).collect();
                assert_eq!(order, second, "panel {number}");
                let experts: Vec<_> = first.experts.iter().map(|expert| expert.id).collect();
                assert_eq!(experts, second[..*wanted], "panel {number}");
                for expert in &first.experts {
                    let all = registry.iter().filter(|other| other.operator == expert.operator);
                    assert!(!all.into_iter().any(|one| has_conflict(one, matter)), "panel {number}");
                }
                from_the_event(&first, &first.seed.hex());
            }
            Err(reasons) => {
                refused += 1;
                let missing = wanted - second.len().min(*wanted);
                assert!(missing > 0, "panel {number}");
                assert_eq!(reasons[0], Refusal::from(Refused::NotEnoughExperts { missing }));
            }
        }
    }
    println!("{drawn} panels drawn, {refused} refused for want of experts; {conflicts} experts in conflict");
    assert!(drawn > refused && refused > 0 && conflicts > panels());
}

/// From what the journal holds of a draw alone, the order comes out again.
fn from_the_event(drawn: &Drawn, seed: &str) {
    let told = serde_json::to_value(&drawn.order).unwrap();
    let mut places: Vec<_> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|place| {
            let number = |field: &str| place[field].as_u64().unwrap();
            let expert = Id::parse(place["expert"].as_str().unwrap()).unwrap();
            let ended = number("answered_tasks") + number("closed_tasks");
            (number("open_tasks"), ended / 10, digest(seed, expert), expert)
        })
        .collect();
    places.sort();
    let order: Vec<_> = places.into_iter().map(|place| place.3).collect();
    assert_eq!(order, drawn.order.iter().map(|place| place.expert).collect::<Vec<_>>());
}

/// One registry through many panels: everybody gets about as much to do, whoever is kept from some panels by a conflict.
#[test]
fn load_spreads() {
    let mut dice = Dice(2025);
    let mut registry: Vec<_> = (0..40).map(|number| dice.expert(number)).collect();
    for (number, expert) in registry.iter_mut().enumerate() {
        expert.operator = format!("expert{number}");
        expert.area = Region::find("620900").unwrap();
        (expert.card.specialties, expert.card.term) = (Vec::new(), Term::default());
    }
    let mut loads: BTreeMap<Id, Load> = registry.iter().map(|expert| (expert.id, Load::default())).collect();
    for number in 0..panels() {
        let (panel, wanted, seed) = (Vec::new(), 2, dice.seed());
        let matter = dice.matter();
        let case = Case { registry: registry.clone(), loads: loads.clone(), matter, panel, wanted, seed };
        let first = draw(case.candidates(), &case.matter, &case.panel, wanted, seed);
        let first = first.unwrap_or_else(|reasons| panic!("panel {number}: {reasons:?}"));
        assert_eq!(first.experts.iter().map(|expert| expert.id).collect::<Vec<_>>(), case.second()[..2]);
        for expert in &first.experts {
            loads.get_mut(&expert.id).unwrap().open_tasks += 1;
        }
        // Some answer soon, some late.
        for load in loads.values_mut().filter(|load| load.open_tasks > 0) {
            if dice.one_in(12) {
                load.open_tasks -= 1;
                load.answered_tasks += 1;
            }
        }
    }
    let mut totals: Vec<_> = loads.values().map(|load| load.open_tasks + load.answered_tasks).collect();
    totals.sort_unstable();
    let (least, middle, most) = (totals[0], totals[totals.len() / 2], totals[totals.len() - 1]);
    println!(
        "{} panels of 2 over {} experts: {least} / {middle} / {most} tasks each",
        panels(),
        totals.len()
    );
    assert_eq!(totals.iter().sum::<u64>(), u64::try_from(2 * panels()).unwrap());
    assert!(most - least <= 20, "{totals:?}");
}

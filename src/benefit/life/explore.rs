//! Every state that a line, its notices, the objections against it and its benefit can reach, visited one by one: in each
//! of them every step that a call or a job can take is tried, also with a notice that changes while a call looks at it.
//!
//! Bounds: one line, two notices one after the other, `EXPLORE_OBJECTIONS` objections a notice, `EXPLORE_DAYS` days.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, VecDeque};

use sha2::{Digest, Sha256};
use time::Duration;

use super::explored::{LISTINGS, Policy, State, Step};
use super::made::Fixed;
use crate::catalog::domain::BenefitStart;

/// So many days before the horizon whatever waits must still be able to come to its end.
const ENOUGH_DAYS: i64 = 2;

fn setting(name: &str, small: i64) -> i64 {
    std::env::var_os(name).map_or(small, |text| text.to_str().unwrap().parse().unwrap())
}

/// What was found of all states.
#[derive(Default)]
struct Explored {
    /// Of each state whether it is an outcome, and whether many days are left until the horizon.
    states: Vec<(bool, bool)>,
    /// From which state one came to which.
    edges: Vec<(u32, u32)>,
    /// How often each step was taken.
    taken: BTreeMap<&'static str, u64>,
    /// Whether a line that was taken out of its first notice came to a benefit all the same.
    second_time: bool,
}

fn key(state: &State) -> [u8; 16] {
    Sha256::digest(state.told())[..16].try_into().unwrap()
}

impl Explored {
    /// All states, the nearest first.
    fn of(policy: &Policy, fixed: &Fixed) -> Self {
        let (mut found, first) = (Self::default(), State::first(fixed));
        let mut known = HashMap::from([(key(&first), 0)]);
        let mut open = VecDeque::from([(found.add(&first, policy), first)]);
        while let Some((from, state)) = open.pop_front() {
            for (step, after) in state.steps(policy, fixed) {
                *found.taken.entry(step).or_default() += 1;
                let to = match known.entry(key(&after)) {
                    Slot::Occupied(known) => *known.get(),
                    Slot::Vacant(new) => {
                        let wrong = after.wrong(fixed);
                        let place = || format!("after {step}: {}\nfrom {}", after.told(), state.told());
                        assert!(wrong.is_empty(), "{wrong:?} {}", place());
                        let to = *new.insert(found.add(&after, policy));
                        open.push_back((to, after));
                        to
                    }
                };
                found.edges.push((from, to));
            }
        }
        found
    }

    fn add(&mut self, state: &State, policy: &Policy) -> u32 {
        let is_early = state.today + Duration::days(ENOUGH_DAYS) <= policy.horizon;
        self.second_time |= state.notices.len() == LISTINGS && state.benefit.is_some();
        self.states.push((state.has_outcome(), is_early));
        u32::try_from(self.states.len() - 1).unwrap()
    }

    /// How many states there are, not too near to the horizon, from which nothing leads to an outcome.
    fn stuck(&self) -> usize {
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); self.states.len()];
        for (from, to) in &self.edges {
            before[usize::try_from(*to).unwrap()].push(*from);
        }
        let mut reaches: Vec<bool> = self.states.iter().map(|(is_outcome, _)| *is_outcome).collect();
        let mut open: Vec<usize> = (0..reaches.len()).filter(|place| reaches[*place]).collect();
        while let Some(place) = open.pop() {
            for from in &before[place] {
                let from = usize::try_from(*from).unwrap();
                if !reaches[from] {
                    reaches[from] = true;
                    open.push(from);
                }
            }
        }
        reaches.iter().zip(&self.states).filter(|(reaches, (_, is_early))| !**reaches && *is_early).count()
    }
}

#[test]
fn no_reachable_state_has_a_benefit_with_its_notice_open_or_an_objection_standing() {
    let fixed = Fixed::new();
    let (days, objections) = (setting("EXPLORE_DAYS", 2), setting("EXPLORE_OBJECTIONS", 1));
    let horizon = State::first(&fixed).today + Duration::days(days);
    for appeals in [false, true] {
        for start in [BenefitStart::NoticeClosed, BenefitStart::Approved, BenefitStart::FirstOfNextMonth] {
            let begun = std::time::Instant::now();
            let policy = Policy { appeals, start, horizon, objections: usize::try_from(objections).unwrap() };
            let found = Explored::of(&policy, &fixed);
            let (states, steps) = (found.states.len(), found.edges.len());
            println!(
                "appeals {appeals}, start {start:?}: {states} states, {steps} steps, {:?}",
                begun.elapsed()
            );
            println!("{:?}", found.taken);
            assert_eq!(found.stuck(), 0, "states from which nothing leads on");
            assert!(found.second_time && found.states.iter().any(|(_, is_early)| *is_early));
            for Step(name, _) in State::ALL {
                let possible = appeals || !["appeal", "mature"].contains(name);
                assert_eq!(found.taken.contains_key(name), possible, "{name}");
            }
        }
    }
}

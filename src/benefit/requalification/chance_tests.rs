//! Whatever happens, in any order.

use proptest::prelude::*;
use time::Duration;

use super::domain::{Answer, Delivery, Found, Requalification, Way};
use super::transition::tests::{DUE, answer, benefit, decision, found, nothing, opened};
use crate::benefit::domain::{Benefit, Standing};

#[derive(Clone, Debug)]
enum Act {
    Wait(u16),
    Deliver(u16),
    Answer(bool, bool),
    Decide(bool),
    Insure(bool),
    Settle,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1_u16..80).prop_map(Act::Wait),
        1 => (0_u16..60).prop_map(Act::Deliver),
        1 => any::<(bool, bool)>().prop_map(|(still, officer)| Act::Answer(still, officer)),
        2 => any::<bool>().prop_map(Act::Decide),
        1 => any::<bool>().prop_map(Act::Insure),
        1 => Just(Act::Settle),
    ]
}

/// A day begins: the job does what is due, and lapses nobody before a delivered notice and its whole grace.
fn begin(round: &mut Requalification, held: &mut Benefit, found: &Found) -> Result<(), TestCaseError> {
    while let Some(advance) = round.clone().look(held, found).unwrap() {
        if let Requalification::Lapsed(lapsed) = &advance.round.state {
            let delivered = lapsed.dossier.delivered.as_ref().unwrap().on;
            prop_assert!(lapsed.on == found.today);
            prop_assert!(found.today - delivered.max(DUE) > Duration::days(30));
        }
        *round = advance.round.state;
        if let Some(step) = advance.benefit {
            *held = step.state;
        }
    }
    Ok(())
}

proptest! {
    /// Whatever happens in whatever order: a benefit lapses only after a delivered notice and its whole grace, or because
    /// an officer decided about what the person had answered; and round and benefit say the same.
    #[test]
    fn nobody_lapses_without_delivery_and_grace(papers: bool, acts in prop::collection::vec(act(), 1..40)) {
        let mut today = DUE - Duration::days(60);
        let (mut insured, mut settled) = (false, None);
        let mut held = benefit();
        let first = opened(papers, &nothing(today)).unwrap();
        let mut round = first.round.state;
        for act in acts {
            let facts = |day| found(day, insured, settled);
            let advance = match act {
                Act::Wait(days) => {
                    for _ in 0..days {
                        today = today.next_day().unwrap();
                        begin(&mut round, &mut held, &facts(today))?;
                    }
                    None
                }
                Act::Deliver(back) => {
                    let delivery = Delivery {
                        on: today - Duration::days(back.into()),
                        way: Way::Public,
                        told_by: String::new(),
                    };
                    if let Ok(Some(step)) = round.clone().deliver(delivery, today) {
                        round = step.state;
                    }
                    None
                }
                Act::Answer(still_needed, ask_officer) => {
                    let said = Answer { still_needed, ..answer(today, ask_officer) };
                    round.clone().answer(said, &held, &facts(today)).ok()
                }
                Act::Decide(renewed) => {
                    let decided = round.clone().decide(renewed, decision(today), &held).ok();
                    if let Some(Requalification::Lapsed(lapsed)) =
                        decided.as_ref().map(|advance| &advance.round.state)
                    {
                        prop_assert!(!lapsed.dossier.answers.is_empty());
                        prop_assert!(held.lapsed_since().is_some() || lapsed.on >= DUE && lapsed.on > today);
                    }
                    decided
                }
                Act::Insure(is) => {
                    insured = is;
                    None
                }
                Act::Settle => {
                    settled = Some(today);
                    None
                }
            };
            if let Some(advance) = advance {
                round = advance.round.state;
                held = advance.benefit.map_or(held, |step| step.state);
            }
            let since = match &round {
                Requalification::Lapsed(lapsed) => Some(lapsed.on),
                Requalification::Answered(answered) => answered.lapsed_on,
                _ => None,
            };
            if round.word() == "closed" {
                prop_assert_eq!(held.standing(today), Standing::Ended);
            } else {
                prop_assert_eq!(held.lapsed_since(), since);
            }
            // What lapsed returns by a whole period of its own: a second round would be opened then.
            if matches!(round, Requalification::Renewed(_)) {
                prop_assert!(held.requalify_on.is_none_or(|next| next > today) );
                break;
            }
        }
    }
}

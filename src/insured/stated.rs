//! 参保状态 and 缴费状态 over time. The platform tells them without a day, so they hold from the day on which we heard of
//! them until that on which we heard of others. Pure.

use serde::{Deserialize, Serialize};
use time::Date;

use super::domain::Insured;

/// Since when the states that a person has hold, and what they were before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// When we first heard of them; none in a row that is not taken over yet.
    since: Option<Date>,
    /// Oldest first; each differs from the next one.
    before: Vec<Heard>,
}

/// States that held from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Heard {
    since: Date,
    psn_insu_stas: String,
    psn_clct_stas: String,
}

impl Stated {
    /// First heard of on a day.
    pub fn since(day: Date) -> Self {
        Self { since: Some(day), before: Vec::new() }
    }

    /// Since the day on which a row was last changed, where it is from before the day was kept.
    #[must_use]
    pub fn or_since(self, day: Date) -> Self {
        Self { since: self.since.or(Some(day)), ..self }
    }

    /// After a row is heard of on a day that tells the states of `told`, where those of `known` were known. Of several
    /// in one day the last holds for all of it.
    pub fn heard(told: &Insured, known: &Insured, day: Date) -> Self {
        let states = |of: &Insured| (of.psn_insu_stas.clone(), of.psn_clct_stas.clone());
        let (new, old, Self { since, mut before }) = (states(told), states(known), known.stated.clone());
        if new == old {
            return known.stated.clone();
        }
        if let Some(since) = since.filter(|since| *since < day) {
            before.push(Heard { since, psn_insu_stas: old.0, psn_clct_stas: old.1 });
        }
        let again = before.pop_if(|last| (&last.psn_insu_stas, &last.psn_clct_stas) == (&new.0, &new.1));
        // Time that was set back forgets nothing that is known of later days.
        let since = again.map(|last| last.since).or(since.max(Some(day)));
        Self { since, before }
    }

    /// The days since which states are known.
    pub fn days(&self) -> impl Iterator<Item = Date> {
        self.before.iter().map(|heard| heard.since).chain(self.since)
    }

    /// 参保状态 and 缴费状态 of a person as known on a day; none when we had not heard of the person then.
    pub fn on(of: &Insured, day: Date) -> Option<(&str, &str)> {
        let Self { since, before } = &of.stated;
        if since.is_none_or(|since| since <= day) {
            return Some((&of.psn_insu_stas, &of.psn_clct_stas));
        }
        let heard = before.iter().rev().find(|heard| heard.since <= day)?;
        Some((&heard.psn_insu_stas, &heard.psn_clct_stas))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insured::sample::person;
    use time::macros::date;

    /// Rows of (day, states), and the states on each of some days.
    fn check(rows: &[(Date, &str)], expected: &[(Date, Option<&str>)]) {
        let mut known: Option<Insured> = None;
        for (day, states) in rows {
            let (psn_insu_stas, psn_clct_stas) = (states[..1].to_owned(), states[1..].to_owned());
            let row = Insured { psn_insu_stas, psn_clct_stas, ..person() };
            if let Some(step) = row.take_over(known.as_ref(), *day) {
                known = Some(step.state);
            }
        }
        let known = known.unwrap();
        for (day, states) in expected {
            let found = Stated::on(&known, *day).map(|(insu, clct)| format!("{insu}{clct}"));
            assert_eq!(found.as_deref(), *states, "{day}");
        }
    }

    const FIRST: Date = date!(2025 - 03 - 03);
    const SECOND: Date = date!(2025 - 03 - 10);
    const THIRD: Date = date!(2025 - 03 - 20);
    const BEFORE: Date = date!(2025 - 03 - 02);

    #[test]
    fn each_day_has_the_states_that_were_known_on_it() {
        let between = date!(2025 - 03 - 19);
        check(&[(FIRST, "11")], &[(BEFORE, None), (FIRST, Some("11")), (THIRD, Some("11"))]);
        check(
            &[(FIRST, "11"), (SECOND, "21"), (THIRD, "12")],
            &[
                (BEFORE, None),
                (FIRST, Some("11")),
                (SECOND, Some("21")),
                (between, Some("21")),
                (THIRD, Some("12")),
            ],
        );
        check(&[(FIRST, "21"), (SECOND, "21")], &[(BEFORE, None), (FIRST, Some("21"))]);
    }

    #[test]
    fn of_several_in_one_day_the_last_holds() {
        check(&[(FIRST, "11"), (SECOND, "21"), (SECOND, "22")], &[(FIRST, Some("11")), (SECOND, Some("22"))]);
        // Put right on the same day, it was never so.
        let rows = [(FIRST, "11"), (SECOND, "21"), (SECOND, "11"), (THIRD, "21")];
        check(&rows, &[(BEFORE, None), (FIRST, Some("11")), (SECOND, Some("11")), (THIRD, Some("21"))]);
        check(&[(FIRST, "11"), (FIRST, "21")], &[(BEFORE, None), (FIRST, Some("21"))]);
    }

    #[test]
    fn a_clock_that_was_set_back_forgets_nothing() {
        check(
            &[(FIRST, "11"), (THIRD, "21"), (SECOND, "12")],
            &[(FIRST, Some("11")), (SECOND, Some("11")), (THIRD, Some("12"))],
        );
    }
}

//! Money in whole 分 and ratios in 1/100 of a percent. No floats.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in 分. Sums saturate: amounts are bounded at the door, far below the edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// What is left after taking `other` away, never below nothing.
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// In 元, for people: `1,234.50`.
    pub fn yuan(self) -> String {
        let (sign, absolute) =
            if self.0 < 0 { ("-", self.0.unsigned_abs()) } else { ("", self.0.unsigned_abs()) };
        let whole = (absolute / 100).to_string();
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{sign}{grouped}.{:02}", absolute % 100)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.yuan())
    }
}

/// A ratio in 1/100 of a percent, 0 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ratio(pub i32);

impl Ratio {
    /// The fund's share of an amount, rounded down to the 分: the one place where money is rounded. The person keeps
    /// the odd 分, so that the fund never pays more than the ratio says.
    pub fn of(self, amount: Money) -> Money {
        let share = i128::from(amount.0) * i128::from(self.0) / 10_000;
        Money(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// For people: `80%`, `72.5%`.
    pub fn percent(self) -> String {
        let text = format!("{}.{:02}", self.0 / 100, self.0 % 100);
        format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_keeps_the_odd_fen() {
        assert_eq!(Ratio(8000).of(Money(101)), Money(80));
        assert_eq!(Ratio(10_000).of(Money(101)), Money(101));
        assert_eq!(Ratio(0).of(Money(101)), Money(0));
        assert_eq!(Ratio(7250).of(Money(1_000_000_000)), Money(725_000_000));
    }

    #[test]
    fn people_read_yuan_and_percent() {
        assert_eq!(Money(123_456_789).yuan(), "1,234,567.89");
        assert_eq!(Money(-5).yuan(), "-0.05");
        assert_eq!(Money(100_000).yuan(), "1,000.00");
        assert_eq!(Ratio(8000).percent(), "80%");
        assert_eq!(Ratio(7250).percent(), "72.5%");
    }

    proptest::proptest! {
        #[test]
        fn fund_and_person_are_the_bill(amount in 0i64..=1_000_000_000, ratio in 0i32..=10_000) {
            let fund = Ratio(ratio).of(Money(amount));
            proptest::prop_assert!(fund.0 >= 0 && fund.0 <= amount);
            proptest::prop_assert_eq!(fund.plus(Money(amount).less(fund)), Money(amount));
        }
    }
}

//! 已享待遇与在办申请: what a person has or has applied for, and what of that stands against applying for more. Pure.

use time::Date;

use super::refusal::NotEligible;
use crate::catalog::domain::{Catalog, Disease};
use crate::kernel::id::Id;

/// What a person already has or has applied for.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Benefits that have not ended, each disease once.
    pub benefits: Vec<HeldBenefit>,
    /// Diseases in an application that is not decided, or approved and not yet granted.
    pub applications: Vec<String>,
}

/// A benefit that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBenefit {
    /// 病种代码.
    pub code: String,
    /// 终止日期: its last day; none while it is open.
    pub last: Option<Date>,
    /// The benefits that it comes from, newest first.
    pub sources: Vec<Source>,
}

/// A benefit that has not ended, and the application that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The benefit.
    pub benefit: Id,
    /// The application.
    pub application: Id,
    /// Whether it is in force today.
    pub in_force: bool,
}

impl HeldBenefit {
    /// Whether it comes from a benefit, and how.
    pub fn source(&self, benefit: Id) -> Option<Source> {
        self.sources.iter().find(|source| source.benefit == benefit).copied()
    }

    /// The first day on which it is held no more, when that is known.
    fn over_on(&self) -> Option<Date> {
        self.last.and_then(Date::next_day)
    }
}

impl Held {
    /// What stands against having these diseases beside everything that is held and applied for. A disease that the
    /// catalogue does not have excludes none.
    pub fn beside(&self, catalog: &Catalog, codes: &[String]) -> Vec<NotEligible> {
        let mut reasons = Vec::new();
        for code in codes {
            let exclusions = catalog.disease(code).map_or(&[][..], |disease| &disease.exclusions);
            self.against_one(code, exclusions, codes, &mut reasons);
        }
        reasons.extend(self.too_many(codes.len(), catalog.rules.diseases_max));
        reasons
    }

    /// What stands against one of the diseases of an application.
    pub(super) fn against(&self, disease: &Disease, codes: &[String], reasons: &mut Vec<NotEligible>) {
        self.against_one(&disease.code, &disease.exclusions, codes, reasons);
    }

    /// Only the end of a benefit comes by itself: how long an application takes nobody knows.
    fn against_one(
        &self,
        code: &str,
        exclusions: &[String],
        codes: &[String],
        reasons: &mut Vec<NotEligible>,
    ) {
        let own = || code.to_owned();
        if let Some(held) = self.benefit(code) {
            reasons.push(NotEligible::AlreadyHeld { code: own(), last: held.last });
        }
        if self.applications.iter().any(|applied| applied == code) {
            reasons.push(NotEligible::AlreadyApplied { code: own() });
        }
        for other in exclusions {
            let asked = codes.contains(other) || self.applications.contains(other);
            let held = self.benefit(other);
            if asked || held.is_some() {
                let met_on = held.filter(|_| !asked).and_then(HeldBenefit::over_on);
                reasons.push(NotEligible::Excluded { code: own(), other: other.clone(), met_on });
            }
        }
    }

    /// Whether so many diseases more are too many: the day on which enough benefits have ended is told with it.
    pub(super) fn too_many(&self, asked: usize, most: usize) -> Option<NotEligible> {
        let all = self.benefits.len() + self.applications.len() + asked;
        let ends = all.checked_sub(most)?.checked_sub(1)?;
        let mut over: Vec<_> = self.benefits.iter().filter_map(HeldBenefit::over_on).collect();
        over.sort_unstable();
        Some(NotEligible::TooMany { most, met_on: over.get(ends).copied() })
    }

    fn benefit(&self, code: &str) -> Option<&HeldBenefit> {
        self.benefits.iter().find(|held| held.code == code)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use time::Duration;
    use time::macros::date;

    use super::*;
    use crate::catalog::domain::{Catalog, SAMPLE};
    use crate::insured::sample::person;
    use crate::kernel::error::Refusal;

    const TODAY: Date = date!(2025 - 03 - 03);
    /// The first two exclude each other.
    const CODES: [&str; 4] = ["M01600", "M01603", "M03900", "M04600"];
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::parse(SAMPLE).unwrap());

    fn owned(codes: &[&str]) -> Vec<String> {
        codes.iter().map(|code| (*code).to_owned()).collect()
    }

    fn held(benefits: &[(&str, Option<Date>)], applications: &[&str]) -> Held {
        let benefit = |(code, last): &(&str, Option<Date>)| HeldBenefit {
            code: (*code).to_owned(),
            last: *last,
            sources: Vec::new(),
        };
        Held { benefits: benefits.iter().map(benefit).collect(), applications: owned(applications) }
    }

    fn refusals(held: &Held, codes: &[String], most: usize, day: Date) -> Vec<Refusal> {
        let mut catalog = CATALOG.clone();
        catalog.rules.diseases_max = most;
        let still = |benefit: &HeldBenefit| benefit.last.is_none_or(|last| last >= day);
        let benefits = held.benefits.iter().filter(|benefit| still(benefit)).cloned().collect();
        let held = Held { benefits, applications: held.applications.clone() };
        let found = person().eligible(&catalog, codes, &held, day);
        found.err().unwrap_or_default().into_iter().map(Refusal::from).collect()
    }

    fn check(held: &Held, codes: &[&str], expected: &[(&str, Option<Date>)]) {
        let told = refusals(held, &owned(codes), 2, TODAY);
        let told: Vec<_> = told.iter().map(|refusal| (refusal.reason.as_ref(), refusal.met_on)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_benefit_that_ends_stands_against_it_until_then() {
        let june = (Some(date!(2025 - 06 - 30)), Some(date!(2025 - 07 - 01)));
        for (last, met_on) in [june, (None, None), (Some(TODAY), TODAY.next_day())] {
            let diabetes = held(&[("M01600", last)], &[]);
            check(&diabetes, &["M01600"], &[("BENEFIT_ALREADY_HELD", met_on)]);
            check(&diabetes, &["M01603"], &[("DISEASES_EXCLUDE_EACH_OTHER", met_on)]);
        }
        let sentence = Refusal::from(NotEligible::AlreadyHeld { code: "M01600".to_owned(), last: june.0 });
        assert_eq!(sentence.zh, "已享有病种 M01600 的待遇，至 2025-06-30 终止。");
    }

    #[test]
    fn an_application_under_way_has_no_day() {
        check(&held(&[], &["M01600"]), &["M01600"], &[("APPLICATION_UNDER_WAY", None)]);
        check(&held(&[], &["M01600"]), &["M01603"], &[("DISEASES_EXCLUDE_EACH_OTHER", None)]);
        // The benefit ends, but it is applied for anew.
        let again = held(&[("M01600", Some(TODAY))], &["M01600"]);
        let excluded = ("DISEASES_EXCLUDE_EACH_OTHER", None);
        check(&again, &["M01603"], &[excluded, ("TOO_MANY_DISEASES", TODAY.next_day())]);
    }

    #[test]
    fn there_are_too_many_until_enough_have_ended() {
        let (first, second) = (date!(2025 - 04 - 30), date!(2025 - 06 - 30));
        let ends = |one, other| held(&[("M03900", one), ("M04600", other)], &[]);
        let both = ends(Some(second), Some(first));
        check(&both, &["M01600"], &[("TOO_MANY_DISEASES", first.next_day())]);
        let excluded = ("DISEASES_EXCLUDE_EACH_OTHER", None);
        let two = ["M01600", "M01603"];
        check(&both, &two, &[excluded, excluded, ("TOO_MANY_DISEASES", second.next_day())]);
        check(&ends(None, Some(first)), &two, &[excluded, excluded, ("TOO_MANY_DISEASES", None)]);
        check(&ends(None, None), &["M01600"], &[("TOO_MANY_DISEASES", None)]);
    }

    fn holdings() -> impl Strategy<Value = Held> {
        let benefits = proptest::option::of(proptest::option::of(0_i64..60));
        let each = proptest::collection::vec((benefits, any::<bool>()), CODES.len());
        each.prop_map(|each| {
            let mut held = Held::default();
            for (code, (benefit, applied)) in CODES.iter().zip(each) {
                let code = || (*code).to_owned();
                let last = |days: i64| TODAY + Duration::days(days);
                held.benefits.extend(benefit.map(|days| HeldBenefit {
                    code: code(),
                    last: days.map(last),
                    sources: Vec::new(),
                }));
                held.applications.extend(applied.then(code));
            }
            held
        })
    }

    proptest! {
        #[test]
        fn the_day_named_is_the_first_and_without_one_waiting_is_no_cure(
            held in holdings(),
            codes in proptest::sample::subsequence(CODES.to_vec(), 1..=3),
            most in 1..6_usize,
        ) {
            let codes = owned(&codes);
            for refusal in refusals(&held, &codes, most, TODAY) {
                let stands = |day| {
                    let then = refusals(&held, &codes, most, day);
                    let same = |other: &Refusal| (&other.reason, &other.subject, &other.zh)
                        == (&refusal.reason, &refusal.subject, &refusal.zh);
                    then.iter().any(same)
                };
                match refusal.met_on {
                    None => prop_assert!(stands(TODAY + Duration::days(100)), "{} was cured", refusal.zh),
                    Some(day) => {
                        prop_assert!(day > TODAY && !stands(day), "{} still stands on {day}", refusal.zh);
                        let before = day.previous_day().unwrap();
                        prop_assert!(stands(before), "{} is gone before {day}", refusal.zh);
                    }
                }
            }
        }
    }
}

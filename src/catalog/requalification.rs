//! 年度复审: when it is opened, how people are reminded, and when a benefit lapses that nobody asked to keep.

use serde::{Deserialize, Serialize};
use time::{Date, Month};

use super::faults::Findings;
use crate::kernel::add_months;

/// Days ahead of which a re-qualification may be opened.
const OPEN_DAYS_MAX: i64 = 180;
/// Reminders of one re-qualification.
const REMINDERS_MAX: usize = 10;

/// 年度复审. Left out where it is as everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequalificationRules {
    /// 提前开启天数: opened so many days before the due day.
    pub open_days: u32,
    /// 提醒: so many days before the due day, each once.
    pub remind_days: Vec<u32>,
    /// 宽限天数: after the due day, and at least so many after the notice was delivered (送达).
    pub grace_days: u32,
    /// 用药结算月数: a settlement within so many months says that the benefit is used; 0 where that is not asked.
    pub settled_months: i32,
    /// On which day the next one is due.
    pub at: RequalifyAt,
    /// 可恢复月数: a lapsed benefit can return so long; afterwards one applies anew.
    pub return_months: i32,
    /// 复审办理时限, working days, for what people answered.
    pub decide_working_days: u32,
}

/// On which day the next re-qualification is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequalifyAt {
    /// The day itself on which the period ends.
    Anniversary,
    /// The last day of the year in which the period ends.
    YearEnd,
}

impl Default for RequalificationRules {
    fn default() -> Self {
        Self {
            open_days: 60,
            remind_days: vec![30, 7],
            grace_days: 30,
            settled_months: 12,
            at: RequalifyAt::Anniversary,
            return_months: 24,
            decide_working_days: 10,
        }
    }
}

impl RequalificationRules {
    /// Whether it is as everywhere: then it is not written, and catalogues of before there was such a rule keep their hash.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// 下次复审日期, a period of months after a day; none for a disease that needs no re-qualification.
    pub fn next(&self, from: Date, months: i32) -> Option<Date> {
        let end = (months > 0).then(|| add_months(from, months))?;
        match self.at {
            RequalifyAt::Anniversary => Some(end),
            RequalifyAt::YearEnd => Date::from_calendar_date(end.year(), Month::December, 31).ok(),
        }
    }

    pub(super) fn check(&self, findings: &mut Findings<'_>) {
        let at = |field: &str| format!("rules.requalification.{field}");
        findings.range(at("open_days"), i64::from(self.open_days), 1, OPEN_DAYS_MAX);
        // Without a day of grace whoever is told on the last day would have no day at all.
        findings.range(at("grace_days"), i64::from(self.grace_days), 1, 366);
        findings.range(at("settled_months"), i64::from(self.settled_months), 0, 60);
        findings.range(at("return_months"), i64::from(self.return_months), 0, 120);
        findings.range(at("decide_working_days"), i64::from(self.decide_working_days), 1, 250);
        if self.remind_days.len() > REMINDERS_MAX {
            findings.add(
                at("remind_days"),
                format!("至多 {REMINDERS_MAX} 项"),
                format!("has more than {REMINDERS_MAX} items"),
            );
        }
        for (place, days) in self.remind_days.iter().enumerate() {
            let most = i64::from(self.open_days).clamp(1, OPEN_DAYS_MAX) - 1;
            findings.range(at(&format!("remind_days[{place}]")), i64::from(*days), 0, most.max(0));
        }
        findings.distinct(|place| at(&format!("remind_days[{place}]")), &self.remind_days);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::domain::{Catalog, Rules, SAMPLE};
    use time::macros::date;

    #[test]
    fn the_next_day_is_an_anniversary_or_a_year_end() {
        let mut rules = RequalificationRules::default();
        assert_eq!(rules.next(date!(2025 - 03 - 11), 12), Some(date!(2026 - 03 - 11)));
        assert_eq!(rules.next(date!(2025 - 03 - 11), 0), None);
        rules.at = RequalifyAt::YearEnd;
        assert_eq!(rules.next(date!(2025 - 03 - 11), 12), Some(date!(2026 - 12 - 31)));
        assert_eq!(rules.next(date!(2026 - 12 - 31), 12), Some(date!(2027 - 12 - 31)));
    }

    #[test]
    fn rules_as_everywhere_are_not_written() {
        let text = |rules: &Rules| serde_json::to_string(rules).unwrap();
        let mut rules = Catalog::parse(SAMPLE).unwrap().rules;
        assert!(!text(&rules).contains("requalification"));
        assert_eq!(serde_json::from_str::<Rules>(&text(&rules)).unwrap(), rules);
        rules.requalification.grace_days = 15;
        assert_eq!(serde_json::from_str::<Rules>(&text(&rules)).unwrap(), rules);
    }

    #[test]
    fn every_fault_is_told_at_its_place() {
        let paths = |rules: RequalificationRules| {
            let broken = BTreeSet::new();
            let mut findings = Findings::new(&broken);
            rules.check(&mut findings);
            findings.found.into_iter().map(|(path, ..)| path).collect::<Vec<_>>()
        };
        assert_eq!(paths(RequalificationRules::default()), Vec::<String>::new());
        let wrong = RequalificationRules {
            open_days: 0,
            remind_days: vec![7, 7],
            grace_days: 0,
            settled_months: -1,
            return_months: 121,
            decide_working_days: 0,
            ..Default::default()
        };
        let expected = [
            "open_days",
            "grace_days",
            "settled_months",
            "return_months",
            "decide_working_days",
            "remind_days[0]",
            "remind_days[1]",
            "remind_days[1]",
        ];
        assert_eq!(paths(wrong), expected.map(|field| format!("rules.requalification.{field}")));
    }
}

//! Shape: the rules of `buf.validate` in the protos, as `build.rs` turns them into code. Every wrong field is found
//! before any is answered. And the other direction: our words in the contract's words.

use std::collections::HashSet;
use std::hash::Hash;

use regex_lite::Regex;
use time::{Date, Month, OffsetDateTime};

use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Clock;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::region::Region;
use crate::proto::google::r#type::Date as DateMessage;
use crate::proto::opsp::common::v1 as common;

/// A message that can check itself. Generated.
pub trait Check {
    /// Adds everything that is wrong with it.
    fn check(&self, found: &mut Found);
}

/// What was found wrong, with the path of the message that is being looked at.
#[derive(Default)]
pub struct Found {
    path: Vec<String>,
    violations: Vec<Violation>,
}

impl Found {
    /// Checks a message inside the current one.
    pub fn inside(&mut self, name: &str, message: &impl Check) {
        self.path.push(name.to_owned());
        message.check(self);
        self.path.pop();
    }

    /// Adds a violation of a field of the current message.
    pub fn add(&mut self, name: &str, zh: impl Into<String>, en: impl Into<String>) {
        let mut field = self.path.join(".");
        if !field.is_empty() {
            field.push('.');
        }
        field.push_str(name);
        self.violations.push(Violation::new(&field, zh, en));
    }
}

/// Everything wrong with a message, or nothing.
pub fn check(message: &impl Check) -> Result<()> {
    let mut found = Found::default();
    message.check(&mut found);
    if found.violations.is_empty() { Ok(()) } else { Err(Error::Invalid(found.violations)) }
}

/// A message that must be there.
pub fn required(found: &mut Found, name: &str, present: bool) {
    if !present {
        found.add(name, "必填", "is required");
    }
}

/// A date must be a day of the calendar.
pub fn calendar_date(found: &mut Found, name: &str, value: Option<&DateMessage>) {
    if value.is_some_and(|value| to_date(value).is_none()) {
        found.add(name, "不是有效日期", "is not a day of the calendar");
    }
}

/// Items must differ.
pub fn unique<T: Eq + Hash>(found: &mut Found, name: &str, items: &[T]) {
    let mut seen = HashSet::new();
    if !items.iter().all(|item| seen.insert(item)) {
        found.add(name, "不得重复", "must not hold the same item twice");
    }
}

/// Items must differ in one of their fields.
pub fn distinct<T: Eq + Hash>(found: &mut Found, name: &str, key: &str, mut keys: impl Iterator<Item = T>) {
    let mut seen = HashSet::new();
    if !keys.all(|key| seen.insert(key)) {
        found.add(name, format!("各项的 {key} 不得重复"), format!("must not have the same {key} twice"));
    }
}

/// So many items.
pub fn count(found: &mut Found, name: &str, count: usize, least: usize, most: usize) {
    if !(least..=most).contains(&count) {
        found.add(name, format!("须有 {least} 至 {most} 项"), format!("must have {least} to {most} items"));
    }
}

/// A UUID in its 36-character form.
pub fn uuid(found: &mut Found, name: &str, value: &str) {
    if value.len() != 36 || uuid::Uuid::try_parse(value).is_err() {
        found.add(name, "须为 36 位 UUID", "must be a UUID of 36 characters");
    }
}

/// A text that matches.
pub fn pattern(found: &mut Found, name: &str, value: &str, pattern: &Regex) {
    if !pattern.is_match(value) {
        found.add(name, format!("格式须为 {pattern}"), format!("must match {pattern}"));
    }
}

/// A text of so many characters.
pub fn length(found: &mut Found, name: &str, value: &str, least: usize, most: usize) {
    if value.contains('\0') {
        found.add(name, "不得含有空字符", "must not hold a NUL character");
    }
    if !(least..=most).contains(&value.chars().count()) {
        found.add(
            name,
            format!("须有 {least} 至 {most} 个字符"),
            format!("must have {least} to {most} characters"),
        );
    }
}

/// A value that the enumeration names.
pub fn choice(found: &mut Found, name: &str, known: bool) {
    if !known {
        found.add(name, "须为枚举中的值", "must be one of the enumeration's values");
    }
}

/// A number within bounds.
pub fn range(found: &mut Found, name: &str, value: i64, least: i64, most: i64) {
    if !(least..=most).contains(&value) {
        found.add(name, format!("须在 {least} 与 {most} 之间"), format!("must be from {least} to {most}"));
    }
}

/// The day that a message means.
pub fn to_date(message: &DateMessage) -> Option<Date> {
    let month = u8::try_from(message.month).ok().and_then(|month| Month::try_from(month).ok())?;
    let year = (1..=9999).contains(&message.year).then_some(message.year)?;
    Date::from_calendar_date(year, month, u8::try_from(message.day).ok()?).ok()
}

/// The day of a field that was checked to be set.
pub fn day(field: &str, message: Option<&DateMessage>) -> Result<Date> {
    message
        .and_then(to_date)
        .ok_or_else(|| Error::invalid(field, "不是有效日期", "is not a day of the calendar"))
}

/// A day in the contract's words.
pub fn date_message(day: Date) -> DateMessage {
    DateMessage { year: day.year(), month: i32::from(u8::from(day.month())), day: i32::from(day.day()) }
}

/// An instant in the contract's words.
pub fn timestamp(instant: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: instant.unix_timestamp(),
        nanos: i32::try_from(instant.nanosecond()).unwrap_or(0),
    }
}

/// A reason in the contract's words.
pub fn reason(refusal: &Refusal) -> common::Reason {
    common::Reason {
        reason: refusal.reason.to_string(),
        text_zh: refusal.zh.clone(),
        text_en: refusal.en.clone(),
        help_zh: refusal.help_zh.clone(),
        help_en: refusal.help_en.clone(),
        subject: refusal.subject.clone(),
        met_on: refusal.met_on.map(date_message),
    }
}

/// A clock in the contract's words.
pub fn deadline(clock: &Clock, calendar: &Calendar, today: Date) -> common::Deadline {
    let reading = clock.read(calendar, today);
    common::Deadline {
        due_date: reading.due.map(|due| date_message(due.date)),
        provisional: reading.due.is_some_and(|due| due.provisional),
        paused_since: reading.paused_since.map(date_message),
        working_days_left: reading.left,
        calendar_version: calendar.version().to_owned(),
    }
}

/// The area of `areas/{admdvs}`, with whatever follows it.
pub fn area(name: &str) -> Result<Region> {
    let code = name.strip_prefix("areas/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    Region::find(code).ok_or_else(|| Error::not_found(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::opsp::application::v1 as application;

    #[test]
    fn every_wrong_field_is_told_with_its_path() {
        let line = application::LineInput { opsp_dise_code: "M-1".to_owned(), ..Default::default() };
        let input = application::ApplicationInput {
            tel: "12".to_owned(),
            lines: vec![line.clone(), line],
            materials: vec!["x".to_owned(), "x".to_owned()],
            ..Default::default()
        };
        let request =
            application::CreateApplicationRequest { application: Some(input), ..Default::default() };
        let Err(Error::Invalid(violations)) = check(&request) else { panic!("accepted") };
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "parent",
                "application.tel",
                "application.lines",
                "application.lines[0].opsp_dise_code",
                "application.lines[0].ide_fixmedins_no",
                "application.lines[0].hosp_ide_date",
                "application.lines[0].diag_dr_codg",
                "application.lines[0].diag_dr_name",
                "application.lines[1].opsp_dise_code",
                "application.lines[1].ide_fixmedins_no",
                "application.lines[1].hosp_ide_date",
                "application.lines[1].diag_dr_codg",
                "application.lines[1].diag_dr_name",
                "application.materials",
                "application.materials[0]",
                "application.materials[1]",
                "application.dcla_souc",
                "request_id",
            ]
        );
    }

    #[test]
    fn a_message_with_personal_data_does_not_print_it() {
        let input = application::ApplicationInput { tel: "13800000000".to_owned(), ..Default::default() };
        assert_eq!(format!("{input:?}"), "ApplicationInput { redacted }");
    }
}

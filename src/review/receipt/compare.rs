//! Where two values differ, path by path. Pure. Of words that people wrote only their number is told.

use std::collections::BTreeSet;

use serde_json::Value;

/// Fields whose texts are codes, names of the catalogue, hashes or days: nothing in them tells of a person.
const PLAIN: &[&str] = &[
    "accepted_by",
    "appy_date",
    "area",
    "catalog_sha256",
    "catalog_version",
    "code",
    "expert",
    "fact",
    "facts_not_met",
    "finding",
    "group",
    "id",
    "kind",
    "materials",
    "name",
    "officer",
    "on",
    "operator",
    "reason",
    "sha256",
    "state",
    "subject",
    "task",
    "trace",
];

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub path: String,
    /// What the receipt says.
    pub stored: String,
    /// What was found instead.
    pub found: String,
}

impl Difference {
    /// A difference between codes or hashes.
    pub fn new(path: &str, stored: impl Into<String>, found: impl Into<String>) -> Self {
        Self { path: path.to_owned(), stored: stored.into(), found: found.into() }
    }
}

/// Every difference between what a receipt says and what was found. `older`: the receipt is of another version of the
/// code, so that what it does not have was perhaps not known to it.
pub fn differences(path: &str, stored: &Value, found: &Value, older: bool) -> Vec<Difference> {
    let mut all = Vec::new();
    Walk { older, all: &mut all }.value(path, "", Some(stored), Some(found));
    all
}

struct Walk<'a> {
    older: bool,
    all: &'a mut Vec<Difference>,
}

impl Walk<'_> {
    /// `field` is the name under which the value stands, also in a list.
    fn value(&mut self, path: &str, field: &str, stored: Option<&Value>, found: Option<&Value>) {
        match (stored, found) {
            (Some(Value::Object(stored)), Some(Value::Object(found))) => {
                let new = found.keys().filter(|_| !self.older);
                let keys: BTreeSet<_> = stored.keys().chain(new).collect();
                for key in keys {
                    self.value(&format!("{path}.{key}"), key, stored.get(key), found.get(key));
                }
            }
            (Some(Value::Array(stored)), Some(Value::Array(found))) => {
                for place in 0..stored.len().max(found.len()) {
                    self.value(&format!("{path}[{place}]"), field, stored.get(place), found.get(place));
                }
            }
            (stored, found) if stored != found => {
                let (stored, found) = (told(field, stored), told(field, found));
                self.all.push(Difference { path: path.to_owned(), stored, found });
            }
            _ => {}
        }
    }
}

/// A value as it may be told to those who do not know the case.
fn told(field: &str, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if PLAIN.contains(&field) => text.clone(),
        Some(Value::String(text)) => format!("text of {} characters", text.chars().count()),
        Some(Value::Array(items)) => format!("{} items", items.len()),
        Some(Value::Object(fields)) => format!("{} fields", fields.len()),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(stored: &Value, found: &Value, older: bool, expected: &[(&str, &str, &str)]) {
        let all = differences("facts", stored, found, older);
        let told: Vec<_> =
            all.iter().map(|one| (one.path.as_str(), one.stored.as_str(), one.found.as_str())).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn every_difference_is_named_with_its_place_and_no_word_that_somebody_wrote() {
        let stored = json!({"lines": [{"finding": "met", "note": "张三的报告", "n": 1}], "kind": "decided"});
        check(&stored, &stored, false, &[]);
        let found =
            json!({"lines": [{"finding": "not_met", "note": "李四", "n": 2}, {"code": "A"}], "more": true});
        let expected = [
            ("facts.kind", "decided", ""),
            ("facts.lines[0].finding", "met", "not_met"),
            ("facts.lines[0].n", "1", "2"),
            ("facts.lines[0].note", "text of 5 characters", "text of 2 characters"),
            ("facts.lines[1]", "", "1 fields"),
        ];
        check(&stored, &found, true, &expected);
        let more = [&expected[..], &[("facts.more", "", "true")]].concat();
        check(&stored, &found, false, &more);
    }
}

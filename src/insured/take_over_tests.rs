//! Rows folded in memory, as a table.

use super::*;
use time::macros::date;

use crate::insured::sample;

/// Rows of (psn_no, certificate, phone), and what becomes of each.
fn check(
    known: &[(&str, &str, &str)],
    rows: &[(&str, &str, &str)],
    expected: &[&str],
    claims: (&[&str], &[&str]),
) {
    let random = crate::db::source::Random::seeded(1);
    let keys = crate::db::keys::Keys::parse(&crate::db::keys::Keys::generate(&random).unwrap()).unwrap();
    let insured = |(psn_no, certno, tel): &(&str, &str, &str)| Insured {
        psn_no: PsnNo::parse(psn_no).unwrap(),
        certno: (*certno).to_owned(),
        tel: (*tel).to_owned(),
        ..sample::person()
    };
    let index = |certno: &str| certno.as_bytes().to_vec();
    let stored = known.iter().map(|row| {
        let known = Known { insured: insured(row), index: index(row.1), version: 7 };
        (known.insured.psn_no.clone(), known)
    });
    let stored: BTreeMap<_, _> = stored.collect();
    let claimed = known.iter().map(|row| (index(row.1), PsnNo::parse(row.0).unwrap())).collect();
    let rows = rows.iter().map(|row| {
        let mut prepared = store::prepare(&keys, &random, insured(row)).unwrap();
        prepared.index = index(row.1);
        prepared
    });
    let rows: Vec<_> = rows.collect();
    let mut fold = Fold::new(&stored, &claimed, date!(2025 - 03 - 03));
    let outcomes = rows.iter().map(|row| match fold.take_over(row, true).unwrap() {
        Outcome::Created => "created".to_owned(),
        Outcome::Updated => "updated".to_owned(),
        Outcome::Unchanged => "unchanged".to_owned(),
        Outcome::Refused(refusals) => refusals[0].reason.to_string(),
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
    let changes = fold.changes();
    let written = expected.iter().filter(|outcome| ["created", "updated"].contains(outcome)).count();
    assert_eq!(changes.entries.len(), written, "one entry a step");
    let text = |index: &Vec<u8>| String::from_utf8(index.clone()).unwrap();
    assert_eq!(changes.given_up.iter().map(text).collect::<Vec<_>>(), claims.0);
    assert_eq!(changes.claimed.iter().map(|(index, _)| text(index)).collect::<Vec<_>>(), claims.1);
    for Taken { insured, version, .. } in changes.new.iter().chain(&changes.changed) {
        let psn_no = &insured.psn_no;
        let steps = changes.entries.iter().filter(|(person, _)| person.psn_no == *psn_no).count();
        let before = stored.get(psn_no).map_or(0, |known| known.version);
        assert_eq!(*version, before + i64::try_from(steps).unwrap(), "the version counts the steps");
    }
}

#[test]
fn rows_of_one_person_follow_each_other() {
    let rows = [("1", "A", ""), ("1", "A", ""), ("1", "A", "2"), ("1", "A", ""), ("2", "B", "")];
    check(&[], &rows, &["created", "unchanged", "updated", "updated", "created"], (&[], &["A", "B"]));
    check(&[("1", "A", "")], &rows[1..3], &["unchanged", "updated"], (&[], &[]));
}

#[test]
fn a_certificate_is_one_persons() {
    check(&[], &[("1", "A", ""), ("2", "A", "")], &["created", "CERTNO_TAKEN"], (&[], &["A"]));
    check(&[("1", "A", "")], &[("2", "A", "")], &["CERTNO_TAKEN"], (&[], &[]));
    // Given up by one, it is free for the next.
    let rows = [("1", "B", ""), ("2", "A", "")];
    check(&[("1", "A", "")], &rows, &["updated", "created"], (&["A"], &["A", "B"]));
    // There and back again changes no claim.
    let rows = [("1", "B", ""), ("1", "A", "")];
    check(&[("1", "A", "")], &rows, &["updated", "updated"], (&[], &[]));
}

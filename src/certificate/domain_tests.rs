//! What a certificate says, when it is not so any more, and what a check finds.

use super::*;
use crate::benefit::domain::EndGround;
use crate::insured::domain::{History, Spell};
use crate::insured::sample::person;
use crate::kernel::period::Period;
use time::macros::{date, datetime};
use uuid::Uuid;

fn benefit(code: &str) -> Benefit {
    Benefit {
        id: Id(Uuid::from_u128(1)),
        area: Region::find("620902").unwrap(),
        insutype: Insutype::Employee,
        code: code.to_owned(),
        begndate: date!(2025 - 03 - 06),
        end: None,
        requalify_on: Some(date!(2026 - 03 - 06)),
        suspensions: Vec::new(),
        lapses: Vec::new(),
        application: Id(Uuid::from_u128(2)),
        entry: Id(Uuid::from_u128(3)),
        notice_entry: String::new(),
        certificate: None,
        following: Default::default(),
        created_at: datetime!(2025-03-06 1:00 UTC),
        replacement: Default::default(),
    }
}

/// 灵活就业退休.
fn insured() -> Insured {
    let since = Period::since(date!(2010 - 01 - 01));
    let spell = Spell { psn_type: "1203".to_owned(), period: since, ..person().history.spells()[0].clone() };
    Insured { psn_type: "1203".to_owned(), history: History::since(spell, date!(2025 - 12 - 31)), ..person() }
}

/// A certificate of the sample catalogue, for the tests of this feature.
pub fn certificate(code: &str) -> Option<Certificate> {
    let benefit = benefit(code);
    let (published, qr_text) = (Published::sample(), "q".repeat(138));
    let snapshot = Snapshot::take(&benefit, &insured(), &published, date!(2025 - 03 - 07), qr_text)?;
    let id = Id(Uuid::from_u128(0x0195_6c3e_8a00_7abc_8123_4567_89ab_cdef));
    Some(Certificate::issue(id, benefit.id, snapshot, datetime!(2025-03-07 1:00 UTC)).state)
}

#[test]
fn what_a_check_finds() {
    for (revoked, standing, expected) in [
        (false, Standing::Active, Verdict::Valid),
        (false, Standing::Suspended, Verdict::Suspended),
        (false, Standing::NotBegun, Verdict::Suspended),
        (false, Standing::Lapsed, Verdict::Suspended),
        (false, Standing::Ended, Verdict::Ended),
        (true, Standing::Active, Verdict::Revoked),
        (true, Standing::Suspended, Verdict::Revoked),
        (true, Standing::NotBegun, Verdict::Revoked),
        (true, Standing::Ended, Verdict::Revoked),
    ] {
        assert_eq!(verdict(revoked, standing), expected, "{revoked} {standing:?}");
    }
}

#[test]
fn the_number_names_area_and_year_and_ends_as_the_id_does() {
    let certificate = certificate("M01600").unwrap();
    assert!(certificate.id.base32().ends_with(&certificate.number[13..]));
    assert_eq!((&certificate.number[..13], certificate.number.len()), ("MTB6209002025", 25));
}

#[test]
fn the_terms_span_every_row_that_can_apply() {
    let terms = |code| certificate(code).map(|certificate| certificate.snapshot.terms);
    let span = |ratio: [i32; 2], limit| {
        let [ratio_least, ratio_most] = ratio.map(Ratio);
        Some(Terms { ratio_least, ratio_most, limit_least: Money(limit), limit_most: Money(limit) })
    };
    assert_eq!(terms("M01600"), span([8000, 8000], 600_000));
    assert_eq!(terms("M05300"), span([7500, 8500], 600_000));
    assert_eq!(terms("NONE"), None);
}

#[test]
fn a_certificate_of_before_the_hash_was_kept_still_opens() {
    let snapshot = certificate("M01600").unwrap().snapshot;
    assert_eq!(snapshot.cited, Published::sample().cited());
    let mut stored = serde_json::to_value(&snapshot).unwrap();
    stored.as_object_mut().unwrap().remove("catalog_sha256").unwrap();
    let opened: Snapshot = serde_json::from_value(stored).unwrap();
    let catalog_version = snapshot.cited.catalog_version.clone();
    let cited = Cited { catalog_version, catalog_sha256: String::new() };
    assert!(opened == Snapshot { cited, ..snapshot });
}

#[test]
fn the_snapshot_and_the_event_name_nobody() {
    let certificate = certificate("M01600").unwrap();
    let text = serde_json::to_string(&certificate.snapshot).unwrap();
    for private in ["张三", "19600101", "13800000000", "肃州", "62090000001"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    assert_eq!(certificate.snapshot.psn_type, "灵活就业人员（退休）");
}

#[test]
fn what_the_paper_says_and_nothing_else_makes_it_outdated() {
    let snapshot = certificate("M01600").unwrap().snapshot;
    let (granted, person) = (benefit("M01600"), insured());
    type Change = fn(&mut Benefit, &mut Insured);
    let changes: [(Change, &[Said]); 10] = [
        (|_, _| {}, &[]),
        (|_, person| person.psn_name = "李三".to_owned(), &[Said::PsnName]),
        // The mask is the same: so is the paper.
        (|_, person| person.psn_name = "张五".to_owned(), &[]),
        (|_, person| person.certno = "620902196001010012".to_owned(), &[Said::Certno]),
        (|_, person| person.tel = "13900000000".to_owned(), &[]),
        (|benefit, _| benefit.insutype = Insutype::Resident, &[Said::Insutype]),
        (|benefit, _| benefit.begndate = date!(2025 - 04 - 01), &[Said::Begndate]),
        (|benefit, _| benefit.end = Some((date!(2025 - 12 - 31), EndGround::Moved)), &[Said::Enddate]),
        (|benefit, _| benefit.requalify_on = None, &[Said::RequalifyOn]),
        (
            |benefit, person| {
                benefit.requalify_on = Some(date!(2027 - 03 - 06));
                person.psn_name = "李三".to_owned();
            },
            &[Said::PsnName, Said::RequalifyOn],
        ),
    ];
    for (index, (change, expected)) in changes.into_iter().enumerate() {
        let (mut benefit, mut person) = (granted.clone(), person.clone());
        change(&mut benefit, &mut person);
        assert_eq!(snapshot.outdated(&benefit, &person), expected, "change {index}");
    }
}

#[test]
fn what_is_revoked_once_stays_so() {
    let standing = certificate("M01600").unwrap();
    let (number, other) = (standing.number.clone(), Id(Uuid::from_u128(9)));
    let revocable = standing.clone().revocable().unwrap_or_else(|_| panic!("it stands"));
    let step = revocable.replace(date!(2025 - 05 - 06), vec![Said::PsnName, Said::Enddate], other);
    let revocation = step.state.revocation.clone().unwrap();
    assert_eq!(revocation.reason, "所载内容变更（姓名、待遇终止日期），已换发新证明");
    assert_eq!((revocation.on, revocation.replaced_by), (date!(2025 - 05 - 06), Some(other)));
    let event = serde_json::to_value(&step.event).unwrap();
    assert_eq!(
        event,
        serde_json::json!({"type": "certificate.revoked", "number": number, "replaced_by": other,
            "changed": ["psn_name", "enddate"]})
    );
    assert_eq!(step.state.revocable().err(), Some(CertificateRefused::Revoked { replaced: true }));
    let revocable = standing.revocable().unwrap_or_else(|_| panic!("it stands"));
    let step = revocable.revoke(date!(2025 - 05 - 06), "张三遗失", None);
    assert!(
        !serde_json::to_string(&step.event).unwrap().contains("张三"),
        "an event repeats no officer's words"
    );
    assert_eq!(step.state.revocable().err(), Some(CertificateRefused::Revoked { replaced: false }));
}

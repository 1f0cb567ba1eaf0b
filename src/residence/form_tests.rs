//! What may be filed, as a table.

use time::macros::{date, datetime};

use super::*;
use crate::insured::sample::{self, person};

const NOW: OffsetDateTime = datetime!(2025-03-03 4:00 UTC);
const TODAY: Date = date!(2025 - 03 - 03);

fn asked(kind: Kind, basis: Basis, places: &[&str]) -> Asked {
    let materials = if basis == Basis::Proof { vec![id(9)] } else { Vec::new() };
    Asked {
        kind,
        basis,
        places: places.iter().map(|place| (*place).to_owned()).collect(),
        begndate: None,
        materials,
        contact: Contact { addr: "x".to_owned(), tel: "13800000000".to_owned(), agent: None },
    }
}

fn id(number: u128) -> Id {
    Id(uuid::Uuid::from_u128(number))
}

fn file(asked: Asked, insured: &Insured, open: &[Filing]) -> Result<Filing, Vec<String>> {
    let form = asked.read(TODAY).map_err(|bad| bad.into_iter().map(|bad| bad.field).collect::<Vec<_>>())?;
    form.file(insured, open, &Published::sample(), id(1), NOW).map(|step| step.state).map_err(|refused| {
        refused.into_iter().map(|refused| Refusal::from(refused).reason.to_string()).collect()
    })
}

fn check(asked: Asked, expected: &[&str]) {
    let what = format!("{:?} {:?} {:?}", asked.kind, asked.basis, asked.places);
    assert_eq!(file(asked, &person(), &[]).err().unwrap_or_default(), expected, "{what}");
}

#[test]
fn every_kind_meets_every_basis() {
    for kind in Kind::ALL {
        for basis in Basis::ALL {
            let allowed = match kind {
                Kind::Retired | Kind::Resident | Kind::Posted => basis != Basis::Identity,
                Kind::Referred => basis == Basis::Proof,
                Kind::Temporary => basis == Basis::Identity,
            };
            check(asked(kind, basis, &["620100"]), if allowed { &[] } else { &["BASIS_NOT_ALLOWED"] });
        }
        assert_eq!(Kind::from_code(i32::from(kind.code())), Some(kind));
    }
    assert_eq!((Kind::Retired.code(), Kind::Temporary.code(), Basis::Identity.code()), (1, 5, 3));
    assert!(Kind::from_code(0).is_none() && Basis::from_code(4).is_none());
}

#[test]
fn several_places_are_for_long_stays_with_proof() {
    check(asked(Kind::Resident, Basis::Proof, &["620100", "110000"]), &[]);
    check(asked(Kind::Resident, Basis::Commitment, &["620100", "110000"]), &["SEVERAL_PLACES"]);
    check(asked(Kind::Referred, Basis::Proof, &["620100", "110000"]), &["SEVERAL_PLACES"]);
    check(asked(Kind::Temporary, Basis::Identity, &["620100", "110000"]), &["SEVERAL_PLACES"]);
}

#[test]
fn places_are_cities_and_provinces_away_from_home() {
    check(asked(Kind::Resident, Basis::Commitment, &["620900"]), &["AT_HOME"]);
    check(asked(Kind::Resident, Basis::Commitment, &["620000"]), &[]);
    check(asked(Kind::Resident, Basis::Commitment, &["620102"]), &["places[0]"]);
    check(asked(Kind::Resident, Basis::Commitment, &["100000"]), &["places[0]"]);
    let mut late = asked(Kind::Resident, Basis::Proof, &["620100", "999999"]);
    late.begndate = Some(date!(2025 - 04 - 03));
    check(late, &["places[1]", "begndate"]);
}

#[test]
fn it_begins_within_thirty_days() {
    for (day, good) in [
        (date!(2025 - 03 - 02), false),
        (TODAY, true),
        (date!(2025 - 04 - 02), true),
        (date!(2025 - 04 - 03), false),
    ] {
        let mut asked = asked(Kind::Temporary, Basis::Identity, &["620100"]);
        asked.begndate = Some(day);
        check(asked, if good { &[] } else { &["begndate"] });
    }
}

#[test]
fn everything_against_it_is_told_at_once() {
    let unpaid = sample::insured(date!(2010 - 01 - 01), date!(2025 - 01 - 31));
    let mut asked = asked(Kind::Referred, Basis::Proof, &["620900", "110000"]);
    asked.materials = Vec::new();
    let refused = file(asked, &unpaid, &[]).unwrap_err();
    assert_eq!(refused, ["NOT_PAID_UP", "SEVERAL_PLACES", "PROOF_MISSING", "AT_HOME"]);
}

#[test]
fn days_and_locks_follow_the_kind() {
    let commitment = file(asked(Kind::Posted, Basis::Commitment, &["620100"]), &person(), &[]).unwrap();
    let Filing::Valid(valid) = commitment else { panic!("not valid") };
    assert_eq!(valid.facts.period, Period::since(TODAY));
    assert_eq!(valid.cancellable_on, Some(date!(2025 - 09 - 03)));
    let temporary = file(asked(Kind::Temporary, Basis::Identity, &["620100"]), &person(), &[]).unwrap();
    let Filing::Valid(valid) = temporary else { panic!("not valid") };
    assert_eq!(valid.facts.period, Period { from: TODAY, to: Some(date!(2025 - 09 - 02)) });
    assert_eq!(valid.cancellable_on, None);
    let proof = file(asked(Kind::Referred, Basis::Proof, &["620100"]), &person(), &[]).unwrap();
    assert!(matches!(proof, Filing::Pending(pending) if pending.clock == Clock::start(TODAY, 1)));
}

#[test]
fn a_place_is_filed_once_at_a_time() {
    let insured = person();
    let first = file(asked(Kind::Temporary, Basis::Identity, &["620000"]), &insured, &[]).unwrap();
    let again = |place, open: &Filing| {
        let asked = asked(Kind::Resident, Basis::Commitment, &[place]);
        file(asked, &insured, std::slice::from_ref(open)).err().unwrap_or_default()
    };
    assert_eq!(again("620000", &first), ["FILING_EXISTS"]);
    assert_eq!(again("620100", &first), ["FILING_EXISTS"], "it lies in the province that is filed");
    assert!(again("110000", &first).is_empty());
    let cancelled = first.cancel(TODAY, &insured.insu_admdvs).unwrap().state;
    assert!(again("620000", &cancelled).is_empty());
}

#[test]
fn a_commitment_is_for_one_place_also_over_several_filings() {
    use Basis::{Commitment, Identity, Proof};
    use Kind::{Posted, Resident, Temporary};
    let insured = person();
    for (first, then, several) in [
        ((Resident, Commitment), (Resident, Commitment), true),
        ((Resident, Commitment), (Posted, Proof), true),
        ((Resident, Proof), (Posted, Commitment), true),
        ((Resident, Proof), (Resident, Proof), false),
        ((Resident, Commitment), (Temporary, Identity), false),
        ((Temporary, Identity), (Resident, Commitment), false),
    ] {
        let open = [file(asked(first.0, first.1, &["620100"]), &insured, &[]).unwrap()];
        let again = |place| file(asked(then.0, then.1, &[place]), &insured, &open).err().unwrap_or_default();
        let expected: &[&str] = if several { &["SEVERAL_PLACES"] } else { &[] };
        assert_eq!(again("110000"), expected, "{first:?} {then:?}");
        assert_eq!(again("620100"), ["FILING_EXISTS"]);
        let cancelled = match &open[0] {
            Filing::Valid(valid) => Filing::Valid(Valid { cancellable_on: None, ..valid.clone() }),
            other => other.clone(),
        };
        let cancelled = [cancelled.cancel(TODAY, &insured.insu_admdvs).unwrap().state];
        assert!(file(asked(then.0, then.1, &["110000"]), &insured, &cancelled).is_ok());
    }
}

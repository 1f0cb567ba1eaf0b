//! One bill is settled once.

use time::macros::{date, datetime};

use super::*;
use crate::benefit::domain::{Benefit, Replacement};
use crate::kernel::region::Region;

const NOW: OffsetDateTime = datetime!(2025-03-03 4:00 UTC);

fn bill() -> Bill {
    Bill {
        code: "M01600".to_owned(),
        key: BillKey { fixmedins_code: "H62090200001".to_owned(), medins_setl_id: "1".to_owned() },
        mdtrt_id: "v".to_owned(),
        service_day: date!(2025 - 03 - 03),
        total: Money(10_000),
        in_scope: Money(9_000),
    }
}

fn settled() -> Settled {
    let calculated = Calculated {
        deductible: Money(1_000),
        ratio: Ratio(8000),
        fund: Money(6_400),
        person: Money(3_600),
        left: Money(0),
        explanation: Vec::new(),
    };
    let source = Source {
        catalog_version: "v".to_owned(),
        catalog_sha256: String::new(),
        institutions_version: "l".to_owned(),
        institutions_sha256: String::new(),
        sample: true,
    };
    Settled {
        id: Id(uuid::Uuid::from_u128(1)),
        benefit: Id(uuid::Uuid::from_u128(2)),
        insutype: Insutype::Employee,
        bill: bill(),
        place: Place::Home,
        calculated,
        source,
        settled_at: NOW,
    }
}

fn check(settlement: Settlement, bill: &Bill, expected: &str) {
    let answer = settlement.again(bill).map(|same| same.word().to_owned());
    let answer = answer.unwrap_or_else(|refused| Refusal::from(refused).reason.to_string());
    assert_eq!(answer, expected);
}

#[test]
fn a_bill_is_settled_once() {
    let reversed = || Settlement::Reversed(settled().reverse(NOW).state);
    let unseen = || Settlement::Unseen(Unseen::new(Id(uuid::Uuid::nil()), bill().key, NOW).state);
    check(Settlement::Settled(settled()), &bill(), "settled");
    check(reversed(), &bill(), "ALREADY_REVERSED");
    check(unseen(), &bill(), "ALREADY_REVERSED");
    for change in [
        |bill: &mut Bill| bill.code = "M03900".to_owned(),
        |bill: &mut Bill| bill.mdtrt_id = "w".to_owned(),
        |bill: &mut Bill| bill.service_day = date!(2025 - 03 - 02),
        |bill: &mut Bill| bill.total = Money(10_001),
        |bill: &mut Bill| bill.in_scope = Money(8_999),
    ] {
        let mut other = bill();
        change(&mut other);
        check(Settlement::Settled(settled()), &other, "BILL_DIFFERS");
        check(reversed(), &other, "ALREADY_REVERSED");
        check(unseen(), &other, "ALREADY_REVERSED");
    }
}

#[test]
fn the_journal_holds_what_it_takes_to_calculate_again() {
    let benefit = Benefit {
        id: Id(uuid::Uuid::from_u128(2)),
        area: Region::find("620902").unwrap(),
        insutype: Insutype::Employee,
        code: "M01600".to_owned(),
        begndate: date!(2025 - 01 - 01),
        end: None,
        requalify_on: None,
        lapses: Vec::new(),
        suspensions: Vec::new(),
        application: Id(uuid::Uuid::nil()),
        entry: Id(uuid::Uuid::nil()),
        notice_entry: String::new(),
        certificate: None,
        following: crate::benefit::domain::Following::default(),
        created_at: NOW,
        replacement: Replacement::default(),
    };
    let in_force = benefit.in_force(bill().service_day, &benefit.area).unwrap();
    let made = Made {
        id: settled().id,
        case: Case { insutype: Insutype::Employee, retired: true, hospital: Level::Tertiary, remote: true },
        before: Before { used: Money(700), deductible_used: Money(50) },
        calculated: settled().calculated,
        source: Source {
            catalog_sha256: "abc".to_owned(),
            institutions_sha256: "def".to_owned(),
            ..settled().source
        },
        now: NOW,
    };
    let step = Settled::new(bill(), &in_force, made);
    assert_eq!(step.state.place, Place::Remote);
    let event = serde_json::to_value(step.event).unwrap();
    for (field, value) in [
        ("benefit", serde_json::to_value(benefit.id).unwrap()),
        ("retired", true.into()),
        ("remote", true.into()),
        ("hospital", "tertiary".into()),
        ("used_before_fen", 700.into()),
        ("deductible_used_before_fen", 50.into()),
        ("catalog_version", "v".into()),
        ("catalog_sha256", "abc".into()),
        ("institutions_version", "l".into()),
        ("institutions_sha256", "def".into()),
    ] {
        assert_eq!(event[field], value, "{field}");
    }
}

#[test]
fn a_reversal_takes_back_what_was_drawn() {
    let step = settled().reverse(NOW);
    assert_eq!(step.state.settled, settled());
    assert!(matches!(
        step.event,
        Event::Reversed { act_pay_dedc_fen: Money(1_000), fund_pay_sumamt_fen: Money(6_400) }
    ));
}

#[test]
fn a_bill_is_not_of_tomorrow_and_its_part_not_more_than_the_whole() {
    let wrong = Bill { in_scope: Money(10_001), ..bill() };
    let fields: Vec<_> = wrong.faults(date!(2025 - 03 - 02)).into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["bill.service_day", "bill.inscp_scp_amt_fen"]);
    assert_eq!(bill().faults(date!(2025 - 03 - 03)), []);
}

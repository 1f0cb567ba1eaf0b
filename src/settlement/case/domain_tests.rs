use time::macros::date;

use uuid::Uuid;

use super::*;
use crate::kernel::id::Id;
use crate::kernel::period::Period;
use crate::residence::domain::{Cancelled, Contact, Facts};
use crate::residence::form as residence;

const TODAY: Date = date!(2025 - 03 - 03);

fn item(state: &'static str) -> Item {
    Item::new(Kind::Line, String::new(), state)
}

#[test]
fn what_the_applicant_must_do_comes_first_then_the_nearest_date_and_last_what_is_over() {
    let mut items = [
        item("ended").over(),
        item("without a day"),
        item("later").until(TODAY.next_day()),
        item("over on a day").until(Some(TODAY)).over(),
        item("sooner").until(Some(TODAY)).waits(Waits::Bureau),
        item("draft").waits(Waits::Applicant),
        item("supplement by a day").until(TODAY.next_day()).waits(Waits::Applicant),
    ];
    items.sort_by_key(Item::place);
    assert_eq!(
        items.map(|item| item.state),
        ["supplement by a day", "draft", "sooner", "later", "without a day", "over on a day", "ended"]
    );
}

fn known(change: impl Fn(&mut Known)) -> Known {
    let mut known = Known {
        insured: crate::insured::sample::person(),
        published: Some(Arc::new(Published::sample())),
        applications: Vec::new(),
        entries: Vec::new(),
        notices: Vec::new(),
        objections: Vec::new(),
        benefits: Vec::new(),
        requalifications: Vec::new(),
        used: BTreeMap::new(),
        filings: Vec::new(),
        more: false,
    };
    change(&mut known);
    known
}

/// The first words of what the person can do.
fn check(change: impl Fn(&mut Known), items: &[Item], expected: &str) {
    let known = known(change);
    let reasons: Vec<_> = known.insured.standing(TODAY).into_iter().map(Refusal::from).collect();
    let found = next(&known, items, &reasons).zh;
    assert!(found.starts_with(expected), "{found}");
}

#[test]
fn what_the_person_can_do_now_follows_from_what_there_is() {
    let stopped = |known: &mut Known| known.insured.psn_clct_stas = "2".to_owned();
    check(|_| {}, &[], "可以申请");
    check(|_| {}, &[item("ended").over()], "可以申请");
    check(|_| {}, &[item("submitted").waits(Waits::Bureau)], "目前无需办理");
    check(|_| {}, &[item("draft").waits(Waits::Applicant), item("ended").over()], "有 1 项等待您办理");
    check(stopped, &[], "参保不正常");
    check(stopped, &[item("draft").waits(Waits::Applicant)], "有 1 项等待您办理");
    check(|known| known.insured.death_date = Some(TODAY), &[], "该参保人已登记死亡");
}

/// Filings that were cancelled, so many.
fn filings(many: u128) -> Vec<Filing> {
    let place = |code| crate::kernel::region::Region::find(code).unwrap();
    let filing = |number| {
        Filing::Cancelled(Cancelled {
            facts: Facts {
                id: Id(Uuid::from_u128(number)),
                area: place("620902"),
                kind: residence::Kind::Temporary,
                basis: residence::Basis::Identity,
                places: vec![place("620100")],
                period: Period::since(TODAY),
                materials: Vec::new(),
                contact: Contact { addr: String::new(), tel: String::new(), agent: None },
                created_at: time::OffsetDateTime::UNIX_EPOCH,
            },
            cancelled_on: TODAY,
            was_valid: true,
        })
    };
    (0..many).map(filing).collect()
}

#[test]
fn there_are_never_more_than_so_many_items_and_it_says_so() {
    let (version, days) = crate::kernel::calendar::EMBEDDED;
    let calendar = Calendar::parse(version, days).unwrap();
    let insured = crate::insured::sample::person();
    let person = Person { psn_no: insured.psn_no.clone(), area: insured.insu_admdvs };
    let told = |many, more| {
        let known = known(|known| (known.filings, known.more) = (filings(many), more));
        let told = case(At { person: &person, today: TODAY, calendar: &calendar }, &known);
        (told.items.len(), told.more)
    };
    assert_eq!(told(0, false), (0, false));
    assert_eq!(told(200, false), (200, false));
    assert_eq!(told(201, false), (200, true));
    assert_eq!(told(3, true), (3, true), "what was not read is there as well");
}

//! What a case is made of, made up.

use std::collections::BTreeSet;

use time::macros::datetime;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::model::Found;
use crate::application::checklist::{Complete, complete};
use crate::application::domain::{Form, Kind, LineForm};
use crate::catalog::criteria::{Criterion, Finding};
use crate::catalog::domain::{Catalog, Insutype};
use crate::catalog::published::{Cited, Published};
use crate::insured::domain::{Eligible, Held};
use crate::insured::sample::person;
use crate::kernel::calendar::{Calendar, EMBEDDED};
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;
use crate::kernel::local_day;
use crate::kernel::region::Region;
use crate::notice::domain::Head;
use crate::notice::entry::domain::Listing;
use crate::review::anonymous::Shown;
use crate::review::domain::{Assigned, Line};
use crate::review::draw::Candidate;
use crate::review::registry::{Card, Expert, Load, Term};
use crate::review::said::{Said, SaidLeaf};

pub const CODES: [&str; 2] = ["M01600", "M03900"];
pub const BEGAN: OffsetDateTime = datetime!(2025-03-03 01:02:03 UTC);

/// What is the same for all cases.
pub struct Fixed {
    pub calendar: Calendar,
    pub eligible: Eligible,
    pub complete: Complete,
    pub published: Published,
    pub candidates: Vec<Candidate>,
}

pub fn id(number: u128) -> Id {
    Id(Uuid::from_u128(number))
}

/// The one application of a case.
pub fn application() -> Id {
    id(1)
}

pub fn reason() -> Refusal {
    Refusal::new("WHY", "理由。", "why.")
}

fn finding(of: Found) -> Finding {
    match of {
        Found::Met => Finding::Met,
        Found::NotMet => Finding::NotMet,
        Found::Unknown => Finding::Unknown,
    }
}

pub fn form(codes: &[&str]) -> Form {
    let line = |code: &&str| LineForm {
        code: (*code).to_owned(),
        ide_fixmedins_no: "H62090200001".to_owned(),
        hosp_ide_date: local_day(BEGAN),
        diag_dr_codg: "D1".to_owned(),
        diag_dr_name: "李医生".to_owned(),
    };
    Form {
        appy_rea: "理由".to_owned(),
        tel: "13800000000".to_owned(),
        agent: None,
        lines: codes.iter().map(line).collect(),
        materials: vec![id(7)],
        dcla_souc: "03".to_owned(),
        kind: Kind::New,
    }
}

impl Fixed {
    pub fn new() -> Self {
        let published = Published::sample();
        let today = local_day(BEGAN);
        let bare = Catalog { materials: Vec::new(), ..published.catalog.clone() };
        let candidate = |number: u128| Candidate {
            expert: Expert {
                id: id(50 + number),
                area: Region::find("620900").unwrap(),
                operator: format!("expert.{number}"),
                card: Card {
                    name: format!("专家{number}"),
                    fixmedins_code: format!("H6209820000{number}"),
                    specialties: Vec::new(),
                    diag_dr_codg: String::new(),
                    term: Term { from: None, until: None },
                    relations: Vec::new(),
                },
            },
            elsewhere: Vec::new(),
            load: Load::default(),
        };
        Self {
            calendar: Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap(),
            eligible: person().eligible(&published.catalog, &[], &Held::default(), today).ok().unwrap(),
            complete: complete(&form(&[]), &bare, &[], today).ok().unwrap(),
            published,
            candidates: (0..4).map(candidate).collect(),
        }
    }
}

/// Two facts, both needed.
pub fn assigned(expert: &Expert, task: Id, cited: Cited, assigned_at: OffsetDateTime) -> Assigned {
    let fact = |name: &str| Criterion::Fact { fact: name.to_owned(), text: format!("{name}条文。") };
    let line = |code: &str| Line {
        code: code.to_owned(),
        name: code.to_owned(),
        group: "内分泌".to_owned(),
        criteria: Criterion::All { all: vec![fact("a"), fact("b")] },
    };
    Assigned {
        id: task,
        application: application(),
        area: Region::find("620902").unwrap(),
        expert: expert.id,
        operator: expert.operator.clone(),
        lines: CODES.into_iter().map(line).collect(),
        sample: true,
        cited,
        opinion_working_days: 10,
        purpose: Default::default(),
        assigned_at,
    }
}

pub fn show(id: Id, number: usize) -> Shown {
    Shown { id, number, title: "其他".to_owned(), ready: true, opened: false }
}

/// The first fact is met, so that the second decides.
pub fn say(code: &str, found: Found, contradicts: bool, shown: &[Shown], task: Id) -> Said {
    let leaf = |(fact, of): (&str, Found)| SaidLeaf {
        fact: fact.to_owned(),
        finding: finding(of),
        materials: vec![shown[0].name(task)],
        note: String::new(),
    };
    let said = match (contradicts, found) {
        (false, found) => found,
        (true, Found::Met) => Found::NotMet,
        (true, Found::NotMet | Found::Unknown) => Found::Met,
    };
    Said {
        code: code.to_owned(),
        finding: finding(said),
        facts_not_met: BTreeSet::new(),
        leaves: [("a", Found::Met), ("b", found)].map(leaf).into(),
        text: String::new(),
    }
}

pub fn head(id: Id, created_at: OffsetDateTime) -> Head {
    Head {
        id,
        area: Region::find("620900").unwrap(),
        number: "2025-001".to_owned(),
        insutype: Insutype::Employee,
        sample: true,
        cited: Cited::default(),
        disease_basis: String::new(),
        created_at,
    }
}

pub fn listing(id: Id, notice: Id, code: &str, approved_on: Date) -> Listing {
    Listing {
        id,
        notice,
        name: format!("areas/620900/notices/1/entries/2025-001-{code}"),
        reference: format!("2025-001-{code}"),
        insured_area: Region::find("620902").unwrap(),
        insutype: Insutype::Employee,
        code: code.to_owned(),
        application: application(),
        approved_on,
        masked_name: "张*".to_owned(),
        masked_certno: "620902********0011".to_owned(),
        opsp_dise_name: String::new(),
    }
}

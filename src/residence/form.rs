//! What may be filed: which kind rests on what, for how long, where, and what stands against it. Pure.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};

use super::domain::{Contact, Event, Facts, Filing, Pending, Valid};
use crate::catalog::domain::Rules;
use crate::catalog::published::Published;
use crate::insured::domain::{Insured, NotEligible};
use crate::kernel::clock::Clock;
use crate::kernel::error::{Refusal, Violation};
use crate::kernel::id::Id;
use crate::kernel::period::Period;
use crate::kernel::region::Region;
use crate::kernel::step::Step;
use crate::kernel::{add_months, local_day};

/// How far ahead a filing may begin, in days.
const AHEAD_DAYS_MAX: i64 = 30;

/// 备案类型 (医保发〔2022〕22号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 异地安置退休人员.
    Retired,
    /// 异地长期居住人员.
    Resident,
    /// 常驻异地工作人员.
    Posted,
    /// 异地转诊人员.
    Referred,
    /// 其他临时外出就医人员.
    Temporary,
}

impl Kind {
    /// All kinds, in the order of their numbers in the contract, from 1.
    pub const ALL: [Self; 5] = [Self::Retired, Self::Resident, Self::Posted, Self::Referred, Self::Temporary];

    /// Its number in the contract and in the table.
    pub fn code(self) -> i16 {
        Self::ALL.iter().zip(1..).find(|(kind, _)| **kind == self).map_or(0, |(_, code)| code)
    }

    /// By its number.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i32::from(kind.code()) == code)
    }

    /// Whether it is for those who live there, and not for those who come for one treatment.
    pub fn is_long_term(self) -> bool {
        matches!(self, Self::Retired | Self::Resident | Self::Posted)
    }

    /// On what it may rest.
    pub fn bases(self) -> &'static [Basis] {
        match self {
            Self::Retired | Self::Resident | Self::Posted => &[Basis::Commitment, Basis::Proof],
            Self::Referred => &[Basis::Proof],
            Self::Temporary => &[Basis::Identity],
        }
    }

    /// In Chinese, and the word of the contract.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Retired => ("异地安置退休人员", "RETIRED"),
            Self::Resident => ("异地长期居住人员", "RESIDENT"),
            Self::Posted => ("常驻异地工作人员", "POSTED"),
            Self::Referred => ("异地转诊人员", "REFERRED"),
            Self::Temporary => ("其他临时外出就医人员", "TEMPORARY"),
        }
    }
}

/// On what a filing rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// 承诺.
    Commitment,
    /// 证明材料.
    Proof,
    /// 仅需身份信息.
    Identity,
}

impl Basis {
    /// All of them, in the order of their numbers in the contract, from 1.
    pub const ALL: [Self; 3] = [Self::Commitment, Self::Proof, Self::Identity];

    /// Its number in the contract and in the table.
    pub fn code(self) -> i16 {
        Self::ALL.iter().zip(1..).find(|(basis, _)| **basis == self).map_or(0, |(_, code)| code)
    }

    /// By its number.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| i32::from(basis.code()) == code)
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Commitment => ("承诺", "COMMITMENT"),
            Self::Proof => ("证明材料", "PROOF"),
            Self::Identity => ("仅需身份信息", "IDENTITY"),
        }
    }
}

/// What is asked for, as the caller said it.
pub struct Asked {
    /// 备案类型.
    pub kind: Kind,
    /// On what it rests.
    pub basis: Basis,
    /// Codes of the places.
    pub places: Vec<String>,
    /// First day; today when unset.
    pub begndate: Option<Date>,
    /// Proof.
    pub materials: Vec<Id>,
    /// How to reach the person there.
    pub contact: Contact,
}

/// What is asked for, with places and a first day that exist. Only `Asked::read` makes one.
pub struct Form {
    kind: Kind,
    basis: Basis,
    places: Vec<Region>,
    begndate: Date,
    materials: Vec<Id>,
    contact: Contact,
}

/// Why something cannot be filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileRefused {
    /// The kind cannot rest on that.
    Basis { kind: Kind, basis: Basis },
    /// Several places, but not long-term with proof.
    SeveralPlaces,
    /// The same by several filings: a long-term one for another place holds already, and one of both is a commitment.
    SeveralFilings,
    /// Proof without material.
    ProofMissing,
    /// A place in the person's own pooling area.
    AtHome { place: Region },
    /// The insurance is not in force.
    Insurance(NotEligible),
    /// The place is filed already for some of the days; free again on the day named.
    Exists { place: Region, free_on: Option<Date> },
}

impl Asked {
    /// Reads it; every bad field at once.
    pub fn read(self, today: Date) -> Result<Form, Vec<Violation>> {
        let mut violations = Vec::new();
        let mut places = Vec::new();
        for (index, code) in self.places.iter().enumerate() {
            match Region::find(code).filter(Region::is_city_or_province) {
                Some(place) => places.push(place),
                None => violations.push(Violation::new(
                    &format!("places[{index}]"),
                    "须为国家医保区划表中的市或省",
                    "must be a city or province of the national table",
                )),
            }
        }
        let begndate = self.begndate.unwrap_or(today);
        if !(today..=today + Duration::days(AHEAD_DAYS_MAX)).contains(&begndate) {
            violations.push(Violation::new(
                "begndate",
                format!("须在今天至 {AHEAD_DAYS_MAX} 天之内"),
                format!("must be from today to {AHEAD_DAYS_MAX} days ahead"),
            ));
        }
        let Self { kind, basis, materials, contact, .. } = self;
        if violations.is_empty() {
            Ok(Form { kind, basis, places, begndate, materials, contact })
        } else {
            Err(violations)
        }
    }
}

impl Form {
    /// The proof that it names.
    pub fn materials(&self) -> &[Id] {
        &self.materials
    }

    /// 备案: valid at once, or with proof waiting for the bureau. `open` are the person's pending and valid filings.
    pub fn file(
        self,
        insured: &Insured,
        open: &[Filing],
        published: &Published,
        id: Id,
        now: OffsetDateTime,
    ) -> Result<Step<Filing, Event>, Vec<FileRefused>> {
        let (today, rules) = (local_day(now), &published.catalog.rules);
        let area = insured.insu_admdvs.clone();
        let period = self.period(rules);
        let refused = self.against(insured, open, &period, today);
        if !refused.is_empty() {
            return Err(refused);
        }
        let event = Event::Filed {
            kind: self.kind,
            basis: self.basis,
            places: self.places.clone(),
            begndate: period.from,
            enddate: period.to,
            cited: published.cited(),
        };
        let Self { kind, basis, places, materials, contact, .. } = self;
        let facts = Facts { id, area, kind, basis, places, period, materials, contact, created_at: now };
        let locked_until = add_months(period.from, rules.remote_lock_months);
        let valid = |cancellable_on| Valid { facts: facts.clone(), cancellable_on, approved_by: None };
        let filing = match basis {
            Basis::Commitment => Filing::Valid(valid(Some(locked_until))),
            Basis::Identity => Filing::Valid(valid(None)),
            Basis::Proof => {
                Filing::Pending(Pending { facts, clock: Clock::start(today, rules.residence_working_days) })
            }
        };
        Ok(Step::new(filing, event))
    }

    fn period(&self, rules: &Rules) -> Period {
        if self.kind.is_long_term() {
            Period::since(self.begndate)
        } else {
            let to = add_months(self.begndate, rules.temporary_months).previous_day();
            Period { from: self.begndate, to }
        }
    }

    fn against(&self, insured: &Insured, open: &[Filing], period: &Period, today: Date) -> Vec<FileRefused> {
        let mut refused: Vec<_> = insured.standing(today).into_iter().map(FileRefused::Insurance).collect();
        let (kind, basis) = (self.kind, self.basis);
        if !kind.bases().contains(&basis) {
            refused.push(FileRefused::Basis { kind, basis });
        }
        if self.places.len() > 1 && !(kind.is_long_term() && basis == Basis::Proof) {
            refused.push(FileRefused::SeveralPlaces);
        }
        if basis == Basis::Proof && self.materials.is_empty() {
            refused.push(FileRefused::ProofMissing);
        }
        // The own province may be filed for its other cities: home stays home.
        let home = insured.insu_admdvs.pooling();
        for place in &self.places {
            if home.contains(place) {
                refused.push(FileRefused::AtHome { place: place.clone() });
            }
            let taken = |other: &&Filing| {
                let facts = other.facts();
                other.is_open() && facts.is_for(place, &home) && facts.period.overlaps(period)
            };
            if let Some(other) = open.iter().find(taken) {
                let free_on = other.facts().period.to.and_then(Date::next_day);
                refused.push(FileRefused::Exists { place: place.clone(), free_on });
            }
        }
        let told =
            |reason: &FileRefused| matches!(reason, FileRefused::Exists { .. } | FileRefused::SeveralPlaces);
        if !refused.iter().any(told) && open.iter().any(|other| self.adds_to(other, &home, period)) {
            refused.push(FileRefused::SeveralFilings);
        }
        refused
    }

    /// Whether this filing would add a place to another long-term one, where a commitment allows one place only.
    fn adds_to(&self, other: &Filing, home: &Region, period: &Period) -> bool {
        let facts = other.facts();
        let commitment = self.basis == Basis::Commitment || facts.basis == Basis::Commitment;
        let long_term = self.kind.is_long_term() && facts.kind.is_long_term();
        commitment && long_term && other.is_open() && facts.is_of(home) && facts.period.overlaps(period)
    }
}

impl From<FileRefused> for Refusal {
    fn from(refused: FileRefused) -> Self {
        match refused {
            FileRefused::Insurance(reason) => reason.into(),
            FileRefused::Basis { kind, basis } => {
                let allowed = || kind.bases().iter().map(|basis| basis.names());
                let allowed_zh: Vec<_> = allowed().map(|(zh, _)| zh).collect();
                let allowed_en: Vec<_> = allowed().map(|(_, en)| en).collect();
                Self::new(
                    "BASIS_NOT_ALLOWED",
                    format!("{}不能采用“{}”方式备案。", kind.names().0, basis.names().0),
                    format!("a filing of kind {} cannot rest on {}.", kind.names().1, basis.names().1),
                )
                .help(
                    format!("可采用：{}。", allowed_zh.join("、")),
                    format!("it may rest on {}.", allowed_en.join(" or ")),
                )
                .about("basis")
            }
            FileRefused::SeveralPlaces => Self::new(
                "SEVERAL_PLACES",
                "只有提供证明材料的长期备案可以有多个备案地。",
                "only a long-term filing with proof may name several places.",
            )
            .help("请只填一个备案地，或提供证明材料。", "name one place, or file with PROOF.")
            .about("places"),
            FileRefused::SeveralFilings => Self::new(
                "SEVERAL_PLACES",
                "承诺制备案只能有一个备案地，该期间已有其他长期备案。",
                "a commitment is for one place only, and another long-term filing holds in that time.",
            )
            .help(
                "请先取消已有备案，或各备案地均提供证明材料（ListFilings、CancelFiling）。",
                "cancel that filing first, or file each place with PROOF (ListFilings, CancelFiling).",
            )
            .about("places"),
            FileRefused::ProofMissing => {
                Self::new("PROOF_MISSING", "缺少证明材料。", "a filing with proof needs a material.")
                    .help("请上传证明材料并加入备案。", "upload the proof and name it in materials.")
                    .about("materials")
            }
            FileRefused::AtHome { place } => Self::new(
                "AT_HOME",
                format!("{}在参保统筹区内，无需备案。", place.name()),
                format!("{place} lies in the person's own pooling area: no filing is needed."),
            )
            .help("请填写统筹区外的市或省。", "name a city or province outside it.")
            .about(place.as_str()),
            FileRefused::Exists { place, free_on } => {
                let exists = Self::new(
                    "FILING_EXISTS",
                    format!("{}在该期间已有有效或待审核的备案。", place.name()),
                    format!("a filing that is valid or pending already covers {place} in that time."),
                )
                .help(
                    "请使用已有备案，或先取消它（ListFilings、CancelFiling）。",
                    "use the one there is, or cancel it first (ListFilings, CancelFiling).",
                )
                .about(place.as_str());
                match free_on {
                    Some(day) => exists.met_on(day),
                    None => exists,
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;

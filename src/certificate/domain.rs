//! A certificate: what it said on the day it was issued, and what a check of it finds today.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::benefit::domain::{Benefit, Standing};
use crate::catalog::domain::{Case, Catalog, Disease, Insutype, Level};
use crate::catalog::published::{Cited, Published};
use crate::insured::domain::Insured;
use crate::insured::words::psn_type_name;
use crate::kernel::id::Id;
use crate::kernel::mask;
use crate::kernel::money::{Money, Ratio};
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// Characters of the id that a number ends in: 60 bits, all of them drawn by chance, so that no number leads to the
/// next one.
const TAIL: usize = 12;

/// A certificate (待遇认定证明).
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its id.
    pub id: Id,
    /// The benefit that it proves.
    pub benefit: Id,
    /// 证明编号, as `number` makes it.
    pub number: String,
    /// Whether it was replaced or revoked.
    pub revoked: bool,
    /// What it says.
    pub snapshot: Snapshot,
    /// 签发时间.
    pub created_at: OffsetDateTime,
}

/// What a certificate says, masked, as it was on the day of issue: by the catalogue in force on it, or by the last one
/// before that knew the disease. Stored sealed; the page and its code are made of
/// this alone, so that a later catalogue or key changes no paper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// 姓名, masked.
    pub psn_name: String,
    /// 证件号码, masked.
    pub certno: String,
    /// 险种.
    pub insutype: Insutype,
    /// 人员类别.
    pub psn_type: String,
    /// 病种代码.
    pub opsp_dise_code: String,
    /// 病种名称.
    pub opsp_dise_name: String,
    /// First day of the benefit.
    pub begndate: Date,
    /// Its last day, where that was known.
    pub enddate: Option<Date>,
    /// 下次复审日期.
    pub requalify_on: Option<Date>,
    /// 报销比例 and 年度支付限额.
    pub terms: Terms,
    /// 统筹区.
    pub area: Region,
    /// The catalogue in force.
    #[serde(flatten)]
    pub cited: Cited,
    /// Where that catalogue comes from.
    pub catalog_source: String,
    /// Whether it is the sample catalogue.
    pub sample: bool,
    /// 待遇申报明细流水号 of the application.
    pub trt_dcla_detl_sn: String,
    /// 签发日期.
    pub issued_on: Date,
    /// Text of the QR code.
    pub qr_text: String,
}

/// What a benefit pays, over all hospitals and places that a person can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Lowest ratio.
    pub ratio_least: Ratio,
    /// Highest ratio.
    pub ratio_most: Ratio,
    /// Lowest yearly limit.
    pub limit_least: Money,
    /// Highest yearly limit.
    pub limit_most: Money,
}

/// What happened to a certificate.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Issued for a benefit.
    #[serde(rename = "certificate.issued")]
    Issued {
        number: String,
        benefit: Id,
        #[serde(flatten)]
        cited: Cited,
        sample: bool,
    },
}

/// What a check finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 有效.
    Valid,
    /// 暂停.
    Suspended,
    /// 终止.
    Ended,
    /// 撤销.
    Revoked,
    /// 伪造.
    Forged,
}

impl Certificate {
    /// Issued for a benefit.
    pub fn issue(id: Id, benefit: Id, snapshot: Snapshot, now: OffsetDateTime) -> Step<Self, Event> {
        let number = number(&snapshot.area, snapshot.issued_on.year(), id);
        let event = Event::Issued {
            number: number.clone(),
            benefit,
            cited: snapshot.cited.clone(),
            sample: snapshot.sample,
        };
        Step::new(Self { id, benefit, number, revoked: false, snapshot, created_at: now }, event)
    }
}

impl Snapshot {
    /// What a benefit's certificate says on the day of issue. None when the catalogue does not know the disease, or not
    /// for this insured kind: what it pays cannot be said then.
    pub fn take(
        benefit: &Benefit,
        insured: &Insured,
        published: &Published,
        issued_on: Date,
        qr_text: String,
    ) -> Option<Self> {
        let catalog = &published.catalog;
        let disease = catalog.disease(&benefit.code)?;
        Some(Self {
            psn_name: mask::name(&insured.psn_name),
            certno: mask::certno(&insured.certno),
            insutype: benefit.insutype,
            psn_type: psn_type_name(insured.psn_type_on(issued_on)).to_owned(),
            opsp_dise_code: disease.code.clone(),
            opsp_dise_name: disease.name.clone(),
            begndate: benefit.begndate,
            enddate: benefit.end.map(|(last, _)| last),
            requalify_on: benefit.requalify_on,
            terms: Terms::of(catalog, disease, benefit.insutype, insured.retired_on(issued_on))?,
            area: benefit.area.pooling(),
            cited: published.cited(),
            catalog_source: catalog.source.clone(),
            sample: catalog.sample,
            trt_dcla_detl_sn: benefit.application.base32(),
            issued_on,
            qr_text,
        })
    }
}

impl Terms {
    /// What a catalogue says that a benefit pays on a day. None when it does not know the disease, or not for this
    /// insured kind.
    pub fn of_benefit(benefit: &Benefit, insured: &Insured, catalog: &Catalog, day: Date) -> Option<Self> {
        Self::of(catalog, catalog.disease(&benefit.code)?, benefit.insutype, insured.retired_on(day))
    }

    /// Over every row that can apply to the person.
    fn of(catalog: &Catalog, disease: &Disease, insutype: Insutype, retired: bool) -> Option<Self> {
        let cases = [Level::Primary, Level::Secondary, Level::Tertiary]
            .into_iter()
            .flat_map(|hospital| [false, true].map(|remote| Case { insutype, retired, hospital, remote }));
        let rows: Vec<_> = cases.filter_map(|case| catalog.policy(disease, &case)).collect();
        Some(Self {
            ratio_least: rows.iter().map(|row| row.ratio_bp).min_by_key(|ratio| ratio.0)?,
            ratio_most: rows.iter().map(|row| row.ratio_bp).max_by_key(|ratio| ratio.0)?,
            limit_least: rows.iter().map(|row| row.limit_fen).min()?,
            limit_most: rows.iter().map(|row| row.limit_fen).max()?,
        })
    }
}

/// 证明编号: `MTB` for 门慢特病, the 6 digits of the pooling area, the 4 of the year of issue, and the last 12 of the 26
/// characters of the id: `MTB6209002025` and 12 characters.
fn number(area: &Region, year: i32, id: Id) -> String {
    let id = id.base32();
    format!("MTB{area}{year:04}{}", &id[id.len() - TAIL..])
}

/// What a genuine certificate is worth on a day on which its benefit stands so. Revocation is of the paper and goes
/// before the benefit. None is issued before the first day, so a benefit that has not begun means a clock that was set
/// back: the answer that promises neither a payment now nor that there will never be one is 暂停. So it is where the
/// benefit lapsed: it can return.
pub fn verdict(revoked: bool, standing: Standing) -> Verdict {
    match (revoked, standing) {
        (true, _) => Verdict::Revoked,
        (false, Standing::Active) => Verdict::Valid,
        (false, Standing::Suspended | Standing::Lapsed | Standing::NotBegun) => Verdict::Suspended,
        (false, Standing::Ended) => Verdict::Ended,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::benefit::domain::Replacement;
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
            following: crate::benefit::domain::Following::default(),
            created_at: datetime!(2025-03-06 1:00 UTC),
            replacement: Replacement::default(),
        }
    }

    /// 灵活就业退休.
    fn insured() -> Insured {
        let since = Period::since(date!(2010 - 01 - 01));
        let spell =
            Spell { psn_type: "1203".to_owned(), period: since, ..person().history.spells()[0].clone() };
        Insured {
            psn_type: "1203".to_owned(),
            history: History::since(spell, date!(2025 - 12 - 31)),
            ..person()
        }
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
}

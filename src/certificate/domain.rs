//! A certificate: what it said on the day it was issued, when that is not so any more, how it is revoked, and what a check
//! of it finds today.

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
    /// 撤销; none while it stands.
    pub revocation: Option<Revocation>,
    /// What it says.
    pub snapshot: Snapshot,
    /// 签发时间.
    pub created_at: OffsetDateTime,
}

/// 撤销: the end of a certificate. Stored sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// 撤销日期.
    pub on: Date,
    /// 撤销原因, in an officer's words or in ours.
    pub reason: String,
    /// The certificate that was issued in its place.
    pub replaced_by: Option<Id>,
}

/// A certificate that can be revoked: only `Certificate::revocable` makes one.
pub struct Revocable(Certificate);

/// Why a certificate is not revoked, issued or printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateRefused {
    /// It is revoked already.
    Revoked {
        /// Whether another one was issued in its place.
        replaced: bool,
    },
    /// The benefit's last certificate is not revoked.
    Stands,
    /// The benefit has not begun, or has ended.
    NotRunning,
}

/// What a certificate says that can change while the benefit runs. Ratio, limit and 人员类别 are those of the day of issue,
/// and the paper says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// 姓名, masked.
    PsnName,
    /// 证件号码, masked.
    Certno,
    /// 险种.
    Insutype,
    /// 待遇起始日期.
    Begndate,
    /// 待遇终止日期.
    Enddate,
    /// 下次复审日期.
    RequalifyOn,
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
    /// 撤销.
    #[serde(rename = "certificate.revoked")]
    Revoked {
        number: String,
        /// The one that was issued in its place.
        replaced_by: Option<Id>,
        /// What is not any more as it says; empty when an officer revoked it.
        changed: Vec<Said>,
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
        Step::new(Self { id, benefit, number, revocation: None, snapshot, created_at: now }, event)
    }

    /// It, if it can be revoked.
    pub fn revocable(self) -> Result<Revocable, CertificateRefused> {
        match self.revocation {
            None => Ok(Revocable(self)),
            Some(revocation) => {
                Err(CertificateRefused::Revoked { replaced: revocation.replaced_by.is_some() })
            }
        }
    }
}

impl Revocable {
    /// The certificate as it stands.
    pub fn certificate(&self) -> &Certificate {
        &self.0
    }

    /// 撤销 by an officer.
    pub fn revoke(self, on: Date, reason: &str, replaced_by: Option<Id>) -> Step<Certificate, Event> {
        self.end(Revocation { on, reason: reason.to_owned(), replaced_by }, Vec::new())
    }

    /// 换发: another one was issued, because what this one says has changed.
    pub fn replace(self, on: Date, changed: Vec<Said>, by: Id) -> Step<Certificate, Event> {
        let names: Vec<_> = changed.iter().map(|said| said.name()).collect();
        let reason = format!("所载内容变更（{}），已换发新证明", names.join("、"));
        self.end(Revocation { on, reason, replaced_by: Some(by) }, changed)
    }

    fn end(self, revocation: Revocation, changed: Vec<Said>) -> Step<Certificate, Event> {
        let event =
            Event::Revoked { number: self.0.number.clone(), replaced_by: revocation.replaced_by, changed };
        Step::new(Certificate { revocation: Some(revocation), ..self.0 }, event)
    }
}

impl Said {
    /// As the page calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PsnName => "姓名",
            Self::Certno => "证件号码",
            Self::Insutype => "险种",
            Self::Begndate => "待遇起始日期",
            Self::Enddate => "待遇终止日期",
            Self::RequalifyOn => "下次复审日期",
        }
    }
}

/// Whether a certificate is issued while its benefit stands so.
pub fn is_running(standing: Standing) -> bool {
    matches!(standing, Standing::Active | Standing::Suspended)
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
            // One that is about to lapse is of the day before.
            requalify_on: benefit.requalify_on.or_else(|| benefit.lapsed_since()?.previous_day()),
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

impl Snapshot {
    /// What it says of the benefit and the person that is not so any more. A catalogue that only pays otherwise changes no
    /// paper: it says which version its ratio and limit are of.
    pub fn outdated(&self, benefit: &Benefit, insured: &Insured) -> Vec<Said> {
        let facts = [
            (Said::PsnName, self.psn_name == mask::name(&insured.psn_name)),
            (Said::Certno, self.certno == mask::certno(&insured.certno)),
            (Said::Insutype, self.insutype == benefit.insutype),
            (Said::Begndate, self.begndate == benefit.begndate),
            (Said::Enddate, self.enddate == benefit.end.map(|(last, _)| last)),
            // A lapse takes the day away until it returns; what the paper says of it was true.
            (
                Said::RequalifyOn,
                benefit.lapsed_since().is_some() || self.requalify_on == benefit.requalify_on,
            ),
        ];
        facts.into_iter().filter_map(|(said, holds)| (!holds).then_some(said)).collect()
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
pub fn number(area: &Region, year: i32, id: Id) -> String {
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
#[path = "domain_tests.rs"]
pub(super) mod tests;

//! 决定重演: each decision made again from its receipt, and what stands held against what is stored now.

use serde_json::Value;

use super::compare::{Difference, differences};
use super::domain::{Basis, Conclusion, ENGINE, Facts, Receipt, canonical, sha256, value};
use super::facts::{decided, facts};
use super::store::{self, Kept};
use crate::application::domain::{Application, Line as Decision, LineState};
use crate::application::store as applications;
use crate::application::told::{Told, told};
use crate::catalog::store::Catalogs;
use crate::db::work::View;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::review;

/// More receipts than any application has.
const RECEIPTS: u64 = 1000;
/// So many differences of a receipt are told.
const TOLD_MAX: usize = 100;

/// One decision, made again.
#[derive(Debug)]
pub struct Replayed {
    /// From 1.
    pub number: i32,
    /// Its word (`Basis::word`); empty where it is gone or cannot be read.
    pub kind: &'static str,
    /// Version of the code that made it; 0 where that cannot be read.
    pub engine: i32,
    /// Whether it stands.
    pub stands: bool,
    /// Every difference.
    pub differences: Vec<Difference>,
}

/// What a replay looks at beside the receipts.
struct Present<'a> {
    view: &'a View,
    catalogs: &'a Catalogs,
    application: Application,
    told: Told,
}

/// Makes every decision on an application of this call's person again.
pub async fn replay(view: &View, catalogs: &Catalogs, id: Id) -> Result<Vec<Replayed>> {
    let application = applications::get(view, id).await?.application;
    let told = told(view, id).await?;
    let kept = store::list(view, id, 0, RECEIPTS).await?;
    let known = kept.last().map_or(0, |last| usize::try_from(last.number).unwrap_or(0));
    let count = known.max(told.receipts.len());
    if count == 0 {
        return Err(Error::NotFound(format!("{}/receipts", applications::name(view.person()?, id))));
    }
    let present = Present { view, catalogs, application, told };
    let mut all = Vec::new();
    for number in 1..=count {
        let place = i32::try_from(number).unwrap_or(i32::MAX);
        let own = kept.iter().find(|kept| kept.number == place);
        let mut replayed = present.replay(place, own, number == count).await?;
        replayed.differences.truncate(TOLD_MAX);
        all.push(replayed);
    }
    Ok(all)
}

impl Present<'_> {
    async fn replay(&self, number: i32, kept: Option<&Kept>, last: bool) -> Result<Replayed> {
        let mut replayed = Replayed { number, kind: "", engine: 0, stands: false, differences: Vec::new() };
        let place = usize::try_from(number - 1).unwrap_or(0);
        let journal = self.told.receipts.get(place).map_or("", String::as_str);
        let found = &mut replayed.differences;
        let Some(kept) = kept else {
            found.push(Difference::new("receipt", "", journal));
            return Ok(replayed);
        };
        if journal != kept.sha256 {
            found.push(Difference::new("receipt.journal_sha256", &kept.sha256, journal));
        }
        let Some(body) = &kept.body else {
            found.push(Difference::new("receipt.body", &kept.sha256, ""));
            return Ok(replayed);
        };
        let own = sha256(body);
        if own != kept.sha256 {
            found.push(Difference::new("receipt.sha256", &kept.sha256, own));
        }
        let Some((receipt, stored)) = read(body) else {
            found.push(Difference::new("receipt.body", "unreadable", ""));
            return Ok(replayed);
        };
        again(&receipt, &stored, body, found)?;
        (replayed.kind, replayed.engine) = (receipt.facts.basis.word(), receipt.engine);
        replayed.stands = last && replayed.kind == self.application.word();
        if replayed.stands {
            self.hold(&receipt, &stored, &mut replayed.differences).await?;
        }
        Ok(replayed)
    }

    /// Holds a decision that stands against what is stored now.
    async fn hold(&self, receipt: &Receipt, stored: &Value, found: &mut Vec<Difference>) -> Result<()> {
        let older = receipt.engine != ENGINE;
        let now = match self.facts().await? {
            Some(facts) => value(&facts)?,
            None => Value::Null,
        };
        found.extend(differences("facts", &stored["facts"], &now, older));
        let fates = value(&fates(&self.application))?;
        found.extend(differences("application.lines", &stored["conclusion"]["lines"], &fates, older));
        if let Application::Refused(refused) = &self.application {
            let refusals = &stored["conclusion"]["refusals"];
            found.extend(differences("application.refusals", refusals, &value(&refused.reasons)?, older));
        }
        self.hold_catalog(&receipt.facts, older, found)
    }

    /// Holds the standards of the lines against the catalogue that the decision names.
    fn hold_catalog(&self, facts: &Facts, older: bool, found: &mut Vec<Difference>) -> Result<()> {
        let sha256 = &facts.catalog.catalog_sha256;
        let Some(published) = self.catalogs.now().named(&facts.area, facts.appy_date, sha256) else {
            found.push(Difference::new("catalog.sha256", sha256, ""));
            return Ok(());
        };
        let version = &published.catalog.version;
        if *version != facts.catalog.catalog_version {
            found.push(Difference::new("catalog.version", &facts.catalog.catalog_version, version));
        }
        let Basis::Decided { sitting, .. } = &facts.basis else { return Ok(()) };
        for (place, line) in sitting.lines.iter().enumerate() {
            let disease = published.catalog.disease(&line.code);
            let criteria = value(&disease.map(|disease| &disease.criteria))?;
            let path = format!("catalog.lines[{place}].criteria");
            found.extend(differences(&path, &value(&line.criteria)?, &criteria, older));
        }
        Ok(())
    }

    /// The facts of the decision that stands, as they are stored now; none where the panel is gone.
    async fn facts(&self) -> Result<Option<Facts>> {
        match &self.application {
            Application::Decided(own) => {
                let seated = review::store::seated(self.view, own.filed.case.id).await?;
                let Some(seated) = seated else { return Ok(None) };
                let accepted_by = self.told.accepted_by.as_deref().unwrap_or_default();
                let basis = decided(self.view, &own.filed, accepted_by, &seated.value).await?;
                Ok(Some(facts(&own.filed, &own.decided_by, own.decided_on, basis)))
            }
            Application::Refused(own) => {
                let words = own.reasons.first().map(|reason| reason.zh.clone()).unwrap_or_default();
                let ended = self.told.ended.as_ref();
                Ok(ended.map(|(officer, on)| facts(&own.filed, officer, *on, Basis::Refused { words })))
            }
            _ => Ok(None),
        }
    }
}

/// A body, and the same as values.
fn read(body: &str) -> Option<(Receipt, Value)> {
    let stored: Value = serde_json::from_str(body).ok()?;
    let receipt = serde_json::from_value(stored.clone()).ok()?;
    Some((receipt, stored))
}

/// Makes a decision again from its facts.
fn again(receipt: &Receipt, stored: &Value, body: &str, found: &mut Vec<Difference>) -> Result<()> {
    let made: Conclusion = match receipt.facts.conclude() {
        Ok(made) => made,
        Err(reasons) => {
            let reasons = reasons.into_iter().map(|reason| Refusal::from(reason).reason);
            let reasons = reasons.collect::<Vec<_>>().join(", ");
            found.push(Difference::new("conclusion", "decided", reasons));
            return Ok(());
        }
    };
    let made = value(&made)?;
    let before = found.len();
    found.extend(differences("conclusion", &stored["conclusion"], &made, receipt.engine != ENGINE));
    let mut whole = stored.clone();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("conclusion".to_owned(), made);
    }
    // Equal in every value and yet another text: it was not written by us.
    if found.len() == before && canonical(&whole) != body {
        found.push(Difference::new("receipt.bytes", sha256(body), sha256(&canonical(&whole))));
    }
    Ok(())
}

/// What was decided of each line, wherever the line has gone since.
fn fates(application: &Application) -> Vec<Decision> {
    let Application::Decided(decided) = application else { return Vec::new() };
    let fate = |line: &Decision| match line.state {
        LineState::InNotice | LineState::Granted | LineState::Objected => {
            Decision { code: line.code.clone(), state: LineState::Approved, reasons: Vec::new() }
        }
        LineState::Pending | LineState::Approved | LineState::Rejected => line.clone(),
    };
    decided.lines.iter().map(fate).collect()
}

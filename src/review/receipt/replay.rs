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
        if last {
            let undone = matches!(receipt.facts.basis, Basis::Undone { .. });
            let (stored_as, is) = (replayed.kind, self.application.word());
            replayed.stands = !undone;
            match undone {
                true if is == "decided" || is == "refused" => {
                    found.push(Difference::new("application.state", stored_as, is));
                }
                false if is != stored_as => found.push(Difference::new("application.state", stored_as, is)),
                false => self.hold(&receipt, &stored, found).await?,
                true => {}
            }
        }
        Ok(replayed)
    }

    /// Holds a decision that stands against what is stored now.
    async fn hold(&self, receipt: &Receipt, stored: &Value, found: &mut Vec<Difference>) -> Result<()> {
        let older = receipt.engine != ENGINE;
        match self.facts().await {
            Ok(Some(facts)) => found.extend(differences("facts", &stored["facts"], &value(&facts)?, older)),
            Ok(None) | Err(Error::NotFound(_)) => found.push(Difference::new("facts", "", "missing")),
            // The database answered, and what it has does not open.
            Err(Error::Internal(error)) => {
                tracing::error!(error = %Error::Internal(error), "what a decision rests on cannot be read");
                found.push(Difference::new("facts", "", "unreadable"));
            }
            Err(error) => return Err(error),
        }
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
    // Equal in every value, so the text is, too; unless it was not written by us.
    let own = canonical(stored);
    if found.len() == before && own != body {
        found.push(Difference::new("receipt.bytes", sha256(body), sha256(&own)));
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

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::catalog::published::Cited;
    use crate::kernel::region::Region;

    fn facts(basis: Basis) -> Facts {
        Facts {
            application: Id(uuid::Uuid::from_u128(1)),
            area: Region::find("620902").unwrap(),
            appy_date: date!(2025 - 03 - 03),
            catalog: Cited::default(),
            sample: true,
            officer: "li".to_owned(),
            on: date!(2025 - 03 - 04),
            basis,
        }
    }

    /// What is found of the receipt of a refusal whose stored values were changed.
    fn check(change: impl FnOnce(&mut Value), text: impl FnOnce(&Value) -> String, expected: &[&str]) {
        let facts = facts(Basis::Refused { words: "材料与申请病种无关。".to_owned() });
        let conclusion = facts.conclude().unwrap();
        let mut body = value(&Receipt { engine: ENGINE, number: 1, facts, conclusion }).unwrap();
        change(&mut body);
        let body = text(&body);
        let (receipt, stored) = read(&body).unwrap();
        let mut found = Vec::new();
        again(&receipt, &stored, &body, &mut found).unwrap();
        let paths: Vec<_> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn what_an_older_receipt_lacks_is_no_difference() {
        let older = |body: &mut Value| {
            body["engine"] = 0.into();
            body["conclusion"].as_object_mut().unwrap().remove("trace").unwrap();
        };
        check(older, canonical, &[]);
        let lacks = |body: &mut Value| {
            older(body);
            body["engine"] = ENGINE.into();
        };
        check(lacks, canonical, &["conclusion.trace"]);
    }

    #[test]
    fn what_is_undone_is_named_by_its_receipt_where_it_has_one() {
        let trace = |of| {
            let undone = facts(Basis::Undone { of, words: "页码有误。".to_owned() }).conclude().unwrap();
            undone.trace.concat()
        };
        assert_eq!(trace(2), "li 撤销第 2 号存证所载的决定，理由由其书面说明。");
        assert_eq!(trace(0), "li 撤销没有存证的决定，理由由其书面说明。");
    }

    #[test]
    fn another_text_of_the_same_values_was_not_written_by_us() {
        check(|_| {}, canonical, &[]);
        check(|_| {}, |body| serde_json::to_string_pretty(body).unwrap(), &["receipt.bytes"]);
    }
}

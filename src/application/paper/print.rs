//! Prints a form for a person, or an empty one for an area.

use super::applying::{self, Known, Said};
use super::commitment;
use super::layout::{Layout, render};
use crate::app::App;
use crate::application::query;
use crate::application::store::name;
use crate::catalog::domain::{Catalog, Disease};
use crate::catalog::store::{Cited, Published};
use crate::db::work::{Owner, View};
use crate::insured::domain::NotEligible;
use crate::insured::store as insured;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::region::Region;

/// Which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 申请表.
    Application,
    /// 承诺书.
    Commitment,
}

/// What is asked for.
pub struct Asked<'a> {
    /// Which form.
    pub kind: Kind,
    /// The name of an application of the person; empty for none.
    pub application: &'a str,
    /// Diseases to print.
    pub codes: &'a [String],
}

/// A form as PDF.
pub struct Printed {
    /// The file.
    pub pdf: Vec<u8>,
    /// 表号.
    pub number: &'static str,
    /// How many pages it has.
    pub pages: usize,
    /// The catalogue by which it was made.
    pub cited: Cited,
    /// Whether that is the sample.
    pub sample: bool,
}

/// The form of this call's person, once it is recorded who asked for it.
pub async fn for_person(app: &App, view: &View, asked: Asked<'_>) -> Result<Printed> {
    let person = view.person()?;
    asked.check()?;
    let stored = match asked.application {
        "" => None,
        other if !other.starts_with(&format!("{}/", person.name())) => return Err(Error::not_found(other)),
        own => Some(query::get(view, own).await?.application),
    };
    let published = match &stored {
        Some(application) => query::published(&app.catalogs, application, view.today())?,
        None => app.catalogs.asked(&person.area, view.today())?,
    };
    let codes = stored.as_ref().map_or(asked.codes.to_vec(), |application| application.form().codes());
    let diseases = find(&published.catalog, &codes)?;
    let insured = insured::get(view).await?.insured;
    let sn = stored.as_ref().map(|application| application.case().id.base32()).unwrap_or_default();
    let known = Known {
        catalog: &published.catalog,
        area: published.area.name(),
        insured: Some(&insured),
        today: view.today(),
        application: stored.as_ref().map(|application| Said { form: application.form(), sn: &sn }),
        diseases: &diseases,
    };
    let layout = asked.kind.layout(&known);
    let looked_at = stored.map_or(person.name(), |application| name(person, application.case().id));
    let work = app.db.work(view.actor(), Owner::Person(person.psn_no.clone())).await?;
    work.record_read(&looked_at).await?;
    work.commit().await?;
    print(app, asked.kind, &published, layout).await
}

/// The form of an area, with nothing of a person on it.
pub async fn blank(app: &App, view: &View, area: &Region, asked: Asked<'_>) -> Result<Printed> {
    asked.check()?;
    let published = app.catalogs.in_force(area, view.today())?;
    let diseases = find(&published.catalog, asked.codes)?;
    let known = Known {
        catalog: &published.catalog,
        area: published.area.name(),
        insured: None,
        today: view.today(),
        application: None,
        diseases: &diseases,
    };
    print(app, asked.kind, &published, asked.kind.layout(&known)).await
}

impl Asked<'_> {
    fn check(&self) -> Result<()> {
        if self.kind == Kind::Commitment && !(self.application.is_empty() && self.codes.is_empty()) {
            return Err(Error::invalid(
                "kind",
                "承诺书不印病种和申请：请将 application 和 opsp_dise_codes 留空",
                "the commitment prints no disease and no application: leave application and opsp_dise_codes empty",
            ));
        }
        if !self.application.is_empty() && !self.codes.is_empty() {
            return Err(Error::invalid(
                "opsp_dise_codes",
                "已指定 application 时不得再给病种：印出的是该申请的病种",
                "must be empty where an application is given: its own diseases are printed",
            ));
        }
        Ok(())
    }
}

impl Kind {
    fn number(self) -> &'static str {
        match self {
            Self::Application => applying::NUMBER,
            Self::Commitment => commitment::NUMBER,
        }
    }

    fn layout(self, known: &Known<'_>) -> Layout {
        match self {
            Self::Application => applying::layout(known),
            Self::Commitment => commitment::layout(known),
        }
    }
}

/// The diseases of the codes, or every one that the catalogue does not have.
fn find<'a>(catalog: &'a Catalog, codes: &[String]) -> Result<Vec<&'a Disease>> {
    let found: Vec<_> = codes.iter().filter_map(|code| catalog.disease(code)).collect();
    if found.len() == codes.len() {
        return Ok(found);
    }
    let unknown = codes.iter().filter(|code| catalog.disease(code).is_none());
    Err(unknown
        .map(|code| Refusal::from(NotEligible::UnknownDisease { code: code.clone() }))
        .collect::<Vec<_>>()
        .into())
}

async fn print(app: &App, kind: Kind, published: &Published, layout: Layout) -> Result<Printed> {
    let face = app.face.clone();
    // Tens of milliseconds of computing: not on a thread that answers calls.
    let drawn = tokio::task::spawn_blocking(move || render(&layout, &face)).await;
    let drawn = drawn.map_err(|error| Error::Internal(error.into()))?;
    let (pdf, pages) = drawn.map_err(|error| error.told(&format!("form {}", kind.number())))?;
    let (cited, sample) = (published.cited(), published.catalog.sample);
    Ok(Printed { pdf, number: kind.number(), pages, cited, sample })
}

//! 公示开始: a header at once, then its entries person by person, then it is open.

use std::sync::Arc;

use super::domain::{Head, Notice, Opening, Refused};
use super::entry::domain::{Entry, Listing};
use super::entry::store as entries;
use super::store::{self, Stored};
use crate::app::App;
use crate::application;
use crate::application::domain::Application;
use crate::application::store::ApprovedLine;
use crate::catalog::domain::{Insutype, Rules};
use crate::catalog::store::{Cited, Published};
use crate::db::work::{Owner, View, Work};
use crate::insured;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::kernel::region::Region;
use crate::kernel::{local_day, mask};

/// How often an entry is tried that lost a race, with a new reference each time.
const TRIES: u32 = 5;
/// Characters of the random part of a reference.
const REFERENCE_LETTERS: usize = 6;

/// Begins a notice over all approved lines of an area and an insured kind. Answers while it is being prepared.
pub async fn open(work: &Work, app: &App, insutype: Insutype) -> Result<Stored> {
    let area = work.area()?;
    // An area is a pooling area or a part of one when a catalogue is in force for it.
    let published = app.catalogs.in_force(area, work.today())?;
    let overlaps = |notice: &Notice| {
        let head = notice.head();
        head.insutype == insutype && (head.area.contains(area) || area.contains(&head.area))
    };
    let opening = store::in_state(work, "opening").await?;
    if let Some(other) = opening.iter().find(|stored| overlaps(&stored.notice)) {
        let number = other.notice.head().number.clone();
        return Err(Refusal::from(Refused::Opening { number }).into());
    }
    if application::store::approved_lines(work, area, insutype).await?.is_empty() {
        return Err(Refusal::from(Refused::NothingToPublish).into());
    }
    let year = work.today().year();
    let count = store::count_of_year(work, area, year).await? + 1;
    let head = Head {
        id: work.new_id(),
        area: area.clone(),
        number: format!("{year}-{count:03}"),
        insutype,
        sample: published.catalog.sample,
        cited: published.cited(),
        disease_basis: disease_basis(&published.catalog.rules),
        created_at: work.now(),
    };
    store::create(work, Opening::begin(head)).await
}

/// The job: fills each notice that is being prepared, and opens it. Answers how many entries and notices were written;
/// what fails keeps nothing else from being done, and the first failure is told at the end.
pub async fn run(app: &App) -> Result<u64> {
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let (mut done, mut failure) = (0, None);
    for stored in store::in_state(&view, "opening").await? {
        let head = stored.notice.head().clone();
        match fill(app, &view, &head).await {
            Ok(count) => done += count,
            Err(error) => {
                let name = store::name(&head.area, head.id);
                tracing::error!(notice.name = %name, error = %error, "a notice could not be opened");
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(done), Err)
}

/// Enters all approved lines, then opens the notice. A line that needs a human fails the answer, not the notice.
async fn fill(app: &App, view: &View, head: &Head) -> Result<u64> {
    let published = rules(app, head)?;
    let (mut done, mut failure) = (0, None);
    for line in application::store::approved_lines(view, &head.area, head.insutype).await? {
        match enter_retrying(app, head, &published, &line).await {
            Ok(true) => done += 1,
            Ok(false) => {}
            // The database is away or under pressure: the notice waits, so that nobody is left out.
            Err(error @ (Error::Unavailable(_) | Error::Conflict | Error::TooLate)) => return Err(error),
            // This one needs a human; it must not keep all others waiting. The line stays approved for the next notice.
            Err(error) => {
                let name = store::name(&head.area, head.id);
                let application = line.application;
                tracing::error!(notice.name = %name, application.id = %application, error = %error, "a line could not be entered");
                failure.get_or_insert(error);
            }
        }
    }
    finish(app, head, published.catalog.rules.notice_working_days).await?;
    failure.map_or(Ok(done + 1), Err)
}

/// The catalogue that a notice follows, whatever was published since it was begun.
pub(super) fn rules(app: &App, head: &Head) -> Result<Arc<Published>> {
    let day = local_day(head.created_at);
    if head.cited == Cited::default() {
        return app.catalogs.in_force(&head.area, day);
    }
    app.catalogs.named(&head.area, day, &head.cited.catalog_sha256)
}

/// Opens a notice that has its entries. One that has none, because others took the lines up or none could be entered,
/// is void: the public has nothing to look at, and lines that are still approved wait for the next notice.
async fn finish(app: &App, head: &Head, working_days: u32) -> Result<()> {
    let work = app.db.work(&Actor::system(), Owner::Area(head.area.clone())).await?;
    let stored = store::get(&work, &head.area, head.id).await?;
    let opening = stored.notice.into_opening().map_err(Refusal::from)?;
    store::hold(&work, &head.area, head.id, "opening").await?;
    let count = entries::count(&work, head.id).await?;
    if count == 0 {
        store::save(&work, &app.calendar.now(), stored.version, opening.void(work.now())).await?;
    } else {
        let step = opening.open(count, working_days, work.now());
        store::save(&work, &app.calendar.now(), stored.version, step).await?;
    }
    work.commit().await
}

async fn enter_retrying(app: &App, head: &Head, published: &Published, line: &ApprovedLine) -> Result<bool> {
    let mut tries = 1;
    loop {
        match enter(app, head, published, line).await {
            Err(Error::Conflict) if tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

/// Enters one line in its person's own transaction. False when it does not wait any more: entered before, or moved on.
async fn enter(app: &App, head: &Head, published: &Published, line: &ApprovedLine) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(line.psn_no.clone())).await?;
    // A notice that another instance has opened or made void meanwhile takes no more entries.
    store::get(&work, &head.area, head.id).await?.notice.into_opening().map_err(Refusal::from)?;
    store::hold(&work, &head.area, head.id, "opening").await?;
    let stored = application::store::get(&work, line.application).await?;
    // Its decision may have been taken back meanwhile.
    let Application::Decided(decided) = stored.application else {
        work.rollback().await?;
        return Ok(false);
    };
    let case = decided.filed.case.clone();
    let approved_on = decided.decided_on;
    let Ok(step) = decided.notice(&line.code, store::name(&head.area, head.id)) else {
        work.rollback().await?;
        return Ok(false);
    };
    let insured = insured::store::get(&work).await?.insured;
    let reference = reference(&work, &head.number);
    let listing = Listing {
        id: work.new_id(),
        notice: head.id,
        name: entry_name(&head.area, head.id, &reference),
        reference,
        insured_area: case.area,
        insutype: case.insutype,
        code: line.code.clone(),
        application: line.application,
        approved_on,
        masked_name: mask::name(&insured.psn_name),
        masked_certno: mask::certno(&insured.certno),
        opsp_dise_name: disease_name(published, head, &line.code),
    };
    entries::create(&work, &head.area, Entry::list(listing)).await?;
    application::store::save(&work, &app.calendar.now(), stored.version, step).await?;
    work.commit().await?;
    Ok(true)
}

fn entry_name(area: &Region, notice: Id, reference: &str) -> String {
    format!("{}/entries/{reference}", store::name(area, notice))
}

/// `2025-003-7KQ2MD`: the batch, and a part by chance, so that the order of a list tells nothing of its people. That it
/// is unique is the claim table's to say.
fn reference(view: &View, number: &str) -> String {
    let letters = Id(uuid::Uuid::from_bytes(view.random().bytes::<16>())).base32();
    format!("{number}-{}", &letters[letters.len() - REFERENCE_LETTERS..])
}

/// Name and disease together are health data: only where the policy says so, and on which basis.
fn disease_basis(rules: &Rules) -> String {
    if rules.publish_disease { rules.publish_disease_basis.clone() } else { String::new() }
}

fn disease_name(published: &Published, head: &Head, code: &str) -> String {
    let shown = published.catalog.disease(code).filter(|_| !head.disease_basis.is_empty());
    shown.map(|disease| disease.name.clone()).unwrap_or_default()
}

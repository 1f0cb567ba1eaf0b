//! The page as it goes out, piece by piece: of a notice of any size, so many rows are in memory.

use super::words::{Row, Sheet};
use super::{html, print};
use crate::app::App;
use crate::db::page::Page;
use crate::db::work::{Owner, View};
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;
use crate::notice::domain::Refused;
use crate::notice::entry::store as entries;
use crate::notice::open::rules;
use crate::notice::query;

/// Rows of a piece of HTML: about 50 KiB.
const ROWS: usize = 200;
/// Rows of a volume (册) on paper: about 30 pages.
const VOLUME: usize = 1_000;
/// Bytes of a piece of a PDF.
const PIECE: usize = 64 << 10;

/// A page on its way out.
pub enum Rendering {
    /// HTML, made as it is taken.
    Html(Box<Html>),
    /// A PDF, drawn, and what asks for the volume that follows.
    Pdf(Vec<u8>, String),
}

/// HTML on its way out.
pub struct Html {
    app: App,
    actor: Actor,
    notice: Id,
    name: String,
    sheet: Sheet,
    stage: Stage,
}

enum Stage {
    Head,
    /// How many rows went out, and the reference of the last one.
    Rows(usize, Option<String>),
    Done,
}

/// A piece of the page, and what asks for the volume that follows, empty where there is none.
pub type Piece = (Vec<u8>, String);

/// The page of a notice as HTML.
pub async fn html(view: &View, app: &App, name: &str) -> Result<Rendering> {
    let (notice, sheet, _) = sheet(view, app, name).await?;
    let (app, actor) = (app.clone(), view.actor().clone());
    Ok(Rendering::Html(Box::new(Html {
        app,
        actor,
        notice,
        name: name.to_owned(),
        sheet,
        stage: Stage::Head,
    })))
}

/// A volume of the notice as PDF: the first one, or the one that a token asks for.
pub async fn pdf(view: &View, app: &App, name: &str, token: &str) -> Result<Rendering> {
    let (notice, sheet, count) = sheet(view, app, name).await?;
    let page = Page::read(view, format!("volumes/{name}"), 0, VOLUME, token)?;
    // How many rows went before, and the reference of the last one.
    let before = page.after.as_deref().and_then(|key| key.split_once('/'));
    let (before, after) = match before {
        None => (0, None),
        Some((shown, reference)) => {
            let shown: usize =
                shown.parse().map_err(|_| Error::internal("a token of volumes without a number"))?;
            (shown, Some(reference.to_owned()))
        }
    };
    let found = entries::list(view, notice, after.as_deref(), false, page.limit()).await?;
    let key = |stored: &entries::Stored| format!("{}/{}", before + VOLUME, stored.entry.listing().reference);
    let paged = page.close(view, found, key)?;
    let rows: Vec<_> = numbered(&paged.items, before).collect();
    let (face, said) = (app.face.clone(), format!("notice {notice}"));
    // Tens of milliseconds of computing and more: not on a thread that answers calls.
    let drawn = tokio::task::spawn_blocking(move || print::volume(&sheet, &rows, count, &face)).await;
    let pdf = drawn.map_err(|error| Error::Internal(error.into()))?.map_err(|error| error.told(&said))?;
    Ok(Rendering::Pdf(pdf, paged.next_page_token))
}

/// What stands around the rows of a notice that the caller may see, and how many rows there are.
async fn sheet(view: &View, app: &App, name: &str) -> Result<(Id, Sheet, u32)> {
    let stored = query::notice(view, app, name).await?;
    let open = stored.notice.opened();
    let open = open.ok_or(Refused::WrongState { needed: "open, or closed", is: stored.notice.word() });
    let open = open.map_err(Refusal::from)?;
    let count = entries::count_shown(view, open.head.id).await?;
    let rules = rules(app, &open.head)?.catalog.rules.objection;
    let sheet = Sheet::of(&stored.notice, open, count, rules, &app.calendar.now());
    Ok((open.head.id, sheet, count))
}

fn numbered(stored: &[entries::Stored], before: usize) -> impl Iterator<Item = Row> {
    stored.iter().enumerate().map(move |(index, stored)| Row::of(before + index + 1, stored.entry.listing()))
}

impl Rendering {
    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Result<Option<Piece>> {
        match self {
            Self::Html(html) => Ok(html.next().await?.map(|piece| (piece, String::new()))),
            Self::Pdf(pdf, _) if pdf.is_empty() => Ok(None),
            Self::Pdf(pdf, token) => {
                let rest = pdf.split_off(PIECE.min(pdf.len()));
                let piece = std::mem::replace(pdf, rest);
                let token = if pdf.is_empty() { std::mem::take(token) } else { String::new() };
                Ok(Some((piece, token)))
            }
        }
    }
}

impl Html {
    async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let (before, after) = match &self.stage {
            Stage::Head => {
                self.stage = Stage::Rows(0, None);
                return Ok(Some(html::head(&self.sheet).into_bytes()));
            }
            Stage::Rows(before, after) => (*before, after.clone()),
            Stage::Done => return Ok(None),
        };
        // No connection is held while the caller takes what it got.
        let view = self.app.db.view(&self.actor, Owner::Nobody).await?;
        // A slow reader gets no more than everybody else once the notice is over or withdrawn.
        query::notice(&view, &self.app, &self.name).await?;
        let most = u64::try_from(ROWS).unwrap_or(u64::MAX);
        let found = entries::list(&view, self.notice, after.as_deref(), false, most).await?;
        let Some(last) = found.last() else {
            self.stage = Stage::Done;
            return Ok(Some(html::foot(&self.sheet).into_bytes()));
        };
        let last = last.entry.listing().reference.clone();
        self.stage = Stage::Rows(before + found.len(), Some(last));
        let rows: Vec<_> = numbered(&found, before).collect();
        Ok(Some(html::rows(&self.sheet, &rows).into_bytes()))
    }
}

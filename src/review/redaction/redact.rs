//! 脱敏: the officer's redaction of one material. What experts get is made before the transaction, and named within it.

use super::super::concerned::{Field, known};
use super::super::{quality, store as reviews};
use super::query::{Paper, is_cited};
use super::refused::Refused;
use crate::app::App;
use crate::application::domain::{Application, StepRefused};
use crate::application::store as applications;
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::material;
use crate::material::delete::sweep_or_leave;
use crate::material::domain::{Material, MediaType};
use crate::material::objects::path;
use crate::material::redaction::domain::{Redaction, Way};
use crate::material::redaction::make::{Cover, Made, make};
use crate::material::redaction::store;

/// What an officer asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The application.
    pub application: Id,
    /// One of its materials.
    pub material: Id,
    /// How it is redacted.
    pub way: Way,
}

/// What experts are to get, before a redaction names it.
pub struct Ready {
    psn_no: PsnNo,
    /// What was looked for in a pdf.
    fields: Vec<Field>,
    made: Made,
    /// What they got so far.
    before: Option<String>,
}

/// What there is to redact.
struct Looked {
    application: Application,
    number: usize,
    material: Material,
    /// Of which experts get a copy: the material itself, or what was uploaded in its place.
    source: Material,
    before: Option<store::Stored>,
}

/// Makes what experts are to get, and puts it into the object store unless it is only tried out.
pub async fn prepare(app: &App, view: &View, asked: &Asked, only_tried: bool) -> Result<Ready> {
    let looked = look(view, asked).await?;
    let psn_no = view.person()?.psn_no.clone();
    let insured = crate::insured::store::get(view).await?.insured;
    let (fields, texts): (Vec<_>, _) = known(&insured, looked.application.form()).into_iter().unzip();
    let cover = Cover { areas: asked.way.areas().to_vec(), texts };
    let made = make(app, &psn_no, &looked.source, cover, only_tried).await?;
    Ok(Ready { psn_no, fields, made, before: looked.before.map(|stored| stored.redaction.served.sha256) })
}

/// Writes the redaction of what is ready.
pub async fn redact(
    work: &Work,
    app: &App,
    asked: &Asked,
    ready: Option<&Ready>,
    only_tried: bool,
) -> Result<Paper> {
    let looked = look(work, asked).await?;
    // It could not be made ready, and the reason is gone.
    let ready = ready.ok_or(Error::Conflict)?;
    let served = match &ready.made {
        Made::Served(served) => served.clone(),
        Made::Unreadable => return Err(Refusal::from(Refused::Unreadable).into()),
        Made::NamesPerson(found) => {
            let found = found.iter().filter_map(|place| ready.fields.get(*place)).copied().collect();
            return Err(Refusal::from(Refused::NamesPerson(found)).into());
        }
        Made::Gone => return Err(Error::internal("a content that a material names is not there")),
    };
    // From here on the person is locked: what is there stays.
    if !only_tried && !app.objects.has(&path(&ready.psn_no, &served.sha256)).await? {
        return Err(Error::Conflict);
    }
    let redaction = Redaction {
        application: asked.application,
        material: asked.material,
        way: asked.way.clone(),
        served,
        operator: work.actor().operator()?.to_owned(),
        made_at: work.now(),
    };
    let version = looked.before.map(|stored| stored.version);
    let redaction = store::save(work, version, redaction.made()).await?;
    let Looked { number, material, .. } = looked;
    Ok(Paper { number, material, redaction: Some(redaction), cited: false })
}

/// Deletes what nobody gets: what was made in vain, or what experts got before.
pub async fn clear(app: &App, ready: Ready, is_done: bool) {
    let left = match ready.made {
        _ if is_done => ready.before,
        Made::Served(served) => Some(served.sha256),
        Made::Unreadable | Made::NamesPerson(_) | Made::Gone => None,
    };
    if let Some(sha256) = left {
        sweep_or_leave(app, &ready.psn_no, &sha256).await;
    }
}

/// What is asked for, as it stands; or why it cannot be.
async fn look(view: &View, asked: &Asked) -> Result<Looked> {
    let application = applications::get(view, asked.application).await?.application;
    let is_judged = match &application {
        Application::Submitted(_) | Application::Accepted(_) | Application::AwaitingSupplement(_) => true,
        Application::Decided(_) => {
            let again = quality::store::of(view, asked.application).await?;
            again.iter().any(|stored| stored.value.is_open())
        }
        _ => false,
    };
    if !is_judged {
        let needed = "submitted, accepted or awaiting_supplement, or with a second panel";
        return Err(Refusal::from(StepRefused::WrongState { needed, is: application.word() }).into());
    }
    let place = application.form().materials.iter().position(|id| *id == asked.material);
    let place = place.ok_or_else(|| {
        Error::invalid("material", "不是该申请的材料", "is none of the application's materials")
    })?;
    let material = material::store::get(view, asked.material).await?.material;
    if material.kind.is_identity() {
        return Err(Refusal::from(Refused::OfIdentity).into());
    }
    let before = store::find(view, asked.application, asked.material).await?;
    if before.is_some() {
        let tasks = reviews::tasks_of(view, asked.application).await?;
        // What nobody could have seen binds nobody: a first redaction comes at any time.
        if is_cited(&tasks, asked.material) {
            return Err(Refusal::from(Refused::Cited).into());
        }
    }
    let source = source(view, &material, &asked.way).await?;
    if source.media_type == MediaType::Pdf && !asked.way.areas().is_empty() {
        return Err(Refusal::from(Refused::PdfBoxes).into());
    }
    Ok(Looked { application, number: place + 1, material, source, before })
}

/// Of what experts get a copy.
async fn source(view: &View, material: &Material, way: &Way) -> Result<Material> {
    let Way::Copy { from } = way else { return Ok(material.clone()) };
    let unfit = |zh: &str, en: &str| Err(Error::invalid("redacted_copy", zh, en));
    if *from == material.id {
        return unfit("须为另一份材料", "must be another material");
    }
    match material::store::get(view, *from).await {
        Ok(stored) if stored.material.kind.is_identity() => {
            unfit("不能是身份证、医保卡或申请表", "must be no identity paper and no application form")
        }
        Ok(stored) => Ok(stored.material),
        Err(Error::NotFound(_)) => unfit("该参保人没有这份材料", "is no material of this person"),
        Err(error) => Err(error),
    }
}

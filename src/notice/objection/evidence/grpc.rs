//! The RPCs of NoticeService about what comes with an objection.

use tonic::Request;

use super::super::attach::{Handed, attach, examine};
use super::super::file::{claim, person_of};
use super::super::redact::{copies, redact};
use super::store;
use crate::app::App;
use crate::db::Db;
use crate::db::page::Page;
use crate::db::work::{Owner, View};
use crate::kernel::access::{Actor, Role};
use crate::kernel::error::{Error, Result};
use crate::material::upload::Examined;
use crate::notice::grpc::Service;
use crate::notice::message::{Now, complete, copy, file};
use crate::notice::{name, query};
use crate::proto::opsp::notice::v1 as pb;
use crate::rpc::call::{Answer, Serves, actor, language, read, write_for};
use crate::rpc::parse::{area, check};
use crate::rpc::status::status;

/// The service, with the file that was examined for one write.
struct Adding {
    app: App,
    examined: Option<Examined>,
}

impl Serves for Adding {
    fn db(&self) -> &Db {
        &self.app.db
    }
}

/// `NoticeService.AddObjectionFile`.
pub async fn add_objection_file(
    service: &Service,
    request: Request<pb::AddObjectionFileRequest>,
) -> Answer<pb::ObjectionFile> {
    let language = language(&request);
    let examined = examined(&service.0, &request).await.map_err(|error| status(error, language))?;
    let adding = Adding { app: service.0.clone(), examined };
    write_for(
        &adding,
        request,
        |view, input| Box::pin(async move { person_of(view, &input.name).await }),
        |adding, work, input| {
            Box::pin(async move {
                let handed = Handed { bytes: &input.content, examined: adding.examined.as_ref() };
                let added = attach(work, &adding.app, &input.name, handed).await?;
                Ok(file(&input.name, &added))
            })
        },
    )
    .await
}

/// Who repeats a call finds the file there, and it is not looked at again.
async fn examined(app: &App, request: &Request<pb::AddObjectionFileRequest>) -> Result<Option<Examined>> {
    let input = request.get_ref();
    let actor = actor(request)?;
    check(input)?;
    through_the_own_bureau(&actor, &input.name)?;
    let view = app.db.view(&actor, Owner::Nobody).await?;
    examine(&view, app, &input.name, &input.content).await
}

/// A bureau acts for an objector in its own area alone; whoever else knows an objection's name comes through the portal.
pub fn through_the_own_bureau(actor: &Actor, of: &str) -> Result<()> {
    let away = actor.role == Some(Role::Bureau) && !actor.holds(&area(of)?);
    if away { Err(Error::not_found(of)) } else { Ok(()) }
}

/// `NoticeService.GetObjectionFile`.
pub async fn get_objection_file(
    service: &Service,
    request: Request<pb::GetObjectionFileRequest>,
) -> Answer<pb::ObjectionFileContent> {
    read(service, request, |service, view, input| {
        Box::pin(async move { content(&service.0, view, &input.name).await })
    })
    .await
}

async fn content(app: &App, view: &View, of: &str) -> Result<pb::ObjectionFileContent> {
    let absent = |error| name::absent(error, of);
    let (objection, number) = of.split_once("/files/").ok_or_else(|| Error::not_found(of))?;
    let number = number.parse().map_err(|_| Error::not_found(of))?;
    // Its name may be made up of parts that do not belong together.
    query::objection(view, objection).await.map_err(absent)?;
    let (entry_name, id) = name::objection_parts(objection)?;
    let psn_no = claim(view, entry_name).await?.psn_no;
    let found = store::content(view, &psn_no, id, number).await?;
    let (found, content) = found.ok_or_else(|| Error::not_found(of))?;
    let work = app.db.work(view.actor(), Owner::Through(psn_no)).await?;
    work.record_read(of).await?;
    work.commit().await?;
    Ok(pb::ObjectionFileContent { file: Some(file(objection, &found)), content })
}

/// `NoticeService.RedactObjection`.
pub async fn redact_objection(
    service: &Service,
    request: Request<pb::RedactObjectionRequest>,
) -> Answer<pb::Objection> {
    write_for(
        service,
        request,
        |view, input| Box::pin(async move { person_of(view, &input.name).await }),
        |service, work, input| {
            Box::pin(async move {
                let stored = redact(work, &service.0, &input.name, &input.ground).await?;
                let now = Now { calendar: &service.0.calendar.now(), today: work.today() };
                let (copy, files) = query::evidence(work, &input.name).await?;
                Ok(complete(&stored.objection, now, copy.as_ref(), &files))
            })
        },
    )
    .await
}

/// `NoticeService.ListObjectionCopies`.
pub async fn list_objection_copies(
    service: &Service,
    request: Request<pb::ListObjectionCopiesRequest>,
) -> Answer<pb::ListObjectionCopiesResponse> {
    read(service, request, |_, view, input| {
        Box::pin(async move {
            let listing = format!("objectionCopies/{}", input.parent);
            let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
            let paged = copies(view, page).await?;
            let told = paged.items.iter().map(|(objection, made)| copy(objection, made.as_ref()));
            Ok(pb::ListObjectionCopiesResponse {
                objections: told.collect(),
                next_page_token: paged.next_page_token,
            })
        })
    })
    .await
}

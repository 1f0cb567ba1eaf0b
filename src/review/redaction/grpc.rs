//! The RPCs of ReviewService about redactions and what experts get to see.

use std::future::ready;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use tonic::{Request, Response, Status};

use super::super::grpc::Service;
use super::message::{self, application_id, redaction_ids, task_material};
use super::query;
use super::reading::{look, open};
use super::redact::{Ready, clear, prepare, redact};
use crate::app::App;
use crate::db::Db;
use crate::db::page::Page;
use crate::kernel::error::{Error, Result};
use crate::material::message::thumbnail_message;
use crate::material::objects::Reading;
use crate::material::thumbnail::small;
use crate::proto::opsp::material::v1::Thumbnail;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::call::{Answer, Serves, actor, language, person, read, write};
use crate::rpc::parse::check;
use crate::rpc::status::{Language, status};

/// A file on its way out.
pub type Pieces<T> = BoxStream<'static, Result<T, Status>>;

/// The service, with what was made ready for one write.
struct Redacting {
    app: App,
    ready: Option<Ready>,
}

impl Serves for Redacting {
    fn db(&self) -> &Db {
        &self.app.db
    }
}

/// `ReviewService.RedactMaterial`.
pub async fn redact_material(
    service: &Service,
    request: Request<pb::RedactMaterialRequest>,
) -> Answer<pb::Redaction> {
    let language = language(&request);
    let only_tried = request.get_ref().validate_only;
    let ready = made_ready(&service.0, &request).await.map_err(|error| status(error, language))?;
    let redacting = Redacting { app: service.0.clone(), ready };
    let answer = write(&redacting, request, |redacting, work, input| {
        Box::pin(async move {
            let asked = message::asked(input)?;
            let ready = redacting.ready.as_ref();
            let paper = redact(work, &redacting.app, &asked, ready, input.validate_only).await?;
            Ok(message::redaction(work.person()?, asked.application, &paper))
        })
    })
    .await;
    if let Some(ready) = redacting.ready.filter(|_| !only_tried) {
        clear(&redacting.app, ready, answer.is_ok()).await;
    }
    answer
}

/// What experts are to get. None where `write` has something to say about the request, or has said it before.
async fn made_ready(app: &App, request: &Request<pb::RedactMaterialRequest>) -> Result<Option<Ready>> {
    let made = async {
        let input = request.get_ref();
        check(input)?;
        let asked = message::asked(input)?;
        let view = app.db.view(&actor(request)?, person(&input.name)?).await?;
        prepare(app, &view, &asked, input.validate_only).await
    };
    match made.await {
        Ok(ready) => Ok(Some(ready)),
        Err(error @ (Error::Internal(_) | Error::Unavailable(_))) => Err(error),
        Err(_) => Ok(None),
    }
}

/// `ReviewService.GetRedactions`.
pub async fn get_redactions(
    service: &Service,
    request: Request<pb::GetRedactionsRequest>,
) -> Answer<pb::ApplicationRedactions> {
    read(service, request, |_, view, input| {
        Box::pin(async move {
            let case = query::case(view, application_id(&input.name)?).await?;
            Ok(message::case(view.person()?, &case))
        })
    })
    .await
}

/// `ReviewService.ListRedactions`.
pub async fn list_redactions(
    service: &Service,
    request: Request<pb::ListRedactionsRequest>,
) -> Answer<pb::ListRedactionsResponse> {
    read(service, request, |_, view, input| {
        Box::pin(async move {
            let listing = format!("redactions/{}/{}", input.parent, input.include_complete);
            let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
            let paged = query::cases(view, page, input.include_complete).await?;
            Ok(pb::ListRedactionsResponse {
                applications: paged.items.iter().map(|(person, case)| message::case(person, case)).collect(),
                next_page_token: paged.next_page_token,
            })
        })
    })
    .await
}

/// `ReviewService.DownloadRedaction`.
pub async fn download_redaction(
    service: &Service,
    request: Request<pb::DownloadRedactionRequest>,
) -> Answer<Pieces<pb::DownloadRedactionResponse>> {
    use pb::download_redaction_response::Part;
    let language = language(&request);
    let found = read(service, request, |service, view, input| {
        Box::pin(async move {
            let (application, material) = redaction_ids(&input.name)?;
            let (paper, content) = look(view, &service.0, application, material).await?;
            Ok((message::redaction(view.person()?, application, &paper), content))
        })
    });
    let (redaction, content) = found.await?.into_inner();
    let piece = |part| pb::DownloadRedactionResponse { part: Some(part) };
    let chunk = move |chunk| piece(Part::Chunk(chunk));
    Ok(Response::new(pieces(piece(Part::Redaction(redaction)), content, language, chunk)))
}

/// `ReviewService.DownloadTaskMaterial`.
pub async fn download_task_material(
    service: &Service,
    request: Request<pb::DownloadTaskMaterialRequest>,
) -> Answer<Pieces<pb::DownloadTaskMaterialResponse>> {
    use pb::download_task_material_response::Part;
    let language = language(&request);
    let found = read(service, request, |service, view, input| {
        Box::pin(async move {
            let (task, number) = task_material(&input.name)?;
            let (opened, content) = open(view, &service.0, task, number).await?;
            opened.record(view).await?;
            Ok((message::file(&opened), content))
        })
    });
    let (file, content) = found.await?.into_inner();
    let piece = |part| pb::DownloadTaskMaterialResponse { part: Some(part) };
    let chunk = move |chunk| piece(Part::Chunk(chunk));
    Ok(Response::new(pieces(piece(Part::File(file)), content, language, chunk)))
}

/// `ReviewService.GetTaskThumbnail`.
pub async fn get_task_thumbnail(
    service: &Service,
    request: Request<pb::GetTaskThumbnailRequest>,
) -> Answer<Thumbnail> {
    read(service, request, |service, view, input| {
        Box::pin(async move {
            let (task, number) = task_material(&input.name)?;
            let (opened, content) = open(view, &service.0, task, number).await?;
            let kind = (opened.served.media_type, opened.served.size_bytes);
            let picture = small(&service.0, content, kind, input.side_max).await?;
            opened.record(view).await?;
            Ok(thumbnail_message(picture))
        })
    })
    .await
}

/// First what it is, then the content. A piece is read and opened when the caller has taken the one before it.
fn pieces<T: Send + 'static>(
    first: T,
    content: Reading,
    language: Language,
    chunk: impl Fn(Vec<u8>) -> T + Send + 'static,
) -> Pieces<T> {
    let chunks = stream::try_unfold(content, |mut content| async move {
        Ok(content.next().await?.map(|piece| (piece, content)))
    });
    let chunks = chunks.map_ok(chunk).map_err(move |error| status(error, language));
    stream::once(ready(Ok(first))).chain(chunks).boxed()
}

//! MaterialService.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use prost::Message;
use time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response, Status, Streaming};

use super::delete::{delete, sweep_or_leave};
use super::domain::{Label, MediaType};
use super::download::download;
use super::incoming::{Incoming, Ticket};
use super::message::{message, messages, thumbnail_message};
use super::objects::Reading;
use super::store;
use super::thumbnail::thumbnail;
use super::upload::{Examined, Received, upload};
use crate::app::App;
use crate::catalog::domain::MaterialKind;
use crate::catalog::files::FileRules;
use crate::db::Db;
use crate::db::page::Page;
use crate::db::repeat::digest;
use crate::db::work::Owner;
use crate::kernel::access::{Actor, Person};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo, name_parts};
use crate::proto::opsp::material::v1 as pb;
use crate::proto::opsp::material::v1::download_material_response::Part as Piece;
use crate::proto::opsp::material::v1::upload_material_request::Part;
use crate::rpc::call::{Answer, Serves, actor, language, read, write};
use crate::rpc::parse::{check, timestamp, to_date};
use crate::rpc::status::{Language, status};

/// Path of the method whose answers are kept here and not by `write`.
const UPLOAD: &str = "/opsp.material.v1.MaterialService/UploadMaterial";
/// How often an upload that lost a race is run before the caller is told.
const TRIES: u32 = 5;
/// Uploads that are received at once, each with a part of it in memory; others wait.
static UPLOADS: Semaphore = Semaphore::const_new(64);

/// The service.
#[derive(Clone)]
pub struct Service(pub App);

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl pb::material_service_server::MaterialService for Service {
    type DownloadMaterialStream = BoxStream<'static, Result<pb::DownloadMaterialResponse, Status>>;

    async fn upload_material(
        &self,
        request: Request<Streaming<pb::UploadMaterialRequest>>,
    ) -> Answer<pb::Material> {
        let language = language(&request);
        let told = |error| status(error, language);
        let actor = actor(&request).map_err(told)?;
        let mut parts = request.into_inner();
        let first = parts.message().await?;
        let header = header(first).map_err(told)?;
        let (person, rules) = self.reached(&actor, &header).await.map_err(told)?;
        let _slot = UPLOADS.acquire().await.map_err(|error| told(Error::Internal(error.into())))?;
        let offset = usize::try_from(header.offset).unwrap_or(usize::MAX);
        let ticket = self.ticket(&actor, &person.psn_no, &header).map_err(told)?;
        let mut incoming = Incoming::begin(&self.0, ticket, offset).await.map_err(told)?;
        receive(&mut parts, &mut incoming, language).await?;
        let examined = match self.examine(&incoming, &person.psn_no, rules, &header).await {
            Ok(examined) => examined,
            Err(error) => return Err(told(refused(&incoming, error).await)),
        };
        // A caller that goes away must not leave half of it behind: from here on it runs to its end.
        let (app, psn_no) = (self.0.clone(), person.psn_no);
        let deposit = Deposit { app, actor, psn_no, header, incoming, examined };
        let done = tokio::spawn(deposit.run()).await;
        let answer = done.map_err(|failure| told(Error::Internal(failure.into())))?;
        answer.map(Response::new).map_err(told)
    }

    async fn get_upload(&self, request: Request<pb::GetUploadRequest>) -> Answer<pb::Upload> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let (app, psn_no) = (&service.0, &view.person()?.psn_no);
                let ticket = Ticket::new(app, view.actor(), psn_no, &input.request_id, &[])?;
                let kept = ticket.kept(&app.objects).await?;
                let kept = kept.ok_or_else(|| Error::NotFound(format!("upload {}", input.request_id)))?;
                let hours = Duration::hours(app.config.files.unfinished_hours);
                Ok(pb::Upload {
                    request_id: input.request_id.clone(),
                    received_bytes: i64::try_from(kept.bytes).unwrap_or(i64::MAX),
                    expire_time: Some(timestamp(kept.since + hours)),
                })
            })
        })
        .await
    }

    async fn download_material(
        &self,
        request: Request<pb::DownloadMaterialRequest>,
    ) -> Answer<Self::DownloadMaterialStream> {
        let language = language(&request);
        let found = read(self, request, |service, view, input| {
            Box::pin(async move {
                let (stored, content) = download(view, &service.0, id(&input.name)?).await?;
                Ok((messages(view, &[stored]).await?, content))
            })
        });
        let (materials, content) = found.await?.into_inner();
        Ok(Response::new(pieces(materials, content, language)))
    }

    async fn get_thumbnail(&self, request: Request<pb::GetThumbnailRequest>) -> Answer<pb::Thumbnail> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let content = thumbnail(view, &service.0, id(&input.name)?, input.side_max).await?;
                Ok(thumbnail_message(content))
            })
        })
        .await
    }

    async fn list_materials(
        &self,
        request: Request<pb::ListMaterialsRequest>,
    ) -> Answer<pb::ListMaterialsResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let listing = format!("{}/materials", input.parent);
                let page = Page::read(view, listing, input.page_size, 50, &input.page_token)?;
                let before = page.after.as_deref().map(Id::parse).transpose()?;
                let rows = store::list(view, before, page.limit()).await?;
                let paged = page.close(view, rows, |row| row.material.id.to_string())?;
                Ok(pb::ListMaterialsResponse {
                    materials: messages(view, &paged.items).await?,
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }

    async fn delete_material(&self, request: Request<pb::DeleteMaterialRequest>) -> Answer<()> {
        let language = language(&request);
        let service = Self(self.0.clone());
        // A caller that goes away must not leave the file without its row: it runs to its end.
        let done = tokio::spawn(async move { service.delete_and_sweep(request).await });
        done.await.map_err(|failure| status(Error::Internal(failure.into()), language))?
    }
}

impl Service {
    async fn delete_and_sweep(&self, request: Request<pb::DeleteMaterialRequest>) -> Answer<()> {
        // What a row named is known only as long as it is there.
        let content = if request.get_ref().validate_only { None } else { self.content(&request).await };
        let answer = write(self, request, |_, work, input| {
            Box::pin(async move { delete(work, id(&input.name)?).await })
        })
        .await?;
        if let Some((psn_no, sha256)) = content {
            sweep_or_leave(&self.0, &psn_no, &sha256).await;
        }
        Ok(answer)
    }

    /// The person of an upload, before its content is received: who may not write, or says what cannot be, is told so
    /// at once. With the rules for files where the person is insured; where no catalogue is in force, the usual ones.
    async fn reached(&self, actor: &Actor, header: &pb::UploadHeader) -> Result<(Person, FileRules)> {
        let owner = crate::rpc::call::person(&header.parent)?;
        let view = self.0.db.view(actor, owner).await?;
        match label(header).fault(view.today()) {
            None => {
                let person = view.person()?.clone();
                let published = self.0.catalogs.in_force(&person.area, view.today());
                let rules = published.map(|published| published.catalog.rules.files).unwrap_or_default();
                Ok((person, rules))
            }
            Some(fault) => Err(Error::Invalid(vec![fault])),
        }
    }

    /// The upload that a header belongs to, wherever in its content the stream begins.
    fn ticket(&self, actor: &Actor, psn_no: &PsnNo, header: &pb::UploadHeader) -> Result<Ticket> {
        Ticket::new(&self.0, actor, psn_no, &header.request_id, &payload(header))
    }

    /// Takes the whole file into memory, when there is room for it, and looks at it.
    async fn examine(
        &self,
        incoming: &Incoming,
        psn_no: &PsnNo,
        rules: FileRules,
        header: &pb::UploadHeader,
    ) -> Result<InMemory> {
        let room = u32::try_from(incoming.length() >> 10).map_err(|error| Error::Internal(error.into()))?;
        let room = Arc::clone(&self.0.file_memory).acquire_many_owned(room).await;
        let room = room.map_err(|error| Error::Internal(error.into()))?;
        let received = Received { bytes: incoming.content().await? };
        let claimed = MediaType::from_name(&header.media_type);
        Ok(InMemory { examined: received.examine(&self.0, psn_no, rules, claimed).await?, _room: room })
    }

    /// Whose and which content a deletion is about. None where `write` has something to say about the request.
    async fn content(&self, request: &Request<pb::DeleteMaterialRequest>) -> Option<(PsnNo, String)> {
        let (actor, name) = (actor(request).ok()?, &request.get_ref().name);
        let view = self.0.db.view(&actor, crate::rpc::call::person(name).ok()?).await.ok()?;
        let stored = store::get(&view, id(name).ok()?).await.ok()?;
        Some((view.person().ok()?.psn_no.clone(), stored.material.sha256))
    }
}

/// The first message of an upload.
fn header(first: Option<pb::UploadMaterialRequest>) -> Result<pb::UploadHeader> {
    let Some(first) = first else { return Err(Error::invalid("header", "必填", "is required")) };
    check(&first)?;
    match first.part {
        Some(Part::Header(header)) => Ok(header),
        Some(Part::Chunk(_)) | None => {
            Err(Error::invalid("header", "第一条消息须为 header", "must be the first message"))
        }
    }
}

/// What a header says of the file, as bytes: all but where the stream begins.
fn payload(header: &pb::UploadHeader) -> Vec<u8> {
    pb::UploadHeader { offset: 0, ..header.clone() }.encode_to_vec()
}

/// The other messages. Reading ends with the first piece that is too much. What came before a cut is kept.
async fn receive(
    parts: &mut Streaming<pb::UploadMaterialRequest>,
    incoming: &mut Incoming,
    language: Language,
) -> Result<(), Status> {
    while let Some(message) = parts.message().await? {
        let taken = match message.part {
            Some(Part::Chunk(chunk)) => incoming.take(&chunk).await,
            Some(Part::Header(_)) => {
                Err(Error::invalid("header", "只能是第一条消息", "must be the first message only"))
            }
            None => Err(Error::invalid("chunk", "必填", "is required")),
        };
        if let Err(error) = taken {
            return Err(status(refused(incoming, error).await, language));
        }
    }
    // A caller that hangs up looks like one that is done: the transport ends the stream for both. But it drops the call
    // of one that hung up as soon as that waits, and so the first half of a file is never taken for a whole one.
    tokio::task::yield_now().await;
    Ok(())
}

/// Nothing is kept of a file that can never come in; of one that can be tried again everything is.
async fn refused(incoming: &Incoming, error: Error) -> Error {
    if matches!(error, Error::Invalid(_) | Error::Refused(_)) {
        incoming.forget().await;
    }
    error
}

/// A file that was examined, and its room in memory.
struct InMemory {
    examined: Examined,
    _room: OwnedSemaphorePermit,
}

/// A file that was received whole and is about to be stored.
struct Deposit {
    app: App,
    actor: Actor,
    psn_no: PsnNo,
    header: pb::UploadHeader,
    incoming: Incoming,
    examined: InMemory,
}

impl Deposit {
    /// Stores the content, then the row. Content that no row names in the end goes again.
    async fn run(self) -> Result<pb::Material> {
        let mut tries = 1;
        let done = loop {
            match self.once().await {
                Err(Error::Conflict) if tries < TRIES => tries += 1,
                done => break done,
            }
        };
        match done {
            Ok(Answered::Now(material)) => {
                self.incoming.forget().await;
                Ok(material)
            }
            other => {
                let Examined { content, .. } = &self.examined.examined;
                sweep_or_leave(&self.app, &self.psn_no, &content.sha256).await;
                match other {
                    Ok(Answered::Now(material) | Answered::Before(material)) => {
                        self.incoming.forget().await;
                        Ok(material)
                    }
                    Err(error) => Err(refused(&self.incoming, error).await),
                }
            }
        }
    }

    async fn once(&self) -> Result<Answered> {
        let Examined { content, path, bytes } = &self.examined.examined;
        self.app.objects.put(&self.app.db, path, bytes).await?;
        let header = &self.header;
        let mut payload = payload(header);
        payload.extend_from_slice(content.sha256.as_bytes());
        let digest = digest(UPLOAD, &payload);
        let work = self.app.db.work(&self.actor, Owner::Person(self.psn_no.clone())).await?;
        if let Some(first) = work.repeated(&header.request_id, digest).await? {
            let first = pb::Material::decode(first.as_slice());
            return first.map(Answered::Before).map_err(|error| Error::Internal(error.into()));
        }
        let kind = MaterialKind::from_code(header.kind)
            .ok_or_else(|| Error::internal("a kind that was checked is unknown"))?;
        let stored = upload(&work, &self.app, kind, label(header), content.clone()).await?;
        let answer = message(work.person()?, &stored.material);
        work.keep_answer(&header.request_id, digest, &answer.encode_to_vec()).await?;
        work.commit().await?;
        Ok(Answered::Now(answer))
    }
}

/// An answer, and whether it was given before.
enum Answered {
    Now(pb::Material),
    Before(pb::Material),
}

/// What the uploader says of a file.
fn label(header: &pb::UploadHeader) -> Label {
    Label {
        title: header.title.clone(),
        issued_on: header.issued_on.as_ref().and_then(to_date),
        fixmedins_code: header.fixmedins_code.clone(),
        sealed: header.sealed,
    }
}

/// The id of `insured/{psn_no}/materials/{id}`.
fn id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "materials"])?;
    Id::parse(id)
}

/// First the metadata, then the content. A piece is read and opened when the caller has taken the one before it.
fn pieces(
    materials: Vec<pb::Material>,
    content: Reading,
    language: Language,
) -> BoxStream<'static, Result<pb::DownloadMaterialResponse, Status>> {
    let first = stream::iter(materials.into_iter().map(|material| Ok(Piece::Material(material))));
    let chunks = stream::try_unfold(content, |mut content| async move {
        Ok(content.next().await?.map(|piece| (Piece::Chunk(piece), content)))
    });
    let parts = first.chain(chunks.map_err(move |error| status(error, language)));
    parts.map_ok(|part| pb::DownloadMaterialResponse { part: Some(part) }).boxed()
}

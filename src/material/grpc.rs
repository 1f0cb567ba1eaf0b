//! MaterialService.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use prost::Message;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};

use super::delete::{delete, sweep};
use super::domain::{Label, MediaType};
use super::download::download;
use super::message::{message, messages};
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
use crate::rpc::parse::{check, to_date};
use crate::rpc::status::{Language, status};

/// Path of the method whose answers are kept here and not by `write`.
const UPLOAD: &str = "/opsp.material.v1.MaterialService/UploadMaterial";
/// Bytes in a piece of a download.
const PIECE: usize = 256 << 10;
/// Longest side of a thumbnail, in pixels, where none is asked for.
const SIDE: usize = 512;
/// How often an upload that lost a race is run before the caller is told.
const TRIES: u32 = 5;
/// Uploads that are held in memory at once; others wait.
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
        let received = receive(&mut parts, self.0.config.limits.upload_bytes, language).await?;
        let claimed = MediaType::from_name(&header.media_type);
        let examined = received.examine(&self.0, &person.psn_no, rules, claimed).await.map_err(told)?;
        // A caller that goes away must not leave half of it behind: from here on it runs to its end.
        let deposit = Deposit { app: self.0.clone(), actor, psn_no: person.psn_no, header, examined };
        let done = tokio::spawn(deposit.run()).await;
        let answer = done.map_err(|failure| told(Error::Internal(failure.into())))?;
        answer.map(Response::new).map_err(told)
    }

    async fn download_material(
        &self,
        request: Request<pb::DownloadMaterialRequest>,
    ) -> Answer<Self::DownloadMaterialStream> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let (stored, content) = download(view, &service.0, id(&input.name)?).await?;
                Ok(pieces(messages(view, &[stored]).await?, content))
            })
        })
        .await
    }

    async fn get_thumbnail(&self, request: Request<pb::GetThumbnailRequest>) -> Answer<pb::Thumbnail> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let side = usize::try_from(input.side_max).ok().filter(|side| *side > 0).unwrap_or(SIDE);
                let content = thumbnail(view, &service.0, id(&input.name)?, side).await?;
                Ok(pb::Thumbnail { media_type: MediaType::Jpeg.as_str().to_owned(), content })
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
            sweep(&self.0, &psn_no, &sha256).await;
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

/// The other messages. Reading ends with the first piece that is too much.
async fn receive(
    parts: &mut Streaming<pb::UploadMaterialRequest>,
    most: usize,
    language: Language,
) -> Result<Received, Status> {
    let mut received = Received::new(most);
    while let Some(message) = parts.message().await? {
        let taken = match message.part {
            Some(Part::Chunk(chunk)) => received.take(&chunk),
            Some(Part::Header(_)) => {
                Err(Error::invalid("header", "只能是第一条消息", "must be the first message only"))
            }
            None => Err(Error::invalid("chunk", "必填", "is required")),
        };
        taken.map_err(|error| status(error, language))?;
    }
    Ok(received)
}

/// A file that was received whole and is about to be stored.
struct Deposit {
    app: App,
    actor: Actor,
    psn_no: PsnNo,
    header: pb::UploadHeader,
    examined: Examined,
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
            Ok(Answered::Now(material)) => Ok(material),
            other => {
                sweep(&self.app, &self.psn_no, &self.examined.content.sha256).await;
                match other? {
                    Answered::Now(material) | Answered::Before(material) => Ok(material),
                }
            }
        }
    }

    async fn once(&self) -> Result<Answered> {
        self.app.objects.put(&self.examined.path, &self.examined.sealed).await?;
        let (header, content) = (&self.header, &self.examined.content);
        let mut payload = header.encode_to_vec();
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

/// First the metadata, then the content. A piece is made when the caller has taken the one before it.
fn pieces(
    materials: Vec<pb::Material>,
    content: Vec<u8>,
) -> BoxStream<'static, Result<pb::DownloadMaterialResponse, Status>> {
    let chunks = (0..content.len()).step_by(PIECE).map(move |from| {
        let to = content.len().min(from + PIECE);
        Piece::Chunk(content[from..to].to_vec())
    });
    let parts = materials.into_iter().map(Piece::Material).chain(chunks);
    stream::iter(parts.map(|part| Ok(pb::DownloadMaterialResponse { part: Some(part) }))).boxed()
}

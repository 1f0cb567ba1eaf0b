//! A case whose materials are redacted.

use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::review::v1 as review;
use review::review_service_client::ReviewServiceClient;
use tonic::Status;

use super::scenario::row;
use super::{OFFICER, World, files, request_id};

/// What a camera wrote into a picture.
pub const NOTED: &str = "camera-of-ouyang";

/// A picture that was held sideways, with a camera's notes.
pub fn photo() -> Vec<u8> {
    let tiff = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let notes = [tiff.as_slice(), NOTED.as_bytes()].concat();
    let length = u16::try_from(notes.len() + 2).unwrap().to_be_bytes();
    [&files::JPG[..2], &[0xFF, 0xE1], &length, &notes, &files::JPG[2..]].concat()
}

/// An accepted application with its first panel.
pub struct Case {
    pub person: String,
    pub name: String,
    pub experts: Vec<(String, String)>,
    pub panel: review::Panel,
    /// A jpg.
    pub photo: String,
    /// A pdf that names nobody.
    pub paper: String,
}

impl Case {
    pub async fn begin(world: &World) -> Self {
        let person = world.person(row()).await;
        let mut materials = world.upload_checklist(&person, "M01600").await;
        let upload = async |kind, title: &str, content: &[u8]| {
            world.upload(&person, world.header(&person, kind, title), content).await.unwrap().name
        };
        let photo = upload(MaterialKind::ExamReport, "化验单", &photo()).await;
        let paper = upload(MaterialKind::Other, "随访记录", &files::pdf("nothing of anybody")).await;
        materials.extend([photo.clone(), paper.clone()]);
        let name = world.draft(&person, world.form("M01600", materials)).await.unwrap();
        world.submit(&name).await.unwrap();
        let experts = world.experts().await;
        world.accept(&name).await.unwrap();
        let panel = world.assign(&name).await.unwrap();
        Self { person, name, experts, panel, photo, paper }
    }

    /// Who signs in for a member, and the member's task as the expert sees it.
    pub async fn seat(&self, world: &World, member: usize) -> (String, review::ReviewTask) {
        let member = &self.panel.members[member];
        let (_, operator) = self.experts.iter().find(|(expert, _)| *expert == member.expert).unwrap();
        let tasks = world.tasks(operator).await;
        (operator.clone(), tasks.into_iter().find(|task| task.name == member.review_task).unwrap())
    }

    /// A request about one of its materials, without a way.
    pub fn about(&self, material: &str) -> review::RedactMaterialRequest {
        review::RedactMaterialRequest {
            name: self.name.clone(),
            material: material.to_owned(),
            request_id: request_id(),
            ..Default::default()
        }
    }

    pub fn blackened(&self, material: &str, boxes: &[[i32; 4]]) -> review::RedactMaterialRequest {
        let area = |[x, y, width, height]: &[i32; 4]| review::RedactionBox {
            x: *x,
            y: *y,
            width: *width,
            height: *height,
        };
        review::RedactMaterialRequest { boxes: boxes.iter().map(area).collect(), ..self.about(material) }
    }

    pub fn harmless(&self, material: &str) -> review::RedactMaterialRequest {
        review::RedactMaterialRequest { shows_no_identity: true, ..self.about(material) }
    }

    pub fn replaced(&self, material: &str, copy: &str) -> review::RedactMaterialRequest {
        review::RedactMaterialRequest { redacted_copy: copy.to_owned(), ..self.about(material) }
    }

    /// A file uploaded to stand for another.
    pub async fn copy(&self, world: &World, content: &[u8]) -> String {
        let header = world.header(&self.person, MaterialKind::Other, "脱敏件");
        world.upload(&self.person, header, content).await.unwrap().name
    }
}

pub async fn redact(
    world: &World,
    request: review::RedactMaterialRequest,
) -> Result<review::Redaction, Status> {
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).redact_material(request).await?.into_inner())
}

pub async fn redactions(world: &World, name: &str) -> review::ApplicationRedactions {
    let request = review::GetRedactionsRequest { name: name.to_owned() };
    ReviewServiceClient::new(world.bureau(OFFICER)).get_redactions(request).await.unwrap().into_inner()
}

/// What an expert gets of a material of a task.
pub async fn open(world: &World, operator: &str, name: &str) -> Result<(review::TaskFile, Vec<u8>), Status> {
    use review::download_task_material_response::Part;
    let request = review::DownloadTaskMaterialRequest { name: name.to_owned() };
    let mut client = ReviewServiceClient::new(world.bureau(operator));
    let mut stream = client.download_task_material(request).await?.into_inner();
    let (mut file, mut content) = (None, Vec::new());
    while let Some(piece) = stream.message().await? {
        match piece.part.unwrap() {
            Part::File(found) => file = Some(found),
            Part::Chunk(chunk) => content.extend(chunk),
        }
    }
    Ok((file.unwrap(), content))
}

/// Whether a part occurs.
pub fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

//! The door through which every file of the corpus comes: the real upload over the wire, to a server whose folder and
//! tables are looked at before and after.

use std::panic;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use catalog::catalog_service_client::CatalogServiceClient;
use opsp::catalog::domain::SAMPLE;
use opsp::db::work::Owner;
use opsp::kernel::access::Actor;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::material::v1 as pb;
use pb::material_service_client::MaterialServiceClient;
use pb::upload_material_request::Part;
use sea_orm::ConnectionTrait;
use tonic::Code;
use tonic_types::StatusExt;

use crate::objects::folder;
use crate::world::scenario::row;
use crate::world::{Caller, OFFICER, World, connect, present, reason, request_id};

/// Tables whose rows do not tell what an upload left: they change by themselves.
const MOVING: [&str; 4] = ["job", "log", "seaql_migrations", "sqlite_sequence"];
/// Longest side of the thumbnails.
const SIDE: i32 = 48;

/// Panics of this process, also those that the server takes for a bad file.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// A server, and somebody who hands in files.
pub struct Door {
    world: World,
    psn_no: String,
    english: Caller,
    tables: Vec<String>,
    /// What was there after the last file that was taken.
    before: Left,
}

/// What there is: rows by table, and files of whatever name in the folder of materials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Left {
    rows: Vec<(String, i64)>,
    files: Vec<PathBuf>,
}

/// What became of a file.
pub enum Brought {
    /// It was stored, and read again.
    Taken {
        /// With a warning.
        damaged: bool,
        /// Whether there is a small picture of it.
        thumbnail: bool,
    },
    /// It was refused, for this reason before others, and left nothing.
    Refused(String),
}

impl Door {
    /// A server that keeps uploads in parts as small as can be, so that even small files lie in its folder meanwhile.
    pub async fn open() -> Self {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |told| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            usual(told);
        }));
        let world = World::start_on("", |config| {
            config.files.part_bytes = 1 << 10;
            config.limits.deadline_ms = 120_000;
        })
        .await;
        publish(&world).await;
        let psn_no = world.person(row()).await;
        let headers = [("x-opsp-subject", psn_no.as_str()), ("accept-language", "en")];
        let english = present(&connect(world.running.address).await, "portal", &headers);
        let mut door = Self { world, psn_no, english, tables: Vec::new(), before: Left::default() };
        let named = "SELECT name AS text, 0 AS number FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let named = door.ask(named).await.into_iter().map(|(name, _)| name);
        door.tables = named.filter(|name| !MOVING.contains(&name.as_str())).collect();
        assert!(
            ["material", "journal", "request_claim"]
                .iter()
                .all(|name| door.tables.iter().any(|it| it == name))
        );
        door.before = door.left().await;
        assert!(door.before.files.is_empty());
        door
    }

    /// Hands in a file. One that is refused has left nothing; one that is taken is looked at in small and deleted.
    pub async fn bring(&mut self, what: &str, bytes: &[u8]) -> Brought {
        let header = self.world.header(&self.psn_no, catalog::MaterialKind::Other, "样例");
        let chunks = bytes.chunks(64 << 10).map(|chunk| Part::Chunk(chunk.to_vec()));
        let parts = std::iter::once(Part::Header(header)).chain(chunks);
        let parts: Vec<_> = parts.map(|part| pb::UploadMaterialRequest { part: Some(part) }).collect();
        let mut client = MaterialServiceClient::new(self.english.clone());
        let answer = client.upload_material(tokio_stream::iter(parts)).await;
        let brought = match answer {
            Ok(material) => self.taken(what, &material.into_inner()).await,
            Err(status) => {
                assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status:?}");
                let wrong = status.get_details_bad_request().expect("what is wrong").field_violations;
                let first = &wrong.first().expect("a reason").description;
                let (reason, sentence) = first.split_once(": ").expect("a reason and a sentence");
                assert!(
                    reason.starts_with("MATERIAL_") && sentence.contains(". "),
                    "{what}: without help: {first}"
                );
                assert_eq!(self.left().await, self.before, "{what}: something is left behind");
                Brought::Refused(reason.to_owned())
            }
        };
        assert_eq!(PANICS.load(Ordering::Relaxed), 0, "{what}: the reader was brought down");
        brought
    }

    async fn taken(&mut self, what: &str, material: &pb::Material) -> Brought {
        let left = self.left().await;
        assert_eq!((left.files.len(), left.rows_of("material")), (1, 1), "{what}: {left:?}");
        let mut bureau = MaterialServiceClient::new(self.world.bureau(OFFICER));
        let request = pb::GetThumbnailRequest { name: material.name.clone(), side_max: SIDE };
        let thumbnail = match bureau.get_thumbnail(request).await {
            Ok(small) => {
                let small = small.into_inner().content;
                assert!(small.starts_with(&[0xFF, 0xD8, 0xFF]), "{what}: no picture");
                true
            }
            Err(status) => {
                assert_eq!(
                    (status.code(), reason(&status).as_str()),
                    (Code::FailedPrecondition, "THUMBNAIL_NONE")
                );
                assert_eq!(material.media_type, "application/pdf", "{what}: a jpg that decodes has one");
                false
            }
        };
        let request = pb::DeleteMaterialRequest {
            name: material.name.clone(),
            request_id: request_id(),
            validate_only: false,
        };
        MaterialServiceClient::new(self.english.clone()).delete_material(request).await.expect("deleted");
        self.before = self.left().await;
        assert_eq!((self.before.files.len(), self.before.rows_of("material")), (0, 0), "{what}");
        let damaged = material.checks.iter().any(|check| check.reason == "MATERIAL_DAMAGED");
        Brought::Taken { damaged, thumbnail }
    }

    async fn left(&self) -> Left {
        let counts: Vec<_> = self
            .tables
            .iter()
            .map(|name| format!("SELECT '{name}' AS text, count(*) AS number FROM {name}"))
            .collect();
        let mut files = Vec::new();
        walk(&folder(&self.world), &mut files);
        Left { rows: self.ask(&counts.join(" UNION ALL ")).await, files }
    }

    async fn ask(&self, select: &str) -> Vec<(String, i64)> {
        let view = self.world.running.app.db.view(&Actor::system(), Owner::Nobody).await.expect("a view");
        let select = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, select);
        let rows = view.conn().query_all_raw(select).await.expect("an answer");
        let pair = |row: &sea_orm::QueryResult| Ok((row.try_get("", "text")?, row.try_get("", "number")?));
        rows.iter().map(pair).collect::<Result<_, sea_orm::DbErr>>().expect("a name and a number")
    }
}

impl Left {
    fn rows_of(&self, table: &str) -> i64 {
        self.rows.iter().find(|(name, _)| name == table).expect("the table").1
    }
}

/// The files below a folder, also those that the store never lists.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// The sample, but with pictures that may be small, so that many of them can be decoded.
async fn publish(world: &World) {
    let small = SAMPLE.replace("2025-sample-2", "2025-sample-small").replace(
        "short_side_px = { warn = 600, refuse = 200 }",
        "short_side_px = { warn = 600, refuse = 0 }",
    );
    assert!(small.contains("refuse = 0 }        # [A] 图片短边"), "the sample says it in another way");
    let request = catalog::ImportCatalogRequest {
        parent: "areas/620900".to_owned(),
        files: vec![catalog::CatalogFile { name: "catalog.toml".to_owned(), content: small }],
        request_id: request_id(),
        validate_only: false,
    };
    CatalogServiceClient::new(world.ops()).import_catalog(request).await.expect("it is published");
}

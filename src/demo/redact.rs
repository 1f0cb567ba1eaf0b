//! 脱敏: what the experts get to see of the papers.

use super::clients::by_operator;
use super::{Demo, Told};
use crate::proto::opsp::review::v1 as review;

const OFFICER: &str = "officer.li";

/// The officer looks at every paper: the demo's show nobody.
pub async fn redact(demo: &mut Demo) -> Told {
    let mut told = Vec::new();
    for person in demo.case.people() {
        let name = demo.case.kept(&format!("{}.application", person.key))?;
        let request = review::GetRedactionsRequest { name: name.clone() };
        let found = demo.clients.review().get_redactions(by_operator(OFFICER, request)?).await?.into_inner();
        for one in &found.redactions {
            let request = review::RedactMaterialRequest {
                name: name.clone(),
                material: one.material.clone(),
                shows_no_identity: true,
                request_id: demo.case.request_id(&format!("redact {} {}", person.key, one.number)),
                ..Default::default()
            };
            demo.clients.review().redact_material(by_operator(OFFICER, request)?).await?;
        }
        told.push(format!(
            "ReviewService/RedactMaterial    {} {} papers that show nobody; cards and forms stay hidden",
            person.key,
            found.redactions.len()
        ));
    }
    Ok(told)
}

/// An expert opens a paper of a task; gives its size in bytes.
pub async fn open(demo: &Demo, operator: &str, name: &str) -> anyhow::Result<usize> {
    use review::download_task_material_response::Part;
    let request = review::DownloadTaskMaterialRequest { name: name.to_owned() };
    let request = by_operator(operator, request)?;
    let mut stream = demo.clients.review().download_task_material(request).await?.into_inner();
    let mut bytes = 0;
    while let Some(piece) = stream.message().await? {
        if let Some(Part::Chunk(chunk)) = piece.part {
            bytes += chunk.len();
        }
    }
    Ok(bytes)
}

//! Redactions in the contract's words.

use super::query::{Case, Paper};
use super::reading::Opened;
use super::redact::Asked;
use crate::application::store as applications;
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result, Violation};
use crate::kernel::id::{Id, name_parts};
use crate::material::check::Area;
use crate::material::redaction::domain::{Redaction, Way};
use crate::material::redaction::store;
use crate::material::store as materials;
use crate::proto::opsp::review::v1 as pb;
use crate::rpc::parse::timestamp;

/// The parts of a page that a box is measured in.
const WHOLE: i32 = 10_000;

/// What a request asks for: exactly one way, and boxes that lie on the page.
pub fn asked(input: &pb::RedactMaterialRequest) -> Result<Asked> {
    let [psn_no, application] = name_parts(&input.name, ["insured", "applications"])?;
    let mut faults = Vec::new();
    let mut material = |field: &str, name: &str| {
        let [owner, id] = name_parts(name, ["insured", "materials"])?;
        if owner != psn_no {
            faults.push(Violation::new(field, "不是该参保人的材料", "is no material of this person"));
        }
        parse(id, name)
    };
    let of = material("material", &input.material)?;
    let copy = match input.redacted_copy.as_str() {
        "" => None,
        name => Some(material("redacted_copy", name)?),
    };
    faults.extend(ways(input));
    faults.extend(input.boxes.iter().enumerate().flat_map(|(index, area)| beyond(index, area)));
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let way = match copy {
        Some(from) => Way::Copy { from },
        None if input.shows_no_identity => Way::NoIdentity,
        None => Way::Blackened { areas: input.boxes.iter().map(area).collect::<Result<_>>()? },
    };
    Ok(Asked { application: parse(application, &input.name)?, material: of, way })
}

/// What is wrong when none of the ways is given, or several are: said of each that is.
fn ways(input: &pb::RedactMaterialRequest) -> Vec<Violation> {
    let given = [
        ("boxes", !input.boxes.is_empty()),
        ("shows_no_identity", input.shows_no_identity),
        ("redacted_copy", !input.redacted_copy.is_empty()),
    ];
    let told = |field| {
        Violation::new(
            field,
            "boxes、shows_no_identity、redacted_copy 须且只能填一项",
            "exactly one of boxes, shows_no_identity and redacted_copy must be given",
        )
    };
    match given.iter().filter(|(_, given)| *given).count() {
        0 => vec![told("boxes")],
        1 => Vec::new(),
        _ => given.iter().filter(|(_, given)| *given).map(|(field, _)| told(field)).collect(),
    }
}

/// Edges of a box that lie beyond the page.
fn beyond(index: usize, area: &pb::RedactionBox) -> Vec<Violation> {
    let edges = [("width", area.x + area.width), ("height", area.y + area.height)];
    let told = |(field, _): (&str, i32)| {
        Violation::new(
            &format!("boxes[{index}].{field}"),
            format!("超出页面：起点与长度之和最大为 {WHOLE}"),
            format!("ends beyond the page: it and where it begins are {WHOLE} together at most"),
        )
    };
    edges.into_iter().filter(|(_, end)| *end > WHOLE).map(told).collect()
}

fn area(message: &pb::RedactionBox) -> Result<Area> {
    let part = |part: i32| u32::try_from(part).map_err(|error| Error::Internal(error.into()));
    let pb::RedactionBox { x, y, width, height } = *message;
    Ok(Area { x: part(x)?, y: part(y)?, width: part(width)?, height: part(height)? })
}

fn parse(id: &str, name: &str) -> Result<Id> {
    Id::parse(id).map_err(|_| Error::not_found(name))
}

/// The application and the material of a redaction's name.
pub fn redaction_ids(name: &str) -> Result<(Id, Id)> {
    let [_, application, material] = name_parts(name, ["insured", "applications", "redactions"])?;
    Ok((parse(application, name)?, parse(material, name)?))
}

/// The application of a name.
pub fn application_id(name: &str) -> Result<Id> {
    let [_, id] = name_parts(name, ["insured", "applications"])?;
    parse(id, name)
}

/// The task and the number of the name of a task's material.
pub fn task_material(name: &str) -> Result<(Id, usize)> {
    let [task, number] = name_parts(name, ["reviewTasks", "materials"])?;
    let number = number.parse().map_err(|_| Error::not_found(name))?;
    Ok((parse(task, name)?, number))
}

/// What of an application was redacted.
pub fn case(person: &Person, case: &Case) -> pb::ApplicationRedactions {
    pb::ApplicationRedactions {
        application: applications::name(person, case.application),
        redactions: case.papers.iter().map(|paper| redaction(person, case.application, paper)).collect(),
        missing: i32::try_from(case.missing()).unwrap_or(i32::MAX),
    }
}

/// What experts get of a material.
pub fn redaction(person: &Person, application: Id, paper: &Paper) -> pb::Redaction {
    let material = &paper.material;
    let missing = pb::Redaction {
        name: store::name(person, application, material.id),
        material: materials::name(person, material.id),
        number: i32::try_from(paper.number).unwrap_or(i32::MAX),
        kind: i32::from(material.kind.code()),
        title: material.label.title.clone(),
        state: pb::RedactionState::Missing.into(),
        cited: paper.cited,
        ..Default::default()
    };
    match &paper.redaction {
        None => missing,
        Some(redaction) => made(person, redaction, missing),
    }
}

fn made(person: &Person, redaction: &Redaction, missing: pb::Redaction) -> pb::Redaction {
    let (state, copy) = match &redaction.way {
        Way::Blackened { .. } => (pb::RedactionState::Blackened, String::new()),
        Way::Copy { from } => (pb::RedactionState::Copy, materials::name(person, *from)),
        Way::NoIdentity => (pb::RedactionState::NoIdentity, String::new()),
    };
    let part = |part: u32| i32::try_from(part).unwrap_or(WHOLE);
    let area = |area: &Area| pb::RedactionBox {
        x: part(area.x),
        y: part(area.y),
        width: part(area.width),
        height: part(area.height),
    };
    pb::Redaction {
        state: state.into(),
        boxes: redaction.way.areas().iter().map(area).collect(),
        redacted_copy: copy,
        media_type: redaction.served.media_type.as_str().to_owned(),
        size_bytes: redaction.served.size_bytes,
        sha256: redaction.served.sha256.clone(),
        operator: redaction.operator.clone(),
        redact_time: Some(timestamp(redaction.made_at)),
        ..missing
    }
}

/// A file as an expert gets it.
pub fn file(opened: &Opened) -> pb::TaskFile {
    pb::TaskFile {
        name: opened.name.clone(),
        title: opened.title.clone(),
        media_type: opened.served.media_type.as_str().to_owned(),
        size_bytes: opened.served.size_bytes,
    }
}

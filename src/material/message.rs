//! A material in the words of the contract.

use super::check::{Facts, Finding, Told};
use super::domain::{Label, Material, MediaType};
use super::store::{self, Stored};
use crate::catalog::files::Outcome;
use crate::db::work::View;
use crate::kernel::access::{Person, Role};
use crate::kernel::error::Result;
use crate::proto::opsp::material::v1 as pb;
use crate::rpc::parse::{date_message, timestamp};

/// Materials as this call may see them: the bureau is told when a content was handed in for somebody else too.
pub async fn messages(view: &View, stored: &[Stored]) -> Result<Vec<pb::Material>> {
    let contents: Vec<_> = stored.iter().map(|stored| stored.material.sha256.as_str()).collect();
    let seen = match view.actor().role {
        Some(Role::Bureau) => store::seen_elsewhere(view, &contents).await?,
        _ => Vec::new(),
    };
    let person = view.person()?;
    let one = |material: &Material| {
        let mut message = message(person, material);
        if seen.contains(&material.sha256) {
            message.checks.push(check(&Finding::SeenElsewhere.told(Outcome::Warn)));
        }
        message
    };
    Ok(stored.iter().map(|stored| one(&stored.material)).collect())
}

/// A material as everyone may see it who reaches its person.
pub fn message(person: &Person, material: &Material) -> pb::Material {
    let Label { title, issued_on, fixmedins_code, sealed } = material.label.clone();
    let facts = &material.checks.facts;
    pb::Material {
        name: store::name(person, material.id),
        kind: i32::from(material.kind.code()),
        title,
        media_type: material.media_type.as_str().to_owned(),
        size_bytes: material.size_bytes,
        sha256: material.sha256.clone(),
        issued_on: issued_on.map(date_message),
        fixmedins_code,
        create_time: Some(timestamp(material.created_at)),
        sealed,
        in_use: material.in_use,
        checks: material.told().iter().map(check).collect(),
        facts: (*facts != Facts::default()).then(|| facts_message(facts)),
    }
}

/// A small picture.
pub fn thumbnail_message(content: Vec<u8>) -> pb::Thumbnail {
    pb::Thumbnail { media_type: MediaType::Jpeg.as_str().to_owned(), content }
}

fn facts_message(facts: &Facts) -> pb::MaterialFacts {
    use pb::material_facts::Colour;
    let count = |number: Option<u32>| number.and_then(|number| i32::try_from(number).ok()).unwrap_or(0);
    let colour = match facts.colour {
        None => Colour::Unspecified,
        Some(true) => Colour::Coloured,
        Some(false) => Colour::Grey,
    };
    pb::MaterialFacts {
        width: count(facts.width),
        height: count(facts.height),
        pages: count(facts.pages),
        colour: colour.into(),
        signed: facts.signed,
    }
}

fn check(told: &Told) -> pb::MaterialCheck {
    use pb::material_check::Outcome as Word;
    let words = told.finding.refusal();
    let (outcome, helps) = match told.outcome {
        Outcome::Pass => (Word::Pass, false),
        Outcome::Warn => (Word::Warn, true),
        Outcome::Refuse => (Word::Refuse, true),
    };
    let help = |text: String| if helps { text } else { String::new() };
    pb::MaterialCheck {
        reason: words.reason.into_owned(),
        outcome: outcome.into(),
        text_zh: words.zh,
        text_en: words.en,
        help_zh: help(words.help_zh),
        help_en: help(words.help_en),
    }
}

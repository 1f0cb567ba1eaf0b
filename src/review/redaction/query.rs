//! What of an application was redacted, and what was not.

use super::super::domain::Task;
use super::super::{quality, store as reviews};
use crate::application::store as applications;
use crate::db::page::{Page, Paged};
use crate::db::work::{Owner, View};
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Id;
use crate::material;
use crate::material::domain::Material;
use crate::material::redaction::domain::Redaction;

/// A material of an application that experts know of.
#[derive(Clone, Debug)]
pub struct Paper {
    /// Its place in the application, from 1.
    pub number: usize,
    /// The material.
    pub material: Material,
    /// What experts get of it; none while nobody has redacted it.
    pub redaction: Option<Redaction>,
    /// Whether an opinion cites it.
    pub cited: bool,
}

/// What of an application was redacted.
#[derive(Clone, Debug)]
pub struct Case {
    /// The application.
    pub application: Id,
    /// Its materials, identity papers left out.
    pub papers: Vec<Paper>,
}

impl Case {
    /// How many of its materials nobody has redacted.
    pub fn missing(&self) -> usize {
        self.papers.iter().filter(|paper| paper.redaction.is_none()).count()
    }
}

/// An application of this call's person.
pub async fn case(view: &View, id: Id) -> Result<Case> {
    let application = applications::get(view, id).await?.application;
    let materials = material::store::get_all(view, &application.form().materials).await?;
    let redactions = material::redaction::store::of(view, id).await?;
    let tasks = reviews::tasks_of(view, id).await?;
    let paper = |(place, material): (usize, Material)| Paper {
        number: place + 1,
        redaction: redactions.iter().find(|redaction| redaction.material == material.id).cloned(),
        cited: is_cited(&tasks, material.id),
        material,
    };
    let materials = materials.into_iter().map(|stored| stored.material).enumerate();
    let shown = materials.filter(|(_, material)| !material.kind.is_identity());
    Ok(Case { application: id, papers: shown.map(paper).collect() })
}

/// Whether an opinion cites a material, one that was given before the task was opened again or closed too.
pub fn is_cited(tasks: &[Task], material: Id) -> bool {
    let opinions = tasks.iter().flat_map(|task| {
        let given = task.answered().into_iter().flat_map(|answered| &answered.opinions);
        given.chain(task.earlier().iter().flat_map(|given| &given.opinions))
    });
    opinions.flat_map(|opinion| &opinion.leaves).any(|leaf| leaf.materials.contains(&material))
}

/// One page of the applications under review in this call's area, those among them that a second panel judges, each with its person; without those of which nothing is
/// missing, unless they are asked for, and without people who are beyond the caller's reach by now.
pub async fn cases(view: &View, page: Page, complete_too: bool) -> Result<Paged<(Person, Case)>> {
    let after = page.after.as_deref().map(Id::parse).transpose()?;
    let again = quality::store::judged(view, after, page.limit()).await?;
    let rows = applications::under_review(view, &again, after, page.limit()).await?;
    let paged = page.close(view, rows, |(_, id)| id.to_string())?;
    let mut items = Vec::new();
    for (psn_no, id) in paged.items {
        let own = match view.db().view(view.actor(), Owner::Person(psn_no)).await {
            Err(Error::NotFound(_)) => continue,
            own => own?,
        };
        let case = case(&own, id).await?;
        if complete_too || case.missing() > 0 {
            items.push((own.person()?.clone(), case));
        }
    }
    Ok(Paged { items, next_page_token: paged.next_page_token })
}

//! The draw of experts. Pure, so that it can be made again by anyone from what the journal holds of it.
//!
//! The rule, exactly:
//! 1. Candidates are the experts in the registry of the application's area and of the areas above it, who are not on
//!    the panel and were not before.
//! 2. Left out are those with a conflict of interest, those outside their term (任期) and those whose specialty does not
//!    fit, each with its reasons. A conflict in one registration bars the same operator in every other one of the 统筹区
//!    and of the areas above it, whether or not that registration is in its term.
//! 3. Whoever is left in several registrations (the same operator) stands for the draw in the one with the smallest UUID,
//!    once. An operator's tasks are those of all its registrations in the 统筹区 and the areas above it together.
//! 4. These are put in order: fewer open tasks first; where these are equal, fewer tens of tasks that ended in the last
//!    365 days, answered or closed (given back, reassigned, overdue: who never answers comes no sooner for it; 0 to 9 are
//!    one, 10 to 19 the next: in between chance decides, so that who is drawn cannot be foretold); where these are equal
//!    too, the smaller key. The key is SHA-256 over 32 bytes, compared as an unsigned big-endian number: the seed of 16
//!    bytes, then the 16 bytes of the expert's UUID in network order. The first `wanted` are drawn.
//!
//! Each draw has a seed of its own, made as it is drawn, whoever is drawn: the first ones, a third or one instead of another.
//! So nothing that was told before tells who comes next, and a draw that is only tried out names nobody. An officer may
//! have somebody drawn instead of an expert who has given no opinion; who left never comes back, and each time stands in
//! the panel with the officer and the reason. The event of a draw holds its seed (hexadecimal) and the order of step 4 with
//! the tasks of each, so that it can be made again from it at once.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use time::Date;

use super::domain::Refused;
use super::panel::Member;
use super::registry::{Expert, Load, Party};
use crate::kernel::error::Refusal;
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::region::Region;

/// So many ended tasks count as one step in the order.
const STEP: u64 = 10;

/// Where the chance of a draw comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 16]);

impl Seed {
    /// In 32 hexadecimal digits.
    pub fn hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn key(self, expert: Id) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(expert.0.as_bytes()).finalize().into()
    }
}

/// The applicant, in Chinese and in English.
const APPLICANT: (&str, &str) = ("申请人", "the applicant");

/// Somebody who may be drawn.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The expert.
    pub expert: Expert,
    /// What the same operator is in other registries, those included from which nobody is drawn.
    pub elsewhere: Vec<Expert>,
    /// How much the same operator has and had to do in all of them.
    pub load: Load,
}

impl Candidate {
    /// Those of a registry who are in some areas. `loads`: of each registration that has or had something to do.
    pub fn all(registry: &[Expert], areas: &[Region], loads: &HashMap<Id, Load>) -> Vec<Self> {
        let candidate = |expert: &Expert| {
            let same = || registry.iter().filter(|other| other.operator == expert.operator);
            Self {
                expert: expert.clone(),
                elsewhere: same().filter(|other| other.id != expert.id).cloned().collect(),
                load: same().filter_map(|one| loads.get(&one.id)).copied().sum(),
            }
        };
        registry.iter().filter(|expert| areas.contains(&expert.area)).map(candidate).collect()
    }
}

/// What is to be judged, as far as interests may conflict with it.
#[derive(Clone, Debug)]
pub struct Matter {
    /// The day of the draw.
    pub day: Date,
    /// The applicant.
    pub psn_no: PsnNo,
    /// How those sign in who gave back a task of this applicant's because of a relation.
    pub avoided_by: Vec<String>,
    /// Each disease.
    pub lines: Vec<Concern>,
    /// Institutions that issued the materials.
    pub issuers: Vec<String>,
    /// How the officers sign in who accepted the application, and confirmed it where it is judged again.
    pub officers: Vec<String>,
    /// Names of the applicant, of the agent and of those who made the diagnoses.
    pub names: Vec<String>,
}

/// One disease, as far as interests may conflict with it.
#[derive(Clone, Debug)]
pub struct Concern {
    /// 病种代码.
    pub code: String,
    /// 鉴定机构.
    pub ide_fixmedins_no: String,
    /// 诊断医师编码.
    pub diag_dr_codg: String,
    /// Name of its group.
    pub group: String,
}

/// A place in the order of a draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Weighed {
    /// The expert.
    pub expert: Id,
    /// Tasks without an opinion at the time of the draw.
    pub open_tasks: u64,
    /// Tasks answered in the 365 days before it.
    pub answered_tasks: u64,
    /// Tasks that were closed without an opinion in the same days.
    pub closed_tasks: u64,
}

/// What a draw gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// What it was drawn from.
    pub seed: Seed,
    /// Those who were drawn, in order.
    pub experts: Vec<Expert>,
    /// All who could have been, in order.
    pub order: Vec<Weighed>,
    /// Those who could not, with the reasons.
    pub excluded: Vec<Refusal>,
}

/// Draws so many experts, or tells how many are missing and why each of the others was left out. `panel`: who is on it,
/// and who was.
pub fn draw(
    candidates: Vec<Candidate>,
    matter: &Matter,
    panel: &[Member],
    wanted: usize,
    seed: Seed,
) -> Result<Drawn, Vec<Refusal>> {
    let mut excluded = Vec::new();
    let mut fit = Vec::new();
    let sits = |expert: &Expert| panel.iter().any(|member| member.operator == expert.operator);
    for candidate in candidates.into_iter().filter(|candidate| !sits(&candidate.expert)) {
        let reasons = against(&candidate, matter);
        if reasons.is_empty() {
            fit.push(candidate);
        } else {
            excluded.extend(reasons);
        }
    }
    fit.sort_by_key(|candidate| candidate.expert.id.0);
    let mut ordered: Vec<Candidate> = Vec::new();
    for candidate in fit {
        if ordered.iter().all(|earlier| earlier.expert.operator != candidate.expert.operator) {
            ordered.push(candidate);
        }
    }
    ordered.sort_by_cached_key(|Candidate { expert, load, .. }| {
        (load.open_tasks, load.ended_tasks() / STEP, seed.key(expert.id))
    });
    if ordered.len() < wanted {
        let missing = wanted - ordered.len();
        let mut reasons = vec![Refusal::from(Refused::NotEnoughExperts { missing })];
        reasons.extend(excluded);
        return Err(reasons);
    }
    let order = ordered
        .iter()
        .map(|Candidate { expert, load, .. }| Weighed {
            expert: expert.id,
            open_tasks: load.open_tasks,
            answered_tasks: load.answered_tasks,
            closed_tasks: load.closed_tasks,
        })
        .collect();
    let experts = ordered.into_iter().take(wanted).map(|candidate| candidate.expert).collect();
    Ok(Drawn { seed, experts, order, excluded })
}

/// Everything that speaks against a candidate, one reason each.
fn against(candidate: &Candidate, matter: &Matter) -> Vec<Refusal> {
    let expert = &candidate.expert;
    let mut reasons = conflicts(expert, matter);
    if reasons.is_empty() && candidate.elsewhere.iter().any(|other| !conflicts(other, matter).is_empty()) {
        reasons.push(Refusal::new(
            "CONFLICT_OTHER_REGISTRATION",
            "同一登录名在其他区域的专家登记与本申请存在利益冲突。",
            "has a conflict of interest in another registration of the same operator.",
        ));
    }
    reasons.extend(not_active(expert, matter.day));
    let specialties = &expert.card.specialties;
    let stranger = matter.lines.iter().find(|line| !specialties.contains(&line.group));
    if let Some(line) = stranger.filter(|_| !specialties.is_empty()) {
        reasons.push(Refusal::new(
            "SPECIALTY_DOES_NOT_FIT",
            format!("专业不含病种 {} 所属的“{}”。", line.code, line.group),
            format!("does not judge group {} of disease {}.", line.group, line.code),
        ));
    }
    reasons.into_iter().map(|reason| reason.about(expert.resource())).collect()
}

/// That an expert may not be drawn on a day.
fn not_active(expert: &Expert, day: Date) -> Option<Refusal> {
    let term = expert.card.term;
    let refusal = || Refusal::new("NOT_ACTIVE", "不在任期内。", "is registered for other days.");
    match term.from.filter(|from| day < *from) {
        Some(from) => Some(refusal().met_on(from)),
        None => (!term.contains(day)).then(refusal),
    }
}

/// The interests of an expert that conflict with the matter.
fn conflicts(expert: &Expert, matter: &Matter) -> Vec<Refusal> {
    let mut reasons = Vec::new();
    let own = &expert.card.fixmedins_code;
    if matter.lines.iter().any(|line| line.ide_fixmedins_no == *own) {
        reasons.push(Refusal::new(
            "CONFLICT_SAME_INSTITUTION",
            format!("所在机构 {own} 是本申请的鉴定机构。"),
            format!("works at {own}, which identified a disease of this application."),
        ));
    }
    if matter.issuers.contains(own) {
        reasons.push(Refusal::new(
            "CONFLICT_ISSUER",
            format!("所在机构 {own} 出具了本申请的材料。"),
            format!("works at {own}, which issued a material of this application."),
        ));
    }
    let doctor = &expert.card.diag_dr_codg;
    if !doctor.is_empty() && matter.lines.iter().any(|line| line.diag_dr_codg == *doctor) {
        reasons.push(Refusal::new(
            "CONFLICT_DIAGNOSING_DOCTOR",
            "是本申请的诊断医师。",
            "made a diagnosis of this application.",
        ));
    }
    if matter.officers.contains(&expert.operator) {
        reasons.push(Refusal::new("CONFLICT_OFFICER", "受理了本申请。", "accepted this application."));
    }
    let bare = |name: &str| -> String { name.chars().filter(|letter| !letter.is_whitespace()).collect() };
    if matter.names.iter().any(|name| bare(name) == bare(&expert.card.name)) {
        reasons.push(Refusal::new(
            "CONFLICT_SAME_NAME",
            "与本申请的有关人员姓名相同。",
            "has the same name as somebody concerned with this application.",
        ));
    }
    reasons.extend(declared(expert, matter));
    reasons
}

/// That an expert is related to somebody concerned, as it was declared: one reason for all of them.
fn declared(expert: &Expert, matter: &Matter) -> Option<Refusal> {
    let kind = |party: &Party| match party {
        Party::Person(psn_no) => (*psn_no == matter.psn_no).then_some(APPLICANT),
        Party::Doctor(code) => matter
            .lines
            .iter()
            .any(|line| line.diag_dr_codg == *code)
            .then_some(("诊断医师", "a diagnosing doctor")),
        Party::Institution(code) => {
            let identified = matter.lines.iter().any(|line| line.ide_fixmedins_no == *code);
            (identified || matter.issuers.contains(code)).then_some(("有关机构", "an institution concerned"))
        }
    };
    let avoided = matter.avoided_by.contains(&expert.operator).then_some(APPLICANT);
    let related = expert.card.relations.iter().filter_map(|relation| kind(&relation.party)).chain(avoided);
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    for kind in related {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let (zh, en): (Vec<_>, Vec<_>) = kinds.into_iter().unzip();
    (!zh.is_empty()).then(|| {
        Refusal::new(
            "CONFLICT_DECLARED_RELATION",
            format!("已申报与本申请的{}有利害关系。", zh.join("、")),
            format!("is related to {}, as was declared.", en.join(" and ")),
        )
    })
}

#[cfg(test)]
#[path = "draw_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "draw_panels_tests.rs"]
mod panels;

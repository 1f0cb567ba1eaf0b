//! The draw of experts. Pure, so that it can be made again by anyone from what the journal holds of it.
//!
//! The rule, exactly:
//! 1. Candidates are the experts in the registry of the application's area and of the areas above it, who are not on
//!    the panel already.
//! 2. Left out are those with a conflict of interest and those whose specialty does not fit, each with its reasons.
//!    A conflict in one registration bars the same operator in every other one of the 统筹区 and of the areas above it.
//! 3. The others are put in order: fewer open tasks first; where these are equal, the smaller key first. The key is
//!    SHA-256 over 32 bytes, compared as an unsigned big-endian number: the panel's seed of 16 bytes, then the 16 bytes
//!    of the expert's UUID in network order.
//! 4. Whoever is in the registry twice (the same operator) keeps the first place only. The first `wanted` are drawn.
//!
//! The seed is drawn once a panel, before anything is known of the order, and the third expert is drawn from the same
//! seed: nobody can ask for another one until a draw pleases. The event of a draw holds the seed (hexadecimal) and the
//! order of step 4 with the open tasks of each, so that steps 3 and 4 can be made again from it.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::domain::{Expert, Refused};
use super::panel::Member;
use crate::kernel::error::Refusal;
use crate::kernel::id::Id;

/// Where the chance of a draw comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 16]);

impl Seed {
    /// In 32 hexadecimal digits.
    pub fn hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// From its hexadecimal digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let number = u128::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 32)?;
        Some(Self(number.to_be_bytes()))
    }

    fn key(self, expert: Id) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(expert.0.as_bytes()).finalize().into()
    }
}

/// Somebody who may be drawn.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The expert.
    pub expert: Expert,
    /// What the same operator is in other registries, those included from which nobody is drawn.
    pub elsewhere: Vec<Expert>,
    /// Tasks without an opinion.
    pub open_tasks: u64,
}

/// What is to be judged, as far as interests may conflict with it.
#[derive(Clone, Debug, Default)]
pub struct Matter {
    /// Each disease.
    pub lines: Vec<Concern>,
    /// Institutions that issued the materials.
    pub issuers: Vec<String>,
    /// How the officer who accepted the application signs in.
    pub officer: String,
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
}

/// What a draw gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Those who were drawn, in order.
    pub experts: Vec<Expert>,
    /// All who could have been, in order.
    pub order: Vec<Weighed>,
    /// Those who could not, with the reasons.
    pub excluded: Vec<Refusal>,
}

/// Draws so many experts, or tells how many are missing and why each of the others was left out.
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
    fit.sort_by_cached_key(|candidate| (candidate.open_tasks, seed.key(candidate.expert.id)));
    let mut ordered: Vec<Candidate> = Vec::new();
    for candidate in fit {
        if ordered.iter().all(|earlier| earlier.expert.operator != candidate.expert.operator) {
            ordered.push(candidate);
        }
    }
    if ordered.len() < wanted {
        let missing = wanted - ordered.len();
        let mut reasons = vec![Refusal::from(Refused::NotEnoughExperts { missing })];
        reasons.extend(excluded);
        return Err(reasons);
    }
    let order = ordered
        .iter()
        .map(|candidate| Weighed { expert: candidate.expert.id, open_tasks: candidate.open_tasks })
        .collect();
    let experts = ordered.into_iter().take(wanted).map(|candidate| candidate.expert).collect();
    Ok(Drawn { experts, order, excluded })
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
    let stranger = matter.lines.iter().find(|line| !expert.specialties.contains(&line.group));
    if let Some(line) = stranger.filter(|_| !expert.specialties.is_empty()) {
        reasons.push(Refusal::new(
            "SPECIALTY_DOES_NOT_FIT",
            format!("专业不含病种 {} 所属的“{}”。", line.code, line.group),
            format!("does not judge group {} of disease {}.", line.group, line.code),
        ));
    }
    reasons.into_iter().map(|reason| reason.about(expert.resource())).collect()
}

/// The interests of an expert that conflict with the matter.
fn conflicts(expert: &Expert, matter: &Matter) -> Vec<Refusal> {
    let mut reasons = Vec::new();
    let own = &expert.fixmedins_code;
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
    let doctor = &expert.diag_dr_codg;
    if !doctor.is_empty() && matter.lines.iter().any(|line| line.diag_dr_codg == *doctor) {
        reasons.push(Refusal::new(
            "CONFLICT_DIAGNOSING_DOCTOR",
            "是本申请的诊断医师。",
            "made a diagnosis of this application.",
        ));
    }
    if expert.operator == matter.officer {
        reasons.push(Refusal::new("CONFLICT_OFFICER", "受理了本申请。", "accepted this application."));
    }
    let bare = |name: &str| -> String { name.chars().filter(|letter| !letter.is_whitespace()).collect() };
    if matter.names.iter().any(|name| bare(name) == bare(&expert.name)) {
        reasons.push(Refusal::new(
            "CONFLICT_SAME_NAME",
            "与本申请的有关人员姓名相同。",
            "has the same name as somebody concerned with this application.",
        ));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::region::Region;

    const SEED: Seed = Seed([7; 16]);

    fn candidate(number: u128, open_tasks: u64) -> Candidate {
        let expert = Expert {
            id: Id(uuid::Uuid::from_u128(number)),
            area: Region::find("620900").unwrap(),
            name: "李四".to_owned(),
            operator: format!("expert{number}"),
            fixmedins_code: format!("H6209000000{number}"),
            specialties: Vec::new(),
            diag_dr_codg: String::new(),
        };
        Candidate { expert, elsewhere: Vec::new(), open_tasks }
    }

    fn matter() -> Matter {
        let concern = |code: &str, group: &str| Concern {
            code: code.to_owned(),
            ide_fixmedins_no: "H62090000001".to_owned(),
            diag_dr_codg: "D1".to_owned(),
            group: group.to_owned(),
        };
        let lines = vec![concern("A", "内分泌"), concern("B", "心脑血管")];
        Matter {
            lines,
            issuers: vec!["H62090000002".to_owned()],
            officer: "officer".to_owned(),
            names: vec!["王 五".to_owned()],
        }
    }

    fn numbers(drawn: &Drawn) -> Vec<u128> {
        drawn.experts.iter().map(|expert| expert.id.0.as_u128()).collect()
    }

    /// Reasons against an expert who was changed, and that each names the expert.
    fn check(change: impl Fn(&mut Expert), expected: &[&str]) {
        let mut changed = candidate(5, 0);
        change(&mut changed.expert);
        let name = changed.expert.resource();
        let drawn = draw(vec![changed], &matter(), &[], 1, SEED);
        let reasons = drawn.map_or_else(|reasons| reasons, |drawn| drawn.excluded);
        assert!(reasons.iter().skip(1).all(|reason| reason.subject == name));
        let words: Vec<_> = reasons.iter().map(|reason| reason.reason.as_ref()).collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn each_conflict_is_told() {
        check(|_| {}, &[]);
        check(
            |expert| expert.fixmedins_code = "H62090000001".to_owned(),
            &["NOT_ENOUGH_EXPERTS", "CONFLICT_SAME_INSTITUTION"],
        );
        check(
            |expert| expert.fixmedins_code = "H62090000002".to_owned(),
            &["NOT_ENOUGH_EXPERTS", "CONFLICT_ISSUER"],
        );
        check(
            |expert| expert.diag_dr_codg = "D1".to_owned(),
            &["NOT_ENOUGH_EXPERTS", "CONFLICT_DIAGNOSING_DOCTOR"],
        );
        check(|expert| expert.operator = "officer".to_owned(), &["NOT_ENOUGH_EXPERTS", "CONFLICT_OFFICER"]);
        check(|expert| expert.name = " 王五".to_owned(), &["NOT_ENOUGH_EXPERTS", "CONFLICT_SAME_NAME"]);
        check(
            |expert| expert.specialties = vec!["内分泌".to_owned()],
            &["NOT_ENOUGH_EXPERTS", "SPECIALTY_DOES_NOT_FIT"],
        );
        check(|expert| expert.specialties = vec!["内分泌".to_owned(), "心脑血管".to_owned()], &[]);
        let all = |expert: &mut Expert| {
            expert.fixmedins_code = "H62090000001".to_owned();
            expert.diag_dr_codg = "D1".to_owned();
            expert.specialties = vec!["骨科".to_owned()];
        };
        let told = [
            "NOT_ENOUGH_EXPERTS",
            "CONFLICT_SAME_INSTITUTION",
            "CONFLICT_DIAGNOSING_DOCTOR",
            "SPECIALTY_DOES_NOT_FIT",
        ];
        check(all, &told);
    }

    #[test]
    fn a_conflict_in_one_registration_bars_the_other() {
        let with = |change: fn(&mut Expert)| {
            let (mut one, mut other) = (candidate(5, 0), candidate(6, 0).expert);
            other.operator.clone_from(&one.expert.operator);
            change(&mut other);
            one.elsewhere = vec![other];
            draw(vec![one], &matter(), &[], 1, SEED)
                .map_or_else(|reasons| reasons, |drawn| drawn.excluded)
                .into_iter()
                .map(|reason| reason.reason.into_owned())
                .collect::<Vec<_>>()
        };
        let barred = ["NOT_ENOUGH_EXPERTS", "CONFLICT_OTHER_REGISTRATION"];
        assert_eq!(with(|other| other.fixmedins_code = "H62090000001".to_owned()), barred);
        assert_eq!(with(|other| other.diag_dr_codg = "D1".to_owned()), barred);
        // What does not fit in one registration is no conflict: the other one may judge.
        assert!(with(|other| other.specialties = vec!["骨科".to_owned()]).is_empty());
        assert!(with(|_| ()).is_empty());
    }

    #[test]
    fn those_with_the_fewest_open_tasks_are_drawn() {
        let drawn =
            draw(vec![candidate(3, 4), candidate(4, 0), candidate(5, 2)], &matter(), &[], 2, SEED).unwrap();
        assert_eq!(numbers(&drawn), [4, 5]);
        assert_eq!(drawn.order.iter().map(|place| place.open_tasks).collect::<Vec<_>>(), [0, 2, 4]);
    }

    #[test]
    fn a_tie_is_broken_by_the_seed_and_not_by_the_order_of_the_registry() {
        let all = || (3..9).map(|number| candidate(number, 0)).collect::<Vec<_>>();
        let first = draw(all(), &matter(), &[], 2, SEED).unwrap();
        let again = draw(all().into_iter().rev().collect(), &matter(), &[], 2, SEED).unwrap();
        assert_eq!(numbers(&first), numbers(&again));
        let mut by_key: Vec<_> = all().into_iter().map(|one| one.expert.id).collect();
        by_key.sort_by_key(|id| {
            let mut bytes = SEED.0.to_vec();
            bytes.extend(id.0.as_bytes());
            Sha256::digest(&bytes).to_vec()
        });
        assert_eq!(first.order.iter().map(|place| place.expert).collect::<Vec<_>>(), by_key);
        let seeds: Vec<_> =
            (0..20).map(|byte| numbers(&draw(all(), &matter(), &[], 2, Seed([byte; 16])).unwrap())).collect();
        assert!(seeds.iter().any(|drawn| *drawn != seeds[0]));
    }

    #[test]
    fn nobody_sits_on_a_panel_twice() {
        let member = |expert: &Expert| Member {
            expert: expert.id,
            area: expert.area.clone(),
            operator: expert.operator.clone(),
            task: Id(uuid::Uuid::nil()),
        };
        let panel = [member(&candidate(3, 0).expert)];
        let mut twin = candidate(4, 0);
        twin.expert.operator = "expert3".to_owned();
        let mut double = candidate(6, 0);
        double.expert.operator = "expert5".to_owned();
        let candidates = vec![candidate(3, 0), twin, candidate(5, 1), double];
        let drawn = draw(candidates.clone(), &matter(), &panel, 1, SEED).unwrap();
        assert_eq!(numbers(&drawn), [6]);
        assert_eq!(drawn.order.len(), 1);
        assert!(drawn.excluded.is_empty());
        let reasons = draw(candidates, &matter(), &panel, 3, SEED).unwrap_err();
        assert_eq!(reasons[0], Refusal::from(Refused::NotEnoughExperts { missing: 2 }));
    }

    #[test]
    fn a_seed_is_read_as_it_was_written() {
        assert_eq!(Seed::parse(&SEED.hex()), Some(SEED));
        assert_eq!(SEED.hex(), "07".repeat(16));
        assert!(Seed::parse("07").is_none() && Seed::parse(&"x".repeat(32)).is_none());
    }
}

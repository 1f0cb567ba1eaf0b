//! Who calls, in which role, and what a call may reach.

use super::error::{Error, Result};
use super::id::PsnNo;
use super::region::Region;

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 国家医保信息平台.
    NationalPlatform,
    /// 省级门户.
    Portal,
    /// 经办机构.
    Bureau,
    /// 评审专家.
    Expert,
    /// 运维.
    Ops,
}

impl Role {
    /// Its word in journals and timelines.
    pub fn word(self) -> &'static str {
        match self {
            Self::NationalPlatform => "national_platform",
            Self::Portal => "portal",
            Self::Bureau => "bureau",
            Self::Expert => "expert",
            Self::Ops => "ops",
        }
    }
}

/// What a method reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One insured person.
    Person,
    /// One area.
    Area,
    /// Public matter.
    Public,
    /// The whole server.
    System,
}

/// The authorization of a method, as its proto option states it.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Roles of which the caller must hold one.
    pub roles: &'static [Role],
}

/// Who acts, in the one role that the method asks for.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Name of the credential.
    pub caller: String,
    /// The role it acts in; none for the server itself.
    pub role: Option<Role>,
    /// Areas that it may reach.
    pub areas: Vec<Region>,
    /// The person it acts for (portal).
    pub subject: Option<PsnNo>,
    /// The officer or expert at the screen (back office).
    pub operator: Option<String>,
}

impl Actor {
    /// The server itself, for timed work.
    pub fn system() -> Self {
        Self { caller: "system".to_owned(), role: None, areas: Vec::new(), subject: None, operator: None }
    }

    /// Whether it may reach a person of an area. A portal reaches only the person it acts for.
    pub fn reaches(&self, psn_no: &PsnNo, area: &Region) -> bool {
        match self.role {
            None => true,
            Some(Role::Portal) => self.subject.as_ref() == Some(psn_no),
            Some(_) => self.holds(area),
        }
    }

    /// Whether it may reach an area.
    pub fn holds(&self, area: &Region) -> bool {
        self.role.is_none() || self.areas.iter().any(|own| own.contains(area))
    }

    /// The officer or expert at the screen.
    pub fn operator(&self) -> Result<&str> {
        self.operator
            .as_deref()
            .ok_or_else(|| Error::internal("a call without operator passed authentication"))
    }

    /// Its word in journals and timelines.
    pub fn word(&self) -> &'static str {
        self.role.map_or("system", Role::word)
    }
}

/// Proof that the caller may reach a person. Only the database layer makes one, after it has looked.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person.
    pub psn_no: PsnNo,
    /// 参保地: where the person is insured.
    pub area: Region,
}

impl Person {
    /// `insured/{psn_no}`.
    pub fn name(&self) -> String {
        format!("insured/{}", self.psn_no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_reaches_only_the_person_it_acts_for() {
        let (own, other) = (PsnNo::parse("1").unwrap(), PsnNo::parse("2").unwrap());
        let area = Region::find("620902").unwrap();
        let mut actor = Actor { role: Some(Role::Portal), areas: vec![area.clone()], ..Actor::system() };
        assert!(!actor.reaches(&own, &area));
        actor.subject = Some(own.clone());
        assert!(actor.reaches(&own, &area) && !actor.reaches(&other, &area));
        actor.role = Some(Role::Bureau);
        assert!(actor.reaches(&other, &area));
        assert!(!actor.reaches(&other, &Region::find("620702").unwrap()));
    }
}

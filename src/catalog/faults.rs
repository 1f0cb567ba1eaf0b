//! What would be wrong with a catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::domain::{Catalog, Disease};
use super::policy::Case;
use super::rules::SeveralDiseases;
use super::words::Level;
use crate::kernel::calendar::parse_date;
use crate::kernel::region::Region;

/// A fault in a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Catalog {
    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |text: String| faults.push(Fault(text));
        if Region::find(&self.area).is_none_or(|area| area.pooling() != area) {
            fault(format!("area {} is no pooling area of the national table", self.area));
        }
        if parse_date(&self.in_force_from).is_none() {
            fault(format!("in_force_from {} is no date", self.in_force_from));
        }
        // What the server does not do, no catalogue may promise.
        if self.rules.several_diseases != SeveralDiseases::Sum {
            fault("rules: several_diseases: only sum is carried out so far".to_owned());
        }
        self.rules.files.faults().into_iter().for_each(&mut fault);
        let groups: BTreeSet<_> = self.groups.iter().map(|group| group.id.as_str()).collect();
        let mut by_code: BTreeMap<&str, &Disease> = BTreeMap::new();
        for disease in &self.diseases {
            if by_code.insert(&disease.code, disease).is_some() {
                fault(format!("disease {} is there twice", disease.code));
            }
            if !groups.contains(disease.group.as_str()) {
                fault(format!("disease {}: group {} is unknown", disease.code, disease.group));
            }
        }
        for disease in &self.diseases {
            for other in &disease.exclusions {
                if by_code.get(other.as_str()).is_none_or(|other| !other.exclusions.contains(&disease.code)) {
                    fault(format!("disease {}: exclusion {other} is unknown or one-sided", disease.code));
                }
            }
            self.coverage_faults(disease, &mut fault);
        }
        for institution in &self.institutions {
            if Region::find(&institution.admdvs).is_none() || Level::from_code(&institution.hosp_lv).is_none()
            {
                fault(format!("institution {}: admdvs or hosp_lv is unknown", institution.fixmedins_code));
            }
            if parse_date(&institution.begndate).is_none() {
                fault(format!("institution {}: begndate is no date", institution.fixmedins_code));
            }
        }
        faults
    }

    /// Each case of a disease must fall under exactly one row.
    fn coverage_faults(&self, disease: &Disease, fault: &mut impl FnMut(String)) {
        let rows = self.policies(disease);
        for insutype in &disease.insutypes {
            for retired in [false, true] {
                for hospital in [Level::Primary, Level::Secondary, Level::Tertiary] {
                    for remote in [false, true] {
                        let case = Case { insutype: *insutype, retired, hospital, remote };
                        let count = rows.iter().filter(|row| row.covers(&case)).count();
                        if count != 1 {
                            fault(format!("disease {}: {count} policy rows for {case:?}", disease.code));
                        }
                    }
                }
            }
        }
        for row in rows {
            if !(0..=10_000).contains(&row.ratio_bp.0) || row.limit_fen.0 < 0 || row.deductible_fen.0 < 0 {
                fault(format!("disease {}: ratio, limit or deductible is out of bounds", disease.code));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::domain::{HospitalRule, SAMPLE};

    #[test]
    fn planted_faults_are_all_found() {
        let mut catalog = Catalog::parse(SAMPLE).unwrap();
        catalog.area = "620902".to_owned();
        catalog.rules.several_diseases = SeveralDiseases::Highest;
        catalog.diseases[0].group = "nowhere".to_owned();
        catalog.diseases[1].exclusions.push("X".to_owned());
        catalog.policies.retain(|row| row.group != "respiratory" || row.hospital != HospitalRule::Secondary);
        let text: String = catalog.faults().iter().map(|fault| format!("{fault}\n")).collect();
        for expected in ["620902", "nowhere", "exclusion X", "0 policy rows", "only sum"] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(Catalog::parse("area = 1").is_err());
    }
}

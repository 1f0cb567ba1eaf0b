//! 定点: whether the institutions that identified the diseases were designated for them.

use super::domain::{Form, StepRefused};
use crate::catalog::domain::{Catalog, Insutype};

/// Every line whose institution was not designated for the line's disease and the person's insured kind on the day of
/// the identification. An institution that the catalogue does not have at all is the checklist's to tell.
pub fn faults(form: &Form, catalog: &Catalog, kind: Insutype) -> Vec<StepRefused> {
    let lines = form.lines.iter().filter(|line| {
        let institution = catalog.institution(&line.ide_fixmedins_no);
        institution
            .is_some_and(|found| !found.is_designated(line.hosp_ide_date) || !found.serves(&line.code, kind))
    });
    lines
        .map(|line| StepRefused::NotDesignated {
            code: line.code.clone(),
            fixmedins_code: line.ide_fixmedins_no.clone(),
            day: line.hosp_ide_date,
            kind,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::application::domain::{Kind, LineForm};
    use crate::catalog::domain::{Institution, SAMPLE};

    fn check(change: impl Fn(&mut Institution), expected: usize) {
        let mut catalog = Catalog::parse(SAMPLE).unwrap();
        change(&mut catalog.institutions[0]);
        let line = LineForm {
            code: "M01600".to_owned(),
            ide_fixmedins_no: catalog.institutions[0].fixmedins_code.clone(),
            hosp_ide_date: date!(2025 - 03 - 03),
            diag_dr_codg: "D1".to_owned(),
            diag_dr_name: "李医生".to_owned(),
        };
        let form = Form {
            appy_rea: String::new(),
            tel: "13800000000".to_owned(),
            agent: None,
            lines: vec![line],
            materials: Vec::new(),
            dcla_souc: "03".to_owned(),
            kind: Kind::New,
        };
        assert_eq!(faults(&form, &catalog, Insutype::Employee).len(), expected);
    }

    #[test]
    fn disease_kind_and_days_of_the_contract_decide() {
        check(|_| {}, 0);
        check(|own| own.diseases = vec!["M01600".to_owned()], 0);
        check(|own| own.diseases = vec!["M00500".to_owned()], 1);
        check(|own| own.insutypes = vec![Insutype::Employee], 0);
        check(|own| own.insutypes = vec![Insutype::Resident], 1);
        check(|own| own.begndate = "2025-03-04".to_owned(), 1);
        check(|own| own.enddate = Some("2025-03-02".to_owned()), 1);
        check(|own| own.fixmedins_code = "H00000000000".to_owned(), 0);
    }
}

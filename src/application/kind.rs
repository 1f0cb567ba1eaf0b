//! 申请类型: what an application builds on, and what of it counts for admission. Pure.

use super::domain::{Kind, Misfit};
use crate::insured::domain::Held;
use crate::kernel::id::Id;

impl Kind {
    /// Whether it builds on nothing.
    pub fn is_new(&self) -> bool {
        *self == Self::New
    }

    /// 申请类型, as paper has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "首次申请",
            Self::Added { .. } => "增加病种",
            Self::Changed { .. } => "病情变化",
        }
    }

    /// The benefit that it builds on.
    pub fn benefit(self) -> Option<Id> {
        match self {
            Self::New => None,
            Self::Added { benefit } | Self::Changed { benefit } => Some(benefit),
        }
    }

    /// What counts of all that is held: what it is to replace, as if it were gone.
    pub fn counted(self, mut held: Held) -> Held {
        if let Self::Changed { benefit } = self {
            held.benefits.retain(|own| own.source(benefit).is_none());
        }
        held
    }

    /// Everything that keeps an application for some diseases from being of this kind.
    pub fn misfits(self, codes: &[String], held: &Held) -> Vec<Misfit> {
        let Some(benefit) = self.benefit() else { return Vec::new() };
        let mut misfits = Vec::new();
        let own = held.benefits.iter().find_map(|own| Some((own, own.source(benefit)?)));
        if !own.is_some_and(|(_, source)| source.in_force) {
            misfits.push(Misfit::BenefitNotInForce);
        }
        if let Self::Changed { .. } = self {
            if codes.len() != 1 {
                misfits.push(Misfit::SeveralDiseases);
            }
            let same = |code: &&String| own.is_some_and(|(own, _)| own.code == **code);
            misfits.extend(codes.iter().filter(same).map(|code| Misfit::SameDisease { code: code.clone() }));
        }
        misfits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::domain::Form;
    use crate::insured::domain::{HeldBenefit, Source};
    use uuid::Uuid;

    fn id(number: u128) -> Id {
        Id(Uuid::from_u128(number))
    }

    /// Benefit 1 for A is in force, benefit 2 for B is not.
    fn held() -> Held {
        let benefit = |code: &str, number, in_force| HeldBenefit {
            code: code.to_owned(),
            last: None,
            sources: vec![Source { benefit: id(number), application: id(9), in_force }],
        };
        Held { benefits: vec![benefit("A", 1, true), benefit("B", 2, false)], applications: Vec::new() }
    }

    fn check(kind: Kind, codes: &[&str], expected: &[Misfit]) {
        let codes: Vec<_> = codes.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(kind.misfits(&codes, &held()), expected, "{kind:?}");
    }

    #[test]
    fn everything_that_does_not_fit_is_told() {
        let (added, changed) =
            (|number| Kind::Added { benefit: id(number) }, |number| Kind::Changed { benefit: id(number) });
        let same = |code: &str| Misfit::SameDisease { code: code.to_owned() };
        check(Kind::New, &["A", "C"], &[]);
        check(added(1), &["C", "D"], &[]);
        check(added(2), &["C"], &[Misfit::BenefitNotInForce]);
        check(added(7), &["C"], &[Misfit::BenefitNotInForce]);
        check(changed(1), &["C"], &[]);
        check(changed(1), &["A"], &[same("A")]);
        check(changed(1), &["C", "A"], &[Misfit::SeveralDiseases, same("A")]);
        check(changed(2), &["B", "D"], &[Misfit::BenefitNotInForce, Misfit::SeveralDiseases, same("B")]);
    }

    #[test]
    fn what_is_to_be_replaced_counts_as_if_it_were_gone() {
        let left =
            |kind: Kind| kind.counted(held()).benefits.into_iter().map(|own| own.code).collect::<String>();
        assert_eq!(left(Kind::New), "AB");
        assert_eq!(left(Kind::Added { benefit: id(1) }), "AB");
        assert_eq!(left(Kind::Changed { benefit: id(1) }), "B");
        assert_eq!(left(Kind::Changed { benefit: id(7) }), "AB");
    }

    #[test]
    fn a_form_from_before_there_were_kinds_is_new_and_is_written_as_it_was() {
        let old =
            r#"{"appy_rea":"","tel":"13800000000","agent":null,"lines":[],"materials":[],"dcla_souc":"03"}"#;
        let form: Form = serde_json::from_str(old).unwrap();
        assert!(form.kind.is_new());
        assert_eq!(serde_json::to_string(&form).unwrap(), old);
        let changed = Form { kind: Kind::Changed { benefit: id(1) }, ..form };
        let kept = serde_json::to_string(&changed).unwrap();
        assert!(serde_json::from_str::<Form>(&kept).unwrap() == changed, "{kept}");
    }
}

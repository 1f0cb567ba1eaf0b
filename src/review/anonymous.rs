//! What is left of a material's label when nothing of it may tell who the applicant is. Pure.

use crate::catalog::domain::MaterialKind;

/// How an expert gets to see a material: by its kind and its title. None for papers that show who the applicant is. A
/// title that says it itself is left out, and the kind stands alone.
pub fn title(kind: MaterialKind, said: &str, identity: &[&str]) -> Option<String> {
    let name = match kind {
        MaterialKind::IdCardFront
        | MaterialKind::IdCardBack
        | MaterialKind::InsuranceCard
        | MaterialKind::ApplicationForm => return None,
        MaterialKind::DiagnosisCertificate => "诊断证明",
        MaterialKind::MedicalRecord => "住院或门诊病历",
        MaterialKind::ExamReport => "检查检验报告",
        MaterialKind::ResidenceProof => "异地居住证明",
        MaterialKind::Referral => "转诊证明",
        MaterialKind::Other => "其他",
    };
    let bare: String = said.chars().filter(|letter| !letter.is_whitespace()).collect();
    let tells = identity.iter().any(|word| !word.is_empty() && bare.contains(word));
    if bare.is_empty() || tells { Some(name.to_owned()) } else { Some(format!("{name}：{said}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_never_tells_who_the_applicant_is() {
        let title = |kind, said| title(kind, said, &["张三", "", "620902196001010011"]);
        assert_eq!(title(MaterialKind::IdCardFront, "身份证"), None);
        assert_eq!(title(MaterialKind::ApplicationForm, "申请表"), None);
        assert_eq!(title(MaterialKind::ExamReport, "血糖").as_deref(), Some("检查检验报告：血糖"));
        assert_eq!(title(MaterialKind::ExamReport, "张 三血糖").as_deref(), Some("检查检验报告"));
        assert_eq!(title(MaterialKind::Other, "").as_deref(), Some("其他"));
        for kind in MaterialKind::ALL {
            assert_eq!(title(kind, "x").is_none(), kind.is_identity(), "{kind:?}");
        }
    }
}

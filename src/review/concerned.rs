//! By what the people concerned with an application are known: what experts must not read. Pure.

use crate::application::domain::Form;
use crate::insured::domain::Insured;

/// A field that tells who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// 人员编号.
    PsnNo,
    /// 证件号码.
    Certno,
    /// 姓名.
    PsnName,
    /// 电话, of the registration or the form.
    Tel,
    /// 地址.
    Addr,
    /// 代办人姓名.
    AgentName,
    /// 代办人证件号码.
    AgentCertno,
    /// 代办人电话.
    AgentTel,
    /// 代办人地址.
    AgentAddr,
    /// 诊断医师姓名.
    DoctorName,
}

impl Field {
    /// In Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::PsnNo => ("参保人人员编号", "the applicant's psn_no"),
            Self::Certno => ("参保人证件号码", "the applicant's certno"),
            Self::PsnName => ("参保人姓名", "the applicant's name"),
            Self::Tel => ("参保人电话", "the applicant's phone"),
            Self::Addr => ("参保人地址", "the applicant's address"),
            Self::AgentName => ("代办人姓名", "the agent's name"),
            Self::AgentCertno => ("代办人证件号码", "the agent's certno"),
            Self::AgentTel => ("代办人电话", "the agent's phone"),
            Self::AgentAddr => ("代办人地址", "the agent's address"),
            Self::DoctorName => ("诊断医师姓名", "the diagnosing doctor's name"),
        }
    }
}

/// Some fields in Chinese and in English, each once.
pub fn listed(fields: &[Field]) -> (String, String) {
    let mut once: Vec<Field> = Vec::new();
    for field in fields {
        if !once.contains(field) {
            once.push(*field);
        }
    }
    let (zh, en): (Vec<_>, Vec<_>) = once.into_iter().map(Field::words).unzip();
    (zh.join("、"), en.join(", "))
}

/// What tells who the applicant, the agent or the diagnosing doctor is; what is not known is empty.
pub fn known(insured: &Insured, form: &Form) -> Vec<(Field, String)> {
    let mut known = vec![
        (Field::PsnNo, insured.psn_no.to_string()),
        (Field::Certno, insured.certno.clone()),
        (Field::PsnName, insured.psn_name.clone()),
        (Field::Tel, insured.tel.clone()),
        (Field::Tel, form.tel.clone()),
        (Field::Addr, insured.addr.clone()),
    ];
    if let Some(agent) = &form.agent {
        known.extend([
            (Field::AgentName, agent.name.clone()),
            (Field::AgentCertno, agent.certno.clone()),
            (Field::AgentTel, agent.tel.clone()),
            (Field::AgentAddr, agent.addr.clone()),
        ]);
    }
    known.extend(form.lines.iter().map(|line| (Field::DoctorName, line.diag_dr_name.clone())));
    known
}

/// Those of some words that a text has in it, however it is spaced.
pub fn told(text: &str, known: &[(Field, String)]) -> Vec<Field> {
    let bare = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    let text = bare(text);
    // A single letter is no name.
    let holds = |word: &str| word.chars().count() > 1 && text.contains(word);
    known.iter().filter(|(_, word)| holds(&bare(word))).map(|(field, _)| *field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_not_tell_who_it_is_however_it_is_spaced() {
        let known = [
            (Field::PsnName, "欧阳测试".to_owned()),
            (Field::Certno, "62090219600101001X".to_owned()),
            (Field::Tel, String::new()),
            (Field::Addr, "酒".to_owned()),
            (Field::DoctorName, "钱大夫".to_owned()),
        ];
        for (text, field) in [
            ("请核对欧阳 测试的报告", Field::PsnName),
            ("证件62090219600101001x不清", Field::Certno),
            ("钱大夫所见", Field::DoctorName),
        ] {
            assert_eq!(told(text, &known), [field], "{text}");
        }
        for fine in ["请再看材料 4 的糖化血红蛋白", "酒后检查不作数"] {
            assert!(told(fine, &known).is_empty(), "{fine}");
        }
    }

    #[test]
    fn fields_are_listed_once_in_both_languages() {
        let (zh, en) = listed(&[Field::Tel, Field::PsnName, Field::Tel]);
        assert_eq!(
            (zh.as_str(), en.as_str()),
            ("参保人电话、参保人姓名", "the applicant's phone, the applicant's name")
        );
    }
}

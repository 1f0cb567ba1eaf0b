//! 救济途径: what an applicant can do against a decision, and until when. Pure.

use time::{Date, Duration};

use super::domain::{Application, Line, LineState};
use crate::catalog::domain::Rules;
use crate::proto::opsp::application::v1 as pb;
use crate::rpc::parse::date_message;

/// Lines that stand against the applicant since the same day; none where the day is not kept.
struct Against {
    since: Option<Date>,
    codes: Vec<String>,
}

/// What stands open, in the contract's words. `changed_on`: the day on which the application last changed.
pub fn messages(application: &Application, changed_on: Date, rules: &Rules) -> Vec<pb::Remedy> {
    let against = against(application, changed_on);
    if against.is_empty() {
        return Vec::new();
    }
    let days = i64::from(rules.remedy_days);
    let several = against.len() > 1;
    let recheck = |against: &Against| {
        let until = against.since.filter(|_| days > 0).map(|on| on + Duration::days(days));
        recheck(until, &against.codes, several)
    };
    let mut remedies: Vec<_> = against.iter().map(recheck).collect();
    let concerned = |line: &Line| against.iter().any(|against| against.codes.contains(&line.code));
    let lines = application.lines().into_iter().filter(concerned);
    let all: Vec<_> = lines.map(|line| line.code).collect();
    remedies.push(remedy(
        pb::RemedyKind::Legal,
        "对决定不服的，可依法申请行政复议或者提起行政诉讼，期限依法律规定。",
        "administrative reconsideration or litigation, within the time that the law sets.",
        &all,
    ));
    remedies.push(remedy(
        pb::RemedyKind::ApplyAgain,
        "补充所缺的证明材料后，可以重新申请。",
        "apply again with the proof that was missing.",
        &all,
    ));
    remedies
}

/// What stands against the applicant. On which day an objection was upheld is not kept in a line.
fn against(application: &Application, changed_on: Date) -> Vec<Against> {
    match application {
        // Nothing changes in a refused application.
        Application::Refused(refused) => {
            vec![Against { since: Some(changed_on), codes: refused.filed.form.codes() }]
        }
        Application::Decided(decided) => {
            let of = |state, since| {
                let lines = decided.lines.iter().filter(|line| line.state == state);
                Against { since, codes: lines.map(|line| line.code.clone()).collect() }
            };
            let all = [of(LineState::Rejected, Some(decided.decided_on)), of(LineState::Objected, None)];
            all.into_iter().filter(|against| !against.codes.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

/// `several`: it does not hold for all lines, so that it has to say for which.
fn recheck(until: Option<Date>, codes: &[String], several: bool) -> pb::Remedy {
    let (of_zh, of_en) = if several {
        (format!("病种 {}：", codes.join("、")), format!("disease {}: ", codes.join(", ")))
    } else {
        (String::new(), String::new())
    };
    let zh = match until {
        Some(day) => format!("{of_zh}可在 {day} 前（含当日）向经办机构申请复核。"),
        None => format!("{of_zh}可向经办机构申请复核，期限以经办机构公布的为准。"),
    };
    let en = match until {
        Some(day) => format!("{of_en}ask the bureau to look again, until {day} inclusive."),
        None => format!("{of_en}ask the bureau to look again; it publishes the time for that."),
    };
    pb::Remedy { until: until.map(date_message), ..remedy(pb::RemedyKind::Recheck, &zh, &en, codes) }
}

fn remedy(kind: pb::RemedyKind, zh: &str, en: &str, codes: &[String]) -> pb::Remedy {
    let (text_zh, text_en) = (zh.to_owned(), en.to_owned());
    pb::Remedy { kind: kind.into(), text_zh, text_en, until: None, opsp_dise_codes: codes.to_vec() }
}

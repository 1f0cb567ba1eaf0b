//! 救济途径: what an applicant can do against a decision, and until when. Pure.

use time::{Date, Duration};

use super::domain::{Application, LineState};
use crate::catalog::domain::Rules;
use crate::proto::opsp::application::v1 as pb;
use crate::rpc::parse::date_message;

/// What stands open, in the contract's words. `changed_on`: the day on which the application last changed.
pub fn messages(application: &Application, changed_on: Date, rules: &Rules) -> Vec<pb::Remedy> {
    let Some(decided_on) = against(application, changed_on) else { return Vec::new() };
    let days = i64::from(rules.remedy_days);
    let until = decided_on.filter(|_| days > 0).map(|on| on + Duration::days(days));
    vec![
        recheck(until),
        remedy(
            pb::RemedyKind::Legal,
            "对决定不服的，可依法申请行政复议或者提起行政诉讼，期限依法律规定。",
            "administrative reconsideration or litigation, within the time that the law sets.",
        ),
        remedy(
            pb::RemedyKind::ApplyAgain,
            "补充所缺的证明材料后，可以重新申请。",
            "apply again with the proof that was missing.",
        ),
    ]
}

/// Since when something stands against the applicant, where something does; the day is none where it is not kept.
fn against(application: &Application, changed_on: Date) -> Option<Option<Date>> {
    match application {
        // Nothing changes in a refused application.
        Application::Refused(_) => Some(Some(changed_on)),
        Application::Decided(decided) => {
            let has = |state| decided.lines.iter().any(|line| line.state == state);
            match (has(LineState::Rejected), has(LineState::Objected)) {
                (true, _) => Some(Some(decided.decided_on)),
                (false, true) => Some(None),
                (false, false) => None,
            }
        }
        _ => None,
    }
}

fn recheck(until: Option<Date>) -> pb::Remedy {
    let zh = match until {
        Some(day) => format!("可在 {day} 前（含当日）向经办机构申请复核。"),
        None => "可向经办机构申请复核，期限以经办机构公布的为准。".to_owned(),
    };
    let en = match until {
        Some(day) => format!("ask the bureau to look again, until {day} inclusive."),
        None => "ask the bureau to look again; it publishes the time for that.".to_owned(),
    };
    pb::Remedy { until: until.map(date_message), ..remedy(pb::RemedyKind::Recheck, &zh, &en) }
}

fn remedy(kind: pb::RemedyKind, zh: &str, en: &str) -> pb::Remedy {
    pb::Remedy { kind: kind.into(), text_zh: zh.to_owned(), text_en: en.to_owned(), until: None }
}

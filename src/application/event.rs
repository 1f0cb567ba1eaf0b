//! What happens to an application, for programs and for people.

use super::ledger::Outside;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::published::Cited;

/// What happened to an application. No personal data.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Begun.
    #[serde(rename = "application.created")]
    Created { opsp_dise_codes: Vec<String> },
    /// Changed by the applicant.
    #[serde(rename = "application.updated")]
    Updated { opsp_dise_codes: Vec<String> },
    /// Submitted.
    #[serde(rename = "application.submitted")]
    Submitted {
        opsp_dise_codes: Vec<String>,
        #[serde(flatten)]
        cited: Cited,
        sample: bool,
    },
    /// 受理.
    #[serde(rename = "application.accepted")]
    Accepted {
        #[serde(flatten)]
        cited: Cited,
    },
    /// 不予受理.
    #[serde(rename = "application.refused")]
    Refused {
        /// Of its receipt; empty in an event from before there were any.
        #[serde(default)]
        receipt_sha256: String,
        #[serde(flatten)]
        cited: Cited,
    },
    /// 告知补正.
    #[serde(rename = "application.supplement_requested")]
    SupplementRequested {
        items: usize,
        #[serde(flatten)]
        cited: Cited,
    },
    /// 已补正.
    #[serde(rename = "application.supplemented")]
    Supplemented { materials: usize },
    /// 延长审核时限.
    #[serde(rename = "application.extended")]
    Extended { working_days: u32 },
    /// 暂停: somebody outside is waited for.
    #[serde(rename = "application.paused")]
    Paused { outside: Outside },
    /// 恢复.
    #[serde(rename = "application.resumed")]
    Resumed {},
    /// 撤回.
    #[serde(rename = "application.withdrawn")]
    Withdrawn {},
    /// 办结.
    #[serde(rename = "application.decided")]
    Decided {
        approved: Vec<String>,
        rejected: Vec<String>,
        /// Of its receipt; empty in an event from before there were any.
        #[serde(default)]
        receipt_sha256: String,
        #[serde(flatten)]
        cited: Cited,
    },
    /// 撤销决定: back to where it was before it was decided or refused.
    #[serde(rename = "application.decision_undone")]
    DecisionUndone {
        /// Which state it was in.
        was: String,
        #[serde(default)]
        receipt_sha256: String,
        #[serde(flatten)]
        cited: Cited,
    },
    /// A line went into a notice.
    #[serde(rename = "application.line_noticed")]
    LineNoticed { opsp_dise_code: String, notice: String },
    /// A line was taken out of its notice.
    #[serde(rename = "application.line_unlisted")]
    LineUnlisted { opsp_dise_code: String, notice: String },
    /// A line became a benefit.
    #[serde(rename = "application.line_granted")]
    LineGranted { opsp_dise_code: String, benefit: String },
    /// An objection to a line was upheld.
    #[serde(rename = "application.line_objected")]
    LineObjected { opsp_dise_code: String },
}

impl Event {
    /// An event as the journal keeps it. None for one that this version of the server does not know: while servers
    /// are replaced one by one, a newer one may have written it.
    pub fn read(kind: &str, data: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(data).ok()?;
        value.as_object_mut()?.insert("type".to_owned(), Value::String(kind.to_owned()));
        serde_json::from_value(value).ok()
    }

    /// The event of a decision with the hash of its receipt; any other as it is.
    #[must_use]
    pub fn sealed_by(mut self, sha256: &str) -> Self {
        if let Self::Refused { receipt_sha256, .. }
        | Self::Decided { receipt_sha256, .. }
        | Self::DecisionUndone { receipt_sha256, .. } = &mut self
        {
            sha256.clone_into(receipt_sha256);
        }
        self
    }

    /// The hash of the receipt of a decision, where it has one.
    pub fn receipt(&self) -> Option<&str> {
        match self {
            Self::Refused { receipt_sha256, .. }
            | Self::Decided { receipt_sha256, .. }
            | Self::DecisionUndone { receipt_sha256, .. } => {
                Some(receipt_sha256.as_str()).filter(|sha256| !sha256.is_empty())
            }
            _ => None,
        }
    }

    /// What happened, in Chinese and in English.
    pub fn sentences(&self) -> (String, String) {
        match self {
            Self::Created { opsp_dise_codes: codes } => {
                said(codes, "已建立申请草稿，申报病种：", "the draft was begun, for ")
            }
            Self::Updated { opsp_dise_codes: codes } => {
                said(codes, "申请草稿已修改，申报病种：", "the draft was changed, for ")
            }
            Self::Submitted { opsp_dise_codes: codes, .. } => said(
                codes,
                "申请已提交，审核时限开始计算，申报病种：",
                "the application was submitted and the clock of the review runs, for ",
            ),
            Self::Accepted { .. } => {
                both("申请已受理，进入专家评审。", "the application was accepted for expert review.")
            }
            Self::Refused { .. } => both(
                "申请不予受理，已说明理由。",
                "the application was not accepted; the reasons are stated.",
            ),
            Self::SupplementRequested { items, .. } => both(
                format!("已一次性告知须补正 {items} 项，审核时限暂停。"),
                format!("a supplement was asked for ({items} items); the clock stands still."),
            ),
            Self::Supplemented { materials: 0 } => both(
                "申请人答复无补充材料，审核时限继续计算。",
                "the applicant has nothing to add; the clock runs on.",
            ),
            Self::Supplemented { materials } => both(
                format!("已补正，新增材料 {materials} 份，审核时限继续计算。"),
                format!("the supplement was handed in ({materials} new materials); the clock runs on."),
            ),
            Self::Extended { working_days } => both(
                format!("审核时限延长 {working_days} 个工作日，理由见申请。"),
                format!("the review got {working_days} more working days; the application says why."),
            ),
            Self::Paused { outside: Outside::Assessment } => both(
                "委托机构鉴定，鉴定期间不计入审核时限。",
                "an institution assesses; until it is done the clock stands still.",
            ),
            Self::Paused { outside: Outside::Examination } => both(
                "安排体检，体检期间不计入审核时限。",
                "a physical examination is arranged; until it is done the clock stands still.",
            ),
            Self::Resumed {} => both("审核时限恢复计算。", "the clock of the review runs on."),
            Self::Withdrawn {} => both("申请已撤回。", "the application was withdrawn."),
            Self::Decided { approved, rejected, .. } => decided(approved, rejected),
            Self::DecisionUndone { was, .. } => undone(was),
            Self::LineNoticed { opsp_dise_code: code, .. } => {
                both(format!("病种 {code} 进入公示。"), format!("disease {code} went into a public notice."))
            }
            Self::LineUnlisted { opsp_dise_code: code, .. } => both(
                format!("病种 {code} 已撤回公示，待重新公示或者复审。"),
                format!(
                    "disease {code} was withdrawn from its notice, to be publicised anew or reviewed again."
                ),
            ),
            Self::LineGranted { opsp_dise_code: code, .. } => both(
                format!("病种 {code} 公示无异议，待遇已确认。"),
                format!("the notice for disease {code} ended undisputed; the benefit was granted."),
            ),
            Self::LineObjected { opsp_dise_code: code } => both(
                format!("病种 {code} 的异议成立，不予享受待遇。"),
                format!("an objection to disease {code} was upheld; there is no benefit."),
            ),
        }
    }
}

fn both(zh: impl Into<String>, en: impl Into<String>) -> (String, String) {
    (zh.into(), en.into())
}

fn said(codes: &[String], zh: &str, en: &str) -> (String, String) {
    both(format!("{zh}{}。", codes.join("、")), format!("{en}{}.", codes.join(", ")))
}

fn undone(was: &str) -> (String, String) {
    if was == "refused" {
        return both(
            "不予受理的决定已由另一名经办人员撤销，申请恢复为已提交，审核时限继续计算。",
            "the refusal was taken back by another officer; it counts as submitted and the clock runs on.",
        );
    }
    both(
        "原审核决定已由另一名经办人员撤销，申请恢复为已受理，将重新确认，审核时限继续计算。",
        "the decision was taken back by another officer and will be made anew; the clock runs on.",
    )
}

fn decided(approved: &[String], rejected: &[String]) -> (String, String) {
    let parts = [(approved, "通过", "approved"), (rejected, "不通过", "rejected")];
    let parts = parts.into_iter().filter(|(codes, _, _)| !codes.is_empty());
    let (zh, en): (Vec<_>, Vec<_>) = parts
        .map(|(codes, zh, en)| (format!("{zh} {}", codes.join("、")), format!("{en} {}", codes.join(", "))))
        .unzip();
    both(
        format!("申请已办结：{}。", zh.join("；")),
        format!("the application was decided: {}.", en.join("; ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited() -> Cited {
        Cited { catalog_version: "1".to_owned(), catalog_sha256: "abc".to_owned() }
    }

    fn refused(cited: Cited) -> Event {
        Event::Refused { receipt_sha256: String::new(), cited }
    }

    fn decided_as(approved: Vec<String>, rejected: Vec<String>, cited: Cited) -> Event {
        Event::Decided { approved, rejected, receipt_sha256: String::new(), cited }
    }

    fn check(event: &Event, kind: &str, zh: &str) {
        let mut value = serde_json::to_value(event).unwrap();
        let found = value.as_object_mut().unwrap().remove("type").unwrap();
        assert_eq!(found, Value::String(format!("application.{kind}")));
        assert_eq!(Event::read(found.as_str().unwrap(), &value.to_string()).as_ref(), Some(event));
        let sentences = event.sentences();
        assert_eq!(sentences.0, zh);
        assert!(sentences.1.is_ascii() && sentences.1.ends_with('.'), "{}", sentences.1);
    }

    #[test]
    fn every_event_is_read_back_and_told() {
        let code = || "M01600".to_owned();
        let codes = || vec![code(), "M03900".to_owned()];
        let created = Event::Created { opsp_dise_codes: codes() };
        check(&created, "created", "已建立申请草稿，申报病种：M01600、M03900。");
        let updated = Event::Updated { opsp_dise_codes: codes() };
        check(&updated, "updated", "申请草稿已修改，申报病种：M01600、M03900。");
        let submitted = Event::Submitted { opsp_dise_codes: codes(), cited: cited(), sample: true };
        check(&submitted, "submitted", "申请已提交，审核时限开始计算，申报病种：M01600、M03900。");
        check(&Event::Accepted { cited: cited() }, "accepted", "申请已受理，进入专家评审。");
        check(&refused(cited()), "refused", "申请不予受理，已说明理由。");
        let asked = Event::SupplementRequested { items: 2, cited: cited() };
        check(&asked, "supplement_requested", "已一次性告知须补正 2 项，审核时限暂停。");
        let answered = Event::Supplemented { materials: 3 };
        check(&answered, "supplemented", "已补正，新增材料 3 份，审核时限继续计算。");
        let nothing = Event::Supplemented { materials: 0 };
        check(&nothing, "supplemented", "申请人答复无补充材料，审核时限继续计算。");
        let extended = Event::Extended { working_days: 10 };
        check(&extended, "extended", "审核时限延长 10 个工作日，理由见申请。");
        let paused = |outside| Event::Paused { outside };
        check(&paused(Outside::Assessment), "paused", "委托机构鉴定，鉴定期间不计入审核时限。");
        check(&paused(Outside::Examination), "paused", "安排体检，体检期间不计入审核时限。");
        check(&Event::Resumed {}, "resumed", "审核时限恢复计算。");
        check(&Event::Withdrawn {}, "withdrawn", "申请已撤回。");
        let rejected = vec!["M03900".to_owned()];
        let decided = decided_as(vec![code()], rejected, cited());
        check(&decided, "decided", "申请已办结：通过 M01600；不通过 M03900。");
        let decided = decided_as(Vec::new(), codes(), cited());
        check(&decided, "decided", "申请已办结：不通过 M01600、M03900。");
        let undone = |was: &str| Event::DecisionUndone {
            was: was.to_owned(),
            receipt_sha256: String::new(),
            cited: cited(),
        };
        check(
            &undone("decided"),
            "decision_undone",
            "原审核决定已由另一名经办人员撤销，申请恢复为已受理，将重新确认，审核时限继续计算。",
        );
        check(
            &undone("refused").sealed_by("abc"),
            "decision_undone",
            "不予受理的决定已由另一名经办人员撤销，申请恢复为已提交，审核时限继续计算。",
        );
        assert_eq!(
            (undone("refused").sealed_by("abc").receipt(), undone("refused").receipt()),
            (Some("abc"), None)
        );
        let noticed = Event::LineNoticed { opsp_dise_code: code(), notice: "x".to_owned() };
        check(&noticed, "line_noticed", "病种 M01600 进入公示。");
        let unlisted = Event::LineUnlisted { opsp_dise_code: code(), notice: "x".to_owned() };
        check(&unlisted, "line_unlisted", "病种 M01600 已撤回公示，待重新公示或者复审。");
        let granted = Event::LineGranted { opsp_dise_code: code(), benefit: "x".to_owned() };
        check(&granted, "line_granted", "病种 M01600 公示无异议，待遇已确认。");
        let objected = Event::LineObjected { opsp_dise_code: code() };
        check(&objected, "line_objected", "病种 M01600 的异议成立，不予享受待遇。");
    }

    #[test]
    fn a_decision_names_its_catalogue_where_readers_look_for_it() {
        let decided = decided_as(Vec::new(), Vec::new(), cited());
        for event in [Event::Accepted { cited: cited() }, refused(cited()), decided] {
            let data = serde_json::to_value(&event).unwrap();
            assert_eq!(data["catalog_version"], "1", "{data}");
            assert_eq!(data["catalog_sha256"], "abc", "{data}");
        }
    }

    #[test]
    fn events_of_released_versions_are_read() {
        let check = |kind: &str, data: &str, expected: Event| {
            assert_eq!(Event::read(&format!("application.{kind}"), data), Some(expected));
        };
        let codes = || vec!["M01600".to_owned()];
        check(
            "submitted",
            r#"{"opsp_dise_codes":["M01600"],"catalog_version":"1","sample":true}"#,
            Event::Submitted {
                opsp_dise_codes: codes(),
                cited: Cited { catalog_version: "1".to_owned(), catalog_sha256: String::new() },
                sample: true,
            },
        );
        let none = Cited::default;
        check("accepted", "{}", Event::Accepted { cited: none() });
        check("refused", "{}", refused(none()));
        let asked = Event::SupplementRequested { items: 2, cited: none() };
        check("supplement_requested", r#"{"items":2}"#, asked);
        let decided = decided_as(codes(), Vec::new(), none());
        check("decided", r#"{"approved":["M01600"],"rejected":[]}"#, decided);
    }

    #[test]
    fn an_event_of_a_later_version_is_none() {
        assert_eq!(Event::read("application.reopened", "{}"), None);
    }
}

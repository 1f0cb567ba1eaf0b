//! Our errors as gRPC statuses, in one total match. Driver texts and the insides of broken invariants stay in the log.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::kernel::error::{Error, Refusal, Violation};

/// The domain of all reasons.
const DOMAIN: &str = "opsp";
/// Details travel in trailers, which are bounded.
const VIOLATIONS_MAX: usize = 60;
/// So many are told in the sentence as well.
const TOLD_MAX: usize = 5;

/// The language of sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 中文, unless the caller asks otherwise.
    Chinese,
    /// With `accept-language: en`.
    English,
}

impl Language {
    /// What the caller reads.
    pub fn of(headers: &http::HeaderMap) -> Self {
        let wanted = headers
            .get(http::header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if wanted.trim_start().to_ascii_lowercase().starts_with("en") { Self::English } else { Self::Chinese }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }
}

/// The status of an error.
pub fn status(error: Error, language: Language) -> Status {
    match error {
        Error::Invalid(violations) => {
            let mut details = ErrorDetails::new();
            details.set_error_info("INVALID_FIELDS", DOMAIN, HashMap::new());
            for violation in violations.iter().take(VIOLATIONS_MAX) {
                details
                    .add_bad_request_violation(&violation.field, language.pick(&violation.zh, &violation.en));
            }
            let told = |text: fn(&Violation) -> &str, colon: &str, between: &str| {
                let told = violations.iter().take(TOLD_MAX);
                let told = told.map(|found| format!("{}{colon}{}", found.field, text(found)));
                told.collect::<Vec<_>>().join(between)
            };
            let count = violations.len();
            let zh = format!("{count} 个字段不符合要求。{}", told(|found| &found.zh, "：", "；"));
            let en = format!("{count} wrong fields. {}", told(|found| &found.en, " ", "; "));
            build(Code::InvalidArgument, details, language, &zh, &en)
        }
        Error::Refused(refusals) => refused(&refusals, language),
        Error::NotFound(name) => {
            let (zh, en) = (format!("未找到 {name}"), format!("{name} was not found"));
            with_reason(Code::NotFound, "NOT_FOUND", language, &zh, &en)
        }
        Error::Unauthenticated(refusal) => by_refusal(Code::Unauthenticated, &refusal, language),
        Error::Denied(refusal) => by_refusal(Code::PermissionDenied, &refusal, language),
        Error::Stale => with_reason(
            Code::Aborted,
            "STALE_ETAG",
            language,
            "数据已被更新，请重新读取后用新的 request_id 再试",
            "it has changed since it was read: read it again and retry with a new request_id",
        ),
        Error::Conflict => retry(
            Code::Aborted,
            "LOST_RACE",
            language,
            "与另一请求冲突，请用同一 request_id 重试",
            "another call won the race: retry with the same request_id",
        ),
        Error::Exhausted(refusal) => {
            retry(Code::ResourceExhausted, "EXHAUSTED", language, &refusal.zh, &refusal.en)
        }
        Error::Unavailable(what) => {
            let zh = "服务暂时不可用，请稍后用同一 request_id 重试";
            retry(
                Code::Unavailable,
                "UNAVAILABLE",
                language,
                zh,
                &format!("{what}: retry with the same request_id"),
            )
        }
        Error::TooLate => with_reason(
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            language,
            "未能在时限内完成，请用同一 request_id 重试",
            "not done within the deadline: retry with the same request_id",
        ),
        Error::Internal(cause) => incident(&format!("{cause:#}"), language),
    }
}

/// A broken invariant: the log has the cause, the caller has a number to name.
pub fn incident(cause: &str, language: Language) -> Status {
    let incident = crate::db::source::Random::system().bytes::<8>();
    let incident: String = incident.iter().map(|byte| format!("{byte:02x}")).collect();
    tracing::error!(incident.id = %incident, cause = crate::kernel::mask::names(cause), "a call failed on a broken invariant");
    let (zh, en) = (format!("内部错误，事件编号 {incident}"), format!("internal error, incident {incident}"));
    with_reason(Code::Internal, "INTERNAL", language, &zh, &en)
}

fn refused(refusals: &[Refusal], language: Language) -> Status {
    let mut details = ErrorDetails::new();
    let first = refusals.first().map_or("REFUSED", |refusal| refusal.reason.as_ref());
    details.set_error_info(first, DOMAIN, HashMap::new());
    for refusal in refusals.iter().take(VIOLATIONS_MAX) {
        details.add_precondition_failure_violation(
            refusal.reason.as_ref(),
            &refusal.subject,
            sentence(refusal, language),
        );
    }
    let join = |texts: Vec<String>| texts.into_iter().take(10).collect::<Vec<_>>().join(" ");
    let zh = join(refusals.iter().map(|refusal| sentence(refusal, Language::Chinese)).collect());
    let en = join(refusals.iter().map(|refusal| sentence(refusal, Language::English)).collect());
    build(Code::FailedPrecondition, details, language, &zh, &en)
}

fn sentence(refusal: &Refusal, language: Language) -> String {
    let text = language.pick(&refusal.zh, &refusal.en);
    let help = language.pick(&refusal.help_zh, &refusal.help_en);
    match (help.is_empty(), language) {
        (true, _) => text.to_owned(),
        (false, Language::Chinese) => format!("{text} 处理建议：{help}"),
        (false, Language::English) => format!("{text} What helps: {help}"),
    }
}

fn by_refusal(code: Code, refusal: &Refusal, language: Language) -> Status {
    let (zh, en) = (sentence(refusal, Language::Chinese), sentence(refusal, Language::English));
    with_reason(code, &refusal.reason, language, &zh, &en)
}

fn with_reason(code: Code, reason: &str, language: Language, zh: &str, en: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::new());
    build(code, details, language, zh, en)
}

fn retry(code: Code, reason: &str, language: Language, zh: &str, en: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::new());
    details.set_retry_info(Some(Duration::from_secs(1)));
    build(code, details, language, zh, en)
}

fn build(code: Code, mut details: ErrorDetails, language: Language, zh: &str, en: &str) -> Status {
    details.set_localized_message(language.tag(), language.pick(zh, en));
    Status::with_error_details(code, en, details)
}

//! Our errors as gRPC statuses, in one total match. Driver texts and the insides of broken invariants stay in the log.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::kernel::error::{Error, Refusal, Violation};

/// The domain of all reasons.
const DOMAIN: &str = "opsp";
/// A status travels in trailers, of which many clients take 8 KiB, in Base64 and percent signs. So many bytes of it are
/// for what was found.
const FOUND_BYTES: usize = 3_300;
/// What each costs beside its texts.
const ENTRY_BYTES: usize = 12;
/// What the sentence, written with percent signs, and its repetition in the caller's language may take, in bytes each.
/// The details hold it a second time.
const SENTENCE_BYTES: usize = 700;
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
            let found = violations.iter().map(|found| (&*found.field, language.pick(&found.zh, &found.en)));
            let (told, more) = within(found, |(field, text)| field.len() + text.len());
            for (field, text) in told {
                details.add_bad_request_violation(field, text);
            }
            if more > 0 {
                details.add_bad_request_violation("", more_of(more, language));
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
    let found = refusals.iter().map(|refusal| (refusal, sentence(refusal, language)));
    let (told, more) =
        within(found, |(refusal, text)| refusal.reason.len() + refusal.subject.len() + text.len());
    for (refusal, text) in told {
        details.add_precondition_failure_violation(refusal.reason.as_ref(), &refusal.subject, text);
    }
    if more > 0 {
        details.add_precondition_failure_violation("MORE", "", more_of(more, language));
    }
    let join = |language| {
        let sentences = refusals.iter().take(TOLD_MAX).map(|refusal| sentence(refusal, language));
        let rest = refusals.len().saturating_sub(TOLD_MAX);
        let rest = (rest > 0).then(|| more_of(rest, language));
        sentences.chain(rest).collect::<Vec<_>>().join(" ")
    };
    let (zh, en) = (join(Language::Chinese), join(Language::English));
    build(Code::FailedPrecondition, details, language, &zh, &en)
}

/// As many of the first as there is room for, and how many there are besides.
fn within<T>(found: impl Iterator<Item = T>, size: impl Fn(&T) -> usize) -> (Vec<T>, usize) {
    let (mut told, mut bytes, mut more) = (Vec::new(), 0, 0);
    for one in found {
        bytes += size(&one) + ENTRY_BYTES;
        if told.is_empty() || more == 0 && bytes <= FOUND_BYTES {
            told.push(one);
        } else {
            more += 1;
        }
    }
    (told, more)
}

fn more_of(count: usize, language: Language) -> String {
    match language {
        Language::Chinese => format!("另有 {count} 项未列出，请先处理已列出的各项后再试。"),
        Language::English => format!("{count} more are not listed: put these right first, then try again."),
    }
}

/// The beginning of a text that does not fit whole.
fn cut(text: &str, size: fn(char) -> usize) -> &str {
    let mut bytes = 0;
    let over = text.char_indices().find(|(_, letter)| {
        bytes += size(*letter);
        bytes > SENTENCE_BYTES
    });
    over.map_or(text, |(at, _)| &text[..at])
}

/// What a letter takes in a trailer.
fn percent(letter: char) -> usize {
    let plain =
        letter.is_ascii_graphic() && !matches!(letter, '"' | '#' | '%' | '<' | '>' | '?' | '{' | '}' | '`');
    if plain { 1 } else { 3 * letter.len_utf8() }
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
    details.set_localized_message(language.tag(), cut(language.pick(zh, en), char::len_utf8));
    Status::with_error_details(code, cut(en, percent), details)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many clients take 8 KiB in all. Measured as it travels.
    fn check(error: Error, told: fn(&ErrorDetails) -> usize) -> usize {
        let status = status(error, Language::Chinese);
        let mut headers = http::HeaderMap::new();
        status.add_header(&mut headers).unwrap();
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size < 8_000, "{size}");
        told(&status.get_error_details())
    }

    fn refused(count: usize, en: &str) -> usize {
        let one = |_| {
            let refusal = Refusal::new("REASON_OF_SOME_LENGTH", "原因。".repeat(20), en.repeat(20));
            refusal.help("办法。".repeat(10), "help. ".repeat(10)).about("M01600")
        };
        let error = Error::Refused((0..count).map(one).collect());
        check(error, |details| details.precondition_failure().map_or(0, |found| found.violations.len()))
    }

    #[test]
    fn a_long_list_is_told_as_far_as_it_fits_and_how_much_more_there_is() {
        for en in ["reason. ", "\"材料\" ", "reason"] {
            assert_eq!(refused(3, en), 3);
            assert_eq!(
                refused(20, en),
                refused(2_000, en),
                "both are cut, with a last line that counts the rest"
            );
        }
        let field = |number| Violation::new(&format!("field[{number}]"), "必填", "is required");
        let wrong = |count| {
            check(Error::Invalid((0..count).map(field).collect()), |details| {
                details.bad_request().map_or(0, |found| found.field_violations.len())
            })
        };
        assert_eq!(wrong(100), 100);
        assert!((100..500).contains(&wrong(100_000)));
    }
}

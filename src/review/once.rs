//! 一次性告知: what an officer may ask an applicant for. Everything that is missing is told once. Pure.
//!
//! The rule, exactly:
//! 1. Only what the catalogue names may be asked for: a paper of the checklist under which the application was
//!    submitted, or proof of a fact of the criteria of one of its diseases.
//! 2. Whoever asks for the first time may ask for any of that.
//! 3. Whoever asks again may ask for what was asked the last time, for a paper that was asked for at any time and never
//!    handed in, and for papers that came in since the last request: nothing else is newer than that, so everything else
//!    could have been asked then. A paper that came in serves every paper of the checklist of its kind, unless it bears
//!    the name of another one.
//! 4. Once the experts have judged and found a line UNKNOWN, it is the facts on which it hangs that may be asked for,
//!    and those alone: nobody could know them before, and everything else could have been asked before. All of them are
//!    asked for at once, or the first 20 where there are more.
//! 5. What the applicant answered with nothing to add (无补充材料) is never asked for again, nor does it have to be.

use std::collections::BTreeSet;

use crate::application::domain::{Asked, Form, Request};
use crate::catalog::domain::{Catalog, MaterialKind};
use crate::kernel::error::Refusal;

/// What an officer asks for.
#[derive(Clone)]
pub struct Item {
    /// 病种代码 that it is about; empty for all.
    pub code: String,
    /// Kind of paper; none when it is about a fact.
    pub kind: Option<MaterialKind>,
    /// 材料名称; may be empty where the checklist has one paper of the kind.
    pub title: String,
    /// Name of a fact; empty when it is about a paper.
    pub fact: String,
    /// 需补正内容.
    pub text: String,
}

/// How many items a request holds.
const ITEMS: usize = 20;

/// A paper that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Kind of paper.
    pub kind: MaterialKind,
    /// 材料名称, as the applicant says.
    pub title: String,
}

/// What is known when something is asked for.
pub struct Known<'a> {
    /// The catalogue under which the application was submitted.
    pub catalog: &'a Catalog,
    /// What the applicant says.
    pub form: &'a Form,
    /// Every request so far, in order.
    pub requests: &'a [Request],
    /// Every paper of the application, in order.
    pub papers: &'a [Paper],
    /// The facts, with their diseases, on which lines hang that the experts found UNKNOWN; none before they judged.
    pub unknown: Option<&'a [(String, String)]>,
}

/// Why an item may not be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAskable {
    /// The catalogue does not name it.
    NotInChecklist {
        /// Place of the item.
        item: usize,
    },
    /// The catalogue names several things to which it fits.
    Vague {
        /// Place of the item.
        item: usize,
    },
    /// It could have been asked for the last time, or the first time.
    TooLate {
        /// Place of the item.
        item: usize,
        /// What is asked for, in the catalogue's words.
        what: String,
    },
    /// The applicant has said that there is nothing to add.
    Declined {
        /// Place of the item.
        item: usize,
        /// What is asked for, in the catalogue's words.
        what: String,
    },
    /// The experts have judged, and did not find it unknown.
    Judged {
        /// Place of the item.
        item: usize,
        /// What is asked for, in the catalogue's words.
        what: String,
    },
    /// The experts found more unknown.
    Lacking {
        /// The facts that are left out, each with its disease.
        facts: Vec<(String, String)>,
    },
}

/// What the catalogue has for an item.
enum Named {
    Nothing,
    One(Asked),
    Several,
}

impl Known<'_> {
    /// What the items ask for, in the catalogue's words; or every item that may not be asked for.
    pub fn asked(&self, items: &[Item]) -> Result<Vec<Asked>, Vec<NotAskable>> {
        let mut refused = Vec::new();
        let mut asked = Vec::new();
        for (place, item) in items.iter().enumerate() {
            match self.named(item) {
                Named::Nothing => refused.push(NotAskable::NotInChecklist { item: place }),
                Named::Several => refused.push(NotAskable::Vague { item: place }),
                Named::One(named) if self.is_declined(&named) => {
                    refused.push(NotAskable::Declined { item: place, what: self.words(&named) });
                }
                Named::One(named) if self.in_time(&named) => asked.push(named),
                Named::One(named) => {
                    let (item, what) = (place, self.words(&named));
                    refused.push(match self.unknown {
                        None => NotAskable::TooLate { item, what },
                        Some(_) => NotAskable::Judged { item, what },
                    });
                }
            }
        }
        let facts = self.lacking(&asked);
        if !facts.is_empty() {
            refused.push(NotAskable::Lacking { facts });
        }
        if refused.is_empty() { Ok(asked) } else { Err(refused) }
    }

    /// The unknown facts that have to be asked for too.
    fn lacking(&self, asked: &[Asked]) -> Vec<(String, String)> {
        let named = |(code, fact): &(String, String)| Asked::Fact { code: code.clone(), fact: fact.clone() };
        let open = self.unknown.unwrap_or_default().iter().filter(|fact| !self.is_declined(&named(fact)));
        open.take(ITEMS).filter(|fact| !asked.contains(&named(fact))).cloned().collect()
    }

    /// Whether the applicant has answered that there is nothing to add to it.
    fn is_declined(&self, asked: &Asked) -> bool {
        let mut declined = self.requests.iter().filter(|request| request.nothing_to_add);
        declined.any(|request| request.items.iter().any(|before| before.is_same(asked)))
    }

    /// What is asked for, in words that the applicant reads.
    pub fn words(&self, asked: &Asked) -> String {
        match asked {
            Asked::Paper { title, .. } => title.clone(),
            Asked::Fact { code, fact } => {
                let disease = self.catalog.disease(code);
                let facts = disease.map(|disease| disease.criteria.distinct_facts()).unwrap_or_default();
                let text = facts.into_iter().find(|(name, _)| name == fact).map(|(_, text)| text);
                text.unwrap_or(fact).trim_end_matches('。').to_owned()
            }
        }
    }

    /// The one thing of the catalogue that an item names.
    fn named(&self, item: &Item) -> Named {
        let fits = |asked: &Asked| match asked {
            Asked::Paper { code, kind, title } => {
                item.fact.is_empty()
                    && item.kind == Some(*kind)
                    && (item.title.is_empty() || item.title == *title)
                    && (item.code.is_empty() || code.is_empty() || item.code == *code)
            }
            Asked::Fact { code, fact } => item.kind.is_none() && item.fact == *fact && item.code == *code,
        };
        let mut found = self.all().into_iter().filter(fits);
        let Some(first) = found.next() else { return Named::Nothing };
        if found.all(|other| other.is_same(&first)) { Named::One(first) } else { Named::Several }
    }

    /// Everything that the catalogue names for the application.
    fn all(&self) -> Vec<Asked> {
        let paper = |code: &str, kind, title: &str| Asked::Paper {
            code: code.to_owned(),
            kind,
            title: title.to_owned(),
        };
        let common = self.catalog.materials.iter();
        let mut all: Vec<_> = common.map(|required| paper("", required.kind, &required.name)).collect();
        let diseases = self.form.lines.iter().filter_map(|line| self.catalog.disease(&line.code));
        for disease in diseases {
            let own = disease.materials.iter();
            all.extend(own.map(|required| paper(&disease.code, required.kind, &required.name)));
            let fact =
                |(fact, _): (&str, &str)| Asked::Fact { code: disease.code.clone(), fact: fact.to_owned() };
            all.extend(disease.criteria.distinct_facts().into_iter().map(fact));
        }
        all
    }

    /// Whether it could not have been asked for before.
    fn in_time(&self, asked: &Asked) -> bool {
        if let Some(unknown) = self.unknown {
            return matches!(asked, Asked::Fact { code, fact }
                if unknown.iter().any(|(of, open)| of == code && open == fact));
        }
        let Some(last) = self.requests.last() else { return true };
        let serving = |request: &Request| {
            let since = self.papers.get(request.materials..).unwrap_or_default();
            since.iter().any(|paper| self.serves(paper, asked))
        };
        let asks = |request: &Request| request.items.iter().any(|before| before.is_same(asked));
        let paper = matches!(asked, Asked::Paper { .. });
        let owed = |request: &Request| paper && asks(request) && !serving(request);
        asks(last) || serving(last) || self.requests.iter().any(owed)
    }

    fn serves(&self, paper: &Paper, asked: &Asked) -> bool {
        let Asked::Paper { kind, title, .. } = asked else { return false };
        let of_another = || {
            self.all().iter().any(|other| {
                matches!(other, Asked::Paper { title: other, .. } if *other == paper.title && other != title)
            })
        };
        paper.kind == *kind && !of_another()
    }
}

/// All of it in words. What helps is told once: the details of an answer travel in a header of limited size.
pub fn refusals(refused: Vec<NotAskable>) -> Vec<Refusal> {
    let mut told = BTreeSet::new();
    let refusals = refused.into_iter().map(Refusal::from);
    refusals
        .map(|refusal| if told.insert(refusal.help_en.clone()) { refusal } else { refusal.help("", "") })
        .collect()
}

impl From<NotAskable> for Refusal {
    fn from(refused: NotAskable) -> Self {
        match refused {
            NotAskable::NotInChecklist { item } => Self::new(
                "NOT_IN_CHECKLIST",
                format!("第 {} 项不在该申请的材料清单或认定标准中，不得要求。", item + 1),
                format!("item {} names nothing of the application's checklist or criteria.", item + 1),
            )
            .help(
                "请按病种目录（GetDisease）写明材料类型和名称，或病种代码和认定标准的事实名。",
                "name a kind and title, or a disease and a fact, as GetDisease tells them.",
            )
            .about(format!("items[{item}]")),
            NotAskable::Vague { item } => Self::new(
                "NOT_IN_CHECKLIST",
                format!("第 {} 项对应材料清单中的多份材料，未说明是哪一份。", item + 1),
                format!("item {} fits several papers of the checklist.", item + 1),
            )
            .help(
                "请写明材料名称（title），或病种代码，见 GetDisease。",
                "give the title of the paper, or its disease, as GetDisease tells them.",
            )
            .about(format!("items[{item}]")),
            NotAskable::Lacking { facts } => {
                let of = |by: &str| {
                    let facts = facts.iter().map(|(code, fact)| format!("{code} {fact}"));
                    facts.collect::<Vec<_>>().join(by)
                };
                Self::new(
                    "ASK_ALL_AT_ONCE",
                    format!("专家无法认定的标准须一次性告知，尚缺：{}。", of("、")),
                    format!("what the experts could not judge is asked for at once; missing: {}.", of(", ")),
                )
                .help(
                    "请将 GetPanel 中 facts_unknown 的各项一次列出，超过 20 项时列前 20 项。",
                    "name every one of facts_unknown in GetPanel, or the first 20 where there are more.",
                )
                .about("items")
            }
            NotAskable::TooLate { item, what } => Self::new(
                "ASKED_TOO_LATE",
                format!("第 {} 项“{what}”在上次告知补正时即可提出，不得再次要求补正。", item + 1),
                format!("item {} ({what}) could have been asked for with the last request.", item + 1),
            )
            .help(
                "只能要求上次已告知的事项，或此后新交的材料；其余请按现有材料办理。",
                "ask only for what was asked for then or came in since; decide from the materials at hand.",
            )
            .about(format!("items[{item}]")),
            NotAskable::Declined { item, what } => Self::new(
                "NOTHING_TO_ADD",
                format!("第 {} 项“{what}”申请人已答复无补充材料，不得再次要求补正。", item + 1),
                format!("item {} ({what}): the applicant has said that there is nothing to add.", item + 1),
            )
            .help("请按现有材料办理。", "decide from the materials at hand.")
            .about(format!("items[{item}]")),
            NotAskable::Judged { item, what } => Self::new(
                "ASKED_TOO_LATE",
                format!("第 {} 项“{what}”在专家评审之前即可提出，不得再要求补正。", item + 1),
                format!("item {} ({what}) could have been asked for before the experts judged.", item + 1),
            )
            .help(
                "只能要求专家认为无法认定的标准，见 GetPanel 的 facts_unknown。",
                "ask only for what the experts could not judge: facts_unknown in GetPanel.",
            )
            .about(format!("items[{item}]")),
        }
    }
}

#[cfg(test)]
#[path = "once_tests.rs"]
mod tests;

//! A person's case: its items, in the order in which they matter to her, and what she can do now. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::Date;

use super::{benefit, filing, line, requalification};
use crate::application::domain::Application;
use crate::benefit::accumulator::{Key, Used};
use crate::benefit::domain::Benefit;
use crate::benefit::requalification::domain::Requalification;
use crate::catalog::published::Published;
use crate::insured::domain::Insured;
use crate::kernel::access::Person;
use crate::kernel::calendar::Calendar;
use crate::kernel::clock::Due;
use crate::kernel::error::Refusal;
use crate::kernel::money::Money;
use crate::notice::domain::Notice;
use crate::notice::entry::domain::Entry;
use crate::notice::objection::domain::Objection;
use crate::proto::opsp::application::v1::Remedy;
use crate::residence::domain::Filing;

/// At most so many items are told.
pub const ITEMS_MAX: usize = 200;

/// What is stored about a person.
pub struct Known {
    /// The person.
    pub insured: Insured,
    /// The catalogue in force today where the person is insured, if there is one.
    pub published: Option<Arc<Published>>,
    /// Applications, newest first.
    pub applications: Vec<Made>,
    /// Entries of lines that wait for their benefit.
    pub entries: Vec<Entry>,
    /// The notices of these entries.
    pub notices: Vec<Notice>,
    /// Objections that stand against these entries.
    pub objections: Vec<Objection>,
    /// Benefits, newest first.
    pub benefits: Vec<Benefit>,
    /// Re-qualifications, newest first.
    pub requalifications: Vec<Requalification>,
    /// What this year has used, by disease.
    pub used: BTreeMap<String, Used>,
    /// Filings, newest first.
    pub filings: Vec<Filing>,
    /// Whether there is more of any of these than was read.
    pub more: bool,
}

/// An application, with what it rests on.
pub struct Made {
    /// The application.
    pub application: Application,
    /// The day on which it last changed.
    pub changed_on: Date,
    /// The catalogue that it goes by; none for a draft where none is in force.
    pub published: Option<Arc<Published>>,
}

/// Where and when a case is looked at.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// The person.
    pub person: &'a Person,
    /// Today.
    pub today: Date,
    /// The working days, as they are known now.
    pub calendar: &'a Calendar,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 申请病种.
    Line,
    /// 待遇.
    Benefit,
    /// 异地就医备案.
    Filing,
    /// 复审.
    Requalification,
}

/// Who has to do something next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// 无需等待.
    Nobody,
    /// 申请人.
    Applicant,
    /// 经办机构.
    Bureau,
    /// 评审专家.
    Experts,
    /// 公众.
    Public,
    /// 医疗机构.
    Institution,
}

/// A sentence in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Words {
    /// In Chinese and in English.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// What only a benefit or a filing has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// First day.
    pub begndate: Option<Date>,
    /// Last day.
    pub enddate: Option<Date>,
    /// 下次复审日期.
    pub requalify_on: Option<Date>,
    /// Name of the certificate; empty without one.
    pub certificate: String,
    /// 本年度累计, with its limit.
    pub year: Option<(Key, Used, Money)>,
}

/// One thing in a case.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Name of the resource that it is about.
    pub name: String,
    /// The word of its state.
    pub state: &'static str,
    /// 病种代码; empty for a filing.
    pub code: String,
    /// 病种名称.
    pub disease: String,
    /// Name of the application; empty for a filing.
    pub application: String,
    /// How it stands.
    pub text: Words,
    /// Who has to do something next.
    pub waits_for: Waits,
    /// Until when.
    pub until: Option<Due>,
    /// What comes next.
    pub next: Words,
    /// What is asked for, or why not.
    pub reasons: Vec<Refusal>,
    /// 救济途径.
    pub remedies: Vec<Remedy>,
    /// Its days and its money.
    pub term: Term,
    /// Whether nothing is left to wait for or to do about it.
    pub over: bool,
}

/// A person's case.
pub struct Case {
    /// Its items.
    pub items: Vec<Item>,
    /// Whether there are more.
    pub more: bool,
    /// Why the insurance is not in force and paid up; empty when it is.
    pub reasons: Vec<Refusal>,
    /// What the person can do now.
    pub next: Words,
}

impl Item {
    /// Something that waits for nobody, about which nothing is said yet.
    pub fn new(kind: Kind, name: String, state: &'static str) -> Self {
        Self {
            kind,
            name,
            state,
            code: String::new(),
            disease: String::new(),
            application: String::new(),
            text: Words::default(),
            waits_for: Waits::Nobody,
            until: None,
            next: Words::default(),
            reasons: Vec::new(),
            remedies: Vec::new(),
            term: Term::default(),
            over: false,
        }
    }

    /// How it stands.
    pub fn says(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.text = Words::new(zh, en);
        self
    }

    /// What comes next.
    pub fn then(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.next = Words::new(zh, en);
        self
    }

    /// For whom it waits.
    pub fn waits(mut self, waits_for: Waits) -> Self {
        self.waits_for = waits_for;
        self
    }

    /// Until when, by the calendar.
    pub fn due(mut self, until: Option<Due>) -> Self {
        self.until = until;
        self
    }

    /// Until a day that no calendar moves.
    pub fn until(self, day: Option<Date>) -> Self {
        self.due(day.map(|date| Due { date, provisional: false }))
    }

    /// Nothing is left to wait for or to do.
    pub fn over(mut self) -> Self {
        self.over = true;
        self
    }

    /// What the applicant must do comes first, what is over last, between them the nearest date.
    fn place(&self) -> (bool, bool, bool, Option<Date>) {
        let day = self.until.map(|due| due.date);
        (self.waits_for != Waits::Applicant, self.over, day.is_none(), day)
    }
}

/// Everything about a person's case today.
pub fn case(at: At<'_>, known: &Known) -> Case {
    let mut items: Vec<_> = known.applications.iter().flat_map(|made| line::items(at, known, made)).collect();
    items.extend(known.benefits.iter().map(|held| benefit::item(at, known, held)));
    items.extend(known.filings.iter().map(|filed| filing::item(at, filed)));
    items.extend(known.requalifications.iter().filter_map(|round| requalification::item(at, known, round)));
    items.sort_by_key(Item::place);
    let more = known.more || items.len() > ITEMS_MAX;
    items.truncate(ITEMS_MAX);
    let reasons: Vec<_> = known.insured.standing(at.today).into_iter().map(Refusal::from).collect();
    let next = next(known, &items, &reasons);
    Case { items, more, reasons, next }
}

/// What the person can do now.
fn next(known: &Known, items: &[Item], reasons: &[Refusal]) -> Words {
    let own = items.iter().filter(|item| item.waits_for == Waits::Applicant).count();
    if known.insured.death_date.is_some() {
        Words::new(
            "该参保人已登记死亡；登记有误时请由参保地经办机构更正。",
            "the person is registered as deceased; if this is wrong, let the bureau of the area correct it.",
        )
    } else if own > 0 {
        Words::new(
            format!("有 {own} 项等待您办理，列在最前。"),
            format!("{own} of these wait for you; they come first."),
        )
    } else if !reasons.is_empty() {
        Words::new(
            "参保不正常：请先按所列原因处理，恢复后才能申请和结算。",
            "the insurance does not stand: cure the reasons first; nothing can be applied for or settled until then.",
        )
    } else if items.iter().all(|item| item.over || !item.remedies.is_empty()) {
        Words::new(
            "可以申请门诊慢特病：先核对是否符合条件，再填写申请、上传材料并提交。",
            "apply for a disease: check whether it is open to you, then write a draft, add the papers and submit it.",
        )
    } else {
        Words::new("目前无需办理。", "there is nothing to do for now.")
    }
}

/// A disease as people read it.
pub fn disease_words(code: &str, name: &str) -> Words {
    if name.is_empty() {
        Words::new(format!("病种 {code}"), format!("disease {code}"))
    } else {
        Words::new(format!("{name}（{code}）"), format!("disease {code}"))
    }
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;

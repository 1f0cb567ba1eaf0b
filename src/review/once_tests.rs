//! What may be asked for, first and again.

use super::*;
use crate::application::domain::{Kind, LineForm};
use crate::catalog::domain::SAMPLE;
use crate::kernel::calendar::parse_date;

/// 糖尿病, with one exam report of its own, and 恶性肿瘤, with another.
const DIABETES: &str = "M01600";
const CANCER: &str = "M00500";
const REPORT: &str = "血糖及糖化血红蛋白检查报告";
const CERTIFICATE: &str = "二级及以上医院的疾病诊断证明";

fn form(codes: &[&str]) -> Form {
    let line = |code: &&str| LineForm {
        code: (*code).to_owned(),
        ide_fixmedins_no: String::new(),
        hosp_ide_date: parse_date("2025-03-03").unwrap(),
        diag_dr_codg: String::new(),
        diag_dr_name: String::new(),
    };
    Form {
        appy_rea: String::new(),
        tel: String::new(),
        agent: None,
        lines: codes.iter().map(line).collect(),
        materials: Vec::new(),
        dcla_souc: "03".to_owned(),
        kind: Kind::New,
    }
}

fn paper(code: &str, kind: MaterialKind, title: &str) -> Item {
    Item {
        code: code.to_owned(),
        kind: Some(kind),
        title: title.to_owned(),
        fact: String::new(),
        text: "请补充。".to_owned(),
    }
}

fn report() -> Item {
    paper(DIABETES, MaterialKind::ExamReport, REPORT)
}

fn certificate() -> Item {
    paper("", MaterialKind::DiagnosisCertificate, CERTIFICATE)
}

fn fact(code: &str, fact: &str) -> Item {
    Item { kind: None, fact: fact.to_owned(), ..paper(code, MaterialKind::Other, "") }
}

fn hba1c() -> Item {
    fact(DIABETES, "hba1c_6_5")
}

/// What stands at the time of a request.
#[derive(Default)]
struct At<'a> {
    /// What was asked for before the last time; nothing came in between.
    earlier: Option<Vec<Item>>,
    /// What was asked for the last time.
    last: Option<Vec<Item>>,
    /// Whether that was answered with nothing to add.
    declined: bool,
    /// What came in since.
    new: Vec<(MaterialKind, &'a str)>,
    /// What the experts found unknown.
    unknown: Option<&'a [(&'a str, &'a str)]>,
}

/// The reasons why items may not be asked for at that time, each with its place; empty when they may.
fn check(codes: &[&str], at: &At<'_>, items: &[Item], expected: &[(&str, &str)]) {
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let form = form(codes);
    let first = Known { catalog: &catalog, form: &form, requests: &[], papers: &[], unknown: None };
    let request = |items: &Vec<Item>| Request {
        items: first.asked(items).unwrap(),
        materials: 0,
        on: parse_date("2025-03-03").unwrap(),
        nothing_to_add: at.declined,
    };
    let requests: Vec<_> = at.earlier.iter().chain(&at.last).map(request).collect();
    let new: Vec<_> =
        at.new.iter().map(|(kind, title)| Paper { kind: *kind, title: (*title).to_owned() }).collect();
    let unknown: Option<Vec<_>> = at
        .unknown
        .map(|facts| facts.iter().map(|(code, fact)| ((*code).to_owned(), (*fact).to_owned())).collect());
    let known = Known { requests: &requests, papers: &new, unknown: unknown.as_deref(), ..first };
    let refused = refusals(known.asked(items).err().unwrap_or_default());
    let found: Vec<_> =
        refused.iter().map(|refusal| (refusal.subject.as_str(), refusal.reason.as_ref())).collect();
    assert_eq!(found, expected);
    if let Some(first) = refused.first() {
        assert!(!first.help_zh.is_empty() && !first.help_en.is_empty(), "{first:?}");
    }
}

#[test]
fn the_first_time_everything_that_the_catalogue_names_may_be_asked_for() {
    let first = At::default();
    let items = [report(), certificate(), hba1c(), paper("", MaterialKind::ExamReport, "")];
    check(&[DIABETES], &first, &items, &[]);
    check(&[DIABETES], &first, &[paper(DIABETES, MaterialKind::DiagnosisCertificate, "")], &[]);
    check(&[DIABETES, CANCER], &first, &[report(), hba1c()], &[]);
}

#[test]
fn nothing_else_is_ever_asked_for() {
    for item in [
        paper("", MaterialKind::Referral, "转诊证明"),
        paper(DIABETES, MaterialKind::ExamReport, "无犯罪记录证明"),
        paper(CANCER, MaterialKind::ExamReport, REPORT),
        paper(DIABETES, MaterialKind::MedicalRecord, REPORT),
        fact(DIABETES, "no_such_fact"),
        fact("", "hba1c_6_5"),
        fact(CANCER, "hba1c_6_5"),
        fact("", ""),
    ] {
        check(&[DIABETES], &At::default(), &[report(), item], &[("items[1]", "NOT_IN_CHECKLIST")]);
    }
    // Both diseases ask for an exam report, of different names: which one is not said.
    let vague = paper("", MaterialKind::ExamReport, "");
    check(
        &[DIABETES, CANCER],
        &At::default(),
        std::slice::from_ref(&vague),
        &[("items[0]", "NOT_IN_CHECKLIST")],
    );
    check(&[DIABETES, CANCER], &At::default(), &[Item { code: CANCER.to_owned(), ..vague.clone() }], &[]);
    // Here both ask for the same one.
    check(&["M07803", "M07804"], &At::default(), &[vague], &[]);
}

#[test]
fn again_only_what_was_asked_for_or_came_in_since() {
    let again = |new: &[(MaterialKind, &'static str)]| At {
        last: Some(vec![report()]),
        new: new.to_vec(),
        ..At::default()
    };
    let exam = MaterialKind::ExamReport;
    let late = [("items[0]", "ASKED_TOO_LATE")];
    for (new, item, expected) in [
        // Nothing came in for it, or what came in is faulty.
        (&[][..], report(), &[][..]),
        (&[(exam, REPORT)], report(), &[]),
        // It was there, and not asked for.
        (&[(exam, REPORT)], certificate(), &late),
        (&[(exam, REPORT)], hba1c(), &late),
        // It came in unasked.
        (&[(MaterialKind::DiagnosisCertificate, CERTIFICATE)], certificate(), &[]),
        (&[(MaterialKind::DiagnosisCertificate, "新的诊断证明")], certificate(), &[]),
        // The right name under another kind is another paper.
        (&[(MaterialKind::Other, CERTIFICATE)], certificate(), &late),
    ] {
        check(&[DIABETES], &again(new), &[item], expected);
    }
    let both = [certificate(), report(), hba1c(), paper("", MaterialKind::Referral, "")];
    let wrong =
        [("items[0]", "ASKED_TOO_LATE"), ("items[2]", "ASKED_TOO_LATE"), ("items[3]", "NOT_IN_CHECKLIST")];
    check(&[DIABETES], &again(&[]), &both, &wrong);
    // A paper that bears the name of another one of its kind does not serve this one.
    let other = paper(CANCER, exam, "");
    check(&[DIABETES, CANCER], &again(&[(exam, REPORT)]), std::slice::from_ref(&other), &late);
    check(&[DIABETES, CANCER], &again(&[(exam, "病理报告单")]), &[other], &[]);
}

#[test]
fn one_paper_is_the_same_for_both_diseases_that_ask_for_it() {
    let exam = |code: &str| paper(code, MaterialKind::ExamReport, "肾功能检查报告");
    let last = Some(vec![exam("M07803")]);
    let codes = ["M07803", "M07804"];
    check(&codes, &At { last, ..At::default() }, &[exam("M07804"), exam("")], &[]);
}

#[test]
fn after_the_experts_only_what_they_could_not_judge() {
    let unknown = [(DIABETES, "hba1c_6_5")];
    let late = [("items[0]", "ASKED_TOO_LATE")];
    for last in [None, Some(vec![report(), fact(DIABETES, "two_hour_glucose_11_1")])] {
        let new = vec![(MaterialKind::ExamReport, REPORT)];
        let judged = At { last, new, unknown: Some(&unknown), ..At::default() };
        let codes = [DIABETES, CANCER];
        check(&codes, &judged, &[hba1c()], &[]);
        check(&codes, &judged, &[report(), hba1c()], &late);
        check(&codes, &judged, &[fact(DIABETES, "two_hour_glucose_11_1"), hba1c()], &late);
        let foreign = fact(CANCER, "hba1c_6_5");
        check(&codes, &judged, &[foreign, hba1c()], &[("items[0]", "NOT_IN_CHECKLIST")]);
    }
}

#[test]
fn what_the_experts_could_not_judge_is_asked_for_at_once() {
    let unknown = [(DIABETES, "hba1c_6_5"), (DIABETES, "two_hour_glucose_11_1")];
    let judged = At { unknown: Some(&unknown), ..At::default() };
    let other = fact(DIABETES, "two_hour_glucose_11_1");
    check(&[DIABETES], &judged, &[hba1c()], &[("items", "ASK_ALL_AT_ONCE")]);
    check(&[DIABETES], &judged, &[hba1c(), hba1c()], &[("items", "ASK_ALL_AT_ONCE")]);
    check(
        &[DIABETES],
        &judged,
        &[report(), other.clone()],
        &[("items[0]", "ASKED_TOO_LATE"), ("items", "ASK_ALL_AT_ONCE")],
    );
    check(&[DIABETES], &judged, &[other, hba1c()], &[]);
    // No more than a request holds.
    let many: Vec<_> = (0..21).map(|number| (DIABETES.to_owned(), format!("f{number}"))).collect();
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let form = form(&[DIABETES]);
    let known = Known { catalog: &catalog, form: &form, requests: &[], papers: &[], unknown: Some(&many) };
    let asked: Vec<_> =
        many.iter().take(19).cloned().map(|(code, fact)| Asked::Fact { code, fact }).collect();
    assert_eq!(known.lacking(&asked), [many[19].clone()]);
}

#[test]
fn where_there_is_nothing_to_add_nothing_is_asked_for_again() {
    let other = || fact(DIABETES, "two_hour_glucose_11_1");
    let declined = |unknown| At { last: Some(vec![hba1c()]), declined: true, unknown, ..At::default() };
    let facts = [(DIABETES, "hba1c_6_5"), (DIABETES, "two_hour_glucose_11_1")];
    let again = [("items[0]", "NOTHING_TO_ADD")];
    // Before the experts have judged.
    check(&[DIABETES], &declined(None), &[hba1c()], &again);
    let both = [again[0], ("items[1]", "ASKED_TOO_LATE")];
    check(&[DIABETES], &declined(None), &[hba1c(), report()], &both);
    // When that is what they could not judge.
    check(&[DIABETES], &declined(Some(&facts[..1])), &[hba1c()], &again);
    check(
        &[DIABETES],
        &declined(Some(&facts[..1])),
        &[report(), hba1c()],
        &[("items[0]", "ASKED_TOO_LATE"), ("items[1]", "NOTHING_TO_ADD")],
    );
    // What else they could not judge is new, and is asked for without it.
    check(&[DIABETES], &declined(Some(&facts)), &[other()], &[]);
    check(&[DIABETES], &declined(Some(&facts)), &[hba1c(), other()], &again);
}

#[test]
fn a_paper_that_was_asked_for_and_never_came_may_be_asked_for_again() {
    let at = |new: &[(MaterialKind, &'static str)]| At {
        earlier: Some(vec![report(), hba1c()]),
        last: Some(vec![certificate()]),
        new: new.to_vec(),
        ..At::default()
    };
    let proof = (MaterialKind::DiagnosisCertificate, CERTIFICATE);
    check(&[DIABETES], &at(&[proof]), &[report(), certificate()], &[]);
    check(&[DIABETES], &at(&[proof]), &[hba1c()], &[("items[0]", "ASKED_TOO_LATE")]);
    // It came in before the last request, which did not ask for it.
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let form = form(&[DIABETES]);
    let first = Known { catalog: &catalog, form: &form, requests: &[], papers: &[], unknown: None };
    let on = parse_date("2025-03-03").unwrap();
    let request = |item, materials| Request {
        items: first.asked(&[item]).unwrap(),
        materials,
        on,
        nothing_to_add: false,
    };
    let requests = [request(report(), 0), request(certificate(), 1)];
    let papers = [Paper { kind: MaterialKind::ExamReport, title: REPORT.to_owned() }];
    let known = Known { requests: &requests, papers: &papers, ..first };
    let late = NotAskable::TooLate { item: 0, what: REPORT.to_owned() };
    assert_eq!(known.asked(&[report()]), Err(vec![late]));
}

#[test]
fn an_item_that_fits_several_papers_is_told_apart_from_one_that_fits_none() {
    let words = |item| Refusal::from(item).zh;
    assert!(words(NotAskable::Vague { item: 0 }).contains("多份材料"));
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let form = form(&[DIABETES, CANCER]);
    let known = Known { catalog: &catalog, form: &form, requests: &[], papers: &[], unknown: None };
    let refused = |item| known.asked(&[item]).unwrap_err();
    assert_eq!(refused(paper("", MaterialKind::ExamReport, "")), [NotAskable::Vague { item: 0 }]);
    assert_eq!(refused(paper("", MaterialKind::ExamReport, "x")), [NotAskable::NotInChecklist { item: 0 }]);
}

#[test]
fn twenty_refusals_fit_into_an_answer() {
    let catalog = Catalog::parse(SAMPLE).unwrap();
    // The fact with the longest text of all.
    let facts = catalog.diseases.iter().flat_map(|disease| {
        let facts = disease.criteria.distinct_facts().into_iter();
        facts.map(|(fact, text)| (disease.code.as_str(), fact, text))
    });
    let (code, longest, text) = facts.max_by_key(|(.., text)| text.len()).unwrap();
    let form = form(&[code]);
    let nothing = Request {
        items: Vec::new(),
        materials: 0,
        on: parse_date("2025-03-03").unwrap(),
        nothing_to_add: false,
    };
    let requests = [nothing];
    let known = Known { catalog: &catalog, form: &form, requests: &requests, papers: &[], unknown: None };
    let asked = Asked::Fact { code: code.to_owned(), fact: longest.to_owned() };
    let declined = [Request { items: vec![asked], nothing_to_add: true, ..requests[0].clone() }];
    let after = Known { requests: &declined, ..known };
    for (known, item, reason) in [
        (&known, fact(code, "x"), "NOT_IN_CHECKLIST"),
        (&known, certificate(), "ASKED_TOO_LATE"),
        (&known, fact(code, longest), "ASKED_TOO_LATE"),
        (&after, fact(code, longest), "NOTHING_TO_ADD"),
    ] {
        let item_is_fact = !item.fact.is_empty();
        let refusals = refusals(known.asked(&vec![item; 20]).unwrap_err());
        assert_eq!(refusals.iter().filter(|refusal| refusal.reason == reason).count(), 20);
        // The officer reads the standard itself, and not its name in the catalogue.
        let words = text.trim_end_matches('。');
        let told = refusals.iter().all(|refusal| refusal.zh.contains(words) && !refusal.zh.contains(longest));
        assert_eq!(told, item_is_fact && reason != "NOT_IN_CHECKLIST", "{reason}");
        let size: usize = refusals.iter().map(|refusal| refusal.zh.len() + refusal.help_zh.len()).sum();
        assert!(size < 4_000, "the details of an answer travel in a header: {size}");
    }
}

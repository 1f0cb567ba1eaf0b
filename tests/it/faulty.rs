//! Faulty catalogues, made from a seed: each takes the sample or the second city, plants one to five faults at known
//! lines, and must be answered with exactly these, at exactly these lines.

mod text;

use opsp::catalog::domain::SAMPLE;
use opsp::catalog::import::{DOCUMENT, File, parse};

use self::text::Text;

/// So many catalogues; the setting `FAULTY_CATALOGUES` makes it more.
const CATALOGUES: u64 = 200;
/// The second city.
const ZHANGYE: &str = include_str!("cities/zhangye.toml");

fn is(key: &'static str, value: &'static str) -> impl Fn(&Text, &[usize]) -> bool {
    move |text, block| {
        text.field(block, key).is_some_and(|id| text.line(id).starts_with(&format!("{key} = {value}")))
    }
}

const A: &str = r#"{ fact = "a", text = "甲" }"#;
const B: &str = r#"{ fact = "b", text = "乙" }"#;

/// A way to plant a fault. False when the text has no place for it.
type Plant = fn(&mut Text) -> bool;

/// Every class of fault that the validator knows and that leaves it clear which cases a row covers.
const CLASSES: &[Plant] = &[
    |text| text.spoil_head("area = ", "area = \"620902\"", "pooling area"),
    |text| text.spoil_head("version = ", "version = \"第一版\"", "letters, digits"),
    |text| text.spoil_head("in_force_from = ", "in_force_from = \"2025-02-30\"", "is no day"),
    |text| text.spoil_head("in_force_from = ", "in_force_from = \"2025-1-1\"", "is no day"),
    |text| text.spoil_head("sample = ", "sample = \"yes\"", "true or false"),
    |text| text.spoil_head("source = ", "source = \"\"", "1 to 1000"),
    |text| text.spoil_head("several_diseases = ", "several_diseases = \"highest\"", "only sum"),
    |text| text.spoil_head("several_diseases = ", "several_diseases = \"average\"", "one of"),
    |text| text.spoil_head("notice_working_days = ", "notice_working_days = 0", "must be from"),
    |text| text.spoil_head("review_working_days = ", "review_working_days = -1", "whole number"),
    |text| text.spoil_head("experts = ", "experts = \"two\"", "whole number"),
    |text| text.spoil_head("diseases_max = ", "diseases_max = 51", "must be from"),
    |text| text.spoil_head("continuous_months = ", "continuous_months = 121", "must be from"),
    |text| text.spoil_head("grace_days = ", "grace_days = 1.5", "whole number"),
    |text| {
        let rules = text.blocks("[rules]")[0][0];
        let planted = text.spoil_head("temporary_months = ", "temporary_monthz = 6", "is no field");
        if planted {
            text.expect(rules, "is required");
        }
        planted
    },
    |text| {
        let first = text.lines[0].0;
        text.used.insert(first);
        let id = text.insert_after(first, "colour = \"red\"");
        text.expect(id, "is no field");
        true
    },
    |text| {
        let Some(block) = text.take("[[bounds]]", |_, _| true) else { return false };
        let copy = text.copy(&block);
        text.expect(copy[1], "twice");
        true
    },
    |text| {
        let Some(block) = text.take("[[groups]]", |_, _| true) else { return false };
        let copy = text.copy(&block);
        text.expect(copy[1], "twice");
        true
    },
    |text| text.spoil("[[groups]]", "name", "\"\"", "1 to 100"),
    |text| text.spoil("[[materials]]", "kind", "\"passport\"", "one of"),
    |text| text.spoil("[[materials]]", "formats", "[\"doc\"]", "neither jpg nor pdf"),
    |text| text.spoil("[[materials]]", "formats", "[]", "at least one format"),
    |text| text.spoil("[[materials]]", "months_max", "999", "must be from"),
    |text| text.spoil("[[materials]]", "seal", "1", "true or false"),
    |text| {
        let Some(block) = text.take("[[materials]]", |_, _| true) else { return false };
        let copy = text.copy(&block);
        let id = text.field(&copy, "name").expect("each has a name");
        text.expect(id, "twice");
        true
    },
    |text| text.spoil("[[diseases]]", "name", "\"\"", "1 to 300"),
    |text| text.spoil("[[diseases]]", "sex", "\"both\"", "one of"),
    |text| text.spoil("[[diseases]]", "assessment", "\"no\"", "true or false"),
    |text| text.spoil("[[diseases]]", "requalify_months", "121", "must be from"),
    |text| {
        let Some(block) = text.take("[[diseases]]", is("exclusions", "[]")) else { return false };
        let id = text.field(&block, "exclusions").expect("it was looked for");
        text.set(id, "exclusions = [\"X9\"]");
        text.expect(id, "no disease X9");
        true
    },
    |text| {
        let other = text.take("[[diseases]]", is("exclusions", "[]"));
        let Some(other) = other.and_then(|block| text.field(&block, "code")) else { return false };
        let code = text.line(other).trim_start_matches("code = ").to_owned();
        let Some(block) = text.take("[[diseases]]", is("exclusions", "[]")) else { return false };
        let id = text.field(&block, "exclusions").expect("it was looked for");
        text.set(id, &format!("exclusions = [{code}]"));
        text.expect(id, "both sides");
        true
    },
    |text| {
        let fits = |text: &Text, block: &[usize]| {
            is("code_status", "\"provisional\"")(text, block) && text.field(block, "national_code").is_none()
        };
        let Some(block) = text.take("[[diseases]]", fits) else { return false };
        let id = text.field(&block, "code_status").expect("it was looked for");
        text.set(id, "code_status = \"verified\"");
        text.expect(id, "cannot be verified");
        true
    },
    |text| {
        let fits = |text: &Text, block: &[usize]| text.field(block, "national_code").is_none();
        let Some(block) = text.take("[[diseases]]", fits) else { return false };
        let id = text.insert_after(block[1], "national_code = \"M99999\"");
        text.expect(id, "table of national codes");
        true
    },
    |text| {
        let fits = |text: &Text, block: &[usize]| {
            text.field(block, "age_min").is_none() && text.field(block, "age_max").is_none()
        };
        let Some(block) = text.take("[[diseases]]", fits) else { return false };
        text.insert_after(block[1], "age_min = 60");
        let id = text.insert_after(block[1], "age_max = 50");
        text.expect(id, "below age_min");
        true
    },
    |text| {
        let Some(block) = text.take("[[diseases]]", |_, _| true) else { return false };
        let id = text.insert_after(block[1], "quality_sample_bp = 10001");
        text.expect(id, "must be from 0 to 10000");
        true
    },
    |text| {
        let Some(block) = text.take("[[diseases]]", |_, _| true) else { return false };
        let copy = text.copy(&block);
        let id = text.field(&copy, "code").expect("each has a code");
        text.expect(id, "twice");
        true
    },
    |text| text.criteria(&format!("{{ at_least = 0, of = [{A}, {B}] }}"), "always true"),
    |text| text.criteria(&format!("{{ at_least = 3, of = [{A}, {B}] }}"), "never be true"),
    |text| text.criteria("{ all = [] }", "never decide"),
    |text| text.criteria("{ any = [] }", "never decide"),
    |text| text.criteria(&format!("{{ any = [{A}, {{ all = [{A}, {B}] }}] }}"), "never decides"),
    |text| text.criteria(&format!("{{ all = [{A}, {{ fact = \"a\", text = \"丙\" }}] }}"), "another text"),
    |text| text.criteria(&format!("{{ some = [{A}] }}"), "one of {fact"),
    |text| text.criteria("{ fact = \"Not Snake\", text = \"甲\" }", "snake case"),
    |text| text.spoil("[[policies]]", "ratio_bp", "9999", "must be from"),
    |text| text.spoil("[[policies]]", "ratio_bp", "\"80%\"", "whole number"),
    |text| text.spoil("[[policies]]", "limit_fen", "1", "must be from"),
    |text| text.spoil("[[policies]]", "deductible_fen", "-1", "must be from"),
    |text| text.spoil("[[policies]]", "ways", "[\"direct\", \"cash\"]", "neither direct nor reimburse"),
    |text| text.spoil("[[policies]]", "ways", "[]", "at least one way"),
    |text| text.spoil("[[institutions]]", "fixmedins_code", "\"X62090200001\"", "11 digits"),
    |text| text.spoil("[[institutions]]", "hosp_lv", "\"15\"", "01 to 14"),
    |text| text.spoil("[[institutions]]", "admdvs", "\"999999\"", "national table"),
    |text| text.spoil("[[institutions]]", "begndate", "\"2020-13-01\"", "is no day"),
    |text| {
        let Some(block) = text.take("[[institutions]]", |_, _| true) else { return false };
        let id = text.insert_after(block[1], "enddate = \"2019-12-31\"");
        text.expect(id, "before begndate");
        true
    },
    |text| {
        let Some(block) = text.take("[[institutions]]", |_, _| true) else { return false };
        let id = text.insert_after(block[1], "diseases = [\"X9\"]");
        text.expect(id, "no disease X9");
        true
    },
    |text| {
        let Some(block) = text.take("[[institutions]]", |_, _| true) else { return false };
        let copy = text.copy(&block);
        text.expect(copy[1], "twice");
        true
    },
];

/// Faults of coverage.
const COVERAGE: &[Plant] = &[
    |text| {
        let Some(block) = text.take("[[policies]]", |_, _| true) else { return false };
        let copy = text.copy(&block);
        text.expect(copy[0], "covers a case");
        true
    },
    |text| {
        let fits = |text: &Text, block: &[usize]| {
            is("hospital", "\"any\"")(text, block) && is("disease", "\"\"")(text, block)
        };
        // Gaps of one group are told as one.
        if !text.used.insert(usize::MAX) {
            return false;
        }
        let Some(block) = text.take("[[policies]]", fits) else { return false };
        let group = text.field(&block, "group").map(|id| text.line(id).replace("group = ", "id = "));
        let groups = text.blocks("[[groups]]");
        let group = groups.iter().find(|own| Some(text.line(own[1])) == group.as_deref());
        let head = group.expect("its group")[0];
        let id = text.field(&block, "hospital").expect("it was looked for");
        text.set(id, "hospital = \"primary\"");
        text.expect(head, "have no policy row");
        true
    },
    |text| {
        if text.line(text.lines[text.lines.len() - 1].0) == "# spare" {
            return false;
        }
        let Some(block) = text.take("[[policies]]", is("disease", "\"\"")) else { return false };
        let copy = text.copy(&block);
        let group = text.field(&copy, "group").expect("each has a group");
        text.set(group, "group = \"spare\"");
        let spare = ["[[groups]]", "id = \"spare\"", "name = \"备用\"", "# spare"].map(str::to_owned);
        let spare = text.append(&spare);
        text.used.insert(spare[0]);
        text.expect(copy[0], "can never apply");
        true
    },
];

/// Faults after which it is no longer clear which cases a row covers: coverage is not judged then.
const UNCLEAR: &[Plant] = &[
    |text| text.spoil("[[diseases]]", "group", "\"nowhere\"", "no group nowhere"),
    |text| text.spoil("[[diseases]]", "insutypes", "[\"320\"]", "one of"),
    |text| text.spoil("[[policies]]", "person", "\"student\"", "one of"),
    |text| {
        let fits = |text: &Text, block: &[usize]| !is("disease", "\"\"")(text, block);
        let Some(block) = text.take("[[policies]]", fits) else {
            return text.spoil("[[policies]]", "group", "\"nowhere\"", "no group nowhere");
        };
        let id = text.field(&block, "disease").expect("it was looked for");
        text.set(id, "disease = \"M99999\"");
        text.expect(id, "no disease M99999");
        true
    },
    |text| {
        let Some(block) = text.take("[[policies]]", is("disease", "\"\"")) else { return false };
        let id = text.field(&block, "disease").expect("it was looked for");
        text.set(id, "disease = \"M03900\"");
        text.expect(block[0], "either a disease or a group");
        true
    },
];

fn check(seed: u64) -> usize {
    let base = if seed.is_multiple_of(4) { ZHANGYE } else { SAMPLE };
    let mut text = Text::new(base, seed);
    let (count, unclear) = (1 + text.below(5), text.below(2) == 0);
    let more = if unclear { UNCLEAR } else { COVERAGE };
    let mut planted = 0;
    for _ in 0..100 {
        // Each class comes first once; the others are drawn.
        let first = usize::try_from(seed).unwrap();
        let drawn = if planted == 0 { first } else { text.below(CLASSES.len() + more.len()) };
        let index = drawn % (CLASSES.len() + more.len());
        let plant = CLASSES.iter().chain(more).nth(index).expect("a class");
        planted += usize::from(plant(&mut text));
        if planted == count {
            break;
        }
    }
    assert_eq!(planted, count, "seed {seed}");
    let files = [File { name: DOCUMENT.to_owned(), content: text.text() }];
    let faults = parse(&files).expect_err(&format!("seed {seed}: taken without a fault"));
    let mut expected: Vec<_> = text.expected.iter().map(|(id, said)| (text.number(*id), *said)).collect();
    expected.sort_unstable();
    let found: Vec<_> = faults.iter().map(|fault| (fault.line, fault.en.as_str())).collect();
    let told = || format!("seed {seed}\nplanted {expected:#?}\nfound {faults:#?}");
    assert_eq!(found.len(), expected.len(), "{}", told());
    for (line, said) in &expected {
        let of_line = |(own, en): &(u32, &str)| own == line && en.contains(said);
        assert!(found.iter().any(of_line), "line {line}: {said}: {}", told());
    }
    assert!(faults.iter().all(|fault| fault.file == DOCUMENT && !fault.zh.is_empty()));
    planted
}

#[test]
fn each_planted_fault_is_found_at_its_line_and_none_is_invented() {
    let setting =
        std::env::var_os("FAULTY_CATALOGUES").and_then(|size| size.into_string().ok()?.parse().ok());
    let catalogues: u64 = setting.unwrap_or(CATALOGUES);
    let planted: usize = (0..catalogues).map(check).sum();
    assert!(planted > usize::try_from(catalogues).unwrap(), "{planted} faults in {catalogues} catalogues");
}

#[test]
fn the_catalogues_without_planted_faults_have_none() {
    for text in [SAMPLE, ZHANGYE] {
        let files = [File { name: DOCUMENT.to_owned(), content: text.to_owned() }];
        assert_eq!(parse(&files).err(), None);
    }
}

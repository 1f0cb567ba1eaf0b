//! The words of the page.

use time::Date;

use super::domain::{Certificate, Snapshot, Terms};
use super::sheet::Sheet;

/// The page of a certificate.
pub fn sheet(certificate: &Certificate) -> Sheet {
    let snapshot = &certificate.snapshot;
    Sheet {
        title: "门诊慢特病待遇认定证明".to_owned(),
        area: snapshot.area.name().to_owned(),
        number: certificate.number.clone(),
        lead: "经专家评审并公示无异议，认定下列参保人员享受门诊慢特病待遇，特此证明。".to_owned(),
        fields: fields(snapshot),
        notes: notes(snapshot),
        sample: snapshot.sample.then(|| "样例：非正式目录，不具效力".to_owned()),
        issuer: format!("{}医疗保障局", snapshot.area.name()),
        issued_on: day(snapshot.issued_on),
        qr: snapshot.qr_text.clone(),
    }
}

fn fields(snapshot: &Snapshot) -> Vec<(String, String)> {
    let fields = [
        ("姓名", snapshot.psn_name.clone()),
        ("证件号码", snapshot.certno.clone()),
        ("险种", snapshot.insutype.name().to_owned()),
        ("人员类别", snapshot.psn_type.clone()),
        ("病种名称", snapshot.opsp_dise_name.clone()),
        ("病种代码", snapshot.opsp_dise_code.clone()),
        ("待遇起始日期", day(snapshot.begndate)),
        ("待遇终止日期", snapshot.enddate.map_or_else(|| "未定".to_owned(), day)),
        ("下次复审日期", snapshot.requalify_on.map_or_else(|| "无需复审".to_owned(), day)),
        ("统筹区", format!("{}（{}）", snapshot.area.name(), snapshot.area)),
        ("统筹支付比例", ratio(&snapshot.terms)),
        ("年度支付限额", limit(&snapshot.terms)),
        // Nobody chooses institutions yet: every one that is designated counts.
        ("定点医药机构", "未限定".to_owned()),
        ("政策目录版本", snapshot.cited.catalog_version.clone()),
        ("申报流水号", snapshot.trt_dcla_detl_sn.clone()),
    ];
    fields.map(|(label, value)| (label.to_owned(), value)).to_vec()
}

fn notes(snapshot: &Snapshot) -> Vec<String> {
    let mut notes = Vec::new();
    if snapshot.sample {
        notes.push(format!("本证明依据样例目录生成，不具效力。目录来源：{}", snapshot.catalog_source));
    }
    if snapshot.terms.ratio_least != snapshot.terms.ratio_most {
        notes.push("统筹支付比例因就医机构级别等而异，以结算时适用的政策为准。".to_owned());
    }
    notes.extend(
        [
            "所载比例与限额为签发之日的政策；政策调整的，自调整之日起按新政策执行。",
            "待遇可能暂停或终止，证明可能撤销或换发，当前状态以扫码核验的结果为准。",
            "本证明不是医保电子凭证，不能代替身份凭证就医结算。",
        ]
        .map(str::to_owned),
    );
    // A certificate of before the hash was kept has none.
    if !snapshot.cited.catalog_sha256.is_empty() {
        notes.push(format!("政策目录校验值（SHA-256）：{}", snapshot.cited.catalog_sha256));
    }
    notes
}

fn ratio(terms: &Terms) -> String {
    span(terms.ratio_least.percent(), terms.ratio_most.percent())
}

fn limit(terms: &Terms) -> String {
    span(format!("{}元", terms.limit_least.yuan()), format!("{}元", terms.limit_most.yuan()))
}

fn span(least: String, most: String) -> String {
    if least == most { most } else { format!("{least}—{most}") }
}

fn day(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), u8::from(day.month()), day.day())
}

#[cfg(test)]
mod tests {
    use super::super::domain::tests::certificate;
    use super::super::sheet::render;
    use super::*;
    use crate::catalog::published::{Cited, Published};
    use crate::pdf::Face;

    fn value(sheet: &Sheet, label: &str) -> String {
        sheet.fields.iter().find(|(known, _)| known == label).unwrap().1.clone()
    }

    #[test]
    fn the_page_says_what_was_granted_and_that_it_is_a_sample() {
        let page = sheet(&certificate("M05300").unwrap());
        for (label, expected) in [
            ("姓名", "张*"),
            ("证件号码", "620902********0011"),
            ("险种", "职工基本医疗保险"),
            ("待遇起始日期", "2025年3月6日"),
            ("待遇终止日期", "未定"),
            ("下次复审日期", "2026年3月6日"),
            ("统筹支付比例", "75%—85%"),
            ("年度支付限额", "6,000.00元"),
            ("统筹区", "酒泉市（620900）"),
            ("申报流水号", "00000000000000000000000002"),
            ("定点医药机构", "未限定"),
            ("政策目录版本", Published::sample().catalog.version.as_str()),
        ] {
            assert_eq!(value(&page, label), expected, "{label}");
        }
        assert_eq!((page.issuer.as_str(), page.issued_on.as_str()), ("酒泉市医疗保障局", "2025年3月7日"));
        assert!(page.sample.is_some() && page.notes[0].contains("样例") && page.notes.len() == 6);
        assert!(page.notes[5].contains(Published::sample().sha256.as_str()));
    }

    #[test]
    fn an_official_page_bears_no_band_and_one_ratio_needs_no_note() {
        let mut certificate = certificate("M01600").unwrap();
        certificate.snapshot.sample = false;
        let page = sheet(&certificate);
        assert_eq!((page.sample.is_none(), page.notes.len()), (true, 4));
        assert_eq!(value(&page, "统筹支付比例"), "80%");
    }

    #[test]
    fn a_certificate_of_before_the_hash_was_kept_says_nothing_of_it() {
        let mut certificate = certificate("M01600").unwrap();
        let hash = std::mem::take(&mut certificate.snapshot.cited).catalog_sha256;
        certificate.snapshot.cited = Cited { catalog_version: "1".to_owned(), catalog_sha256: String::new() };
        let page = sheet(&certificate);
        assert!(page.notes.iter().all(|note| !note.contains("校验值") && !note.contains(&hash)));
        assert_eq!(value(&page, "政策目录版本"), "1");
    }

    #[test]
    fn the_page_can_be_drawn() {
        let font = std::fs::read("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc");
        let face = Face::parse(font.expect("the tests need fonts-wqy-microhei")).unwrap();
        let pdf = render(&sheet(&certificate("M05300").unwrap()), &face).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
    }
}

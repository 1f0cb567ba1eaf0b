//! 门诊慢特病病种申请表: its words.

use time::Date;

use super::layout::{Layout, Row};
use super::words::{DAY, cert_type, choice, day, demands, insutype, relation, sex};
use crate::application::domain::{Agent, Form, LineForm};
use crate::catalog::domain::{Catalog, Disease, RequiredMaterial};
use crate::insured::domain::Insured;
use crate::insured::words::psn_type_name;

/// 表号.
pub const NUMBER: &str = "OPSP-SQ-1";

/// What is known when the form is printed.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The catalogue by which it is made.
    pub catalog: &'a Catalog,
    /// The name of its area.
    pub area: &'a str,
    /// The person.
    pub insured: Option<&'a Insured>,
    /// The day on which it is printed.
    pub today: Date,
    /// An application of theirs.
    pub application: Option<Said<'a>>,
    /// The diseases to print.
    pub diseases: &'a [&'a Disease],
}

/// What an application says.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    /// Its words.
    pub form: &'a Form,
    /// 待遇申报明细流水号.
    pub sn: &'a str,
}

/// The form.
pub fn layout(known: &Known<'_>) -> Layout {
    let mut rows = applicant(known);
    rows.extend(agent(known.application.and_then(|said| said.form.agent.as_ref())));
    rows.extend(diseases(known));
    rows.extend(promise());
    rows.extend(opinions(known));
    rows.extend(checklist(known));
    rows.push(Row::note(&notes(known)));
    let sn = known.application.map_or("____________________", |said| said.sn);
    Layout {
        title: format!("{}门诊慢特病病种申请表", known.area),
        subtitle: format!("申报流水号：{sn}　　填表日期：{DAY}"),
        sample: sample(known.catalog),
        rows,
        repeated: None,
        foot: foot(NUMBER, known.catalog),
    }
}

/// Said on each page while no official catalogue was imported.
pub fn sample(catalog: &Catalog) -> Option<String> {
    catalog.sample.then(|| "样例：依据样例目录生成，非正式表单".to_owned())
}

/// 表号, 目录版本.
pub fn foot(number: &str, catalog: &Catalog) -> String {
    format!("表号 {number}　　目录版本 {}", catalog.version)
}

/// 申请人信息, the same on both forms.
pub fn person(known: &Known<'_>, tel: &str) -> Vec<Row> {
    let (insured, today) = (known.insured, known.today);
    let said = |tell: fn(&Insured) -> String| insured.map(tell).unwrap_or_default();
    let psn_type = insured.map_or("", |insured| psn_type_name(insured.psn_type_on(today)));
    vec![
        Row::fields(&[
            ("姓名", said(|insured| insured.psn_name.clone()), 4),
            ("性别", sex(insured.map(|insured| insured.male)), 4),
        ]),
        Row::fields(&[
            ("证件类型", said(|insured| cert_type(&insured.psn_cert_type).to_owned()), 4),
            ("证件号码", said(|insured| insured.certno.clone()), 4),
        ]),
        Row::fields(&[
            ("出生日期", said(|insured| day(insured.brdy)), 4),
            ("人员编号", said(|insured| insured.psn_no.to_string()), 4),
        ]),
        Row::fields(&[("险种", insutype(insured.map(|insured| insured.insutype_on(today))), 10)]),
        Row::fields(&[
            ("人员类别", psn_type.to_owned(), 4),
            ("参保地", said(|insured| insured.insu_admdvs.name().to_owned()), 4),
        ]),
        Row::fields(&[
            (
                "联系电话",
                if tel.is_empty() { said(|insured| insured.tel.clone()) } else { tel.to_owned() },
                2,
            ),
            ("联系地址", said(|insured| insured.addr.clone()), 6),
        ]),
    ]
}

/// 代办人信息, the same on both forms.
pub fn agent(agent: Option<&Agent>) -> Vec<Row> {
    let said = |tell: fn(&Agent) -> &str| agent.map(tell).unwrap_or_default().to_owned();
    vec![
        Row::section("代办人信息（本人办理的不填）"),
        Row::fields(&[("姓名", said(|agent| &agent.name), 4), ("与申请人关系", said(relation), 4)]),
        Row::fields(&[
            ("证件类型", said(|agent| cert_type(&agent.cert_type)), 4),
            ("证件号码", said(|agent| &agent.certno), 4),
        ]),
        Row::fields(&[("联系电话", said(|agent| &agent.tel), 2), ("联系地址", said(|agent| &agent.addr), 6)]),
    ]
}

fn applicant(known: &Known<'_>) -> Vec<Row> {
    let tel = known.application.map_or("", |said| said.form.tel.as_str());
    let mut rows = vec![Row::section("申请人信息")];
    rows.extend(person(known, tel));
    rows
}

fn diseases(known: &Known<'_>) -> Vec<Row> {
    let kinds = ["首次申请", "增加病种", "病情变化"];
    let kind = known.application.map(|said| said.form.kind.name());
    let mut rows = vec![
        Row::section("申请病种"),
        Row::fields(&[("申请类型", choice(&kinds, kind), 10)]),
        Row::heads(&[("病种名称（代码）", 4), ("鉴定定点医疗机构", 4), ("鉴定日期", 2), ("诊断医师", 2)]),
    ];
    let line = |disease: &&Disease| {
        let said =
            known.application.and_then(|said| said.form.lines.iter().find(|line| line.code == disease.code));
        disease_line(known.catalog, disease, said)
    };
    rows.extend(known.diseases.iter().map(line));
    if known.diseases.is_empty() {
        // As many lines as one person may have diseases.
        let empty = Row::line(&[4, 4, 2, 2].map(|wide| (String::new(), wide)));
        rows.extend(vec![empty; known.catalog.rules.diseases_max.clamp(1, 10)]);
    }
    // One paragraph: its line ends could fill more than a page.
    let reason = known.application.map_or("", |said| said.form.appy_rea.as_str());
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    rows.push(Row::rooms(44.0, &[(format!("申请理由：{reason}"), "", 12)]));
    rows
}

fn disease_line(catalog: &Catalog, disease: &Disease, said: Option<&LineForm>) -> Row {
    let institution = said.map(|line| {
        let known = catalog.institution(&line.ide_fixmedins_no);
        known.map_or(line.ide_fixmedins_no.clone(), |known| {
            format!("{}（{}）", known.fixmedins_name, known.fixmedins_code)
        })
    });
    Row::line(&[
        (format!("{}（{}）", disease.name, disease.code), 4),
        (institution.unwrap_or_default(), 4),
        (said.map(|line| day(line.hosp_ide_date)).unwrap_or_default(), 2),
        (said.map(|line| line.diag_dr_name.clone()).unwrap_or_default(), 2),
    ])
}

fn promise() -> [Row; 2] {
    let text = "本人承诺：以上所填内容和所提交的材料真实、准确、完整，扫描件与原件一致；知悉审核通过后须经公示，\
                无异议后待遇方可生效；情况发生变化的，及时告知经办机构。";
    let corner = format!("申请人（代办人）签名：__________________　{DAY}");
    [Row::section("个人承诺"), Row::rooms(62.0, &[(text.to_owned(), &corner, 12)])]
}

fn opinions(known: &Known<'_>) -> Vec<Row> {
    let assessed: Vec<_> = known
        .diseases
        .iter()
        .filter(|disease| disease.assessment)
        .map(|disease| disease.name.as_str())
        .collect();
    let institution = if assessed.is_empty() {
        "定点医疗机构意见：".to_owned()
    } else {
        format!("定点医疗机构评估意见（须评估的病种：{}）：", assessed.join("、"))
    };
    let accept = choice(&["受理", "一次性告知补正", "不予受理"], None);
    vec![
        Row::section("定点医疗机构填写"),
        Row::rooms(
            96.0,
            &[
                ("诊断医师意见：".to_owned(), &format!("诊断医师签名：____________\n{DAY}"), 6),
                (institution, &format!("（盖章）　　　　　　　　\n{DAY}"), 6),
            ],
        ),
        Row::section("经办机构填写"),
        Row::rooms(
            74.0,
            &[(format!("受理意见：{accept}\n说明："), &format!("受理人签名：____________　{DAY}"), 12)],
        ),
    ]
}

fn checklist(known: &Known<'_>) -> Vec<Row> {
    let mut rows = vec![
        Row::section("申报材料清单（请在已备齐的材料前打勾）"),
        Row::heads(&[("备齐", 1), ("材料名称", 5), ("要求", 6)]),
    ];
    let line = |material: &RequiredMaterial| {
        Row::line(&[("　□".to_owned(), 1), (material.name.clone(), 5), (demands(material), 6)])
    };
    rows.extend(known.catalog.materials.iter().map(line));
    for disease in known.diseases.iter().filter(|disease| !disease.materials.is_empty()) {
        rows.push(Row::heads(&[(&format!("{}（{}）另需", disease.name, disease.code), 12)]));
        rows.extend(disease.materials.iter().map(line));
    }
    if known.diseases.is_empty() {
        let other = "各病种另需的材料，见所申请病种的材料清单。".to_owned();
        rows.push(Row::line(&[("　□".to_owned(), 1), (other, 11)]));
    }
    rows
}

fn notes(known: &Known<'_>) -> String {
    let days = known.catalog.rules.review_working_days;
    format!(
        "说明：\n\
         1. 审核时限为 {days} 个工作日，等待补正材料的时间不计入。需要补正的，经办机构一次性告知全部内容。\n\
         2. 经办机构不得要求提供没有法律法规依据的证明材料（《社会保险经办条例》第三十一条）。\n\
         3. 健康信息属于敏感个人信息，仅用于办理本申请（《个人信息保护法》第二十八条）。\n\
         4. 可靠的电子签名与手写签名或者盖章具有同等的法律效力（《电子签名法》第十四条）。"
    )
}

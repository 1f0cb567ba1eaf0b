//! The columns of the operator's spreadsheet: the field, its Chinese title, and how a cell is read.

/// How a cell is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it stands.
    Plain,
    /// A word of the catalogue, or its Chinese name.
    Word,
    /// A number; an empty cell is 0.
    Count,
    /// Several words, between semicolons or 、.
    List,
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its field.
    pub field: &'static str,
    /// Its Chinese title.
    pub title: &'static str,
    /// How its cells are read.
    pub kind: Kind,
    /// Whether a sheet must have it.
    pub needed: bool,
}

const fn column(field: &'static str, title: &'static str, kind: Kind, needed: bool) -> Column {
    Column { field, title, kind, needed }
}

const PAIRS: &[Column] =
    &[column("field", "项目", Kind::Plain, true), column("value", "值", Kind::Word, true)];

const GROUPS: &[Column] =
    &[column("id", "大类编号", Kind::Plain, true), column("name", "大类名称", Kind::Plain, true)];

const MATERIALS: &[Column] = &[
    column("disease", "病种代码", Kind::Plain, true),
    column("kind", "材料种类", Kind::Word, true),
    column("name", "材料名称", Kind::Plain, true),
    column("formats", "格式", Kind::List, true),
    column("months_max", "有效月数", Kind::Count, true),
    column("seal", "须盖章", Kind::Word, true),
    column("colour", "须彩色", Kind::Word, false),
    column("hospital_min", "最低医院级别", Kind::Word, true),
    column("use", "用途", Kind::Word, false),
];

const DISEASES: &[Column] = &[
    column("code", "病种代码", Kind::Plain, true),
    column("name", "病种名称", Kind::Plain, true),
    column("code_status", "代码状态", Kind::Word, true),
    column("national_code", "国家病种代码", Kind::Plain, false),
    column("group", "大类编号", Kind::Plain, true),
    column("insutypes", "险种", Kind::List, true),
    column("sex", "性别", Kind::Word, true),
    column("age_min", "最小年龄", Kind::Count, false),
    column("age_max", "最大年龄", Kind::Count, false),
    column("quality_sample_bp", "质量抽查比例（万分之一）", Kind::Count, false),
    column("benefit_start", "待遇开始", Kind::Word, false),
    column("assessment", "须机构评估", Kind::Word, true),
    column("requalify_months", "复审周期月数", Kind::Count, true),
    column("requalify_bring", "复审材料", Kind::Plain, true),
    column("exclusions", "互斥病种", Kind::List, true),
];

const CRITERIA: &[Column] = &[
    column("disease", "病种代码", Kind::Plain, true),
    column("node", "序号", Kind::Plain, true),
    column("rule", "规则", Kind::Plain, true),
    column("fact", "指标", Kind::Plain, true),
    column("text", "条文", Kind::Plain, true),
];

const POLICIES: &[Column] = &[
    column("insutype", "险种", Kind::Word, true),
    column("disease", "病种代码", Kind::Plain, true),
    column("group", "大类编号", Kind::Plain, true),
    column("person", "人员", Kind::Word, true),
    column("hospital", "医院级别", Kind::Word, true),
    column("place", "就医地", Kind::Word, true),
    column("ratio_bp", "报销比例（万分之一）", Kind::Plain, true),
    column("limit_fen", "年度限额（分）", Kind::Plain, true),
    column("deductible_fen", "年度起付线（分）", Kind::Count, true),
    column("ways", "结算方式", Kind::List, true),
];

const BOUNDS: &[Column] = &[
    column("insutype", "险种", Kind::Word, true),
    column("ratio_bp_min", "最低比例（万分之一）", Kind::Plain, true),
    column("ratio_bp_max", "最高比例（万分之一）", Kind::Plain, true),
    column("limit_fen_min", "最低限额（分）", Kind::Plain, true),
    column("limit_fen_max", "最高限额（分）", Kind::Plain, true),
];

const INSTITUTIONS: &[Column] = &[
    column("fixmedins_code", "定点医药机构编号", Kind::Plain, true),
    column("fixmedins_name", "定点医药机构名称", Kind::Plain, true),
    column("hosp_lv", "医院等级", Kind::Plain, true),
    column("admdvs", "医保区划", Kind::Plain, true),
    column("begndate", "开始日期", Kind::Plain, true),
    column("enddate", "结束日期", Kind::Plain, false),
    column("insutypes", "险种", Kind::List, false),
    column("diseases", "病种代码", Kind::List, false),
];

/// The columns of a sheet.
pub fn columns(sheet: &str) -> Option<(&'static str, &'static [Column])> {
    let sheets: [(&'static str, &'static [Column]); 10] = [
        ("catalog", PAIRS),
        ("list", PAIRS),
        ("rules", PAIRS),
        ("materials", MATERIALS),
        ("groups", GROUPS),
        ("diseases", DISEASES),
        ("criteria", CRITERIA),
        ("policies", POLICIES),
        ("bounds", BOUNDS),
        ("institutions", INSTITUTIONS),
    ];
    sheets.into_iter().find(|(name, _)| *name == sheet)
}

/// The names of columns, in Chinese and in English punctuation.
pub fn names(columns: &[Column]) -> (String, String) {
    let known: Vec<_> = columns.iter().map(|column| format!("{} {}", column.field, column.title)).collect();
    (known.join("、"), known.join(", "))
}

/// The field of a row of `catalog.csv` or `rules.csv`, by its name or its Chinese title.
pub fn rule(title: &str) -> &str {
    match title {
        "统筹区" => "area",
        "版本" => "version",
        "生效日期" => "in_force_from",
        "样例" => "sample",
        "来源" => "source",
        "审核时限" => "review_working_days",
        "受理时限" => "acceptance_working_days",
        "延长时限" => "extension_working_days",
        "评审时限" => "opinion_working_days",
        "公示期" => "notice_working_days",
        "异地备案办理时限" => "residence_working_days",
        "零星报销时限" => "claim_working_days",
        "评审专家数" => "experts",
        "评估计入时限" => "assessment_counts",
        "多病种规则" => "several_diseases",
        "每人最多病种数" => "diseases_max",
        "待遇开始" => "benefit_start",
        "公示病种" => "publish_disease",
        "公示病种依据" => "publish_disease_basis",
        "承诺制不得变更月数" => "remote_lock_months",
        "临时备案月数" => "temporary_months",
        "复核期限" => "remedy_days",
        "匿名异议" => "objection.anonymous",
        "异议办理时限" => "objection.working_days",
        "异议复核次数" => "objection.appeals",
        "异议复核申请期限" => "objection.appeal_working_days",
        "连续参保月数" => "insurance.continuous_months",
        "断保天数" => "insurance.gap_days_max",
        "缴费宽限天数" => "insurance.grace_days",
        "复审提前开启天数" => "requalification.open_days",
        "复审提醒天数" => "requalification.remind_days",
        "复审宽限天数" => "requalification.grace_days",
        "复审结算月数" => "requalification.settled_months",
        "复审日期" => "requalification.at",
        "复审可恢复月数" => "requalification.return_months",
        "复审办理时限" => "requalification.decide_working_days",
        other => other,
    }
}

/// Whether a rule has several values, between semicolons or 、.
pub fn is_list(rule: &str) -> bool {
    rule == "requalification.remind_days"
}

/// The catalogue's word for a Chinese one; any other text as it is.
pub fn word(text: &str) -> &str {
    match text {
        "职工" => "310",
        "居民" => "390",
        "不限" => "any",
        "无" => "none",
        "在职" => "working",
        "退休" => "retired",
        "一级" => "primary",
        "二级" => "secondary",
        "三级" => "tertiary",
        "统筹区内" => "home",
        "异地" => "remote",
        "男" => "male",
        "女" => "female",
        "直接结算" => "direct",
        "零星报销" => "reimburse",
        "已核实" => "verified",
        "待核实" => "assumed",
        "临时" => "provisional",
        "公示无异议" => "notice_closed",
        "审核通过" => "approved",
        "次月一日" => "first_of_next_month",
        "身份证人像面" => "id_card_front",
        "身份证国徽面" => "id_card_back",
        "社保卡或医保电子凭证" => "insurance_card",
        "诊断证明" => "diagnosis_certificate",
        "病历" => "medical_record",
        "检查检验报告" => "exam_report",
        "申请表" => "application_form",
        "异地居住证明" => "residence_proof",
        "转诊证明" => "referral",
        "其他" => "other",
        "申请" => "application",
        "复审" => "requalification",
        "周年日" => "anniversary",
        "年末" => "year_end",
        other => other,
    }
}

//! Words of the national dictionary.

/// 人员类别 in words, by the national code.
pub fn psn_type_name(code: &str) -> &'static str {
    match code {
        "1102" => "公务员",
        "1103" => "灵活就业人员（在职）",
        "1203" => "灵活就业人员（退休）",
        _ if code.starts_with("11") => "在职职工",
        _ if code.starts_with("12") => "退休人员",
        _ => "城乡居民",
    }
}

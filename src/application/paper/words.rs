//! Words of the national dictionary and of dates, as paper has them.

use time::Date;

use crate::application::domain::Agent;
use crate::catalog::domain::{Insutype, Level, RequiredMaterial};

/// A date left for the pen.
pub const DAY: &str = "______年____月____日";

/// A day.
pub fn day(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), u8::from(day.month()), day.day())
}

/// Boxes to tick, one of them ticked where it is known.
pub fn choice(all: &[&str], known: Option<&str>) -> String {
    let tick = |word: &&str| format!("{}{word}", if known == Some(*word) { "■" } else { "□" });
    all.iter().map(tick).collect::<Vec<_>>().join("　")
}

/// 性别.
pub fn sex(male: Option<bool>) -> String {
    choice(&["男", "女"], male.map(|male| if male { "男" } else { "女" }))
}

/// 险种.
pub fn insutype(known: Option<Insutype>) -> String {
    let all = [Insutype::Employee, Insutype::Resident].map(Insutype::name);
    choice(&all, known.map(Insutype::name))
}

/// 证件类型 (psn_cert_type).
pub fn cert_type(code: &str) -> &str {
    match code {
        "01" => "居民身份证",
        "02" => "军官证",
        "04" => "港澳居民来往内地通行证",
        "06" => "台湾居民来往大陆通行证",
        "07" => "外国人永久居留身份证",
        "08" => "外国人护照",
        "17" => "港澳台居民居住证",
        "90" => "社会保障卡",
        "99" => "其他",
        other => other,
    }
}

/// 代办人关系 (agnter_rlts).
pub fn relation(agent: &Agent) -> &str {
    match agent.rlts.as_str() {
        "1" => "配偶",
        "2" => "子女",
        "3" => "孙子女、外孙子女",
        "4" => "父母",
        "5" => "祖父母、外祖父母",
        "6" => "兄弟姐妹",
        "7" => "其他亲属",
        "8" => "非亲属",
        other => other,
    }
}

/// What the catalogue asks of a paper.
pub fn demands(material: &RequiredMaterial) -> String {
    let mut demands = vec![format!("{} 文件", material.formats.join(" 或 "))];
    match material.hospital_min {
        Level::None => {}
        Level::Primary => demands.push("医院出具".to_owned()),
        Level::Secondary => demands.push("二级及以上医院出具".to_owned()),
        Level::Tertiary => demands.push("三级医院出具".to_owned()),
    }
    if material.colour {
        demands.push("须为彩色".to_owned());
    }
    if material.months_max > 0 {
        demands.push(format!("{} 个月内出具", material.months_max));
    }
    if material.seal {
        demands.push("须加盖医院公章或电子签章".to_owned());
    }
    demands.join("；")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::domain::{Catalog, SAMPLE};

    #[test]
    fn what_is_known_is_ticked_and_the_rest_is_left() {
        assert_eq!(sex(None), "□男　□女");
        assert_eq!(sex(Some(false)), "□男　■女");
        assert_eq!(insutype(Some(Insutype::Resident)), "□职工基本医疗保险　■城乡居民基本医疗保险");
    }

    #[test]
    fn a_demand_is_told_with_all_its_parts() {
        let catalog = Catalog::parse(SAMPLE).unwrap();
        let told: Vec<_> = catalog.materials.iter().map(demands).collect();
        assert_eq!(told[0], "jpg 或 pdf 文件；须为彩色");
        assert_eq!(told[3], "jpg 或 pdf 文件；二级及以上医院出具；12 个月内出具；须加盖医院公章或电子签章");
    }
}

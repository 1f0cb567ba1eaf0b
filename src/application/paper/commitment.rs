//! 异地就医备案承诺书: its words.

use super::applying::{Known, agent, foot, person, sample};
use super::layout::{Layout, Row};
use super::words::{DAY, choice};
use crate::catalog::domain::Catalog;
use crate::residence::form::{Basis, Kind};

/// 表号.
pub const NUMBER: &str = "OPSP-CN-1";

/// The form: for those who may file on a commitment instead of proof.
pub fn layout(known: &Known<'_>) -> Layout {
    let catalog = known.catalog;
    let kinds: Vec<_> = Kind::ALL
        .into_iter()
        .filter(|kind| kind.bases().contains(&Basis::Commitment))
        .map(|kind| kind.names().0)
        .collect();
    let mut rows = vec![Row::section("承诺人信息")];
    rows.extend(person(known, ""));
    rows.extend(agent(None));
    rows.extend([
        Row::section("备案内容"),
        Row::fields(&[("备案类型", choice(&kinds, None), 10)]),
        Row::fields(&[("备案市或省", String::new(), 10)]),
        Row::fields(&[("备案地居住地址", String::new(), 10)]),
        Row::fields(&[("备案开始日期", DAY.to_owned(), 4), ("备案地电话", String::new(), 4)]),
        Row::section("承诺"),
        promise(catalog),
        Row::section("经办机构填写"),
        Row::rooms(110.0, &[("办理意见：".to_owned(), &format!("经办人签名：____________　{DAY}"), 12)]),
        Row::note("说明：异地长期居住的参保人可以本承诺代替证明材料办理备案（医保发〔2022〕22号）。"),
    ]);
    Layout {
        title: format!("{}异地就医备案承诺书", known.area),
        subtitle: "异地安置退休人员、异地长期居住人员、常驻异地工作人员适用".to_owned(),
        sample: sample(catalog),
        rows,
        repeated: None,
        foot: foot(NUMBER, catalog),
    }
}

fn promise(catalog: &Catalog) -> Row {
    let months = catalog.rules.remote_lock_months;
    let text = format!(
        "1. 本人属于上述所选的备案类型，在备案地居住或者工作超过 6 个月，现以本承诺代替证明材料。\n\
         2. 以上所填内容真实、准确、完整，愿意接受经办机构核查；不实的，愿意承担相应责任。\n\
         3. 知悉以承诺方式备案后 {months} 个月内不得变更或者取消备案，且只能备案一个地点。"
    );
    Row::rooms(120.0, &[(text, &format!("承诺人（代办人）签名：__________________　{DAY}"), 12)])
}

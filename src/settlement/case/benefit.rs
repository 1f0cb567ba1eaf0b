//! A benefit, as whoever holds it reads it. Pure.

use time::Date;

use super::domain::{At, Item, Kind, Known, Waits, Words, disease_words};
use crate::application;
use crate::benefit::accumulator::{Key, Used};
use crate::benefit::domain::{
    Benefit, EndGround, NotInForce, Standing, Suspension, SuspensionGround, highest_limit,
};
use crate::benefit::store;
use crate::kernel::error::Refusal;
use crate::kernel::money::Money;

/// A benefit, with what is left of its year.
pub fn item(at: At<'_>, known: &Known, benefit: &Benefit) -> Item {
    let standing = benefit.standing(at.today);
    let state = match standing {
        Standing::NotBegun | Standing::Active => "active",
        Standing::Suspended => "suspended",
        Standing::Lapsed => "lapsed",
        Standing::Ended => "ended",
    };
    let mut item = Item::new(Kind::Benefit, store::name(at.person, benefit.id), state);
    let found = known.published.as_ref().and_then(|published| published.catalog.disease(&benefit.code));
    item.disease = found.map(|disease| disease.name.clone()).unwrap_or_default();
    item.code.clone_from(&benefit.code);
    item.application = application::store::name(at.person, benefit.application);
    item.term.begndate = Some(benefit.begndate);
    item.term.enddate = benefit.end.map(|(last, _)| last);
    let of = disease_words(&item.code, &item.disease);
    let reason = benefit.in_force(at.today, &at.person.area).err();
    if standing == Standing::Ended {
        return ended(item, &of, benefit);
    }
    item.term.requalify_on = benefit.requalify_on;
    if let Some(certificate) = benefit.certificate {
        item.term.certificate = format!("{}/certificates/{certificate}", at.person.name());
    }
    item.reasons.extend(reason.clone().map(Refusal::from));
    match reason {
        Some(NotInForce::Moved { .. }) => return moved(item, &of),
        Some(NotInForce::Suspended { until, .. }) => item = suspended(at, item, &of, benefit, until),
        Some(NotInForce::NotBegun { begndate, .. }) => {
            item = item
                .says(
                    format!("{}的待遇自 {begndate} 起生效。", of.zh),
                    format!("the benefit for {} begins on {begndate}.", of.en),
                )
                .until(Some(begndate))
                .then(
                    "生效后在定点医疗机构就医时直接结算。",
                    "from then on bills are settled at the hospital.",
                );
        }
        Some(NotInForce::Lapsed { since, .. }) => {
            item = item
                .says(
                    format!("{}的待遇因未完成复审，自 {since} 起中止。", of.zh),
                    format!(
                        "the benefit for {} has lapsed since {since} for want of its re-qualification.",
                        of.en
                    ),
                )
                .then("办理复审后恢复。", "it returns when it is re-qualified.");
        }
        None if standing == Standing::Suspended => item = uninsured(at, item, &of, benefit),
        Some(NotInForce::None { .. } | NotInForce::Ended { .. } | NotInForce::Died { .. }) | None => {
            item = active(at, item, &of, benefit);
        }
    }
    item.term.year = year(at, known, benefit);
    item
}

fn active(at: At<'_>, item: Item, of: &Words, benefit: &Benefit) -> Item {
    let begndate = benefit.begndate;
    let item = match benefit.end {
        Some((last, ground)) => {
            let (zh, en) = end_words(ground);
            item.says(
                format!("{}的待遇有效，将于 {last} 终止（{zh}）。", of.zh),
                format!("the benefit for {} is in force and ends on {last} ({en}).", of.en),
            )
            .until(Some(last))
        }
        None => item.says(
            format!("{}的待遇有效，自 {begndate} 起。", of.zh),
            format!("the benefit for {} is in force since {begndate}.", of.en),
        ),
    };
    if let Some(since) = benefit.lapsed_since() {
        return item.then(
            format!("复审未通过，自 {since} 起中止。"),
            format!("it was not re-qualified and lapses on {since}."),
        );
    }
    let ahead = benefit.suspensions.iter().find(|suspension| at.today < suspension.period.from);
    match (ahead, benefit.requalify_on) {
        (Some(Suspension { period, ground }), _) => {
            let (zh, en) = suspension_words(*ground);
            item.then(
                format!("自 {} 起暂停（{zh}）。", period.from),
                format!("it is suspended from {} on ({en}).", period.from),
            )
        }
        (None, Some(day)) => item.then(
            format!("在定点医疗机构就医时直接结算；下次复审日期为 {day}。"),
            format!("bills are settled at the hospital; the next re-qualification is on {day}."),
        ),
        (None, None) => item.then("在定点医疗机构就医时直接结算。", "bills are settled at the hospital."),
    }
}

fn suspended(at: At<'_>, item: Item, of: &Words, benefit: &Benefit, until: Option<Date>) -> Item {
    let of_today = benefit.suspensions.iter().find(|suspension| suspension.period.contains(at.today));
    let ground = of_today.map_or(SuspensionGround::Audit, |suspension| suspension.ground);
    let (zh, en) = suspension_words(ground);
    let item = match until {
        Some(day) => item.says(
            format!("{}的待遇已暂停（{zh}），至 {day}（含当日）。", of.zh),
            format!("the benefit for {} is suspended ({en}) until {day} inclusive.", of.en),
        ),
        None => item.says(
            format!("{}的待遇已暂停（{zh}）。", of.zh),
            format!("the benefit for {} is suspended ({en}).", of.en),
        ),
    };
    let item = item.until(until);
    match ground {
        SuspensionGround::Arrears => item
            .waits(Waits::Applicant)
            .then("请补缴后联系经办机构恢复。", "pay what is owed, then ask the bureau to resume it."),
        SuspensionGround::Audit => item.waits(Waits::Bureau).then(
            "等待经办机构核查；可以向其了解情况。",
            "the bureau is looking into it; you may ask there.",
        ),
        SuspensionGround::Abuse => {
            item.then("期满后自动恢复。", "it is in force again by itself when that time is over.")
        }
    }
}

/// 停保: nobody suspended it, and nobody has to resume it.
fn uninsured(at: At<'_>, item: Item, of: &Words, benefit: &Benefit) -> Item {
    let stretches = benefit.uninsured();
    let since = stretches.iter().find(|stretch| stretch.contains(at.today));
    let since = since.map_or(at.today, |stretch| stretch.from);
    item.says(
        format!("{}的待遇因停保或未缴费，自 {since} 起暂停。", of.zh),
        format!(
            "the benefit for {} rests since {since}: the insurance, or its contributions, stopped.",
            of.en
        ),
    )
    .waits(Waits::Applicant)
    .then("恢复参保、补足缴费后自动恢复。", "it goes on by itself when the insurance and its payments do.")
}

fn moved(item: Item, of: &Words) -> Item {
    item.says(
        format!("{}的待遇由原参保统筹区认定，转出后不再享受。", of.zh),
        format!("the benefit for {} is of the pooling area that you have left.", of.en),
    )
    .then("可以向现参保地重新申请。", "apply in the area in which you are insured now.")
    .over()
}

fn ended(item: Item, of: &Words, benefit: &Benefit) -> Item {
    let Some((last, ground)) = benefit.end else { return item.over() };
    let (zh, en) = end_words(ground);
    let item = item.says(
        format!("{}的待遇已于 {last} 终止（{zh}）。", of.zh),
        format!("the benefit for {} ended on {last} ({en}).", of.en),
    );
    let again = match ground {
        EndGround::Death => Words::default(),
        EndGround::Moved => {
            Words::new("可以向现参保地重新申请。", "apply in the area in which you are insured now.")
        }
        EndGround::Changed => Words::new("由接替的待遇继续。", "the benefit that replaced it goes on."),
        EndGround::Recovered | EndGround::GivenUp | EndGround::Lapsed => {
            Words::new("再次需要时可以重新申请。", "apply again if it is needed again.")
        }
    };
    item.then(again.zh, again.en).over()
}

/// 本年度累计; none where no limit is known.
fn year(at: At<'_>, known: &Known, benefit: &Benefit) -> Option<(Key, Used, Money)> {
    let catalog = &known.published.as_ref()?.catalog;
    let disease = catalog.disease(&benefit.code)?;
    let retired = known.insured.retired_on(at.today);
    let limit = highest_limit(catalog, disease, benefit.insutype, retired);
    let key = Key { insutype: benefit.insutype, year: at.today.year(), code: benefit.code.clone() };
    let used = known.used.get(&benefit.code).cloned();
    Some((key, used.unwrap_or_default(), limit))
}

fn suspension_words(ground: SuspensionGround) -> (&'static str, &'static str) {
    match ground {
        SuspensionGround::Abuse => ("违规使用", "abuse"),
        SuspensionGround::Arrears => ("欠费", "contributions are owed"),
        SuspensionGround::Audit => ("核查", "the bureau is looking into it"),
    }
}

fn end_words(ground: EndGround) -> (&'static str, &'static str) {
    match ground {
        EndGround::Death => ("死亡", "death"),
        EndGround::Moved => ("转出统筹区", "moved away"),
        EndGround::Recovered => ("治愈", "recovered"),
        EndGround::GivenUp => ("本人放弃", "given up"),
        EndGround::Changed => ("病情变化", "replaced after a change of condition"),
        EndGround::Lapsed => ("复审逾期", "not re-qualified in time"),
    }
}

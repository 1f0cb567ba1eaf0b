//! What the page says. Nothing of a person gets here but what an entry shows to everybody.

use time::Date;

use crate::catalog::domain::ObjectionRules;
use crate::kernel::calendar::Calendar;
use crate::kernel::local_day;
use crate::notice::domain::{Notice, Open};
use crate::notice::entry::domain::Listing;

/// What stands above and below the rows.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// What it is, with the area's name.
    pub title: String,
    /// Set when it follows the sample catalogue.
    pub sample: Option<String>,
    /// Why the names below are published.
    pub intro: String,
    /// Labels and values, in order.
    pub facts: Vec<(&'static str, String)>,
    /// 提出异议: how, and until when.
    pub how_to_object: Vec<String>,
    /// Who publishes it, and since when.
    pub issuer: String,
    /// The day on which it became open.
    pub opened_on: String,
    /// Whether it names diseases.
    pub diseases: bool,
    /// 批次号, 目录版本.
    pub foot: String,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 序号, from 1.
    pub number: usize,
    /// 公示编号.
    pub reference: String,
    /// 姓名, masked.
    pub name: String,
    /// 证件号码, masked.
    pub certno: String,
    /// 病种名称; empty unless the policy publishes it.
    pub disease: String,
}

impl Row {
    /// What an entry shows to everybody.
    pub fn of(number: usize, listing: &Listing) -> Self {
        Self {
            number,
            reference: listing.reference.clone(),
            name: listing.masked_name.clone(),
            certno: listing.masked_certno.clone(),
            disease: listing.opsp_dise_name.clone(),
        }
    }

    /// Its cells under the heads of its sheet.
    pub fn cells(&self, diseases: bool) -> Vec<String> {
        let mut cells =
            vec![self.number.to_string(), self.reference.clone(), self.name.clone(), self.certno.clone()];
        if diseases {
            cells.push(self.disease.clone());
        }
        cells
    }
}

impl Sheet {
    /// The sheet of a notice that has been open, with so many rows.
    pub fn of(notice: &Notice, open: &Open, rows: u32, rules: ObjectionRules, calendar: &Calendar) -> Self {
        let head = &open.head;
        let area = head.area.name();
        let period = Period::of(notice, open, calendar);
        let foot = match head.cited.catalog_version.as_str() {
            "" => format!("批次号 {}", head.number),
            version => format!("批次号 {}　政策目录版本 {version}", head.number),
        };
        let mut facts = vec![
            ("批次号", head.number.clone()),
            ("险种", head.insutype.name().to_owned()),
            ("公示期", period.told(open.clock.working_days())),
            ("公示状态", state(notice).to_owned()),
            ("公示条目", format!("{rows} 条")),
        ];
        if !head.disease_basis.is_empty() {
            facts.push(("病种公布依据", head.disease_basis.clone()));
        }
        Self {
            title: format!("{area}门诊慢特病待遇认定公示"),
            sample: head.sample.then(|| "样例：本公示依据样例目录生成，不具效力".to_owned()),
            intro: "下列人员申报的门诊慢特病病种，经专家评审、经办机构审核通过，现予公示。公示期满无异议的，\
                    按规定享受门诊慢特病待遇。"
                .to_owned(),
            facts,
            how_to_object: how_to_object(notice, area, &period, rules),
            issuer: format!("{area}医疗保障局"),
            opened_on: day(local_day(open.opened_at)),
            diseases: !head.disease_basis.is_empty(),
            foot,
        }
    }

    /// The heads of the table, each with its width in twelfths of a page.
    pub fn heads(&self) -> &'static [(&'static str, u8)] {
        if self.diseases {
            &[("序号", 1), ("公示编号", 3), ("姓名", 2), ("证件号码", 3), ("病种", 3)]
        } else {
            &[("序号", 1), ("公示编号", 4), ("姓名", 3), ("证件号码", 4)]
        }
    }
}

/// The days that the public has.
struct Period {
    from: Date,
    last: Option<Date>,
    provisional: bool,
}

impl Period {
    fn of(notice: &Notice, open: &Open, calendar: &Calendar) -> Self {
        let from = local_day(open.opened_at);
        match (notice.closed(), open.clock.due(calendar)) {
            (Some(closed), _) => Self { from, last: Some(closed.last_day), provisional: false },
            (None, Some(due)) => Self { from, last: Some(due.date), provisional: due.provisional },
            (None, None) => Self { from, last: None, provisional: false },
        }
    }

    fn last_day(&self) -> String {
        self.last.map(day).unwrap_or_default()
    }

    fn told(&self, working_days: u32) -> String {
        let note = if self.provisional {
            "，截止日期待国务院办公厅公布放假安排后确定"
        } else {
            ""
        };
        format!("{}至{}（{working_days} 个工作日{note}）", day(self.from), self.last_day())
    }
}

fn state(notice: &Notice) -> &'static str {
    match notice {
        Notice::Opening(_) => "准备中",
        Notice::Open(_) => "公示中",
        Notice::Closed(_) | Notice::Settled(_) => "公示期满",
        Notice::Void(_) => "作废",
        Notice::Withdrawing(_) | Notice::Withdrawn(_) => "已撤回",
    }
}

fn how_to_object(notice: &Notice, area: &str, period: &Period, rules: ObjectionRules) -> Vec<String> {
    let Notice::Open(_) = notice else {
        return vec!["公示已结束，不再受理异议。有情况需要反映的，可向经办机构举报。".to_owned()];
    };
    vec![
        format!(
            "对公示内容有异议的，请于 {}（含当日）前，凭表中的公示编号，通过省级医疗保障服务平台或者向{area}\
             医疗保障经办机构提出，说明理由，{}。",
            period.last_day(),
            if rules.anonymous { "可以匿名" } else { "并留下姓名和电话" }
        ),
        format!(
            "异议自提出之日起 {} 个工作日内处理，处理结果告知异议人。异议只影响所针对的条目：处理完毕前，该条目的待遇不生效。",
            rules.working_days
        ),
        "为保护个人信息，姓名、证件号码已作隐匿处理；公示期满后不再对外展示。".to_owned(),
    ]
}

fn day(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), u8::from(day.month()), day.day())
}

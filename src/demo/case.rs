//! What is remembered between the steps of a demo, in a file of the data folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::macros::datetime;
use time::{Date, Duration, Month};

use crate::db::source::micros;
use crate::init::write_private;
use crate::kernel::identity::check_digit;

/// A demo's memory.
#[derive(Serialize, Deserialize)]
pub struct Case {
    /// Number of the run in this data folder, from 1.
    pub run: i64,
    /// The simulated clock, microseconds.
    pub clock: i64,
    /// Steps that are done.
    pub done: Vec<String>,
    /// Names and numbers that later steps need.
    pub kept: BTreeMap<String, String>,
    #[serde(skip)]
    file: PathBuf,
}

/// One of the two people of a run. Made up: the numbers pass the checks and belong to nobody.
pub struct Person {
    /// Word under which things are kept.
    pub key: &'static str,
    /// 人员编号.
    pub psn_no: String,
    /// 姓名.
    pub psn_name: &'static str,
    /// 证件号码.
    pub certno: String,
    /// 出生日期.
    pub brdy: Date,
    /// Whether 职工; else 居民.
    pub employee: bool,
    /// 病种代码 applied for.
    pub code: &'static str,
}

impl Case {
    /// Reads the memory of a data folder, or begins one in March 2025.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let file = data_dir.join("demo.json");
        if !file.exists() {
            let clock = micros(datetime!(2025-03-03 01:00 UTC));
            let case = Self { run: 1, clock, done: Vec::new(), kept: BTreeMap::new(), file };
            case.save()?;
            return Ok(case);
        }
        let text = std::fs::read_to_string(&file)?;
        let mut case: Self =
            serde_json::from_str(&text).with_context(|| format!("memory of the demo, {}", file.display()))?;
        case.file = file;
        Ok(case)
    }

    /// Whether a run had been cut off.
    pub fn resumed(&self) -> bool {
        !self.done.is_empty()
    }

    /// Remembers that a step is done.
    pub fn finish_step(&mut self, name: &str) -> anyhow::Result<()> {
        self.done.push(name.to_owned());
        self.save()
    }

    /// The next run begins anew, three days later.
    pub fn finish_run(&mut self) -> anyhow::Result<()> {
        self.run += 1;
        self.done.clear();
        self.clock += i64::try_from(Duration::days(3).whole_microseconds())?;
        self.save()
    }

    /// Writes the memory: whole, or not at all.
    pub fn save(&self) -> anyhow::Result<()> {
        let next = self.file.with_extension("next");
        write_private(&next, &serde_json::to_string_pretty(self)?)?;
        std::fs::rename(&next, &self.file).with_context(|| self.file.display().to_string())
    }

    /// Keeps a name for later steps.
    pub fn keep(&mut self, key: &str, value: impl Into<String>) {
        self.kept.insert(key.to_owned(), value.into());
    }

    /// A name that an earlier step kept.
    pub fn kept(&self, key: &str) -> anyhow::Result<String> {
        self.kept.get(key).cloned().with_context(|| format!("no earlier step kept {key}"))
    }

    /// The `request_id` of a request: the same each time the step is run.
    pub fn request_id(&self, what: &str) -> String {
        request_id(&format!("run {} {what}", self.run))
    }

    /// The two people of this run.
    pub fn people(&self) -> [Person; 2] {
        let day = |year| {
            let first = Date::from_calendar_date(year, Month::January, 1).unwrap_or(Date::MIN);
            first + Duration::days(self.run / 400)
        };
        let person = |key, offset: i64, year, psn_name, employee, code| {
            let brdy = day(year);
            let sequence = (self.run % 400) * 2 + offset;
            let digits =
                format!("620902{}{:02}{:02}{sequence:03}", brdy.year(), u8::from(brdy.month()), brdy.day());
            let certno = format!("{digits}{}", char::from(check_digit(&digits)));
            Person {
                key,
                psn_no: format!("6209{:08}{offset}", self.run),
                psn_name,
                certno,
                brdy,
                employee,
                code,
            }
        };
        [
            person("employee", 1, 1958, "张建国", true, "M01600"),
            person("resident", 2, 1966, "王秀兰", false, "M03900"),
        ]
    }
}

/// A UUID that is the same for the same words.
pub fn request_id(words: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(words).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

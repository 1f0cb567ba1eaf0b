//! Thousands of broken and hostile files: each gets a clear answer, none brings the reader down or makes it take memory
//! beyond its bounds. `CORPUS_STEP` is the distance of the cuts in bytes, 1 where it is not set; a larger
//! one makes fewer files.

mod hostile;
mod seeds;

use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::process::Command;
use std::time::{Duration, Instant};

use opsp::catalog::files::{FileRules, Least, Outcome};
use opsp::material::check::{Finding, examine};

use self::seeds::{Seed, seeds};

/// Set for the process that does the work, so that its memory is its own.
const CHILD: &str = "OPSP_CORPUS_CHILD";
/// Most memory that looking at all of them may take beyond what the seeds take, in KiB.
const PEAK_KIB: u64 = 400 << 10;

/// Longest that looking at a hostile file may take, in a build that is not optimized, on a machine that is busy.
const LONGEST: Duration = Duration::from_secs(60);

/// What became of the files.
#[derive(Default)]
struct Count {
    files: u64,
    accepted: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
}

impl Count {
    /// Looks at a file, and gives the reason of the first finding that refuses it.
    fn look(&mut self, what: &str, bytes: &[u8]) -> Option<String> {
        self.files += 1;
        // The pictures are small, so that many of them can be decoded.
        let short_side_px = Least { warn: 600, refuse: 0 };
        let rules = FileRules { short_side_px, ..FileRules::default() };
        let answer = catch_unwind(|| examine(bytes, &rules));
        let Ok(answer) = answer else { panic!("{what}: the reader was brought down") };
        match answer {
            Ok(seen) => {
                let damaged = seen.findings.contains(&Finding::Damaged.told(Outcome::Warn));
                let how = if damaged { ", with a warning that it is damaged" } else { "" };
                *self.accepted.entry(format!("{what}{how}")).or_default() += 1;
                None
            }
            Err(findings) => {
                let first = findings.first().expect("a reason").refusal();
                assert!(!first.zh.is_empty() && !first.help_zh.is_empty(), "{what}: {first:?}");
                *self.refused.entry(first.reason.to_string()).or_default() += 1;
                Some(first.reason.into_owned())
            }
        }
    }

    fn print(&self) {
        println!("files looked at: {}", self.files);
        self.refused.iter().for_each(|(reason, count)| println!("  refused {reason}: {count}"));
        self.accepted.iter().for_each(|(what, count)| println!("  accepted {what}: {count}"));
    }
}

/// Highest memory of this process so far, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn every_bad_file_gets_a_clear_answer_in_bounded_memory() {
    if std::env::var_os(CHILD).is_some() {
        return in_a_process_of_its_own();
    }
    let name = "corpus::every_bad_file_gets_a_clear_answer_in_bounded_memory";
    let mut child = Command::new(std::env::current_exe().expect("this binary"));
    let done = child.args([name, "--exact", "--nocapture"]).env(CHILD, "1").output().expect("it runs");
    let told = String::from_utf8_lossy(&done.stdout);
    println!("{told}");
    assert!(done.status.success(), "{told}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains("peak above the seeds"), "the work was not done: {told}");
}

fn in_a_process_of_its_own() {
    let step = std::env::var_os("CORPUS_STEP").map_or(1, |step| {
        let step = step.to_str().and_then(|step| step.parse().ok());
        step.filter(|step| *step > 0).expect("CORPUS_STEP is a number of bytes")
    });
    let mut count = Count::default();
    let seeds = seeds();
    for seed in &seeds {
        assert_eq!(count.look("whole", &seed.bytes), None, "{}", seed.name);
    }
    let before = peak_kib();
    for seed in &seeds {
        cut_off(&mut count, seed, step);
        wrong_head(&mut count, seed);
        altered(&mut count, seed, step);
        without_middle(&mut count, seed, step);
    }
    for (what, bytes, reason) in hostile::files() {
        let begun = Instant::now();
        let found = count.look(&what, &bytes);
        assert_eq!(found.as_deref(), Some(reason), "{what}");
        let taken = begun.elapsed();
        assert!(taken < LONGEST, "{what}: {taken:?}");
    }
    count.print();
    let above = peak_kib() - before;
    println!("peak above the seeds: {above} KiB");
    assert!(above < PEAK_KIB, "{above} KiB");
}

/// Cut off at every so-many-eth byte: refused, unless all that is missing is the line end behind the last word.
fn cut_off(count: &mut Count, seed: &Seed, step: usize) {
    let whole = seed.bytes.len();
    let needed = seed.bytes.trim_ascii_end().len();
    // A pdf that was changed later is whole without the change, as long as nothing of it is there that can be told.
    let older = seed.bytes.windows(5).position(|part| part == b"%%EOF").map_or(needed, |end| end + 5);
    let unchanged = older..older + b"\n2 0 obj".len();
    for length in (0..whole).step_by(step).chain([whole - 1]) {
        let accepted = count.look("cut off behind its last word", &seed.bytes[..length]).is_none();
        assert_eq!(
            accepted,
            length >= needed || (older < needed && unchanged.contains(&length)),
            "{}: {length} of {whole}",
            seed.name
        );
    }
}

/// Each byte of the head with another value: whatever it says, it says something.
fn wrong_head(count: &mut Count, seed: &Seed) {
    for at in 0..8 {
        for mask in [0x01, 0x20, 0xFF] {
            let mut bytes = seed.bytes.clone();
            bytes[at] ^= mask;
            let found = count.look("with another head", &bytes);
            let type_matters = at < if seed.name.starts_with("jpg") { 3 } else { 7 };
            assert!(!type_matters || found.is_some(), "{}: byte {at} with {mask:#x}", seed.name);
        }
    }
}

/// One byte altered.
fn altered(count: &mut Count, seed: &Seed, step: usize) {
    for at in (8..seed.bytes.len()).step_by(step * 40) {
        for mask in [0x01, 0xFF] {
            let mut bytes = seed.bytes.clone();
            bytes[at] ^= mask;
            count.look(&format!("with a byte altered: {}", seed.name), &bytes);
        }
    }
}

/// Something missing in the middle, beginning and end as they were.
fn without_middle(count: &mut Count, seed: &Seed, step: usize) {
    let whole = seed.bytes.len();
    for at in (16..whole).step_by(step * 80) {
        for missing in [16, 200, whole / 4] {
            if at + missing < whole - 40 {
                let bytes = [&seed.bytes[..at], &seed.bytes[at + missing..]].concat();
                count.look(
                    &format!("without {}: {}", if missing == 16 { "16 bytes" } else { "more" }, seed.name),
                    &bytes,
                );
            }
        }
    }
}

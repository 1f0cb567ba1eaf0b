//! Thousands of broken and hostile files, each through the real upload: each gets a clear answer and, where it is
//! refused, leaves nothing behind; where it is taken, a thumbnail of it can be asked for. None brings the reader down or
//! makes it take memory beyond its bounds. `CORPUS_STEP` is the distance of the cuts in bytes, 100 where it is not set;
//! with 1 all of them are made.

mod door;
mod hostile;
mod seeds;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use self::door::{Brought, Door};
use self::seeds::{Seed, seeds};

/// Set for the process that does the work, so that its memory is its own.
const CHILD: &str = "OPSP_CORPUS_CHILD";
/// Most memory that all of them may take beyond what the seeds take, in KiB.
const PEAK_KIB: u64 = 400 << 10;

/// Longest that a hostile file may take, in a build that is not optimized, on a machine that is busy.
const LONGEST: Duration = Duration::from_secs(60);

/// What became of the files.
struct Count {
    door: Door,
    files: u64,
    accepted: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    thumbnails: BTreeMap<&'static str, u64>,
}

impl Count {
    /// Hands in a file, and gives the reason of the first finding that refuses it.
    async fn look(&mut self, what: &str, bytes: &[u8]) -> Option<String> {
        self.files += 1;
        match self.door.bring(what, bytes).await {
            Brought::Taken { damaged, thumbnail } => {
                let how = if damaged { ", with a warning that it is damaged" } else { "" };
                *self.accepted.entry(format!("{what}{how}")).or_default() += 1;
                *self.thumbnails.entry(if thumbnail { "made" } else { "THUMBNAIL_NONE" }).or_default() += 1;
                None
            }
            Brought::Refused(reason) => {
                *self.refused.entry(reason.clone()).or_default() += 1;
                Some(reason)
            }
        }
    }

    fn print(&self) {
        println!("files handed in: {}", self.files);
        self.refused.iter().for_each(|(reason, count)| println!("  refused {reason}: {count}"));
        self.accepted.iter().for_each(|(what, count)| println!("  accepted {what}: {count}"));
        self.thumbnails.iter().for_each(|(what, count)| println!("  thumbnails {what}: {count}"));
        println!("left behind by those refused: no row, no object, no temporary file");
    }
}

/// Highest memory of this process so far, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn every_bad_file_gets_a_clear_answer_in_bounded_memory_and_leaves_nothing_behind() {
    if std::env::var_os(CHILD).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        return runtime.expect("a runtime").block_on(in_a_process_of_its_own());
    }
    let name = "corpus::every_bad_file_gets_a_clear_answer_in_bounded_memory_and_leaves_nothing_behind";
    let mut child = Command::new(std::env::current_exe().expect("this binary"));
    let done = child.args([name, "--exact", "--nocapture"]).env(CHILD, "1").output().expect("it runs");
    let told = String::from_utf8_lossy(&done.stdout);
    println!("{told}");
    assert!(done.status.success(), "{told}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains("peak above the seeds"), "the work was not done: {told}");
}

async fn in_a_process_of_its_own() {
    let step = std::env::var_os("CORPUS_STEP").map_or(100, |step| {
        let step = step.to_str().and_then(|step| step.parse().ok());
        step.filter(|step| *step > 0).expect("CORPUS_STEP is a number of bytes")
    });
    let door = Door::open().await;
    let mut count = Count {
        door,
        files: 0,
        accepted: BTreeMap::new(),
        refused: BTreeMap::new(),
        thumbnails: BTreeMap::new(),
    };
    let seeds = seeds();
    for seed in &seeds {
        assert_eq!(count.look("whole", &seed.bytes).await, None, "{}", seed.name);
    }
    let before = peak_kib();
    for seed in &seeds {
        cut_off(&mut count, seed, step).await;
        wrong_head(&mut count, seed).await;
        altered(&mut count, seed, step).await;
        without_middle(&mut count, seed, step).await;
    }
    for (what, bytes, reason) in hostile::files() {
        let begun = Instant::now();
        let found = count.look(&what, &bytes).await;
        assert_eq!(found.as_deref(), Some(reason), "{what}");
        let taken = begun.elapsed();
        assert!(taken < LONGEST, "{what}: {taken:?}");
    }
    count.print();
    let above = peak_kib() - before;
    println!("peak {} KiB, peak above the seeds: {above} KiB", peak_kib());
    assert!(above < PEAK_KIB, "{above} KiB");
}

/// Cut off at every so-many-eth byte: refused, unless all that is missing is the line end behind the last word.
async fn cut_off(count: &mut Count, seed: &Seed, step: usize) {
    let whole = seed.bytes.len();
    let needed = seed.bytes.trim_ascii_end().len();
    // A pdf that was changed later is whole without the change, as long as nothing of it is there that can be told.
    let older = seed.bytes.windows(5).position(|part| part == b"%%EOF").map_or(needed, |end| end + 5);
    let unchanged = older..older + b"\n2 0 obj".len();
    for length in (0..whole).step_by(step).chain([whole - 1]) {
        let accepted = count.look("cut off behind its last word", &seed.bytes[..length]).await.is_none();
        assert_eq!(
            accepted,
            length >= needed || (older < needed && unchanged.contains(&length)),
            "{}: {length} of {whole}",
            seed.name
        );
    }
}

/// Each byte of the head with another value: whatever it says, it says something.
async fn wrong_head(count: &mut Count, seed: &Seed) {
    for at in 0..8 {
        for mask in [0x01, 0x20, 0xFF] {
            let mut bytes = seed.bytes.clone();
            bytes[at] ^= mask;
            let found = count.look("with another head", &bytes).await;
            let type_matters = at < if seed.name.starts_with("jpg") { 3 } else { 7 };
            assert!(!type_matters || found.is_some(), "{}: byte {at} with {mask:#x}", seed.name);
        }
    }
}

/// One byte altered.
async fn altered(count: &mut Count, seed: &Seed, step: usize) {
    for at in (8..seed.bytes.len()).step_by(step * 40) {
        for mask in [0x01, 0xFF] {
            let mut bytes = seed.bytes.clone();
            bytes[at] ^= mask;
            count.look(&format!("with a byte altered: {}", seed.name), &bytes).await;
        }
    }
}

/// Something missing in the middle, beginning and end as they were.
async fn without_middle(count: &mut Count, seed: &Seed, step: usize) {
    let whole = seed.bytes.len();
    for at in (16..whole).step_by(step * 80) {
        for missing in [16, 200, whole / 4] {
            if at + missing < whole - 40 {
                let bytes = [&seed.bytes[..at], &seed.bytes[at + missing..]].concat();
                let what = if missing == 16 { "16 bytes" } else { "more" };
                count.look(&format!("without {what}: {}", seed.name), &bytes).await;
            }
        }
    }
}

use super::*;
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{Labels, Marks, NamespaceFact};
use self_healing_core::key::Text;
use self_healing_core::names::WatchKind;
use self_healing_core::time::{Now, Stamp, Tick};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("record-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It is one of many in the temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn at(second: u64) -> Now {
    Now { tick: Tick(second * 1000), stamp: Stamp(second as i64 * 1000) }
}

fn namespace(name: &str) -> Event {
    Event::Namespace(NamespaceFact { name: Text::from(name), marks: Marks::default(), labels: Labels::default() })
}

fn lines(path: &Path) -> Vec<What> {
    let mut all = Vec::new();
    Recording::open(path).unwrap().read(|line| all.push(line.what)).unwrap();
    all
}

/// Notes so many namespaces, and gives everything known whenever a file begins.
fn record(path: &Path, limits: Limits, seconds: u64) {
    let mut recorder = Recorder::start(path, limits, Pace::Wait, "self-healing").unwrap();
    for second in 0..seconds {
        if recorder.wants_whole() {
            recorder.whole(at(second), ("self-healing", "c-0"), true, BTreeMap::new(), &[namespace("known")]);
        }
        recorder
            .events(at(second), &[namespace(&format!("n-{second}-{:x}", second.wrapping_mul(0x9e37_79b9_7f4a_7c15)))]);
    }
}

#[test]
fn what_goes_in_comes_out() {
    let folder = Folder::new("all");
    let path = folder.0.join("r");
    let mut recorder = Recorder::start(&path, Limits { bytes: u64::MAX, files: 0 }, Pace::Wait, "ns").unwrap();
    recorder.events(at(0), &[namespace("too-early")]);
    recorder.whole(at(1), ("ns", "c-0"), true, BTreeMap::new(), &[namespace("known")]);
    recorder
        .events(at(3), &[Event::Watch(WatchKind::Pod, WatchState::Synced), Event::NamespaceGone(Text::from("known"))]);
    drop(recorder);
    let mut all = Vec::new();
    Recording::open(&path).unwrap().read(|line| all.push(line)).unwrap();
    let whats: Vec<&What> = all.iter().map(|line| &line.what).collect();
    assert!(matches!(whats[0], What::Begin { stamp: 1000, .. }), "{whats:?}");
    assert_eq!(whats[3], &What::Watch(WatchKind::Pod, WatchState::Synced));
    assert_eq!(whats[4], &What::NamespaceGone(Text::from("known")));
    assert_eq!((all[3].after, all[4].after, all.len()), (2000, 0, 5));
}

#[test]
fn files_are_bounded_and_each_begins_with_everything_known() {
    let folder = Folder::new("turn");
    let path = folder.0.join("r");
    record(&path, Limits { bytes: 20_000, files: 2 }, 40_000);
    assert_eq!(folder.files(), ["r", "r.1", "r.2"]);
    for file in folder.files() {
        // Several begin within one file when the writer was behind; none is missing at its head.
        let path = folder.0.join(&file);
        let length = std::fs::metadata(&path).unwrap().len();
        assert!(length < 400_000, "{file} has {length} bytes");
    }
    let begins = lines(&path).iter().filter(|what| matches!(what, What::Begin { .. })).count();
    assert!(begins >= 3, "{begins}");
}

#[test]
fn a_file_that_a_crash_cut_off_is_read_to_its_end() {
    let folder = Folder::new("cut");
    let path = folder.0.join("r");
    record(&path, Limits { bytes: u64::MAX, files: 0 }, 2000);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (mut recording, mut count) = (Recording::open(&path).unwrap(), 0);
    recording.read(|_| count += 1).unwrap();
    assert!(recording.cut_off && count > 100, "{count}");
}

//! A recording of the demo, replayed, as somebody at a shell sees it.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::process::Command;

struct Recording(PathBuf);

impl Drop for Recording {
    fn drop(&mut self) {
        // It is one of many in the temporary folder.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn program(words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_self-healing-controller"));
    let output = command.args(words).env_remove("RUST_LOG").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

impl Recording {
    fn of_the_demo(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("recording-{name}-{}", std::process::id()));
        let recording = Self(path);
        let (code, out, err) =
            program(&["demo", "--once", "--seed", "7", "--speed", "max", "--record", recording.path()]);
        assert_eq!(code, Some(0), "{out}{err}");
        recording
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn replay(&self, words: &[&str]) -> String {
        let (code, out, err) = program(&[&["replay", self.path()], words].concat());
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
        out
    }
}

/// The number on the first line that has these words.
fn number(card: &str, words: &str) -> usize {
    let line = card.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words:?} is not in\n{card}"));
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

#[test]
fn the_demo_is_decided_again_in_the_same_way_and_differently_when_asked_to() {
    let recording = Recording::of_the_demo("demo");
    let same = recording.replay(&[]);
    assert_eq!(number(&same, "failures found"), 16, "{same}");
    assert_eq!(number(&same, "missed"), 0, "{same}");
    assert_eq!(number(&same, "the recorded controller left alone"), 0, "{same}");
    assert_eq!(number(&same, "by Breaker"), 4, "a zone that was cut off: {same}");
    assert_eq!(number(&same, "by Plan"), 1, "a node whose drain a budget held until it was well: {same}");
    assert_eq!(recording.replay(&[]), same, "the same recording gives the same card");

    let watched = recording.replay(&["--set", "mode=Observe"]);
    assert_eq!(number(&watched, "would have been acted on"), 0, "{watched}");
    assert!(number(&watched, "by Mode") > 0 && number(&watched, "missed") > 0, "{watched}");

    let compared = recording.replay(&["--against-set", "pod_restart_threshold=50"]);
    assert!(compared.contains("The second against the first"), "{compared}");
    assert!(compared.contains("-> not found"), "a crash loop that is none yet: {compared}");
}

#[test]
fn what_is_no_recording_is_said_in_one_line() {
    let (code, _, err) = program(&["replay", "/nonexistent"]);
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    let foreign = Recording(std::env::temp_dir().join(format!("recording-foreign-{}", std::process::id())));
    std::fs::write(&foreign.0, "hello\n").unwrap();
    let (code, _, err) = program(&["replay", foreign.path()]);
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    assert!(err.contains("is no recording"), "{err}");
    let (code, _, err) = program(&["replay", foreign.path(), "--set", "mode=Fast"]);
    assert_eq!((code, err.contains("mode")), (Some(2), true), "{err}");
}

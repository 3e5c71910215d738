//! The page of what shows each cause, guard and rule of triage is current and leaves nothing out. `cargo xtask generate` runs this test with
//! `UPDATE_GENERATED` set; then it writes what it would otherwise compare.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that finds something else has failed")]

use self_healing_core::names::{Cause, GuardName};
use self_healing_story::{Expected, Ground, Story};
use std::fs;
use std::path::{Path, PathBuf};

/// What no story shows, and the test that does, as `BINARY::FILE::TEST` of the core's tests.
const BY_TESTS: [(&str, &str, &str); 3] = [
    (
        "ReplicaFailure",
        "triage::a_deployment_that_cannot_make_its_pods_is_told",
        "no deed of a story takes a quota away",
    ),
    (
        "StaleWatch",
        "guards::nothing_is_done_on_an_old_view_whichever_watch_is_silent",
        "a story cannot silence one watch alone",
    ),
    (
        "Live",
        "fresh::a_read_that_contradicts_the_watch_holds_the_deletion",
        "what a watch shows late is a plan's fault, not a story's deed",
    ),
];

/// The rules of `docs/causes.md`, by the first column of its table, with the stories and the tests that show them.
const TRIAGE: [(&str, &[&str], &[&str]); 9] = [
    ("anything on the same object", &["pod-not-ready", "ladder", "drain-vetoed"], &[]),
    ("a pod on a sick node", &["pod-of-a-sick-node", "pod-start-failures"], &[]),
    (
        "a pod of a new revision, while all pods of the earlier revision are ready",
        &["rollout-crash-loop", "rollout-image-pull", "rollout-unready", "rollout-fixed", "rollout-stateful"],
        &[],
    ),
    ("a pod that came in place of one that is being recovered", &["ladder", "ladder-second-step"], &[]),
    (
        "pods of one workload with the same crash (container and exit code), the same image or configuration error; any other cause from the third pod on; whatever runs out",
        &["crash-of-many", "image-pull-of-many"],
        &[
            "waves::a_bad_configuration_that_crashes_hundreds_of_pods_is_a_few_recoveries_and_one_restart",
            "triage::from_the_third_pod_on_what_fails_alike_in_one_workload_is_one_trouble",
            "triage::a_kill_for_memory_beside_a_recovery_of_the_workload_is_told_with_it",
        ],
    ),
    ("images from one registry for three workloads or more", &["registry-down"], &[]),
    ("`Unavailable`, `NoEndpoints`", &["service-behind-deployment", "service-of-a-sick-node"], &[]),
    ("a crash that repeats on another node", &["crash-of-many"], &[]),
    (
        "very many at once",
        &["too-many-nodes-silent", "too-many-nodes-return-paced", "zone-out"],
        &["waves::most_nodes_silent_at_once_is_one_message_and_no_write_and_their_return_is_paced"],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A story and how it is expected to end.
struct Shown {
    story: Story,
    expected: Expected,
}

fn stories() -> Vec<Shown> {
    let stories = Story::read_all(&root().join("scenarios")).unwrap_or_else(|error| panic!("{error}"));
    let read = |story: Story| {
        let path = story.expected_path();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let expected = Expected::parse(&path, &text).unwrap_or_else(|error| panic!("{error}"));
        Shown { story, expected }
    };
    let mut all: Vec<Shown> = stories.into_iter().map(read).collect();
    // The simplest first.
    all.sort_by_key(|shown| (shown.expected.outcome.recoveries.len(), shown.story.moments.len(), shown.story.name()));
    all
}

impl Shown {
    fn has_cause(&self, cause: Cause) -> bool {
        self.expected.outcome.recoveries.iter().any(|record| record.cause == cause.as_str())
    }

    /// In the end, in a message, or for a while.
    fn has_guard(&self, guard: GuardName) -> bool {
        let timeline = self.expected.timeline.iter().map(ToString::to_string).collect::<String>();
        let word = guard.as_str();
        let held = |line: &str| line.contains("  recovery ") && line.split_whitespace().any(|known| known == word);
        let outcome = &self.expected.outcome;
        let ends = outcome.recoveries.iter().any(|record| record.reason.split(':').next() == Some(word));
        ends || timeline.lines().any(held) || outcome.told.keys().any(|(_, key)| *key == format!("held-{word}"))
    }
}

/// One line of a table: how many of the stories each ground plays, or why it plays none, and the first of them.
fn line(what: &str, stories: &[&Shown], tests: &[&str]) -> String {
    let cell = |ground: Ground| {
        let count = stories.iter().filter(|shown| shown.story.excuse(ground).is_none()).count();
        let excuse = || stories.iter().find_map(|shown| shown.story.excuse(ground)).unwrap_or("–").to_owned();
        if count == 0 { excuse() } else { count.to_string() }
    };
    let mut names: Vec<String> = stories.iter().take(3).map(|shown| format!("`{}`", shown.story.name())).collect();
    names.extend(tests.iter().map(|test| format!("test `{test}`")));
    let [bare, sim, real] = Ground::ALL.map(cell);
    format!("| {what} | {bare} | {sim} | {real} | {} |\n", names.join(", "))
}

const HEAD: &str = "| | bare core | embedded cluster | real control plane | |\n|---|---|---|---|---|\n";

fn by_test(word: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    BY_TESTS.iter().find(|(known, ..)| *known == word)
}

fn table(words: &[&str], stories: &[Shown], shows: impl Fn(&Shown, usize) -> bool) -> String {
    let mut text = HEAD.to_owned();
    for (at, word) in words.iter().enumerate() {
        let showing: Vec<&Shown> = stories.iter().filter(|shown| shows(shown, at)).collect();
        match (showing.is_empty(), by_test(word)) {
            (false, None) => text += &line(&format!("`{word}`"), &showing, &[]),
            (true, Some((_, test, why))) => text += &format!("| `{word}` | a test | {why} | {why} | test `{test}` |\n"),
            (false, Some(_)) => panic!("{word} is shown by stories: it needs no line in BY_TESTS"),
            (true, None) => panic!("nothing shows {word}: write a story, or name the test in BY_TESTS"),
        }
    }
    text
}

fn page(stories: &[Shown]) -> String {
    let causes: Vec<&str> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
    let guards: Vec<&str> = GuardName::ALL.iter().map(|guard| guard.as_str()).collect();
    let rules: String = TRIAGE
        .iter()
        .map(|(rule, named, tests)| {
            let find = |name: &&str| stories.iter().find(|shown| shown.story.name() == **name);
            let found = named.iter().map(|name| find(name).unwrap_or_else(|| panic!("there is no story {name}")));
            line(rule, &found.collect::<Vec<_>>(), tests)
        })
        .collect();
    format!(
        "# What shows it\n\n\
         Written by `cargo xtask generate` from the expected ends of `scenarios/*.story`. A number says how many stories show it on that ground, a\n\
         sentence why none can; the simplest are named. Tests are those of `crates/core/tests/bare`.\n\n\
         ## Causes\n\n{}\n## Guards\n\nWhere each held something back.\n\n{}\n## Triage\n\nThe rules of [causes](causes.md).\n\n{HEAD}{rules}",
        table(&causes, stories, |shown, at| shown.has_cause(Cause::ALL[at])),
        table(&guards, stories, |shown, at| shown.has_guard(GuardName::ALL[at])),
    )
}

#[test]
fn the_checked_in_page_of_what_shows_it_is_the_generated_one() {
    let file = root().join("docs/coverage.md");
    let text = page(&stories());
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == text, "docs/coverage.md is not current: run `cargo xtask generate`");
}

#[test]
fn every_cause_and_rule_of_triage_and_every_named_test_is_there() {
    let causes = fs::read_to_string(root().join("docs/causes.md")).unwrap();
    for cause in Cause::ALL {
        let anchor = format!("<a id=\"{}\"></a>`{cause}`", cause.as_str().to_ascii_lowercase());
        assert!(causes.contains(&anchor), "messages link to a place for {cause} that docs/causes.md has not");
    }
    let rules = causes.split("| what | belongs to |").nth(1).unwrap().lines();
    let rules: Vec<&str> = rules.filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    assert!(rules.len() > 5, "{rules:?}");
    for rule in rules {
        assert!(TRIAGE.iter().any(|(known, ..)| *known == rule), "no line for `{rule}`");
    }
    let tests = TRIAGE.iter().flat_map(|(_, _, tests)| *tests).chain(BY_TESTS.iter().map(|(_, test, _)| test));
    for test in tests {
        let (file, name) = test.split_once("::").unwrap();
        let path = root().join("crates/core/tests/bare").join(file).with_extension("rs");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.contains(&format!("fn {name}(")), "there is no test {test}");
    }
}

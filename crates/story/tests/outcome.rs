//! Outcomes, timelines, names: what grounds hand in, and how it is compared.

use self_healing_story::{Expected, Ground, Name, Names, Outcome, PodName, RecoveryLine, Story, Timeline, Verb};
use std::path::Path;
use std::time::Duration;

fn line(target: &str, strategies: &[&str], phase: &str, reason: &str) -> RecoveryLine {
    RecoveryLine {
        target: target.into(),
        cause: "Failed".into(),
        severity: "medium".into(),
        strategies: strategies.iter().map(ToString::to_string).collect(),
        phase: phase.into(),
        reason: reason.into(),
        policy: String::new(),
    }
}

fn outcome() -> Outcome {
    let mut outcome = Outcome::default();
    outcome.recovery(line("web.2", &[], "Held", "Paused"));
    outcome.recovery(line("web.1", &["restart", "recreate"], "Succeeded", ""));
    outcome.wrote(Verb::Delete, "web.1");
    outcome.wrote(Verb::Delete, "web.1");
    outcome.wrote(Verb::Create, "solo");
    outcome.ready.insert("web".into(), (1, 2));
    outcome.cordoned.insert("n1".into());
    outcome.marks.insert(("n1".into(), "owner".into()));
    outcome.tell("slack", "opened");
    outcome
}

const TEXT: &str = "outcome
  recovery web.1 Failed medium restart,recreate Succeeded
  recovery web.2 Failed medium - Held Paused
  delete web.1 2
  create solo 1
  ready web 1 of 2
  cordoned n1
  mark n1 owner
  told slack opened 1

timeline
  +0 s  fail web.1
  +12 s  delete web.1
";

#[test]
fn what_is_written_is_read_again() {
    let mut timeline = Timeline::default();
    timeline.note(Duration::from_millis(999), "fail web.1");
    timeline.note(Duration::from_millis(12_001), "delete web.1");
    let expected = Expected { outcome: outcome(), timeline: Some(timeline) };
    assert_eq!(expected.to_string(), TEXT);
    assert_eq!(Expected::parse(Path::new("x.expected"), TEXT).unwrap(), expected);
}

#[test]
fn a_line_that_does_not_fit_is_named() {
    for (text, answer) in [
        (
            "outcome\n  delete web.1 1\n  deleted web.1 1\n",
            "x.expected:3: `deleted web.1 1`: expected a line of an outcome",
        ),
        ("outcome\n  deleted web.1 1\n", "perhaps `delete`?"),
        ("outcome\n  delete web.1 often\n", "x.expected:2: `delete web.1 often`"),
        ("outcome\n  cordon n1 1\n", "`cordon n1 1`: expected a line of an outcome"),
        ("outcome\n\ntimeline\n  +1 s  x\n  12 s  y\n", "x.expected:5: `  12 s  y`: expected `+SECONDS s  WHAT`"),
        ("outcomes\n", "x.expected:1: `outcomes`: expected `outcome` or `timeline`"),
    ] {
        let error = Expected::parse(Path::new("x.expected"), text).unwrap_err().to_string();
        assert!(error.contains(answer), "{error}\nshould say: {answer}");
    }
}

#[test]
fn the_policy_is_the_last_word_of_a_recovery_with_a_reason_or_without() {
    for text in [
        "recovery web.1 Failed medium - Observed Mode policy:calm",
        "recovery web.1 Failed medium restart Running policy:calm",
    ] {
        let outcome = Outcome::parse("x.expected", 1, &[text]).unwrap();
        assert_eq!(outcome.recoveries[0].policy, "calm");
        assert_eq!(outcome.recoveries[0].to_string(), text);
    }
    assert!(Outcome::parse("x.expected", 1, &["recovery web.1 Failed medium restart Running Mode Mode"]).is_err());
}

#[test]
fn a_difference_shows_both_sides_in_their_place() {
    assert_eq!(outcome().diff(&outcome()), None);
    let mut other = outcome();
    other.wrote(Verb::Delete, "web.1");
    other.marks.clear();
    let diff = outcome().diff(&other).unwrap();
    let marked: Vec<&str> = diff.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(marked, ["- delete web.1 2", "+ delete web.1 3", "- mark n1 owner"]);
}

#[test]
fn a_story_is_held_against_the_file_beside_it() {
    let folder = std::env::temp_dir().join(format!("story-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let story = Story::parse(&folder.join("x.story"), "T\nnot on bare: why\nstory\n  1 end\n").unwrap();
    let missing = story.check(Ground::Sim, &outcome(), None).unwrap_err().to_string();
    std::fs::write(story.expected_path(), TEXT).unwrap();
    let same = story.check(Ground::Real, &outcome(), None);
    let timeline = story.check(Ground::Sim, &outcome(), Some(&Timeline::default())).unwrap_err().to_string();
    let differs = story.check(Ground::Real, &Outcome::default(), None).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(missing.contains("x.expected"), "{missing}");
    assert!(same.is_ok());
    assert!(timeline.contains("- +12 s  delete web.1"), "{timeline}");
    assert!(differs.contains("the ground `real` ends otherwise"), "{differs}");
}

#[test]
fn pods_are_numbered_by_creation_and_then_by_name() {
    let (web, solo) = (Name::of("web"), Name::of("solo"));
    let mut names = Names::default();
    names.see("u3", &Name::of("web-a"), Some(&web), 20);
    names.see("u2", &Name::of("web-c"), Some(&web), 10);
    names.see("u1", &Name::of("web-b"), Some(&web), 10);
    names.see("s2", &solo, None, 30);
    names.see("s1", &solo, None, 10);
    names.see("s1", &solo, None, 99);
    let name = |uid: &str| names.story_name(uid).unwrap();
    assert_eq!([name("u1"), name("u2"), name("u3")], ["web.1", "web.2", "web.3"]);
    assert_eq!([name("s1"), name("s2")], ["solo", "solo.2"]);
    assert_eq!(names.story_name("u9"), None);
    let third = PodName::Numbered { workload: web.clone(), number: 3 };
    assert_eq!(names.find(&third), Some(("u3", &Name::of("web-a"))));
    assert_eq!(names.find(&PodName::Bare(solo.clone())), Some(("s2", &solo)));
    assert_eq!(names.find(&PodName::Numbered { workload: web, number: 4 }), None);
}

//! Evidence: what the end of a failed object would take away is in the record first, and what cannot be read keeps nothing waiting.

use crate::ground::{Ground, Misfortune};
use self_healing_core::effect::{Effect, Verb};
use self_healing_core::names::Phase;
use self_healing_core::recovery::{GATHERED, STATE};
use std::collections::BTreeMap;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

/// Effects in order: the look, the create, then the gathering.
const GATHERS: usize = 3;

/// A pod fails, and this happens to the gathering of its evidence.
fn failed(misfortune: Option<Misfortune>) -> Ground {
    let mut ground = Ground::of(WEB, "");
    ground.late = 2_000;
    ground.misfortunes = misfortune.into_iter().map(|misfortune| (misfortune, ground.sent + GATHERS)).collect();
    ground.does("fail web.1");
    ground.run(60.0);
    assert!(ground.misfortunes.is_empty());
    ground
}

fn at(ground: &Ground, which: impl Fn(&Verb) -> bool) -> Vec<usize> {
    let all = ground.log.iter().enumerate().filter(|(_, (_, Effect { verb, .. }))| which(verb));
    all.map(|(at, _)| at).collect()
}

fn stores_evidence(verb: &Verb) -> bool {
    matches!(verb, Verb::SaveStatus { status, .. } if status.evidence.iter().any(|(name, _)| name == GATHERED))
}

#[test]
fn it_is_stored_before_anything_is_taken_away() {
    for misfortune in [None, Some(Misfortune::Late), Some(Misfortune::Mute), Some(Misfortune::Busy)] {
        let ground = failed(misfortune);
        let (stored, taken) = (at(&ground, stores_evidence)[0], at(&ground, Verb::is_destructive)[0]);
        assert!(stored < taken, "{misfortune:?}:\n{}", ground.report());
        assert_eq!(ground.phase("web.1"), Phase::Succeeded, "{misfortune:?}");
    }
    let ground = failed(None);
    let record = ground.recovery("web.1");
    assert_eq!((record.evidence(STATE), record.evidence("phase")), (Some("Failed"), Some("Failed")));
    assert_eq!(ground.sent_like("gather evidence"), 1, "once is enough:\n{}", ground.report());
    assert!(ground.when("delete web.1") < 0.05, "and costs one write: {}", ground.when("delete web.1"));
}

#[test]
fn what_cannot_be_read_delays_nothing_and_says_so() {
    let ground = failed(Some(Misfortune::Busy));
    assert!(ground.when("delete web.1") < 0.1, "{}", ground.when("delete web.1"));
    let said = ground.recovery("web.1").evidence(GATHERED).unwrap();
    assert_eq!(said, "nothing could be read: the API server is busy");
    assert_eq!(ground.sent_like("gather evidence"), 1, "nothing waits for a second try");
}

#[test]
fn the_first_message_has_it() {
    let ground = failed(Some(Misfortune::Late));
    let told = |verb: &Verb| match verb {
        Verb::Tell { about, key, .. } if key == "opened" => about.evidence(STATE).map(str::to_owned),
        _ => None,
    };
    let told: Vec<String> = ground.log.iter().filter_map(|(_, effect)| told(&effect.verb)).collect();
    assert_eq!(told, ["Failed"]);
}

#[test]
fn a_record_that_was_left_without_it_gets_it_and_one_that_has_it_gets_no_other() {
    // The process ends right after the record was created, before its first status.
    let mut ground = Ground::of(WEB, "");
    ground.misfortunes = vec![(Misfortune::After, ground.sent + 2)];
    ground.does("fail web.1");
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.recovery("web.1").evidence(STATE)), (Phase::Succeeded, Some("Failed")));
    // Held, so that it is there for the next process.
    let mut ground = Ground::of(WEB, "mode Approve");
    ground.does("fail web.1");
    ground.run(60.0);
    let before = ground.recovery("web.1").status.evidence.clone();
    ground.does("kill controller");
    ground.run(60.0);
    assert_eq!((ground.sent_like("gather evidence"), &ground.recovery("web.1").status.evidence), (1, &before));
}

/// A record of an earlier version has a status and no evidence, and was approved while nobody led.
#[test]
fn a_record_that_is_about_to_be_acted_on_gets_it_first() {
    let mut waited = 0;
    for effect in 1..=8 {
        let mut ground = Ground::of(WEB, "mode Approve");
        ground.late = 2_000;
        ground.does("fail web.1");
        ground.run(60.0);
        ground.truth.records.values_mut().for_each(|record| record.status.evidence.clear());
        ground.does("approve web.1");
        ground.does("kill controller");
        let (begin, moment) = (ground.log.len(), ground.seconds());
        ground.misfortunes = vec![(Misfortune::Late, ground.sent + effect)];
        ground.run(60.0);
        let later = |which: &dyn Fn(&Verb) -> bool| at(&ground, which).into_iter().find(|at| *at >= begin).unwrap();
        assert!(later(&stores_evidence) < later(&Verb::is_destructive), "{effect}:\n{}", ground.report());
        assert_eq!(ground.phase("web.1"), Phase::Succeeded, "{effect}");
        waited += usize::from(ground.when("delete web.1") - moment > 2.0);
    }
    assert!(waited > 0, "the answer was late at least once");
}

#[test]
fn it_is_kept_where_nothing_may_be_done_as_well() {
    for settings in ["mode Observe", "paused true"] {
        let mut ground = Ground::of(WEB, settings);
        ground.does("fail web.1");
        ground.run(60.0);
        assert_eq!(ground.recovery("web.1").evidence(STATE), Some("Failed"), "{settings}");
        assert_eq!(ground.writes(), [""; 0], "{settings}");
    }
}

/// A storm of failures does not ask for everything at once, and everything is asked for in the end.
#[test]
fn a_storm_is_gathered_little_by_little() {
    let sets: String = (1..=40).map(|set| format!("\ndeployment web{set} 1 on n1")).collect();
    let mut ground = Ground::of(&format!("nodes n1 n2 n3{sets}"), "mode Observe");
    for set in 1..=40 {
        ground.does(&format!("fail web{set}.1"));
    }
    ground.run(60.0);
    let mut moments: BTreeMap<u64, usize> = BTreeMap::new();
    for (moment, _) in ground.log.iter().filter(|(_, effect)| matches!(effect.verb, Verb::Gather(_))) {
        *moments.entry(*moment).or_default() += 1;
    }
    assert_eq!(moments.values().max(), Some(&8), "{moments:?}");
    let records = || ground.truth.records.values();
    assert_eq!((records().count(), records().filter(|record| record.has_evidence()).count()), (40, 40));
    assert_eq!(ground.sent_like("gather evidence"), 40);
}

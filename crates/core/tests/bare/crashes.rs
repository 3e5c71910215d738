//! Every story again, with one thing that goes wrong at each effect in turn: the end is the same, line by line, as without it.

use crate::ground::{Ground, Misfortune};
use crate::plays::stories;
use self_healing_story::Story;
use std::path::Path;

/// Seconds after a story's end in which everything that was delayed is done.
const MORE: f64 = 100.0;

fn played(story: &Story, misfortunes: &[(Misfortune, usize)]) -> Ground {
    let prepare = |ground: &mut Ground| {
        ground.misfortunes = misfortunes.iter().map(|(misfortune, at)| (*misfortune, ground.sent + at)).collect();
    };
    Ground::play(story, prepare, MORE).unwrap_or_else(|error| panic!("{error}"))
}

/// Effects from the beginning of the story to its end.
fn effects(story: &Story) -> usize {
    let calm = Ground::play(story, |_| {}, 0.0).unwrap_or_else(|error| panic!("{error}"));
    calm.sent - Ground::new(story).sent
}

/// What only crashes make interesting: a mark that nothing but the record remembers.
fn emptied() -> Story {
    let text = "The cordon of a dead node without pods is taken back
cluster
  nodes n1 n2 n3
settings
  health_check_interval 10
  settle_period 1
story
  0   silence n1
  80  end
";
    Story::parse(Path::new("emptied.story"), text).unwrap_or_else(|error| panic!("{error}"))
}

fn sweep(misfortune: Misfortune) {
    let mut fired = 0;
    for story in stories().into_iter().chain([emptied()]) {
        let calm = played(&story, &[]);
        for at in 1..=effects(&story) {
            let ground = played(&story, &[(misfortune, at)]);
            assert!(ground.misfortunes.is_empty(), "{}: {misfortune:?} at effect {at} never came", story.file());
            if let Some(diff) = calm.outcome().diff(&ground.outcome()) {
                panic!("{}: {misfortune:?} at effect {at}:\n{diff}\n{}", story.file(), ground.report());
            }
            fired += 1;
        }
    }
    println!("{misfortune:?}: {fired}");
}

#[test]
fn the_process_dies_before_an_effect() {
    sweep(Misfortune::Before);
}

#[test]
fn the_process_dies_after_an_effect() {
    sweep(Misfortune::After);
}

#[test]
fn the_answer_is_lost() {
    sweep(Misfortune::Mute);
}

#[test]
fn the_effect_is_lost() {
    sweep(Misfortune::Lost);
}

#[test]
fn the_api_server_is_busy() {
    sweep(Misfortune::Busy);
}

#[test]
fn the_answer_is_late() {
    sweep(Misfortune::Late);
}

#[test]
fn another_replica_leads_for_a_moment() {
    sweep(Misfortune::Deposed);
}

#[test]
fn two_things_go_wrong_soon_after_each_other() {
    let pairs = || Misfortune::ALL.into_iter().flat_map(|first| Misfortune::ALL.map(|second| (first, second)));
    for story in stories().iter().filter(|story| ["pod-failed", "bare-pod"].contains(&&*story.name())) {
        let calm = played(story, &[]);
        for at in 1..=effects(story) {
            for (first, second) in pairs() {
                for soon in 1..=3 {
                    let ground = played(story, &[(first, at), (second, at + soon)]);
                    if let Some(diff) = calm.outcome().diff(&ground.outcome()) {
                        panic!("{first:?} at {at}, {second:?} {soon} later:\n{diff}\n{}", ground.report());
                    }
                }
            }
        }
    }
}

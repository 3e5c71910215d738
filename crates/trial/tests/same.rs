//! One seed makes one history: every commit and everything sent is the same when it is played again.
#![allow(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use self_healing_trial::player::play;
use self_healing_trial::seeds::Drawn;

#[test]
fn a_seed_that_is_played_twice_is_the_same_and_another_seed_is_not() {
    let hash = |seed: u64| {
        let drawn = Drawn::of(seed).unwrap();
        play(&drawn.story, &drawn.play()).unwrap().hash
    };
    let first: Vec<u64> = (1..4).map(hash).collect();
    // In threads of their own, where nothing is as it was before.
    let again: Vec<u64> = (1..4).map(|seed| std::thread::spawn(move || hash(seed)).join().unwrap()).collect();
    assert_eq!(first, again);
    assert!(first[0] != first[1] && first[1] != first[2]);
}

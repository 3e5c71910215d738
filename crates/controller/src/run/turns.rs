//! Whose request is next: so many effects are under way at once, and what heals never waits behind what is only read.

use super::herald::UnderWay;
use self_healing_core::effect::{Effect, Verb};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// An effect that waits for its turn, or has it.
pub(super) struct Begun {
    pub(super) effect: Effect,
    /// There for what heals: Events wait for it.
    pub(super) under_way: Option<UnderWay>,
}

/// Effects that wait, by what they are for. They wait here and not in a client, because there the time that an answer may take
/// has begun already.
pub(super) struct Turns {
    free: Arc<Semaphore>,
    /// What heals, records, what is read, and what opens another Recovery: one that has begun is ended before.
    waiting: [VecDeque<Begun>; 4],
}

impl Turns {
    /// `at_once` effects may be under way, one at least.
    pub(super) fn new(at_once: usize) -> Self {
        let free = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
        Self { free, waiting: Default::default() }
    }

    pub(super) fn wait(&mut self, begun: Begun) {
        self.waiting[class(&begun.effect.verb)].push_back(begun);
    }

    /// The next one and its place, which is free again when it is dropped; `None` when none waits, or none may begin.
    pub(super) fn next(&mut self) -> Option<(Begun, OwnedSemaphorePermit)> {
        let queue = self.waiting.iter_mut().find(|queue| !queue.is_empty())?;
        let place = self.free.clone().try_acquire_owned().ok()?;
        Some((queue.pop_front()?, place))
    }

    /// Forgets those that are not to be done any more.
    pub(super) fn retain(&mut self, keep: impl Fn(&Verb) -> bool) {
        for queue in &mut self.waiting {
            queue.retain(|begun| keep(&begun.effect.verb));
        }
    }
}

/// Which queue.
fn class(verb: &Verb) -> usize {
    match verb {
        verb if verb.writes() => 0,
        Verb::SaveStatus { .. } | Verb::DeleteRecovery { .. } | Verb::SavePolicyStatus { .. } | Verb::HandOver => 1,
        Verb::CreateRecovery(_) => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use self_healing_core::effect::{EffectId, Scene};
    use self_healing_core::key::{Key, Kind, Target};

    fn target() -> Target {
        Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: "uid".into() }
    }

    fn turns() -> Turns {
        let gather = Verb::Gather(Box::new(Scene { target: target(), workload: target() }));
        let evict = Verb::Evict { target: target(), grace: None };
        let mut turns = Turns::new(1);
        for (id, verb) in
            (1..).zip([gather, Verb::DeleteRecovery { uid: "uid".into() }, evict, Verb::LookAtPod(target())])
        {
            turns.wait(Begun { effect: Effect { id: EffectId(id), recovery: "r".into(), verb }, under_way: None });
        }
        turns
    }

    fn order(turns: &mut Turns) -> Vec<u64> {
        std::iter::from_fn(|| turns.next().map(|(begun, _)| begun.effect.id.0)).collect()
    }

    #[test]
    fn what_heals_comes_first_and_what_is_read_last() {
        assert_eq!(order(&mut turns()), [3, 2, 1, 4]);
    }

    #[test]
    fn no_more_than_allowed_are_under_way() {
        let mut turns = turns();
        let (first, place) = turns.next().unwrap();
        assert_eq!(first.effect.id.0, 3);
        assert!(turns.next().is_none());
        drop(place);
        assert_eq!(order(&mut turns), [2, 1, 4]);
    }

    #[test]
    fn what_is_not_to_be_done_any_more_is_forgotten() {
        let mut turns = turns();
        turns.retain(Verb::writes);
        assert_eq!(order(&mut turns), [3]);
    }
}

//! Long random schedules of faults and stops: never two doors open, and always one again after the faults.

use crate::store::{Fault, Line, Store};
use self_healing_controller::lease::{Door, Elector, Timing};
use self_healing_controller::outside::Wall;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Interval, interval, sleep};

/// A process that can be stopped and continued, as SIGSTOP and SIGCONT do.
struct Process {
    inner: Pin<Box<dyn Future<Output = ()> + Send>>,
    stopped: Arc<AtomicBool>,
    pulse: Interval,
}

impl Future for Process {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // Asks again after each pulse, since wake-ups that came while it was stopped are lost.
        while self.pulse.poll_tick(context).is_ready() {}
        if self.stopped.load(Ordering::Relaxed) { Poll::Pending } else { self.inner.as_mut().poll(context) }
    }
}

/// xorshift64*: the same numbers for the same seed on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % sides
    }
}

fn start(store: &Store, name: &str) -> (Door, Line, Arc<AtomicBool>) {
    let (client, line) = store.client();
    let (elector, door, changes) = Elector::new(client, "healing", name.to_owned(), Timing::default(), Wall::system());
    let stopped = Arc::new(AtomicBool::new(false));
    let inner = Box::pin(async move {
        elector.run(std::future::pending()).await;
        drop(changes);
    });
    tokio::spawn(Process { inner, stopped: stopped.clone(), pulse: interval(Duration::from_millis(50)) });
    (door, line, stopped)
}

fn fault(dice: &mut Dice) -> Fault {
    match dice.roll(8) {
        0 => Fault::Cut,
        1 => Fault::Mute,
        2 => Fault::Slow(Duration::from_millis(dice.roll(4000))),
        3 => Fault::Answers(409),
        4 => Fault::RefusesWrites(409),
        5 => Fault::Answers(503),
        _ => Fault::Fine,
    }
}

#[tokio::test(start_paused = true)]
async fn never_two_doors_are_open_whatever_breaks() {
    let mut handovers = 0;
    for seed in 1..=6 {
        let (store, mut dice) = (Store::default(), Dice(seed));
        let candidates: Vec<_> = ["one", "two", "three"].iter().map(|name| start(&store, name)).collect();
        let mut last = None;
        for step in 0..20_000 {
            if dice.roll(20) == 0 {
                let (_, line, stopped) = &candidates[usize::try_from(dice.roll(3)).unwrap()];
                line.set(fault(&mut dice));
                stopped.store(dice.roll(4) == 0, Ordering::Relaxed);
            }
            sleep(Duration::from_millis(100)).await;
            let open: Vec<_> = (0..3).filter(|index| candidates[*index].0.may_write()).collect();
            assert!(open.len() <= 1, "seed {seed}, step {step}: {open:?} are open");
            if open.len() == 1 && last != Some(open[0]) {
                handovers += 1;
                last = Some(open[0]);
            }
        }
        for (_, line, stopped) in &candidates {
            line.set(Fault::Fine);
            stopped.store(false, Ordering::Relaxed);
        }
        // One lease to wait for, one retry to notice, and a hung call before that.
        sleep(Duration::from_secs(15 + 2 + 6)).await;
        assert_eq!(candidates.iter().filter(|(door, ..)| door.may_write()).count(), 1, "seed {seed}: nobody leads");
    }
    assert!(handovers > 100, "the schedule hands over often enough to mean something: {handovers}");
}

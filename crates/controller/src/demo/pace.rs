//! The demo's clock: virtual time that goes so many times as fast as the wall clock.
//!
//! The runtime's clock is paused, so that it jumps from one timer to the next as soon as there is nothing to do. That is
//! what makes the course the same at every speed. At each frame the pacer holds it until the wall clock has caught up:
//! the clock does not jump while a blocking task runs, and sockets and signals are served meanwhile.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Wall time between two frames.
const FRAME: Duration = Duration::from_millis(50);
/// Virtual time between two frames, at least and at most.
const STEP: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(10));
/// Further behind than this, the pacer does not make up for it: the process was stopped, or the machine is slow.
const LAG: Duration = Duration::from_millis(500);
/// Speeds that make sense to people.
const RANGE: std::ops::RangeInclusive<f64> = 0.1..=10_000.0;

/// Virtual seconds per second of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many.
    Times(f64),
    /// As many as the machine can do.
    Max,
}

impl Speed {
    /// Shows the whole script in half a minute or a little more.
    pub(super) const DEFAULT: &str = "22";
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "{times} s per second of yours"),
            Self::Max => f.write_str("as fast as it goes"),
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times = text.parse().ok().filter(|times| RANGE.contains(times));
        times.map(Self::Times).ok_or_else(|| format!("expected {} to {}, or max", RANGE.start(), RANGE.end()))
    }
}

/// Keeps virtual time from running ahead.
pub(super) struct Pacer {
    speed: Speed,
    step: Duration,
    next: Instant,
    /// These two are the same moment.
    from: Instant,
    wall: std::time::Instant,
}

impl Pacer {
    /// A pacer that starts now; the runtime's clock must be paused.
    pub(super) fn start(speed: Speed) -> Self {
        let step = match speed {
            Speed::Times(times) => FRAME.mul_f64(times).clamp(STEP.0, STEP.1),
            Speed::Max => Duration::from_secs(1),
        };
        let now = Instant::now();
        Self { speed, step, next: now, from: now, wall: std::time::Instant::now() }
    }

    /// Waits for the next frame.
    pub(super) async fn frame(&mut self) {
        self.next += self.step;
        sleep_until(self.next).await;
        let Speed::Times(times) = self.speed else { return };
        loop {
            let due = self.wall + self.from.elapsed().div_f64(times);
            let now = std::time::Instant::now();
            let ahead = due.saturating_duration_since(now);
            if now.saturating_duration_since(due) > LAG {
                (self.from, self.wall) = (Instant::now(), now);
            }
            if ahead.is_zero() {
                return;
            }
            // In slices: a process that is told to end waits for the last one.
            hold(ahead.min(FRAME)).await;
        }
    }
}

async fn hold(time: Duration) {
    // It can neither panic nor be aborted before it has begun.
    let _done = tokio::task::spawn_blocking(move || std::thread::sleep(time)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    #[test]
    fn a_speed_is_a_number_or_max() {
        assert_eq!("30".parse(), Ok(Speed::Times(30.0)));
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert!(matches!(Speed::DEFAULT.parse(), Ok(Speed::Times(_))));
        for wrong in ["", "0", "-1", "NaN", "inf", "1e9", "fast", "MAX"] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
    }

    /// Virtual time of every step of a task, until `frames` are over.
    async fn course(speed: Speed, frames: u32) -> (Vec<Duration>, std::time::Duration) {
        let (wall, start) = (std::time::Instant::now(), Instant::now());
        let mut pacer = Pacer::start(speed);
        let mut steps = Vec::new();
        let work = async {
            loop {
                sleep(Duration::from_millis(333)).await;
                steps.push(start.elapsed());
            }
        };
        let frames = async {
            for _ in 0..frames {
                pacer.frame().await;
            }
        };
        tokio::select! {
            biased;
            () = work => {}
            () = frames => {}
        }
        (steps, wall.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn it_holds_the_clock_and_changes_nothing_else() {
        let (paced, wall) = course(Speed::Times(100.0), 4).await;
        assert!(wall >= 4 * FRAME, "20 s at 100 times are 0.2 s, not {wall:?}");
        assert_eq!(paced.len(), 60);
        let (free, wall) = course(Speed::Max, 20).await;
        assert!(wall < 4 * FRAME, "{wall:?}");
        assert_eq!(paced, free);
    }
}

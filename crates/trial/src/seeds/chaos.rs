//! Faults around the controller at random; each is likely to hit something.

use super::dice::Dice;
use crate::fault::{CallTrouble, EventTrouble, Fault, Side, Trouble, Which};
use self_healing_story::Reception;
use std::time::Duration;

/// How receivers take messages that are not well.
const UNWELL: [Reception; 5] =
    [Reception::Busy, Reception::Fails, Reception::Refuses, Reception::Hangs, Reception::Closes];

/// Faults within `span` seconds.
pub(super) fn draw(dice: &mut Dice, span: u64) -> Vec<Fault> {
    let count = dice.below(7);
    (0..count).map(|_| fault(dice, span)).collect()
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// One fault within `whole` seconds.
pub(super) fn fault(dice: &mut Dice, whole: u64) -> Fault {
    let from = dice.below(whole - 70);
    let span = dice.between(20, 60);
    let during = |from: u64, span: u64, what: Trouble| Fault::During { from: seconds(from), span: seconds(span), what };
    match dice.below(22) {
        // Writes come only now and then, so these last all the time.
        0..3 => during(0, whole, calls(dice, Which::Writes)),
        3..5 => during(from, 60, calls(dice, Which::Reads)),
        5..7 => during(from, span, calls(dice, Which::All)),
        7 => during(from, span, calls(dice, Which::Lease)),
        8 => during(from, span, Trouble::Events { every: dice.between(1, 9), how: EventTrouble::Hide }),
        9 => {
            let delay = EventTrouble::Delay(seconds(dice.between(1, 20)));
            during(from, span, Trouble::Events { every: dice.between(1, 9), how: delay })
        }
        10 => during(from, 0, dice.pick(&[Trouble::Close, Trouble::Break, Trouble::Forget]).clone()),
        11 => during(from, span, Trouble::Silence),
        12 => during(from, span, Trouble::Old(dice.between(1, 300))),
        13 => during(from, 0, Trouble::Crash),
        14 => during(from, 0, Trouble::Stop),
        15 => during(from, span, Trouble::Pause),
        16 => during(from, span, Trouble::Split),
        17 => during(from, 0, Trouble::Clock(*dice.pick(&[-7200, -60, 60, 3600, 86_400]))),
        18 => during(from, span, Trouble::Drift(*dice.pick(&[0.5, 2.0]))),
        19 => during(from, span, Trouble::Down),
        // Messages are few, so this lasts all the time.
        _ => during(0, whole, Trouble::Messages { every: dice.between(1, 3), how: *dice.pick(&UNWELL) }),
    }
}

fn calls(dice: &mut Dice, which: Which) -> Trouble {
    let side = *dice.pick(&[Side::Before, Side::After]);
    let how = match dice.below(9) {
        0 => CallTrouble::Delay(Duration::from_millis(dice.between(50, 5000))),
        1 => CallTrouble::Refuse(*dice.pick(&[409, 500, 503]), None),
        2 => CallTrouble::Refuse(429, None),
        3 => CallTrouble::Refuse(429, Some(1)),
        4 => CallTrouble::Unreachable,
        5 => CallTrouble::Reset(side),
        6 => CallTrouble::Lose(side),
        7 => CallTrouble::Double(seconds(dice.below(10))),
        _ => CallTrouble::Late(seconds(dice.between(5, 20))),
    };
    Trouble::Calls { which, every: dice.between(2, 6), how }
}

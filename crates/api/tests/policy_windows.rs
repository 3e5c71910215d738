//! Maintenance windows by the local time of real places: over midnight, on days when clocks change, several at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::Timestamp;
use self_healing_api::policy::{check, read_yaml, zone};
use self_healing_core::settings::{Window, closed};
use self_healing_core::time::Stamp;

fn windows(lines: &str) -> Vec<Window> {
    let lines: String = lines.lines().map(|line| format!("    - {{{line}}}\n")).collect();
    let head = "kind: HealingPolicy\nmetadata: {name: p}\nspec:\n  match: {types: [pod_failure]}\n  windows:\n";
    check(&read_yaml(&format!("{head}{lines}")).unwrap()[0].spec).unwrap().overlay.windows
}

fn stamp(at: &str) -> Stamp {
    Stamp(at.parse::<Timestamp>().unwrap().as_millisecond())
}

/// Until when nothing may be done at `at`; an empty text when something may.
fn until(windows: &[Window], at: &str) -> String {
    let until = closed(windows, stamp(at)).map(|(_, until)| until.expect("it opens again"));
    until.map_or_else(String::new, |until| Timestamp::from_millisecond(until.0).unwrap().to_string())
}

#[test]
fn a_deny_window_holds_inside_and_tells_when_it_closes() {
    let office =
        windows("kind: Deny, days: [Mon, Tue, Wed, Thu, Fri], start: '08:00', end: '18:00', timeZone: Europe/Berlin");
    // 2026-01-05 is a Monday; Berlin is an hour ahead of UTC in winter.
    assert_eq!(until(&office, "2026-01-05T06:59:59Z"), "");
    assert_eq!(until(&office, "2026-01-05T07:00:00Z"), "2026-01-05T17:00:00Z");
    assert_eq!(until(&office, "2026-01-05T16:59:59Z"), "2026-01-05T17:00:00Z");
    assert_eq!(until(&office, "2026-01-05T17:00:00Z"), "");
    assert_eq!(until(&office, "2026-01-10T12:00:00Z"), "", "a Saturday");
    let (why, _) = closed(&office, stamp("2026-01-05T12:00:00Z")).unwrap();
    assert_eq!(why, "inside a Deny window until Mon 18:00 Europe/Berlin");
}

#[test]
fn an_allow_window_over_midnight_belongs_to_the_day_on_which_it_opens() {
    let night = windows("kind: Allow, days: [Fri], start: '22:00', end: '05:00', timeZone: America/New_York");
    // 2026-01-09 is a Friday; New York is five hours behind UTC in winter.
    assert_eq!(until(&night, "2026-01-10T02:59:59Z"), "2026-01-10T03:00:00Z");
    assert_eq!(until(&night, "2026-01-10T03:00:00Z"), "");
    assert_eq!(until(&night, "2026-01-10T09:59:59Z"), "", "early on Saturday, it is still Friday's");
    assert_eq!(until(&night, "2026-01-10T10:00:00Z"), "2026-01-17T03:00:00Z");
    let (why, _) = closed(&night, stamp("2026-01-10T10:00:00Z")).unwrap();
    assert_eq!(why, "outside every Allow window; the next opens Fri 22:00 America/New_York");
}

#[test]
fn on_days_when_clocks_change_windows_follow_the_clock_on_the_wall() {
    let night = windows("kind: Deny, start: '22:00', end: '06:00', timeZone: Europe/Berlin");
    // Clocks go forward on 2026-03-29, and back on 2026-10-25: the night has an hour less, and one more.
    assert_eq!(until(&night, "2026-03-28T21:00:00Z"), "2026-03-29T04:00:00Z");
    assert_eq!(until(&night, "2026-10-24T20:00:00Z"), "2026-10-25T05:00:00Z");
    // What opens at an hour that is left out opens as if the clocks had not been changed yet.
    let gap = windows("kind: Deny, days: [Sun], start: '02:30', end: '04:00', timeZone: Europe/Berlin");
    assert_eq!(until(&gap, "2026-03-29T01:29:59Z"), "");
    assert_eq!(until(&gap, "2026-03-29T01:30:00Z"), "2026-03-29T02:00:00Z");
    // Of an hour that comes twice the first counts.
    let twice = windows("kind: Deny, days: [Sun], start: '02:30', end: '03:30', timeZone: Europe/Berlin");
    assert_eq!(until(&twice, "2026-10-25T00:30:00Z"), "2026-10-25T02:30:00Z");
}

#[test]
fn deny_wins_over_allow_and_the_last_of_several_to_close_counts() {
    let both =
        windows("kind: Allow\nkind: Deny, start: '10:00', end: '12:00'\nkind: Deny, start: '11:00', end: '13:00'");
    assert_eq!(until(&both, "2026-01-05T09:00:00Z"), "");
    assert_eq!(until(&both, "2026-01-05T10:30:00Z"), "2026-01-05T12:00:00Z");
    assert_eq!(until(&both, "2026-01-05T11:30:00Z"), "2026-01-05T13:00:00Z");
    assert_eq!(until(&windows("kind: Allow, days: [Monday]"), "2026-01-06T09:00:00Z"), "2026-01-12T00:00:00Z");
    assert_eq!(until(&[], "2026-01-05T09:00:00Z"), "");
}

#[test]
fn every_window_says_what_is_wrong_with_it() {
    for (line, answer) in [
        ("kind: Never", "spec.windows[0].kind: \"Never\": expected one of Allow, Deny"),
        ("days: [Montag]", "spec.windows[0].days[0]: \"Montag\": expected one of Mon, Tue"),
        ("days: []", "spec.windows[0].days: 0 entries: expected"),
        ("start: '24:00'", "spec.windows[0].start: \"24:00\": expected a time of day, as 22:00"),
        ("start: '8:00'", "spec.windows[0].start: \"8:00\": expected a time of day"),
        ("end: '18:60'", "spec.windows[0].end: \"18:60\": expected a time of day"),
        (
            "timeZone: Berlin",
            "spec.windows[0].timeZone: \"Berlin\": expected a time zone's IANA name, as Europe/Berlin",
        ),
    ] {
        let text = format!(
            "kind: HealingPolicy\nmetadata: {{name: p}}\nspec:\n  match: {{types: [pod_failure]}}\n  windows: [{{{line}}}]\n"
        );
        let said = check(&read_yaml(&text).unwrap()[0].spec).expect_err(line).to_string();
        assert!(said.starts_with(answer), "{line}\nsays        {said}\nshould say  {answer}");
    }
}

#[test]
fn a_zone_goes_by_the_name_that_it_has_elsewhere() {
    assert_eq!(&*zone("europe/berlin").unwrap().name, "Europe/Berlin");
    assert!(zone("UTC").is_some());
    assert!(zone("Europe/Atlantis").is_none());
}

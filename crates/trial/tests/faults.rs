//! Faults: read as they are written, sure to hit, and with the effect that their name says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that finds something else has failed")]

use self_healing_story::Story;
use self_healing_trial::fault::Fault;
use self_healing_trial::player::{Pace, Play, play};
use self_healing_trial::world::Report;
use std::path::Path;
use std::time::Duration;

/// Every form in the words in which it is shown again.
const FORMS: &str = "crash before write 12
crash after write 12
crash before write 12 view 230
lose request 12
lose reply 12
double write 12 late 5
pause before request 30 for 25
pause after request 30 for 2.5
hide event 17
10+20 calls every 3 delay 2.5
10+20 reads every 1 refuse 429
10+20 writes every 2 refuse 429 after 3
10+20 renewals every 2 unreachable
10+20 calls every 2 reset before
10+20 calls every 2 reset after
10+20 calls every 2 lose request
10+20 calls every 2 lose reply
10+20 calls every 2 double 5
10+20 calls every 2 late 15
10+20 events every 2 delay 5
10+20 events every 2 hide
10+20 messages every 1 busy
10+20 messages every 1 fails
10+20 messages every 2 refuses
10+20 messages every 1 hangs
10+20 messages every 1 closes
10 watches close
10 watches break
10 watches forget
10+20 watches silence
10+20 lists old 30
10 crash
10 stop
10+20 pause
10+20 split
10 clock -3600
10+20 drift 2
10+20 apiserver down";

const STORY: &str = "A failed pod is restarted

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  settle_period 1

story
  15  fail web.1
  60  end
";

fn story() -> Story {
    Story::parse(Path::new("x.story"), STORY).unwrap()
}

fn run(plan: &[&str], replicas: u64) -> Report {
    let plan = plan.iter().map(|fault| fault.parse().unwrap()).collect();
    let pace = Pace::Patient(Duration::from_secs(120));
    play(&story(), &Play { seed: 0, plan, replicas, pace }).unwrap()
}

#[test]
fn every_form_is_shown_as_it_is_written() {
    for form in FORMS.lines() {
        assert_eq!(form.parse::<Fault>().unwrap().to_string(), form);
    }
    for (wrong, answer) in [
        ("crush before write 1", "`crush`: expected a time, or one of crash"),
        ("crash before write one", "`one`: expected which write"),
        ("crash before", "write is missing"),
        ("10+20 calls every 0 delay 1", "`0`: expected at least 1"),
        ("10+20 calls every 1 deny", "`deny`: expected delay, refuse"),
        ("10+20 messages every 1 well", "`well`: expected busy, fails"),
        ("10 crash now", "too many words"),
    ] {
        let error = wrong.parse::<Fault>().unwrap_err().to_string();
        assert!(error.contains(answer), "{wrong}: {error}");
    }
}

#[test]
fn every_fault_hits_and_the_pod_is_healed_all_the_same() {
    let calm = run(&[], 1).outcome;
    // What is refused for good is never told.
    for form in FORMS.lines().filter(|form| !form.ends_with("refuses")) {
        let report = run(&[form], if form.contains("pause") || form.contains("split") { 2 } else { 1 });
        assert_eq!(report.wrong(), [""; 0], "{form}");
        assert_eq!(calm.diff(&report.outcome), None, "{form}:\n{}", report.timeline);
    }
}

#[test]
fn a_message_that_is_refused_is_lost_alone_and_the_record_owes_it_no_more() {
    let report = run(&["10+20 messages every 2 refuses"], 1);
    assert_eq!(report.wrong(), [""; 0]);
    let told: Vec<&(String, String)> = report.outcome.told.keys().collect();
    assert_eq!(told, [&("slack".to_owned(), "outcome".to_owned())]);
}

#[test]
fn a_fault_that_hits_nothing_fails_the_run() {
    let wrong = run(&["crash before write 9999"], 1).wrong();
    assert_eq!(wrong, ["unfired: the fault `crash before write 9999` hit nothing"]);
}

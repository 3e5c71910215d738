//! S22: canaries.

use crate::doings::{pod, record};
use crate::history::{A, History};
use self_healing_sim::store::Key;
use self_healing_trial::check::{Canary, Note, Setup, Told};
use serde_json::json;

const SECRET: &str = "canary-of-the-controller";
const MANIFEST: &str = "canary-of-a-pod";

fn opened() -> History {
    let canary = |text: &str, in_manifest| Canary { text: text.to_owned(), in_manifest };
    let canaries = vec![canary(SECRET, false), canary(MANIFEST, true)];
    let mut history = History::with(Setup { canaries, ..Setup::default() });
    history.node("n1");
    history.pod("web-1", "n1");
    history.starts(A);
    history.opens(A, "r1", "Pod", &pod("web-1"));
    history
}

#[test]
fn s22_a_canary_in_an_object_that_we_write() {
    let mut history = opened();
    history.saves(A, "r1", json!({"phase": "Pending", "message": format!("refused: {SECRET}")}));
    history.breaks("S22", "wrote a canary into Recovery self-healing/r1");

    let mut history = opened();
    let event = json!({"metadata": {"uid": "e"}, "note": MANIFEST});
    history.writes(A, "create", &Key::new("events.events.k8s.io", "shop", "e"), event.clone(), Some(event));
    history.breaks("S22", "wrote a canary into events.events.k8s.io shop/e");
}

#[test]
fn s22_a_canary_in_a_message_or_a_line() {
    let history = opened();
    let text = format!("env {MANIFEST}");
    history.note(Note::Told(Told { channel: "slack".into(), key: "opened".into(), recovery: "r1".into(), text }));
    history.breaks("S22", "a canary is in the message opened of Recovery r1");

    let history = opened();
    history.note(Note::Output { instance: A.into(), line: format!("url={SECRET}") });
    history.breaks("S22", "a canary is in the output of controller-a#1");
}

#[test]
fn s22_a_manifest_is_kept_in_its_field_and_made_into_its_pod() {
    let mut history = opened();
    history.saves(A, "r1", json!({"phase": "Pending", "savedManifest": MANIFEST}));
    let made = json!({"metadata": {"uid": "pod-again"}, "spec": {"env": MANIFEST}});
    history.remove(&crate::history::CLUSTER, pod("web-1"));
    history.writes(A, "create", &pod("web-1"), made.clone(), Some(made));
    history.note(Note::Output { instance: A.into(), line: "nothing to see".to_owned() });
    history.holds();

    let mut history = opened();
    history.saves(A, "r1", json!({"phase": "Pending", "savedManifest": SECRET}));
    history.breaks("S22", "wrote a canary");
    assert_eq!(&*record("r1").name, "r1");
}

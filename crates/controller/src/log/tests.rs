use super::*;
use self_healing_core::happening::What;
use self_healing_core::key::{Key, Kind, Target};
use self_healing_core::names::{FailureType, GuardName, Severity};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(format: Format, levels: Levels, rust_log: Option<&str>, act: impl FnOnce(&Log)) -> String {
    let page = Page::default();
    let writer = page.clone();
    let (subscriber, log) = subscriber(format, levels, rust_log, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, || act(&log));
    String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
}

fn held() -> Happening {
    Happening {
        what: What::RecoveryHeld { guard: GuardName::Breaker },
        recovery: "pod-crashloop-1".into(),
        recovery_uid: "r1".into(),
        target: Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: "u1".into() },
        failure: FailureType::Pod,
        severity: Severity::High,
        note: "3 of 5 nodes\nare \"sick\"\u{1b}[2J".to_owned(),
        publish: true,
    }
}

#[test]
fn a_happening_is_one_json_line_with_its_fields() {
    let text = written(Format::Json, Levels::default(), None, |_| happening(&held()));
    assert_eq!(text.lines().count(), 1, "{text}");
    let line: Value = serde_json::from_str(&text).unwrap();
    let expected = [
        ("level", "warn"),
        ("msg", "RecoveryHeld"),
        ("recovery", "pod-crashloop-1"),
        ("type", "pod_failure"),
        ("severity", "high"),
        ("kind", "Pod"),
        ("namespace", "shop"),
        ("name", "web-1"),
        ("reason", "RecoveryHeld"),
        ("note", "3 of 5 nodes are \"sick\""),
    ];
    for (key, value) in expected {
        assert_eq!(line[key], value, "{text}");
    }
    let ts: jiff::Timestamp = line["ts"].as_str().unwrap().parse().unwrap();
    assert!(jiff::Timestamp::now().duration_since(ts).as_secs() < 60);
    assert!(text.starts_with("{\"ts\":"), "{text}");
}

#[test]
fn good_news_is_info_and_text_is_one_line_too() {
    let news = Happening { what: What::FailureDetected { latency: Duration::ZERO }, ..held() };
    let text = written(Format::Text, Levels::default(), None, |_| happening(&news));
    assert!(text.contains(" WARN ") && text.contains("name=web-1"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn levels_change_while_it_runs() {
    let text = written(Format::Json, Levels::default(), None, |log| {
        tracing::debug!("one");
        log.set(Levels { debug: true, verbose: false });
        tracing::debug!("two");
        log.set(Levels::default());
        tracing::debug!("three");
    });
    let messages: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(messages.len(), 1, "{text}");
    assert_eq!(messages[0]["msg"], "two");
}

#[test]
fn rust_log_wins() {
    let text = written(Format::Json, Levels { debug: true, verbose: true }, Some("error"), |log| {
        log.set(Levels { debug: true, verbose: true });
        tracing::warn!("one");
        tracing::error!("two");
    });
    assert!(text.contains("two") && !text.contains("one"), "{text}");

    let error = subscriber(Format::Json, Levels::default(), Some("a=b=c"), io::sink).err().unwrap().to_string();
    assert!(error.contains("RUST_LOG") && error.contains("a=b=c"), "{error}");
}

#[test]
fn decisions_are_written_when_verbose_and_without_manifests() {
    let effect = Effect {
        id: self_healing_core::effect::EffectId(7),
        recovery: "pod-crashloop-1".into(),
        verb: Verb::CreatePod { manifest: "canary".to_owned() },
    };
    assert_eq!(written(Format::Json, Levels { debug: true, verbose: false }, None, |_| decision(&effect)), "");

    let verbose = Levels { debug: false, verbose: true };
    let mut status = crate::notice::tests::recovery().status;
    status.saved_manifest = Some("canary".to_owned());
    let save = Effect {
        verb: Verb::SaveStatus { status: Box::new(status), resource_version: "1".into(), uid: "r1".into() },
        ..effect.clone()
    };
    let text = written(Format::Json, verbose, None, |_| {
        decision(&effect);
        decision(&save);
    });
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["effect"], 7);
    assert_eq!(lines[1]["msg"], "save status");
    assert!(lines[1]["record"].as_str().unwrap().contains("signal 1"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

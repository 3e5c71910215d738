//! Where values come from and who wins, what a live change may do, and which channels the secrets switch on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use self_healing_api::keys::Source;
use self_healing_controller::config::{Environment, Layers, Secrets, active_channels};
use self_healing_core::names::{Channel, Mode};
use std::collections::BTreeMap;
use std::path::PathBuf;

const MAP: &str = "self-healing/self-healing-config";

fn data(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn flags(values: &[(&str, &str)]) -> Vec<(String, String)> {
    values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn environment(values: &[(&str, &str)]) -> Environment {
    values.iter().copied().collect()
}

/// A file in a directory of this process, removed with the value.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = std::env::temp_dir().join(format!("self-healing-config-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn from_file(name: &str, content: &str) -> Result<Layers, String> {
    let file = TempFile::new(name, content);
    Layers::new(Some(&file.0), &Environment::default(), &[]).map_err(|error| error.to_string())
}

#[test]
fn later_sources_win() {
    let environment = environment(&[("POD_RESTART_THRESHOLD", "7"), ("CACHE_SIZE", "70"), ("HOME", "/root")]);
    let mut layers = Layers::new(None, &environment, &flags(&[("cache_size", "80")])).unwrap();
    let values = [("node_failure_threshold", "6"), ("pod_restart_threshold", "6"), ("cache_size", "60")];
    layers.apply_config_map(MAP, &data(&values)).unwrap();
    let config = layers.config();
    assert_eq!(config.api_max_in_flight, 20, "default");
    assert_eq!(config.node_failure_threshold, 6, "ConfigMap above default");
    assert_eq!(config.pod_restart_threshold, 7, "environment above ConfigMap");
    assert_eq!(config.cache_size, 80, "command line above environment");
    let origin = |key| layers.loaded().effective.iter().find(|value| value.key == key).unwrap().source.clone();
    assert_eq!(origin("api_max_in_flight"), Source::Default);
    assert_eq!(origin("node_failure_threshold"), Source::ConfigMap(MAP.to_owned()));
    assert_eq!(origin("pod_restart_threshold"), Source::Environment);
    assert_eq!(origin("cache_size"), Source::CommandLine);
}

#[test]
fn of_one_flag_given_twice_the_last_wins() {
    let layers =
        Layers::new(None, &Environment::default(), &flags(&[("mode", "Observe"), ("mode", "Approve")])).unwrap();
    assert_eq!(layers.config().mode, Mode::Approve);
}

#[test]
fn shadowed_keys_are_named_with_who_shadows_them() {
    let environment = environment(&[("PAUSED", "true"), ("MODE", "Observe")]);
    let mut layers = Layers::new(None, &environment, &flags(&[("cache_size", "9")])).unwrap();
    assert_eq!(layers.loaded().shadowed(), Vec::<String>::new());
    layers.apply_config_map(MAP, &data(&[("paused", "false"), ("cache_size", "5"), ("cache_ttl", "5")])).unwrap();
    assert_eq!(
        layers.loaded().shadowed(),
        [
            "ConfigMap self-healing/self-healing-config: paused: has no effect while environment PAUSED is set",
            "ConfigMap self-healing/self-healing-config: cache_size: has no effect while command line cache_size is set",
        ]
    );
    assert!(layers.config().paused);
}

#[test]
fn a_live_change_applies_and_says_what_changed() {
    let mut layers = Layers::new(None, &Environment::default(), &[]).unwrap();
    let applied = layers.apply_config_map(MAP, &data(&[("health_check_interval", "5"), ("paused", "false")])).unwrap();
    assert_eq!(
        applied.changed,
        [
            "health_check_interval",
            "node_check_interval",
            "pod_check_interval",
            "service_check_interval",
            "deployment_check_interval"
        ]
    );
    let applied = layers.apply_config_map(MAP, &data(&[("pausd", "true")])).unwrap();
    assert_eq!(applied.changed.len(), 5, "a deleted key is the default again");
    assert_eq!(applied.warnings, [format!("ConfigMap {MAP}: pausd: is no known key: did you mean paused?")]);
}

#[test]
fn a_wrong_live_change_is_refused_as_a_whole_with_all_its_problems() {
    let mut layers = Layers::new(None, &Environment::default(), &[]).unwrap();
    layers.apply_config_map(MAP, &data(&[("cache_size", "9")])).unwrap();
    let before = layers.loaded().clone();
    let wrong =
        data(&[("cache_size", "10"), ("mode", "Yolo"), ("recovery_timeout", "5m"), ("EMAIL_PASSWORD", "s3cr3t")]);
    let problems = layers.apply_config_map(MAP, &wrong).unwrap_err();
    let text = problems.to_string();
    assert_eq!(text.lines().count(), 3, "{text}");
    for expected in [
        "mode: \"Yolo\": expected one of",
        "recovery_timeout: \"5m\": expected seconds",
        "EMAIL_PASSWORD: is a secret and does not belong here",
    ] {
        assert!(text.contains(&format!("ConfigMap {MAP}: {expected}")), "{text}");
    }
    assert!(!text.contains("s3cr3t") && !format!("{problems:?}").contains("s3cr3t"));
    assert_eq!(*layers.loaded(), before);
}

#[test]
fn wrong_environment_and_flags_are_errors_at_start() {
    let environment = environment(&[("PAUSED", "perhaps")]);
    let error = Layers::new(None, &environment, &flags(&[("cache_sise", "3")])).unwrap_err().to_string();
    assert_eq!(
        error,
        "environment: PAUSED: \"perhaps\": expected true or false\n\
         command line: cache_sise: is no known key: did you mean cache_size?"
    );
}

#[test]
#[cfg(unix)]
fn values_of_the_environment_that_are_no_text_are_named() {
    use std::os::unix::ffi::OsStringExt;
    let odd = std::ffi::OsString::from_vec(vec![0x74, 0xff]);
    let environment: Environment = [("PAUSED".into(), odd)].into_iter().collect();
    let error = Layers::new(None, &environment, &[]).unwrap_err().to_string();
    assert_eq!(error, "environment: PAUSED: expected UTF-8 text");
}

#[test]
fn a_file_may_be_a_plain_map_with_numbers_and_booleans() {
    let layers = from_file(
        "plain",
        "health_check_interval: 0.50\nnode_failure_threshold: 4\npaused: true\nslack_channel: \"#ops\"\nmax_unhealthy_nodes: 25%\nemail_recipients:\n",
    )
    .unwrap();
    let config = layers.config();
    assert_eq!(config.health_check_interval.as_millis(), 500);
    assert_eq!(config.node_failure_threshold, 4);
    assert!(config.paused && config.email_recipients.is_empty());
    assert_eq!(config.slack_channel, "#ops");
}

#[test]
fn a_file_may_be_a_whole_config_map_and_then_takes_its_place() {
    let manifest =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  labels: {a: b}\ndata:\n  cache_size: \"7\"\n";
    let mut layers = from_file("manifest", manifest).unwrap();
    assert_eq!(layers.config().cache_size, 7);
    assert!(!layers.follows_config_map());
    layers.apply_config_map(MAP, &data(&[("cache_size", "8")])).unwrap();
    assert_eq!(layers.config().cache_size, 7);
    assert_eq!(from_file("empty", "\n").unwrap().config().cache_size, 4096);
    assert_eq!(from_file("no-data", "kind: ConfigMap\n").unwrap().config().cache_size, 4096);
}

#[test]
fn wrong_files_are_errors_that_name_file_and_place_but_quote_nothing() {
    let cases = [
        ("list", "- a\n- s3cr3t\n", "line 1: expected a YAML map"),
        ("scalar", "s3cr3t", "line 1: expected a YAML map"),
        ("nested", "paused: true\nprotected_namespaces:\n  - s3cr3t\n", "line 3: expected a YAML map"),
        ("broken", "paused: \"s3cr3t\nmode: [", "expected a YAML map"),
        ("twice", "paused: true\npaused: false\n", "line 2: paused is there twice: expected each key once"),
        ("kind", "kind: Deployment\ndata: {}\n", "kind: \"Deployment\": expected ConfigMap"),
        ("value", "cache_size: many\n", "cache_size: \"many\": expected a whole number from 1 to 1000000"),
        ("secret", "slack_webhook_url: s3cr3t\n", "slack_webhook_url: is a secret and does not belong here"),
    ];
    for (name, content, expected) in cases {
        let error = from_file(name, content).unwrap_err();
        assert!(error.starts_with("file /") && error.contains(name) && error.contains(expected), "{error}");
        assert!(!error.contains("s3cr3t") && !error.contains('\n'), "{error}");
    }
    let large = from_file("large", &format!("cluster_name: {}", "x".repeat(1 << 20))).unwrap_err();
    assert!(large.contains("is larger than 1 MiB"), "{large}");
    let missing = Layers::new(Some("/does/not/exist".as_ref()), &Environment::default(), &[]).unwrap_err().to_string();
    assert!(missing.starts_with("file /does/not/exist: cannot be read: "), "{missing}");
}

#[test]
fn secrets_come_from_variables_or_files() {
    let file = TempFile::new("routing-key", "  s3cr3t-key\n");
    let path = file.0.display().to_string();
    let hosts = TempFile::new("hosts", "*.example.com\nmail.example\n");
    let hosts_path = hosts.0.display().to_string();
    let environment = environment(&[
        ("SLACK_WEBHOOK_URL", "https://hooks.example.com/s3cr3t"),
        ("PAGERDUTY_ROUTING_KEY_FILE", path.as_str()),
        ("EMAIL_USERNAME", ""),
        ("NOTIFICATION_ALLOWED_HOSTS_FILE", hosts_path.as_str()),
    ]);
    let secrets = Secrets::read(&environment).unwrap();
    let plain = |secret: &Option<secrecy::SecretString>| {
        use secrecy::ExposeSecret;
        secret.as_ref().map(|secret| secret.expose_secret().to_owned())
    };
    assert_eq!(plain(&secrets.slack_webhook_url).as_deref(), Some("https://hooks.example.com/s3cr3t"));
    assert_eq!(plain(&secrets.pagerduty_routing_key).as_deref(), Some("s3cr3t-key"));
    assert!(secrets.email_username.is_none() && secrets.webhook_secret.is_none());
    assert!(secrets.allowed_hosts.allows("hooks.example.com") && !secrets.allowed_hosts.allows("evil.example"));
    for printed in [format!("{secrets:?}"), format!("{environment:?}"), format!("{secrets:#?}")] {
        assert!(!printed.contains("s3cr3t"), "{printed}");
    }
}

#[test]
fn secrets_that_cannot_be_read_are_one_clear_line_without_their_content() {
    let error = |values: &[(&str, &str)]| Secrets::read(&environment(values)).unwrap_err().to_string();
    let missing = error(&[("WEBHOOK_URL_FILE", "/does/not/exist")]);
    assert!(missing.starts_with("environment: WEBHOOK_URL_FILE: /does/not/exist: cannot be read: "), "{missing}");
    let empty = TempFile::new("empty-secret", "\n");
    let path = empty.0.display().to_string();
    assert!(error(&[("EMAIL_PASSWORD_FILE", path.as_str())]).contains("is empty: expected a file with the secret"));
    let binary = TempFile::new("binary-secret", [0xff, 0xfe]);
    let binary_path = binary.0.display().to_string();
    assert!(error(&[("EMAIL_PASSWORD_FILE", binary_path.as_str())]).contains("EMAIL_PASSWORD: expected one line"));
    let both = error(&[("WEBHOOK_SECRET", "s3cr3t"), ("WEBHOOK_SECRET_FILE", path.as_str())]);
    assert_eq!(both, "environment: WEBHOOK_SECRET: is set, and so is WEBHOOK_SECRET_FILE: expected only one of them");
    let lines = error(&[("WEBHOOK_SECRET", "s3cr3t\nmore")]);
    assert!(lines.contains("one line of UTF-8 text") && !lines.contains("s3cr3t"), "{lines}");
    let long = format!("https://wiki.example/{}", "x".repeat(1000));
    for page in ["http://wiki.example", "wiki.example", "https://u:s3cr3t@wiki.example", &long] {
        let error = error(&[("RUNBOOK_URL", page)]);
        assert!(error.starts_with("environment: RUNBOOK_URL: expected a URL that starts with https://"), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
    let host = error(&[("NOTIFICATION_ALLOWED_HOSTS", "good.example,https://hooks.example/s3cr3t")]);
    assert!(host.starts_with("environment: NOTIFICATION_ALLOWED_HOSTS: `https…`: expected host names"), "{host}");
}

#[test]
fn a_changed_list_of_hosts_is_a_change() {
    let secrets = |list| Secrets::read(&environment(&[("NOTIFICATION_ALLOWED_HOSTS", list)])).unwrap();
    assert!(secrets("a.example").differs_from(&secrets("b.example")));
    assert!(!secrets("a.example").differs_from(&secrets("A.example.")));
}

fn channels(keys: &[(&str, &str)], variables: &[(&str, &str)]) -> (Vec<Channel>, Vec<String>) {
    let layers = Layers::new(None, &Environment::default(), &flags(keys)).unwrap();
    active_channels(layers.config(), &Secrets::read(&environment(variables)).unwrap())
}

const HOOK: (&str, &str) = ("SLACK_WEBHOOK_URL", "https://hooks.example.com/s3cr3t");
const INCIDENT: (&str, &str) = ("SLACK_INCIDENT_WEBHOOK_URL", "https://hooks.example.com/s3cr3t2");

#[test]
fn slack_is_on_with_its_secret_and_off_with_one_warning_without() {
    let both = vec![Channel::SlackMonitoring, Channel::SlackIncident];
    assert_eq!(channels(&[], &[HOOK]), (both.clone(), vec![]));
    assert_eq!(channels(&[], &[HOOK, INCIDENT]), (both, vec![]));
    assert_eq!(channels(&[], &[]), (vec![], vec!["Slack is off: SLACK_WEBHOOK_URL is not set".to_owned()]));
    let warning = "Slack monitoring channel is off: SLACK_WEBHOOK_URL is not set".to_owned();
    assert_eq!(channels(&[], &[INCIDENT]), (vec![Channel::SlackIncident], vec![warning]));
    assert_eq!(channels(&[("notification_enabled", "false")], &[HOOK]), (vec![], vec![]));
}

#[test]
fn a_receiver_that_may_not_be_used_is_off_and_its_address_not_shown() {
    let inside = ("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/s3cr3t");
    let (on, warnings) = channels(&[], &[inside]);
    assert_eq!(on, []);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("Slack is off: environment: SLACK_WEBHOOK_URL: expected https"), "{warnings:?}");
    assert!(!warnings[0].contains("s3cr3t") && !warnings[0].contains("127.0.0.1"), "{warnings:?}");
    let (on, warnings) = channels(&[("notification_insecure", "true")], &[inside]);
    assert_eq!((on.len(), warnings.len()), (2, 0));
    let (on, warnings) = channels(&[], &[inside, INCIDENT]);
    assert_eq!((on, warnings.len()), (vec![Channel::SlackIncident], 1));
}

#[test]
fn the_shipped_configuration_without_secrets_warns_once_per_channel() {
    let shipped = [
        ("health_check_interval", "30"),
        ("node_failure_threshold", "3"),
        ("pod_restart_threshold", "5"),
        ("recovery_timeout", "300"),
        ("notification_enabled", "true"),
        ("slack_channel", "#monitoring"),
        ("email_recipients", "team@example.com"),
        ("pagerduty_enabled", "true"),
    ];
    let mut layers = Layers::new(None, &Environment::default(), &[]).unwrap();
    assert_eq!(layers.apply_config_map(MAP, &data(&shipped)).unwrap().warnings, Vec::<String>::new());
    let (on, warnings) = active_channels(layers.config(), &Secrets::default());
    assert_eq!(on, []);
    assert_eq!(
        warnings,
        [
            "Slack is off: SLACK_WEBHOOK_URL is not set",
            "e-mail is off: EMAIL_USERNAME, EMAIL_PASSWORD, email_smtp_server are not set",
            "PagerDuty is off: PAGERDUTY_ROUTING_KEY is not set",
        ]
    );
    let key = ("PAGERDUTY_ROUTING_KEY", "s3cr3t");
    let (on, warnings) = channels(&[("pagerduty_enabled", "true")], &[HOOK, key]);
    let three = vec![Channel::SlackMonitoring, Channel::SlackIncident, Channel::PagerDuty];
    assert_eq!((on, warnings), (three, Vec::new()));
}

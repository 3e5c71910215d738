//! Which hosts may be sent to, where somebody has listed them.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use self_healing_api::keys::AllowedHosts;

fn allowed(list: &str, hosts: &[&str]) -> Vec<bool> {
    let list = AllowedHosts::read(list).unwrap();
    hosts.iter().map(|host| list.allows(host)).collect()
}

#[test]
fn without_a_list_every_host_is_allowed() {
    for empty in ["", " ", ",", "\n"] {
        assert_eq!(allowed(empty, &["hooks.slack.com", "10.0.0.1"]), [true, true], "{empty:?}");
    }
}

#[test]
fn a_listed_host_is_allowed_however_it_is_spelled_and_no_other() {
    let hosts =
        ["hooks.slack.com", "HOOKS.slack.com.", "slack.com", "a.hooks.slack.com", "hooks.slack.com.evil.example"];
    assert_eq!(allowed("Hooks.Slack.com, mail.example", &hosts), [true, true, false, false, false]);
    assert_eq!(allowed("a.example\nmail.example\n", &["mail.example", "b.example"]), [true, false]);
    assert_eq!(allowed("bücher.example", &["xn--bcher-kva.example"]), [true]);
    assert_eq!(
        allowed("10.0.0.1, [fd00::1]", &["10.0.0.1", "[fd00::1]", "fd00:0::1", "10.0.0.2"]),
        [true, true, true, false]
    );
}

#[test]
fn a_star_allows_names_at_any_depth_below_and_not_the_name_itself() {
    let hosts = ["a.example.com", "a.b.example.com", "example.com", "notexample.com", ".example.com", "1.2.3.4"];
    assert_eq!(allowed("*.example.com", &hosts), [true, true, false, false, false, false]);
}

#[test]
fn what_is_no_host_is_refused_and_nothing_behind_its_name_is_shown() {
    let entries = [
        "*",
        "*.",
        "*.0.0.1",
        "a.*.example",
        "hooks.*",
        "two words",
        "https://hooks.slack.com/services/s3cr3t",
        "hooks.slack.com/services/s3cr3t",
        "user:s3cr3t@hooks.slack.com",
        "hooks.slack.com:443",
        "hooks.slack.com?s3cr3t",
    ];
    for entry in entries {
        let error = AllowedHosts::read(&format!("good.example, {entry}")).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains("expected host names") && shown.starts_with(&format!("`{}", &entry[..1])), "{shown}");
        assert!(!format!("{error:?} {shown}").contains("s3cr3t"), "{shown}");
    }
}

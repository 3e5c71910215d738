use super::*;
use crate::notice::tests::recovery;

fn letter(about: &self_healing_core::recovery::Recovery) -> Letter<'_> {
    Letter { about, key: "opened", cluster: "prod" }
}

fn bad(source: &str) -> String {
    Template::new(source, &letter(&recovery())).err().map(|bad| bad.to_string()).unwrap_or_default()
}

#[test]
fn a_template_sees_every_value_and_nothing_else() {
    let source = "{{ severity|upper }} {{ kind }} {{ namespace }}/{{ name }} ({{ cause }}, {{ failure_type }}) on {{ cluster }}\n\
        {{ title }} {{ state }} {{ key }}: {{ description }}; {{ action }}; {{ result }}; {{ timestamp }}; {{ recovery }}\n\
        {% for line in evidence %}- {{ line }}\n{% endfor %}";
    let about = recovery();
    let template = Template::new(source, &letter(&about)).unwrap();
    let words = Words::of(&letter(&about), Some(&template), None);
    let text = words.text();
    assert!(
        text.starts_with("HIGH Pod shop/web-1 (CrashLoop, pod_failure) on prod\nSelf-Healing Alert opened opened: "),
        "{text}"
    );
    assert!(text.contains("\n- signal 1: 1\n"), "{text}");
    assert_eq!(bad("{{ saved_manifest }}").split(": ").nth(1), Some("line 1, column 4"));
}

#[test]
fn a_template_may_name_the_runbook_whether_there_is_one_or_not() {
    let about = recovery();
    let template = Template::new("see: {{ runbook }}", &letter(&about)).unwrap();
    let text = |page: Option<&Url>| Words::of(&letter(&about), Some(&template), page).text();
    let page = Url::parse("https://wiki.example/runbooks#top").unwrap();
    assert_eq!(text(Some(&page)), "see: https://wiki.example/runbooks#crashloop");
    assert_eq!(text(None), "see:");
    let odd = Url::parse("https://wiki.example/a?b|c=<d>").unwrap();
    assert_eq!(text(Some(&odd)), "see: https://wiki.example/a?b%7Cc=%3Cd%3E#crashloop", "nothing ends a link early");
}

#[test]
fn what_is_wrong_is_said_with_line_and_column() {
    for (source, place) in [
        ("fine\nnot {{ so", "line 2, column 8"),
        ("{{ description|shout }}", "line 1, column 16"),
        ("a\n{{ nobody }}", "line 2, column 4"),
        ("{% include 'x' %}", "line 1, column 4"),
    ] {
        let said = bad(source);
        assert!(said.starts_with(&format!("NOTIFICATION_TEMPLATE: {place}: ")), "{source}: {said}");
        assert!(said.ends_with("the built-in text is used"), "{said}");
    }
}

#[test]
fn a_template_that_never_ends_is_refused() {
    assert!(
        bad("{% for a in range(10000) %}{% for b in range(10000) %}{{ a * b }}{% endfor %}{% endfor %}")
            .contains("fuel")
    );
}

#[test]
fn what_a_template_prints_is_cut_and_made_harmless() {
    let about = recovery();
    let template = Template::new("\u{1b}[31m{{ description }}{{ 'x' * 5000 }}", &letter(&about)).unwrap();
    let text = Words::of(&letter(&about), Some(&template), None).text();
    assert!(text.starts_with("container web restarted 7 times"), "{text}");
    assert_eq!(text.chars().count(), LIMIT);
}

use super::*;
use crate::notice::Notice;

fn notice(description: &str, evidence: &str) -> Notice {
    let fields = vec![("Description", description.to_owned()), ("Evidence", evidence.to_owned())];
    Notice { title: "Self-Healing Alert", fields }
}

#[test]
fn only_what_slack_reads_is_escaped() {
    assert_eq!(escape("<!channel> & \"x\" *y* 'z'", 100), "&lt;!channel&gt; &amp; \"x\" *y* 'z'");
}

#[test]
fn a_cut_never_halves_an_entity_or_a_character() {
    assert_eq!(escape("ab&cd", 9), "ab&amp;cd");
    assert_eq!(escape("ab&cd", 8), "ab&amp;…");
    assert_eq!(escape("ab&cd", 7), "ab…");
    assert_eq!(escape("äöü", 2), "ä…");
    assert_eq!(escape("abc", 0), "");
}

#[test]
fn the_message_keeps_within_slacks_limits_whatever_is_told() {
    let fields = (0..30).map(|_| ("Label", "<".repeat(3000))).chain([("Evidence", ">\n".repeat(3000))]).collect();
    let message = message("#x", &ours(Notice { title: "Self-Healing Alert", fields }));
    let texts = |block: &Value| -> Vec<String> {
        let fields = block["fields"].as_array().cloned().unwrap_or_default();
        assert!(fields.len() <= 10);
        let all = fields.iter().chain([&block["text"]]).filter_map(|text| text["text"].as_str());
        all.map(str::to_owned).collect()
    };
    let texts: Vec<String> = message["blocks"].as_array().unwrap().iter().flat_map(texts).collect();
    assert!(texts.iter().all(|text| text.chars().count() <= 2000));
    assert!(texts.iter().map(|text| text.chars().count()).sum::<usize>() <= 10_000);
    assert!(message["text"].as_str().unwrap().chars().count() <= 4000);
}

#[test]
fn several_lines_stand_in_a_section_of_their_own() {
    let message = message("#x", &ours(notice("one line", "exit code: 1\nreason: Error")));
    assert_eq!(message["blocks"][1]["fields"][0]["text"], "*Description*\none line");
    assert_eq!(message["blocks"][2]["text"]["text"], "*Evidence*\nexit code: 1\nreason: Error");
    assert_eq!(message["blocks"][2]["text"]["verbatim"], true);
}

fn ours(notice: Notice) -> Words {
    Words { notice, own: None, runbook: None }
}

#[test]
fn the_users_own_words_are_one_block_in_which_nobody_is_called() {
    let notice = Notice { title: "Self-Healing Alert", fields: Vec::new() };
    let message = message("#x", &Words { own: Some("*now* <!channel>".to_owned()), ..ours(notice) });
    let text = json!({ "type": "mrkdwn", "verbatim": true, "text": "*now* &lt;!channel&gt;" });
    assert_eq!(message["blocks"], json!([{ "type": "section", "text": text }]));
    assert_eq!(message["text"], "*now* &lt;!channel&gt;");
}

#[test]
fn a_runbook_is_a_link() {
    let runbook = Some("https://wiki.example/a?b&c#crashloop".to_owned());
    let message = message("#x", &Words { runbook, ..ours(notice("d", "e")) });
    let last = message["blocks"].as_array().unwrap().last().unwrap();
    assert_eq!(last["text"]["text"], "<https://wiki.example/a?b&amp;c#crashloop|Runbook>");
    assert!(message["text"].as_str().unwrap().ends_with("\nRunbook: https://wiki.example/a?b&amp;c#crashloop"));
}

use self_healing_sim::select::Selector;
use serde_json::{Value, json};

fn object() -> Value {
    json!({
        "metadata": { "name": "a", "namespace": "shop", "labels": { "app": "web", "size": "3" } },
        "spec": { "nodeName": "n1" }, "status": { "phase": "Running" },
    })
}

fn labels(text: &str) -> bool {
    Selector::parse(text, "").unwrap().matches(&object())
}

fn fields(text: &str) -> bool {
    Selector::parse("", text).unwrap().matches(&object())
}

#[test]
fn labels_select_by_equality_and_by_sets() {
    for text in [
        "",
        "app",
        "!none",
        "app=web",
        "app==web,size=3",
        "app!=shop",
        "none!=x",
        "app in (web, shop)",
        "none notin (a,b)",
        "size>2",
        "size<4",
    ] {
        assert!(labels(text), "{text:?}");
    }
    for text in [
        "none",
        "!app",
        "app=shop",
        "app!=web",
        "app in (a,b)",
        "app notin (web)",
        "size>3",
        "none>1",
        "app=web,size=4",
    ] {
        assert!(!labels(text), "{text:?}");
    }
    assert_eq!(Selector::parse("a b", "").unwrap_err().code, 400);
    assert_eq!(Selector::parse("a between (b)", "").unwrap_err().code, 400);
}

#[test]
fn fields_select_by_equality() {
    for text in [
        "metadata.name=a",
        "metadata.namespace==shop",
        "spec.nodeName=n1,status.phase!=Failed",
        "spec.unschedulable=false",
        "spec.other=",
    ] {
        assert!(fields(text), "{text:?}");
    }
    for text in ["metadata.name=b", "status.phase!=Running", "spec.unschedulable=true"] {
        assert!(!fields(text), "{text:?}");
    }
    assert_eq!(Selector::parse("", "metadata.name").unwrap_err().code, 400);
}

#[test]
fn a_label_selector_object_selects_as_budgets_and_workloads_do() {
    let matches = |selector: Value| Selector::of_object(&selector).is_some_and(|selector| selector.matches(&object()));
    assert!(matches(json!({})), "empty is everything");
    assert!(!matches(Value::Null), "absent is nothing");
    assert!(matches(json!({ "matchLabels": { "app": "web" } })));
    let expression = |operator: &str, values: Value| json!({ "matchExpressions": [{ "key": "app", "operator": operator, "values": values }] });
    assert!(matches(expression("In", json!(["web"]))));
    assert!(!matches(expression("NotIn", json!(["web"]))));
    assert!(matches(expression("Exists", Value::Null)));
    assert!(!matches(expression("DoesNotExist", Value::Null)));
    assert!(!matches(expression("Nonsense", Value::Null)));
}

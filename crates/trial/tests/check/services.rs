//! S1, S2, S4 to S6, S13 to S16: Services that are switched to their standby, and pods that are resized.

use crate::doings::{over, pod, status};
use crate::history::{A, CLUSTER, History};
use self_healing_api::marks;
use self_healing_sim::store::Key;
use serde_json::{Value, json};

fn service() -> Key {
    Key::new("services", "shop", "web")
}

fn marked(record: &str) -> Value {
    json!({marks::OWNER: record, marks::ORIGINAL_SELECTOR: r#"{"app":"web"}"#, marks::SWITCHED_SELECTOR: r#"{"app":"spare"}"#})
}

/// A status that keeps the selector from before, and one attempt.
fn failing_over(phase: &str, now: String) -> Value {
    let mut status = status(phase, &[("failover", "service-web")], now);
    let kept = json!({"name": "originalSelector", "value": "app=web"});
    status["evidence"].as_array_mut().unwrap().push(kept);
    status
}

impl History {
    /// A Service without a ready endpoint, its standby with a ready pod, and a Recovery that has begun to switch it.
    fn failing_service() -> Self {
        let mut history = Self::five_nodes();
        let object = json!({"metadata": {"name": "web", "namespace": "shop", "uid": "service-web", "annotations": {}},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}});
        history.put(&CLUSTER, service(), object);
        history.pod("spare-1", "n2");
        history.change(&CLUSTER, &pod("spare-1"), |pod| {
            pod["metadata"]["labels"] = json!({"app": "spare"});
            pod["status"]["conditions"][0]["status"] = "True".into();
        });
        history.opens(A, "r-web", "Service", &service());
        history.saves(A, "r-web", failing_over("Running", history.now().to_string()));
        history
    }

    /// The controller looks at the Service and changes it.
    fn patches_service(&mut self, mut body: Value, change: impl FnOnce(&mut Value)) {
        self.reads(A, &service());
        let mut object = self.get(&service()).clone();
        for lock in ["uid", "resourceVersion"] {
            body["metadata"][lock] = object["metadata"][lock].clone();
        }
        change(&mut object);
        self.writes(A, "patch", &service(), body, Some(object));
    }

    fn switches(&mut self, record: &str, to: &str) {
        let selector = json!({"app": to});
        let body = json!({"metadata": {"annotations": marked(record)}, "spec": {"selector": selector}});
        self.patches_service(body, |service| {
            service["spec"]["selector"] = selector;
            service["metadata"]["annotations"] = marked(record);
        });
    }

    fn switches_back(&mut self, to: &str) {
        let marks = json!({marks::OWNER: null, marks::ORIGINAL_SELECTOR: null, marks::SWITCHED_SELECTOR: null});
        self.patches_service(json!({"metadata": {"annotations": marks}}), |service| {
            service["spec"]["selector"] = json!({"app": to});
            service["metadata"]["annotations"] = json!({});
        });
    }
}

#[test]
fn a_failover_and_its_way_back_break_nothing() {
    let mut history = History::failing_service();
    let began = history.now();
    history.switches("r-web", "spare");
    history.pass(300);
    history.switches_back("web");
    history.saves(A, "r-web", over("Succeeded", &[("failover", "service-web")], began));
    history.pass(200);
    history.holds();
    for id in ["S1", "S2", "S4", "S5", "S13", "S14", "S16", "S17"] {
        assert!(history.checker.judged()[id] > 0, "{id} had nothing to judge");
    }
}

#[test]
fn s1_a_switch_is_for_the_service_that_the_record_names() {
    let mut history = History::failing_service();
    history.change(&CLUSTER, &service(), |service| service["metadata"]["uid"] = "service-web-again".into());
    history.switches("r-web", "spare");
    history.breaks("S1", "but Recovery r-web names uid service-web");
}

#[test]
fn s2_a_switch_is_to_what_has_a_ready_pod() {
    let mut history = History::failing_service();
    history.change(&CLUSTER, &pod("spare-1"), |pod| pod["status"]["conditions"][0]["status"] = "False".into());
    history.pass(6);
    history.switches("r-web", "spare");
    history.breaks("S2", "chooses no pod that is ready");
}

#[test]
fn s4_a_recovery_switches_its_service_once() {
    let mut history = History::failing_service();
    history.switches("r-web", "spare");
    history.switches_back("web");
    history.switches("r-web", "spare");
    history.breaks("S4", "twice");
}

#[test]
fn s5_what_it_had_is_stored_before() {
    let mut history = History::failing_service();
    history.saves(A, "r-web", status("Running", &[("failover", "service-web")], history.now()));
    history.switches("r-web", "spare");
    history.breaks("S5", "its record keeps the selector");
}

#[test]
fn s6_a_switch_does_not_outlive_its_recovery() {
    let mut history = History::failing_service();
    history.switches("r-web", "spare");
    history.saves(A, "r-web", over("Succeeded", &[("failover", "service-web")], history.now()));
    history.pass(121);
    history.breaks("S6", "self-healing.dev/owner of Service shop/web names Recovery r-web");
}

#[test]
fn s13_an_excluded_service_is_not_switched() {
    let mut history = History::failing_service();
    history.change(&CLUSTER, &service(), |service| {
        service["metadata"]["annotations"] = json!({marks::EXCLUDE: "true"});
    });
    history.pass(1);
    let body = json!({"metadata": {"annotations": marked("r-web")}, "spec": {"selector": {"app": "spare"}}});
    history.patches_service(body, |service| {
        service["spec"]["selector"] = json!({"app": "spare"});
        for (key, value) in marked("r-web").as_object().unwrap() {
            service["metadata"]["annotations"][key] = value.clone();
        }
    });
    history.breaks("S13", "it is marked self-healing.dev/exclude");
}

#[test]
fn s14_a_selector_of_somebody_else_stays() {
    let mut history = History::failing_service();
    history.switches("r-web", "spare");
    history.change(&CLUSTER, &service(), |service| service["spec"]["selector"] = json!({"app": "third"}));
    history.switches_back("third");
    history.holds();

    let mut history = History::failing_service();
    history.switches("r-web", "spare");
    history.change(&CLUSTER, &service(), |service| service["spec"]["selector"] = json!({"app": "third"}));
    history.switches_back("web");
    history.breaks("S14", "changed a selector that somebody else had set");
}

#[test]
fn s15_after_a_person_changed_it_it_is_not_switched_again() {
    let mut history = History::failing_service();
    history.switches("r-web", "spare");
    history.change(&CLUSTER, &service(), |service| {
        service["spec"]["selector"] = json!({"app": "web"});
        service["metadata"]["annotations"] = json!({});
    });
    history.pass(6);
    history.switches("r-web", "spare");
    assert!(history.broken().contains(&"S15"), "{:?}", history.broken());
}

#[test]
fn s16_what_a_gitops_tool_keeps_is_left() {
    let mut history = History::failing_service();
    let kept = "argocd.argoproj.io/tracking-id";
    history.change(&CLUSTER, &service(), |service| {
        service["metadata"]["annotations"] = json!({kept: "shop:/Service:shop/web"});
    });
    let mut marks = marked("r-web");
    marks[kept] = "shop:/Service:shop/web".into();
    let body = json!({"metadata": {"annotations": marks}, "spec": {"selector": {"app": "spare"}}});
    history.patches_service(body, |service| {
        service["spec"]["selector"] = json!({"app": "spare"});
        service["metadata"]["annotations"] = marks;
    });
    history.breaks("S16", "says that a tool keeps it");
}

#[test]
fn s5_the_limit_of_a_resized_pod_is_stored_before() {
    for (keeps, good) in [(true, true), (false, false)] {
        let mut history = History::five_nodes();
        history.opens(A, "r-pod", "Pod", &pod("web-1"));
        let mut status = status("Running", &[("resize", "pod-web-1")], history.now());
        if keeps {
            let kept = json!({"name": "memoryLimit", "value": "main=64"});
            status["evidence"].as_array_mut().unwrap().push(kept);
        }
        history.saves(A, "r-pod", status);
        history.reads(A, &pod("web-1"));
        let mut object = history.get(&pod("web-1")).clone();
        let (uid, version) = (&object["metadata"]["uid"], &object["metadata"]["resourceVersion"]);
        let body = json!({"metadata": {"uid": uid, "resourceVersion": version}, "spec": {}});
        object["spec"]["containers"] = json!([{"name": "main", "resources": {"limits": {"memory": "128"}}}]);
        history.writes(A, "patch/resize", &pod("web-1"), body, Some(object));
        if good { history.holds() } else { history.breaks("S5", "no Recovery keeps what its memory limit was") }
    }
}

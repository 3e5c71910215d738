//! Providers of machines on the wire: which machine is surely a node's, who else works on it, and what an order sends.

use crate::server::{RECOVERY, Reply, Seen, Server, answer, failure, node_target, not_found};
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome, Verb};
use self_healing_core::key::Text;
use self_healing_core::machine::{
    Inquiry, MachineRef, MachineState, MachineView, Off, Order, Provider, Replacement, Template,
};
use self_healing_core::names::ProviderKind;
use self_healing_core::time::Stamp;
use serde_json::{Value, json};

const DONE: Outcome = Outcome::Done(Answer::Nothing);
const FENCE: &str = "fence-agents-remediation.medik8s.io";
const MACHINE: &str = "cluster.x-k8s.io/v1beta1 Machine capi/m-1";
const REMEDIATION: &str = "fence-agents-remediation.medik8s.io/v1alpha1 FenceAgentsRemediation medik8s/worker-1";

/// What lists end in.
const LISTS: [&str; 4] = ["/machines", "/nodeclaims", "/volumeattachments", "/pods"];

/// Objects by path; lists are made of what is below them.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Vec<(String, Value)>);

impl Shelf {
    pub(crate) fn with(mut self, path: &str, object: Value) -> Self {
        self.0.retain(|(known, _)| known != path);
        self.0.push((path.to_owned(), object));
        self
    }

    fn answer(&self, seen: &Seen) -> Reply {
        let path = seen.path.split('?').next().unwrap();
        let found = self.0.iter().find(|(known, _)| known == path);
        match (seen.method.as_str(), found) {
            ("POST", _) => answer(201, &seen.body),
            (_, Some((_, object))) => answer(200, object),
            ("GET", None) if LISTS.iter().any(|list| path.ends_with(list)) => {
                let below = format!("{path}/");
                let items = self.0.iter().filter(|(known, _)| known.starts_with(&below)).map(|(_, object)| object);
                answer(200, &json!({"kind": "List", "metadata": {}, "items": items.collect::<Vec<_>>()}))
            }
            _ if path.matches('/').count() > 3 => not_found("objects", path.rsplit('/').next().unwrap()),
            // What discovery says of a group that is not served.
            _ => Reply { code: 404, retry_after: None, body: "404 page not found\n".to_owned() },
        }
    }

    async fn serve(self) -> Server {
        Server::start(move |seen| self.answer(seen)).await
    }

    async fn look(self, provider: Provider, known: Option<MachineRef>) -> MachineView {
        self.asked(inquiry(provider, known)).await
    }

    /// What is said of the Machine of a node that was drained.
    pub(crate) async fn look_drained(self) -> MachineView {
        self.asked(Inquiry { drained: true, ..inquiry(of(ProviderKind::ClusterApi), None) }).await
    }

    async fn asked(self, inquiry: Inquiry) -> MachineView {
        let outcome = self.serve().await.perform(Verb::LookAtMachine(Box::new(inquiry))).await;
        let Outcome::Done(Answer::Machine(view)) = outcome else { panic!("{outcome:?}") };
        *view
    }
}

fn inquiry(provider: Provider, known: Option<MachineRef>) -> Inquiry {
    let since = Stamp(1_767_225_600_000);
    let template = provider.templates.first().cloned();
    Inquiry { node: node_target(), provider, template, known, since, key: Text::from("key"), drained: false }
}

fn of(kind: ProviderKind) -> Provider {
    Provider { kind, ..Provider::default() }
}

fn fence() -> Provider {
    let template = Template {
        api_version: Text::from("fence-agents-remediation.medik8s.io/v1alpha1"),
        kind: Text::from("FenceAgentsRemediationTemplate"),
        namespace: Text::from("medik8s"),
        name: Text::from("fence"),
        timeout: None,
    };
    Provider { templates: vec![template], ..of(ProviderKind::RemediationTemplate) }
}

fn resources(kinds: &[(&str, &str)]) -> Value {
    let one = |(name, kind): &(&str, &str)| json!({"name": name, "kind": kind, "namespaced": *kind != "NodeClaim"});
    json!({"kind": "APIResourceList", "resources": kinds.iter().map(one).collect::<Vec<_>>()})
}

fn node() -> Value {
    json!({"metadata": {"name": "worker-1", "uid": "uid-worker-1", "resourceVersion": "7",
            "annotations": {marks::CAPI_MACHINE: "m-1", marks::CAPI_NAMESPACE: "capi"}},
        "spec": {"providerID": "cloud://1"}, "status": {"nodeInfo": {"systemUUID": "S-1"}}})
}

fn machine(name: &str, number: u32) -> Value {
    json!({"metadata": {"name": name, "namespace": "capi", "uid": format!("uid-{name}"), "resourceVersion": "12",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "ownerReferences": [{"kind": "MachineSet", "name": "set", "uid": "uid-set", "controller": true}]},
        "spec": {"clusterName": "main", "providerID": format!("cloud://{number}")},
        "status": {"nodeRef": {"name": format!("worker-{number}"), "uid": format!("uid-worker-{number}")},
            "nodeInfo": {"systemUUID": format!("S-{number}")}}})
}

const M1: &str = "/apis/cluster.x-k8s.io/v1beta1/namespaces/capi/machines/m-1";
const MAIN: &str = "/apis/cluster.x-k8s.io/v1beta1/namespaces/capi/clusters/main";

/// Cluster API with the node's Machine.
pub(crate) fn capi() -> Shelf {
    let preferred = json!({"preferredVersion": {"groupVersion": "cluster.x-k8s.io/v1beta1"}});
    Shelf::default()
        .with("/apis/cluster.x-k8s.io", preferred)
        .with(
            "/apis/cluster.x-k8s.io/v1beta1",
            resources(&[("machines/status", "Machine"), ("machines", "Machine"), ("clusters", "Cluster")]),
        )
        .with("/api/v1/nodes/worker-1", node())
        .with(M1, machine("m-1", 1))
        .with(MAIN, json!({"metadata": {"name": "main"}, "spec": {}}))
}

fn changed(mut object: Value, pointer: &str, value: Value) -> Value {
    *object.pointer_mut(pointer).unwrap() = value;
    object
}

fn marked(mut object: Value, key: &str) -> Value {
    object["metadata"]["annotations"][key] = json!("true");
    object
}

fn going(mut object: Value) -> Value {
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    object
}

fn not_offered(view: &MachineView) -> &str {
    let MachineState::NotOffered(why) = &view.state else { panic!("{view:?}") };
    why
}

fn busy(view: &MachineView) -> &str {
    let MachineState::Busy(who) = &view.state else { panic!("{view:?}") };
    who
}

fn known(name: &str, uid: &str, pool: &str) -> MachineRef {
    MachineRef { name: Text::from(name), uid: Text::from(uid), pool: Text::from(pool) }
}

#[tokio::test]
async fn the_machine_that_both_sides_name_is_the_nodes() {
    let view = capi().look(of(ProviderKind::ClusterApi), None).await;
    let (machine, resource_version) = (known(MACHINE, "uid-m-1", "uid-set"), Text::from("12"));
    assert_eq!(view.state, MachineState::Ready { machine, resource_version });
}

#[tokio::test]
async fn a_machine_that_is_not_surely_the_nodes_is_not_deleted() {
    let with = |object: Value| capi().with(M1, object);
    let plain = || machine("m-1", 1);
    for (shelf, why) in [
        (Shelf::default(), "Cluster API is not served here"),
        (
            capi().with("/api/v1/nodes/worker-1", changed(node(), "/metadata/annotations", json!({}))),
            "names no Machine",
        ),
        (
            capi().with("/api/v1/nodes/worker-1", changed(node(), "/metadata/uid", json!("another"))),
            "node worker-1 is gone",
        ),
        (with(changed(plain(), "/status/nodeRef/uid", json!("another"))), "status.nodeRef.uid"),
        (with(changed(plain(), "/spec/providerID", json!("cloud://9"))), "spec.providerID"),
        (with(changed(plain(), "/spec/providerID", json!(""))), "spec.providerID"),
        (with(changed(plain(), "/status/nodeInfo/systemUUID", json!("S-9"))), "systemUUID"),
        (with(changed(plain(), "/status/nodeRef/name", json!("worker-9"))), "status.nodeRef.name"),
        (
            with(changed(plain(), "/metadata/ownerReferences", json!([{"kind": "MachineSet", "uid": "x"}]))),
            "no controlling owner",
        ),
        (capi().with(&M1.replace("m-1", "m-2"), machine("m-2", 1)), "it is the node of [\"m-1\", \"m-2\"]"),
    ] {
        let view = shelf.look(of(ProviderKind::ClusterApi), None).await;
        assert!(not_offered(&view).contains(why), "{why}: {view:?}");
    }
}

#[tokio::test]
async fn a_machine_that_somebody_has_in_hand_is_left_to_him() {
    let paused = json!({"metadata": {"name": "main"}, "spec": {"paused": true}});
    let rolls = json!({"metadata": {}, "status": {"conditions": [{"type": "RollingOut", "status": "True"}]}});
    for (shelf, who) in [
        (capi().with(M1, going(machine("m-1", 1))), "is being deleted"),
        (capi().with(M1, marked(machine("m-1", 1), marks::CAPI_PAUSED)), marks::CAPI_PAUSED),
        (capi().with(M1, marked(machine("m-1", 1), marks::CAPI_SKIP_REMEDIATION)), marks::CAPI_SKIP_REMEDIATION),
        (capi().with(MAIN, paused), "is paused"),
        (capi().with(MAIN, going(json!({"metadata": {"name": "main"}}))), "Cluster capi/main is being deleted"),
        (capi().with(MAIN, rolls), "rolls out"),
    ] {
        let view = shelf.look(of(ProviderKind::ClusterApi), None).await;
        assert!(busy(&view).contains(who), "{who}: {view:?}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_tell_has_not_said_that_there_is_no_machine() {
    let server = Server::start(|_| failure(503, "ServiceUnavailable", "discovery is partial", json!({}))).await;
    let outcome = server.perform(Verb::LookAtMachine(Box::new(inquiry(of(ProviderKind::ClusterApi), None)))).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
}

#[tokio::test]
async fn what_may_not_be_read_is_not_offered() {
    let server = Server::start(|_| failure(403, "Forbidden", "machines is forbidden", json!({}))).await;
    let outcome = server.perform(Verb::LookAtMachine(Box::new(inquiry(of(ProviderKind::ClusterApi), None)))).await;
    let Outcome::Done(Answer::Machine(view)) = outcome else { panic!("{outcome:?}") };
    assert!(not_offered(&view).contains("forbidden"));
}

fn order(provider: Provider, machine: MachineRef, version: &str) -> Verb {
    let resource_version = Text::from(version);
    let reason = "it is silent".to_owned();
    Verb::Replace(Box::new(Order {
        inquiry: inquiry(provider, None),
        machine,
        resource_version,
        reboot: false,
        reason,
    }))
}

fn with_known(verb: Verb, known: MachineRef) -> Verb {
    let Verb::Replace(mut order) = verb else { panic!("no order") };
    order.inquiry.known = Some(known);
    Verb::Replace(order)
}

#[tokio::test]
async fn a_machine_is_deleted_at_the_uid_and_version_that_were_judged() {
    let machine = known(MACHINE, "uid-m-1", "uid-set");
    let server = capi().serve().await;
    let verb = order(of(ProviderKind::ClusterApi), machine.clone(), "12");
    assert_eq!(server.perform(verb).await, DONE);
    let write = server.write();
    assert_eq!((&*write.method, &*write.path), ("DELETE", M1));
    assert_eq!(write.body["preconditions"], json!({"uid": "uid-m-1", "resourceVersion": "12"}));

    let server = capi().serve().await;
    let outcome = server.perform(order(of(ProviderKind::ClusterApi), machine.clone(), "11")).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
    let another = known(MACHINE, "uid-of-before", "uid-set");
    assert_eq!(server.perform(order(of(ProviderKind::ClusterApi), another, "12")).await, Outcome::Gone);
    assert_eq!(server.writes(), []);

    // Given before a crash: nothing is sent again.
    let server = capi().with(M1, going(capi().0.iter().find(|(path, _)| path == M1).unwrap().1.clone())).serve().await;
    let verb = with_known(order(of(ProviderKind::ClusterApi), machine.clone(), ""), machine);
    assert_eq!(server.perform(verb).await, DONE);
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn the_node_of_a_later_machine_of_the_set_came_in_its_place() {
    let mut shelf = capi();
    shelf.0.retain(|(path, _)| path != M1);
    let old = changed(machine("m-3", 3), "/metadata/creationTimestamp", json!("2025-12-31T23:59:59Z"));
    let other = changed(machine("m-4", 4), "/metadata/ownerReferences/0/uid", json!("another-set"));
    let place = |name: &str| M1.replace("m-1", name);
    let shelf = shelf.with(&place("m-2"), machine("m-2", 2)).with(&place("m-3"), old).with(&place("m-4"), other);
    let view = shelf.look(of(ProviderKind::ClusterApi), Some(known(MACHINE, "uid-m-1", "uid-set"))).await;
    assert_eq!(view.state, MachineState::Done("Machine capi/m-1 is gone".to_owned()));
    assert_eq!(view.off, Some(Off::Stated("Machine capi/m-1 is gone".to_owned())));
    let [node, uid, provider_id] = ["worker-2", "uid-worker-2", "cloud://2"].map(Text::from);
    assert_eq!(view.replacements, [Replacement { node, uid, provider_id }]);
}

/// Karpenter with these NodeClaims.
fn karpenter(claims: &[(&str, Value)]) -> Shelf {
    let served = Shelf::default()
        .with("/apis/karpenter.sh", json!({"preferredVersion": {"groupVersion": "karpenter.sh/v1"}}))
        .with("/apis/karpenter.sh/v1", resources(&[("nodeclaims", "NodeClaim")]))
        .with("/api/v1/nodes/worker-1", node());
    claims.iter().fold(served, |shelf, (name, claim)| {
        shelf.with(&format!("/apis/karpenter.sh/v1/nodeclaims/{name}"), claim.clone())
    })
}

fn claim(name: &str, node: &str, id: &str) -> Value {
    json!({"metadata": {"name": name, "uid": format!("uid-{name}"), "resourceVersion": "3"}, "status": {"nodeName": node, "providerID": id}})
}

#[tokio::test]
async fn exactly_one_node_claim_has_to_be_the_nodes() {
    let one = || claim("c-1", "worker-1", "cloud://1");
    let view = karpenter(&[("c-1", one()), ("c-2", claim("c-2", "worker-2", "cloud://2"))]);
    let view = view.look(of(ProviderKind::Karpenter), None).await;
    let machine = known("karpenter.sh/v1 NodeClaim c-1", "uid-c-1", "");
    assert_eq!(view.state, MachineState::Ready { machine, resource_version: Text::from("3") });
    for (shelf, why) in [
        (Shelf::default(), "Karpenter is not served here"),
        (karpenter(&[]), "0 NodeClaims"),
        (karpenter(&[("c-1", one()), ("c-2", claim("c-2", "worker-1", "cloud://2"))]), "2 NodeClaims"),
        (karpenter(&[("c-1", claim("c-1", "worker-1", "cloud://9"))]), "not surely the machine"),
        (karpenter(&[("c-1", claim("c-1", "worker-9", "cloud://1"))]), "not surely the machine"),
    ] {
        let view = shelf.look(of(ProviderKind::Karpenter), None).await;
        assert!(not_offered(&view).contains(why), "{why}: {view:?}");
    }
    for claim in [going(one()), marked(one(), marks::KARPENTER_DO_NOT_DISRUPT)] {
        let view = karpenter(&[("c-1", claim)]).look(of(ProviderKind::Karpenter), None).await;
        assert!(busy(&view).contains("c-1"), "{view:?}");
    }
}

const OBJECT: &str =
    "/apis/fence-agents-remediation.medik8s.io/v1alpha1/namespaces/medik8s/fenceagentsremediations/worker-1";
const TEMPLATE: &str =
    "/apis/fence-agents-remediation.medik8s.io/v1alpha1/namespaces/medik8s/fenceagentsremediationtemplates/fence";

/// An operator of medik8s and its template.
fn medik8s() -> Shelf {
    let kinds = [
        ("fenceagentsremediations", "FenceAgentsRemediation"),
        ("fenceagentsremediationtemplates", "FenceAgentsRemediationTemplate"),
    ];
    let template = json!({"metadata": {"name": "fence", "uid": "uid-t", "resourceVersion": "5"},
        "spec": {"template": {"spec": {"agent": "fence_ipmilan", "sharedparameters": {"--action": "reboot"}}}}});
    Shelf::default().with(&format!("/apis/{FENCE}/v1alpha1"), resources(&kinds)).with(TEMPLATE, template)
}

fn remediation(owner: &str, status: Value) -> Value {
    json!({"metadata": {"name": "worker-1", "uid": "uid-r", "resourceVersion": "9", "annotations": {marks::OWNER: owner}},
        "status": status})
}

fn says(kind: &str, status: &str) -> Value {
    json!({"conditions": [{"type": kind, "status": status, "message": "the agent said so"}]})
}

#[tokio::test]
async fn the_remediation_object_is_the_templates_and_the_nodes() {
    let view = medik8s().look(fence(), None).await;
    let machine = known(REMEDIATION, "uid-t", "");
    assert_eq!(view.state, MachineState::Ready { machine: machine.clone(), resource_version: Text::from("5") });
    let server = medik8s().serve().await;
    assert_eq!(server.perform(order(fence(), machine, "5")).await, DONE);
    let write = server.write();
    assert_eq!((&*write.method, write.path.as_str()), ("POST", OBJECT.trim_end_matches("/worker-1")));
    let expected = json!({
        "apiVersion": "fence-agents-remediation.medik8s.io/v1alpha1",
        "kind": "FenceAgentsRemediation",
        "metadata": {"name": "worker-1", "labels": {marks::MANAGED_BY: marks::MANAGER}, "annotations": {marks::OWNER: RECOVERY},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "worker-1", "uid": "uid-worker-1"}]},
        "spec": {"agent": "fence_ipmilan", "sharedparameters": {"--action": "reboot"}},
    });
    assert_eq!(write.body, expected);
}

#[tokio::test]
async fn a_template_that_was_changed_or_is_missing_makes_nothing() {
    let server = medik8s().serve().await;
    let outcome = server.perform(order(fence(), known(REMEDIATION, "uid-t", ""), "4")).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
    assert_eq!(server.writes(), []);
    for (shelf, provider, why) in [
        (Shelf::default(), fence(), "is not served here"),
        (medik8s(), of(ProviderKind::RemediationTemplate), "no HealingPolicy names a template"),
        (Shelf(medik8s().0.into_iter().filter(|(path, _)| path != TEMPLATE).collect()), fence(), "there is no"),
    ] {
        let view = shelf.look(provider, None).await;
        assert!(not_offered(&view).contains(why), "{why}: {view:?}");
    }
}

#[tokio::test]
async fn conditions_say_how_far_it_is_and_assumptions_are_told_as_such() {
    let assumed =
        json!({"conditions": [{"type": "Succeeded", "status": "True"}], "timeAssumedRebooted": "2026-01-01T00:05:00Z"});
    let stated = |view: &MachineView| matches!(view.off, Some(Off::Stated(_)));
    let look = async |owner: &str, status| {
        let known = Some(known(REMEDIATION, "uid-t", ""));
        medik8s().with(OBJECT, remediation(owner, status)).look(fence(), known).await
    };
    let view = look(RECOVERY, says("Processing", "True")).await;
    assert!(matches!(&view.state, MachineState::UnderWay(words) if words.contains("is being worked on")), "{view:?}");
    let view = look(RECOVERY, says("Succeeded", "True")).await;
    assert!(matches!(view.state, MachineState::Done(_)) && stated(&view), "{view:?}");
    let view = look(RECOVERY, assumed).await;
    assert!(matches!(view.state, MachineState::Done(_)) && matches!(view.off, Some(Off::Assumed(_))), "{view:?}");
    let view = look(RECOVERY, says("Succeeded", "False")).await;
    assert!(matches!(&view.state, MachineState::Failed(why) if why.contains("the agent said so")), "{view:?}");
    let view = look("another", says("Succeeded", "True")).await;
    assert!(busy(&view).contains("somebody else") && view.off.is_none(), "{view:?}");
}

#[tokio::test]
async fn only_our_own_remediation_object_is_deleted() {
    let end = || Verb::EndRemediation { node: node_target(), machine: Box::new(known(REMEDIATION, "uid-t", "")) };
    let server = medik8s().with(OBJECT, remediation(RECOVERY, json!({}))).serve().await;
    assert_eq!(server.perform(end()).await, DONE);
    let write = server.write();
    assert_eq!((&*write.method, &*write.path), ("DELETE", OBJECT));
    assert_eq!(write.body["preconditions"], json!({"uid": "uid-r", "resourceVersion": "9"}));
    for shelf in [medik8s(), medik8s().with(OBJECT, remediation("another", json!({}))), Shelf::default()] {
        let server = shelf.serve().await;
        assert_eq!(server.perform(end()).await, DONE);
        assert_eq!(server.writes(), []);
    }
}

fn tainted(annotations: Value, taints: Value) -> Value {
    json!({"metadata": {"name": "worker-1", "uid": "uid-worker-1", "resourceVersion": "7", "annotations": annotations},
        "spec": {"taints": taints}})
}

async fn with_node(object: Value) -> Server {
    Server::start(move |_| answer(200, &object)).await
}

#[tokio::test]
async fn the_out_of_service_taint_is_kubernetes_own_and_its_owner_is_beside_it() {
    let other = json!({"key": "example.com/x", "effect": "NoSchedule"});
    let ours = json!({"key": marks::OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"});
    let server = with_node(tainted(json!({}), json!([other]))).await;
    assert_eq!(server.perform(Verb::TaintOutOfService(node_target())).await, DONE);
    let write = server.write();
    let expected = json!({
        "metadata": {"uid": "uid-worker-1", "resourceVersion": "7", "annotations": {marks::FENCED: RECOVERY}},
        "spec": {"taints": [other, ours]},
    });
    assert_eq!(write.body, expected);

    let server = with_node(tainted(json!({marks::FENCED: RECOVERY}), json!([other, ours]))).await;
    assert_eq!(server.perform(Verb::TaintOutOfService(node_target())).await, DONE);
    assert_eq!(server.writes(), []);
    assert_eq!(server.perform(Verb::UntaintOutOfService(node_target())).await, DONE);
    assert_eq!(server.write().body["spec"]["taints"], json!([other]));
    assert_eq!(server.write().body["metadata"]["annotations"], json!({marks::FENCED: null}));
}

#[tokio::test]
async fn an_out_of_service_taint_of_others_stays_and_one_that_was_taken_away_is_not_set_again() {
    let taint = json!([{"key": marks::OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}]);
    for annotations in [json!({}), json!({marks::FENCED: "another"})] {
        let server = with_node(tainted(annotations, taint.clone())).await;
        assert_eq!(server.perform(Verb::TaintOutOfService(node_target())).await, DONE);
        assert_eq!(server.perform(Verb::UntaintOutOfService(node_target())).await, DONE);
        assert_eq!(server.writes(), []);
    }
    let server = with_node(tainted(json!({marks::FENCED: RECOVERY}), json!([]))).await;
    let outcome = server.perform(Verb::TaintOutOfService(node_target())).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
    assert_eq!(server.writes(), []);
}

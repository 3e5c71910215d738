//! A small town on the embedded cluster, with the whole controller on it, in virtual time.

use self_healing_api::explanation::Explanation;
use self_healing_controller::client::{Clients, Embedded, OnCall, Way};
use self_healing_controller::config::{Environment, Layers};
use self_healing_controller::explain::{Installation, own, question, text};
use self_healing_controller::http::Desk;
use self_healing_controller::log::Log;
use self_healing_controller::manifests::{self, NAMESPACE, SERVICE_ACCOUNT};
use self_healing_controller::outside::{Chance, Kubelets, Outside, Wall};
use self_healing_controller::record::Recorder;
use self_healing_controller::run::{Launch, run};
use self_healing_core::effect::KubeletLook;
use self_healing_core::time::Stamp;
use self_healing_sim::actor::{self, Actors, Levers, Look, NodeSpec};
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use self_healing_sim::service::ApiService;
use serde_json::{Value, json};
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub(crate) const SHOP: &str = "shop";
const BEGIN: &str = "2026-01-01T00:00:00Z";
const NODES: usize = 5;
const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";
const ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
const BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";

/// All of it ends when this is dropped.
pub(crate) struct Town {
    cluster: Cluster,
    actors: Actors,
    pub(crate) hand: Hand,
    pub(crate) desk: Desk,
    controller: JoinHandle<()>,
    /// Where the controller's pages are.
    pub(crate) page: u16,
}

impl Drop for Town {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

impl Town {
    /// Five nodes, two Deployments with a pod on each, and a controller that has settled, with these configuration keys.
    pub(crate) async fn with(keys: &[(&str, &str)]) -> Self {
        Self::recorded(keys, None).await
    }

    /// The same, with a recording of what the controller is told.
    pub(crate) async fn recorded(keys: &[(&str, &str)], recorder: Option<Recorder>) -> Self {
        let cluster = Cluster::new(BEGIN.parse().unwrap());
        let actors = Actors::start(&cluster, &actor::Options::default());
        let hand = Hand::new(&cluster, User::admin("person"));
        for number in 1..=NODES {
            actors.levers().add_node(NodeSpec::named(format!("node-{number}")));
        }
        install(&hand, &[("Namespace", "namespaces"), ("CustomResourceDefinition", DEFINITIONS)]);
        hand.create("namespaces", "", &json!({ "metadata": { "name": SHOP } })).unwrap();
        for (app, replicas) in [("web", 3), ("cart", 2)] {
            hand.create("deployments.apps", SHOP, &deployment(app, replicas)).unwrap();
        }
        install(
            &hand,
            &[
                ("ClusterRole", ROLES),
                ("ClusterRoleBinding", BINDINGS),
                ("Role", "roles.rbac.authorization.k8s.io"),
                ("RoleBinding", "rolebindings.rbac.authorization.k8s.io"),
            ],
        );
        let desk = Desk::default();
        let page = free_port();
        let launch = Launch { recorder, ..launch(&cluster, actors.levers(), keys, desk.clone(), page) };
        let controller = tokio::spawn(async move { run(launch, &Log::silent(), pending()).await.unwrap() });
        let town = Self { cluster, actors, hand, desk, controller, page };
        sleep(Duration::from_secs(90)).await;
        town
    }

    /// Ends the controller, which finishes its recording.
    pub(crate) async fn ends(&self) {
        self.controller.abort();
        while !self.controller.is_finished() {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Takes the right on `resource` of a group from the controller.
    pub(crate) fn forbids(&self, group: &str, resource: &str) {
        let mut role = (*self.hand.get(ROLES, "", "self-healing-role").unwrap()).clone();
        let rules = role["rules"].as_array_mut().unwrap();
        let before = rules.len();
        rules.retain(|rule| rule["apiGroups"] != json!([group]) || rule["resources"] != json!([resource]));
        assert_eq!(rules.len() + 1, before);
        self.hand.update(ROLES, "", "self-healing-role", &role).unwrap();
    }

    /// The stored Recoveries, the oldest first.
    pub(crate) fn recoveries(&self) -> Vec<Arc<Value>> {
        self.hand.list("recoveries.self-healing.dev", NAMESPACE)
    }

    pub(crate) fn levers(&self) -> &Levers {
        self.actors.levers()
    }

    /// Pods of a workload in the order of their nodes.
    pub(crate) fn pods(&self, app: &str) -> Vec<Arc<Value>> {
        let mut pods = self.hand.list("pods", SHOP);
        pods.retain(|pod| pod["metadata"]["labels"]["app"] == app);
        pods.sort_by_key(|pod| pod["spec"]["nodeName"].as_str().map(str::to_owned));
        pods
    }

    pub(crate) fn pod(&self, app: &str) -> String {
        name(&self.pods(app)[0])
    }

    /// What the running controller answers.
    pub(crate) async fn leader(&self, kind: &str, name: &str) -> Explanation {
        let found = self.desk.explain(question(kind, name, SHOP)).await.unwrap();
        let mut answer = Explanation::from(&found);
        answer.observer.name = "controller-0".to_owned();
        answer
    }

    /// The running controller's answer as people read it.
    pub(crate) async fn text(&self, kind: &str, name: &str) -> String {
        text(&self.leader(kind, name).await)
    }

    /// The clients of a person, with `change`s to their way.
    pub(crate) fn clients(&self, change: impl FnOnce(ApiService) -> ApiService, user: User) -> Clients {
        let way: Way = Embedded::new(change(ApiService::new(&self.cluster, user))).into();
        let uncounted: OnCall = Arc::new(|_| {});
        Clients::new(&way, 1, &uncounted).unwrap()
    }

    /// Now, for the cluster.
    pub(crate) fn now(&self) -> Stamp {
        Stamp(self.cluster.now().as_millisecond())
    }

    /// What somebody without the running controller works out.
    pub(crate) async fn own(&self, kind: &str, name: &str) -> Explanation {
        let clients = self.clients(|api| api, User::admin("person"));
        let installation = Installation::find(&clients, NAMESPACE).await.unwrap();
        own(&clients, &installation, &question(kind, name, SHOP), self.now()).await
    }
}

/// Creates those of the shipped objects that are of these kinds.
fn install(hand: &Hand, kinds: &[(&str, &str)]) {
    for object in manifests::objects(manifests::Options::default()).unwrap() {
        if let Some((_, resource)) = kinds.iter().find(|(kind, _)| object["kind"] == *kind) {
            hand.create(resource, object["metadata"]["namespace"].as_str().unwrap_or_default(), &object).unwrap();
        }
    }
}

pub(crate) fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap().to_owned()
}

fn deployment(app: &str, replicas: u32) -> Value {
    let labels = json!({ "app": app });
    let container = json!({ "name": app, "image": format!("registry.example/{app}:1") });
    let template = json!({ "metadata": { "labels": labels }, "spec": { "containers": [container] } });
    json!({
        "metadata": { "name": app, "labels": labels },
        "spec": { "replicas": replicas, "selector": { "matchLabels": labels }, "template": template },
    })
}

/// One that nobody listens at.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn launch(cluster: &Cluster, levers: &Levers, keys: &[(&str, &str)], desk: Desk, page: u16) -> Launch {
    let address = format!("127.0.0.1:{page}");
    let own = [("listen_address", address.as_str())];
    let flags: Vec<_> = own.iter().chain(keys).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let layers = Layers::new(None, &Environment::default(), &flags).unwrap();
    let clock = cluster.clone();
    let outside = Outside {
        wall: Wall::new(move || clock.now()),
        kubelets: Arc::new(Machines(levers.clone())),
        receiver: None,
        webhooks: None,
        chance: Chance::seeded(1),
    };
    // With the shipped rights.
    let user = User::service_account(NAMESPACE, SERVICE_ACCOUNT, "controller-0");
    let service = ApiService::new(cluster, user).with_latency(Duration::from_millis(2));
    let launch = Launch::embedded(Embedded::new(service), layers, NAMESPACE, "controller-0", outside);
    Launch { desk, ..launch }
}

struct Machines(Levers);

impl Kubelets for Machines {
    fn look(&self, kubelet: SocketAddr) -> Pin<Box<dyn Future<Output = io::Result<KubeletLook>> + Send + '_>> {
        let seen = self.0.look(&kubelet.ip().to_string(), kubelet.port());
        Box::pin(async move {
            match seen {
                Look::Answers => Ok(KubeletLook::Answers),
                Look::Refused => Ok(KubeletLook::Refused),
                Look::Silent => pending().await,
            }
        })
    }
}

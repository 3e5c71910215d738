//! Keeps the controller's processes running, as a Deployment and kubelets would: what ends is started again.

use super::clock::WallClock;
use super::outside::{ADDRESSES, KEYS, Ports, Receiver};
use super::webhook::{Hook, Service};
use crate::check::{FaultKind, Note};
use crate::fault::OLD_VIEW;
use crate::net::{Command, Link, Net};
use secrecy::SecretString;
use self_healing_controller::config::{Environment, Layers};
use self_healing_controller::log::Log;
use self_healing_controller::manifests::{NAMESPACE, SERVICE_ACCOUNT};
use self_healing_controller::outside::{Chance, Outside, Wall};
use self_healing_controller::run::{Launch, run};
use self_healing_sim::actor::Levers;
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::service::ApiService;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// From the end of a process to the start of the next one of its pod.
const RESTART: Duration = Duration::from_secs(1);

/// The keys that the command line gives each process: it listens on any free port, since all live on one machine.
pub(super) const FLAGS: [(&str, &str); 1] = [("listen_address", "127.0.0.1:0")];

/// What every process needs.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) cluster: Cluster,
    pub(super) levers: Levers,
    pub(super) net: Net,
    pub(super) seed: u64,
    pub(super) messages: bool,
    /// The webhook of a node provider.
    pub(super) webhook: Service,
}

/// One pod of the controller's Deployment.
#[derive(Clone)]
pub(super) struct Pod {
    pub(super) name: Arc<str>,
    pub(super) clock: WallClock,
    /// The connections of the process that runs now.
    link: Arc<Mutex<Option<Link>>>,
}

impl Pod {
    pub(super) fn link(&self) -> Option<Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, link: Option<Link>) {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = link;
    }
}

/// Starts a pod, which lives until `pods` is dropped. What goes wrong with the program itself is told to `trouble`.
pub(super) fn start(
    ground: &Ground,
    index: u64,
    pods: &mut JoinSet<()>,
    trouble: &mpsc::UnboundedSender<String>,
) -> Pod {
    let name: Arc<str> = format!("self-healing-controller-{index}").into();
    let pod = Pod { name, clock: WallClock::new(ground.cluster.now()), link: Arc::default() };
    pods.spawn(keep(ground.clone(), index, pod.clone(), trouble.clone()));
    pod
}

async fn keep(ground: Ground, index: u64, pod: Pod, trouble: mpsc::UnboundedSender<String>) {
    let (keeper, mut commands) = mpsc::unbounded_channel();
    let mut view = None;
    for life in 1.. {
        if view.is_some() {
            ground.net.fault_for(FaultKind::Views, OLD_VIEW);
        }
        let link = Link::new(&ground.net, &format!("{}#{life}", pod.name), &keeper, view.map(|view| (view, OLD_VIEW)));
        let instance = link.instance().clone();
        pod.set(Some(link.clone()));
        ground.net.note(Note::Began { instance: instance.clone() });
        let ended = live(&ground, &pod, &link, index << 32 | life, &mut commands).await;
        pod.set(None);
        ground.net.note(Note::Ended { instance: instance.clone() });
        let again = match ended {
            Ended::Killed(next) => {
                view = next;
                true
            }
            Ended::Stopped { again } => again,
            Ended::Broke(why) => {
                // Who listens is gone only when the run is over.
                let _ = trouble.send(format!("{instance} ended: {why}"));
                true
            }
        };
        if !again {
            return;
        }
        sleep(RESTART).await;
    }
}

enum Ended {
    Killed(Option<u64>),
    Stopped { again: bool },
    Broke(String),
}

/// One process, from start to end.
async fn live(
    ground: &Ground,
    pod: &Pod,
    link: &Link,
    serial: u64,
    commands: &mut mpsc::UnboundedReceiver<Command>,
) -> Ended {
    let launch = match launch(ground, pod, link, serial) {
        Ok(launch) => launch,
        Err(error) => return Ended::Broke(error.to_string()),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let (mut stop, mut again) = (Some(stop), true);
    let mut process = JoinSet::new();
    process.spawn(async move { run(launch, &Log::silent(), async move { drop(stopped.await) }).await });
    loop {
        tokio::select! {
            biased;
            Some(command) = commands.recv() => match command {
                // Dropping the set ends the process where it stands.
                Command::Kill(view) => return Ended::Killed(view),
                Command::Stop { again: once_more } => {
                    again = once_more;
                    // A second signal changes nothing.
                    stop = None;
                }
            },
            Some(ended) = process.join_next() => return match ended {
                Ok(Ok(())) if stop.is_none() => Ended::Stopped { again },
                Ok(Ok(())) => Ended::Broke("without being told to".to_owned()),
                Ok(Err(error)) => Ended::Broke(error.to_string()),
                Err(error) => Ended::Broke(error.to_string()),
            },
        }
    }
}

fn launch(ground: &Ground, pod: &Pod, link: &Link, serial: u64) -> anyhow::Result<Launch> {
    let flags = FLAGS.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let layers = Layers::new(None, &Environment::default(), &flags)?;
    let user = User::service_account(NAMESPACE, SERVICE_ACCOUNT, link.instance());
    let service = link.before(ApiService::new(&ground.cluster, user));
    let clock = pod.clock.clone();
    let outside = Outside {
        wall: Wall::new(move || clock.now()),
        kubelets: Arc::new(Ports { link: link.clone(), levers: ground.levers.clone() }),
        receiver: Some(Arc::new(Receiver { link: link.clone(), cluster: ground.cluster.clone() })),
        webhooks: Some(Arc::new(Hook { link: link.clone(), service: ground.webhook.clone() })),
        chance: Chance::seeded(ground.seed ^ serial.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
    };
    let mut launch = Launch::embedded(service, layers, NAMESPACE, &pod.name, outside);
    launch.secrets.node_webhook_secret = Some(SecretString::from("signs what the webhook is told"));
    if ground.messages {
        let secrets = &mut launch.secrets;
        let [monitoring, incident, ..] = ADDRESSES.map(|(_, address)| Some(SecretString::from(address)));
        (secrets.slack_webhook_url, secrets.slack_incident_webhook_url) = (monitoring, incident);
        let [key, password, _] = KEYS.map(|key| Some(SecretString::from(key)));
        (secrets.pagerduty_routing_key, secrets.email_password) = (key, password);
        secrets.email_username = Some(SecretString::from("healing@example.com"));
    }
    Ok(launch)
}

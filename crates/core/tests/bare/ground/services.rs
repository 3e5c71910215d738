//! Services, their endpoints and their standbys.

use super::things::label;
use super::truth::{Truth, later};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::event::Event;
use self_healing_core::fact::{EndpointsFact, Labels, Marks, PodFact, ServiceFact, Standby};
use self_healing_core::key::{Key, Target, Text};
use self_healing_core::recovery::ServiceView;
use self_healing_core::time::Stamp;
use self_healing_story::{Name, Verb as Wrote};

/// What begins an annotation by which a tool says that it keeps the object.
const KEEPER: &str = "argocd.argoproj.io/";

/// A Service as the API server holds it.
pub(super) struct Served {
    pub(super) fact: ServiceFact,
    /// The selector that the story gave it.
    pub(super) first: Labels,
    /// How many of its endpoints are ready.
    ready: u32,
    version: u64,
    keeper: Option<String>,
}

impl Truth {
    pub(super) fn add_service(&mut self, name: &Name, workload: &Name, standby: Option<&Name>, created: Stamp) {
        let key = Key::new(&name.namespace, &name.name);
        let selector = label("app", &workload.name);
        let fact = ServiceFact {
            uid: format!("uid-service-{key}").as_str().into(),
            key: key.clone(),
            created,
            selector: selector.clone(),
            labels: Labels::default(),
            marks: Marks::default(),
            standby: standby.map(|standby| {
                let selector = Text::from(format!("app={}", standby.name));
                let workload = Text::from(format!("deployment/{}", standby.name));
                Box::new(Standby { selector, workload, ..Standby::default() })
            }),
        };
        let version = self.next_version();
        self.services.insert(key, Served { fact, first: selector, ready: 0, version, keeper: None });
        self.stir();
    }

    fn labels_of(&self, pod: &PodFact) -> Labels {
        let family = pod.owner.as_ref().and_then(|owner| self.families.get(&owner.uid));
        label("app", family.map_or(&*pod.key.name, |family| &family.name))
    }

    fn ready_of_selector(&self, namespace: &Text, selector: &Labels) -> u32 {
        let serves = |pod: &PodFact| {
            let there = pod.ready && !pod.terminating() && pod.key.namespace == *namespace;
            there && selector.select(&self.labels_of(pod))
        };
        self.pods.values().filter(|(pod, _)| serves(pod)).count() as u32
    }

    /// Every Service's slice says how many of its pods are ready.
    pub(super) fn slices(&mut self) {
        let now: Vec<(Key, u32)> = self
            .services
            .values()
            .map(|served| {
                (served.fact.key.clone(), self.ready_of_selector(&served.fact.key.namespace, &served.fact.selector))
            })
            .collect();
        for (key, ready) in now {
            let Some(served) = self.services.get_mut(&key).filter(|served| served.ready != ready) else { continue };
            served.ready = ready;
            self.news.push(Event::Endpoints(slice(&served.fact, ready)));
        }
    }

    pub(super) fn all_services(&self) -> impl Iterator<Item = Event> {
        self.services.values().flat_map(|served| {
            [Event::Service(served.fact.clone()), Event::Endpoints(slice(&served.fact, served.ready))]
        })
    }

    fn exact_service(&self, target: &Target) -> Option<&Served> {
        self.services.get(&target.key).filter(|served| served.fact.uid == target.uid)
    }

    /// Changes a Service.
    pub(super) fn edit_service(&mut self, key: &Key, change: impl FnOnce(&mut ServiceFact)) {
        let version = self.next_version();
        let served = self.services.get_mut(key).unwrap();
        change(&mut served.fact);
        served.version = version;
        self.news.push(Event::Service(served.fact.clone()));
        self.stir();
    }

    /// A person or a tool writes an annotation of a Service.
    pub(super) fn annotate_service(&mut self, name: &Name, annotation: &str, value: Option<&str>) -> Option<()> {
        let key = Key::new(&name.namespace, &name.name);
        if annotation.starts_with(KEEPER) {
            let keeper = value.map(|value| format!("Argo CD (annotation {annotation}: {value})"));
            self.services.get_mut(&key)?.keeper = keeper;
            self.edit_service(&key, |_| {});
            return Some(());
        }
        let text = Text::from(value.unwrap_or_default());
        self.edit_service(&key, |fact| {
            let standby = fact.standby.get_or_insert_default();
            match annotation {
                "self-healing.dev/failover-selector" => standby.selector = text,
                "self-healing.dev/failover-workload" => standby.workload = text,
                "self-healing.dev/owner" => standby.owner = text,
                other => panic!("no annotation {other} is known here"),
            }
        });
        Some(())
    }

    /// A person sets the selector.
    pub(super) fn select(&mut self, service: &Name, workload: &Name) {
        let selector = label("app", &workload.name);
        self.edit_service(&Key::new(&service.namespace, &service.name), |fact| fact.selector = selector);
    }

    pub(super) fn look_at_service(&self, target: &Target) -> Outcome {
        let Some(served) = self.exact_service(target) else { return Outcome::Gone };
        let (fact, namespace) = (&served.fact, &served.fact.key.namespace);
        let ours = fact.standby.as_ref().filter(|standby| !standby.owner.is_empty());
        let original = ours.map_or(&fact.selector, |standby| &standby.original);
        let standby = fact.standby.as_ref().and_then(|standby| standby.chosen(&fact.key)).and_then(Result::ok);
        Outcome::Done(Answer::Service(Box::new(ServiceView {
            fact: fact.clone(),
            resource_version: Text::from(served.version.to_string()),
            keeper: served.keeper.clone(),
            ready_endpoints: served.ready,
            primary_ready: self.ready_of_selector(namespace, original),
            standby_ready: standby.map_or(0, |standby| self.ready_of_selector(namespace, &standby)),
        })))
    }

    pub(super) fn switch(&mut self, target: &Target, to: &Labels, version: &Text, recovery: &Text) -> Outcome {
        let Some(served) = self.exact_service(target) else { return Outcome::Gone };
        let owner = served.fact.standby.as_ref().map_or("", |standby| &standby.owner);
        if *owner == **recovery {
            return Outcome::Done(Answer::Nothing);
        }
        if !owner.is_empty() || served.keeper.is_some() {
            return Outcome::Refused { message: "somebody else keeps it".into() };
        }
        if **version != *served.version.to_string() {
            return later("the object has been modified");
        }
        self.wrote(Wrote::Switch, &Text::from(format!("service/{}", story_name(&target.key))));
        self.edit_service(&target.key, |fact| {
            let standby = fact.standby.get_or_insert_default();
            (standby.owner, standby.original, standby.switched) = (recovery.clone(), fact.selector.clone(), to.clone());
            fact.selector = to.clone();
        });
        Outcome::Done(Answer::Nothing)
    }

    pub(super) fn switch_back(&mut self, target: &Target, recovery: &Text) -> Outcome {
        let Some(served) = self.exact_service(target) else { return Outcome::Gone };
        if served.fact.standby.as_ref().is_some_and(|standby| standby.owner == *recovery) {
            self.wrote(Wrote::SwitchBack, &Text::from(format!("service/{}", story_name(&target.key))));
            self.edit_service(&target.key, |fact| {
                let standby = fact.standby.get_or_insert_default();
                if standby.switched == fact.selector {
                    fact.selector = standby.original.clone();
                }
                (standby.owner, standby.original, standby.switched) = Default::default();
            });
        }
        Outcome::Done(Answer::Nothing)
    }

    pub(super) fn service_target(&self, name: &Name) -> Option<Target> {
        self.services.get(&Key::new(&name.namespace, &name.name)).map(|served| served.fact.target())
    }
}

fn story_name(key: &Key) -> String {
    super::look::plain(&key.to_string())
}

fn slice(service: &ServiceFact, ready: u32) -> EndpointsFact {
    let key = Key::new(&service.key.namespace, &format!("{}-slice", service.key.name));
    EndpointsFact { key, service: service.key.name.clone(), ready }
}

//! Services and their endpoints.

use super::things::label;
use super::truth::Truth;
use self_healing_core::event::Event;
use self_healing_core::fact::{EndpointsFact, Labels, Marks, PodFact, ServiceFact};
use self_healing_core::key::Key;
use self_healing_core::time::Stamp;
use self_healing_story::Name;

impl Truth {
    pub(super) fn add_service(&mut self, name: &Name, workload: &Name, created: Stamp) {
        let key = Key::new(&name.namespace, &name.name);
        let service = ServiceFact {
            uid: format!("uid-service-{key}").as_str().into(),
            key: key.clone(),
            created,
            selector: label("app", &workload.name),
            labels: Labels::default(),
            marks: Marks::default(),
        };
        self.services.insert(key, (service, workload.clone(), 0));
        self.stir();
    }

    /// Every Service's slice says how many of its pods are ready.
    pub(super) fn slices(&mut self) {
        let family = |pod: &PodFact| pod.owner.as_ref().and_then(|owner| self.families.get(&owner.uid));
        for (service, workload, ready) in self.services.values_mut() {
            let serves = |pod: &PodFact| pod.ready && !pod.terminating() && family(pod) == Some(workload);
            let now = self.pods.values().filter(|(pod, _)| serves(pod)).count() as u32;
            if *ready != now {
                *ready = now;
                self.news.push(Event::Endpoints(slice(service, now)));
            }
        }
    }

    pub(super) fn all_services(&self) -> impl Iterator<Item = Event> {
        self.services
            .values()
            .flat_map(|(service, _, ready)| [Event::Service(service.clone()), Event::Endpoints(slice(service, *ready))])
    }
}

fn slice(service: &ServiceFact, ready: u32) -> EndpointsFact {
    let key = Key::new(&service.key.namespace, &format!("{}-slice", service.key.name));
    EndpointsFact { key, service: service.key.name.clone(), ready }
}

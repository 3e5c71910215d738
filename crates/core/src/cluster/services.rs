//! Services and their endpoints.

use super::{Cluster, Subject, take};
use crate::fact::{EndpointsFact, ServiceFact};
use crate::key::Key;
use alloc::vec::Vec;

impl Cluster {
    pub(super) fn put_service(&mut self, service: ServiceFact) -> Vec<Subject> {
        let key = service.key.clone();
        self.services.put(key.clone(), service);
        alloc::vec![Subject::Service(key)]
    }

    pub(super) fn drop_service(&mut self, key: &Key) -> Vec<Subject> {
        self.services.remove(key);
        alloc::vec![Subject::Service(key.clone())]
    }

    pub(super) fn put_endpoints(&mut self, endpoints: EndpointsFact) -> Vec<Subject> {
        let (key, service) = (endpoints.key.clone(), service_of(&endpoints));
        let mut looked = self.forget_endpoints(&key);
        self.endpoints.put(key.clone(), endpoints);
        self.endpoints_of.entry(service.clone()).or_default().insert(key);
        looked.push(Subject::Service(service));
        looked
    }

    pub(super) fn drop_endpoints(&mut self, key: &Key) -> Vec<Subject> {
        let looked = self.forget_endpoints(key);
        self.endpoints.remove(key);
        looked
    }

    /// Takes a slice from the Service that it belonged to.
    fn forget_endpoints(&mut self, key: &Key) -> Vec<Subject> {
        let Some(service) = self.endpoints.get(key).map(service_of) else { return Vec::new() };
        take(&mut self.endpoints_of, &service, key);
        alloc::vec![Subject::Service(service)]
    }

    /// The Service of that name, whatever its uid.
    #[must_use]
    pub(crate) fn service(&self, key: &Key) -> Option<&ServiceFact> {
        self.services.get(key)
    }

    /// Every Service.
    pub(crate) fn services(&self) -> impl Iterator<Item = &ServiceFact> {
        self.services.values()
    }

    /// How many endpoints of this Service are ready, over all its slices.
    #[must_use]
    pub(crate) fn ready_endpoints(&self, service: &Key) -> u32 {
        let slices = self.endpoints_of.get(service).into_iter().flatten();
        slices.filter_map(|key| self.endpoints.get(key)).map(|slice| slice.ready).fold(0, u32::saturating_add)
    }

    /// Services that want endpoints and have none that is ready.
    pub(crate) fn empty_services(&self) -> impl Iterator<Item = &ServiceFact> {
        self.services.values().filter(|service| !service.selector.is_empty() && self.ready_endpoints(&service.key) == 0)
    }
}

fn service_of(endpoints: &EndpointsFact) -> Key {
    Key { namespace: endpoints.key.namespace.clone(), name: endpoints.service.clone() }
}

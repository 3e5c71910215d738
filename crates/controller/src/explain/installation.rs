//! What can be found out about the running controller by somebody who is not it: who leads, and how it is configured.

use crate::client::{Clients, words};
use crate::config::{Environment, Layers, Problems};
use crate::lease::LEASE;
use crate::manifests::CONFIG_MAP;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::Api;
use std::collections::BTreeMap;

/// The controller as its namespace shows it.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Its namespace.
    pub namespace: String,
    /// The leader's identity in the Lease; empty when nobody leads.
    pub holder: String,
    /// When the leader renewed the Lease last, on its own clock.
    pub renewed: Option<jiff::Timestamp>,
    /// The ConfigMap's data; `None` when there is none or it could not be read.
    pub data: Option<BTreeMap<String, String>>,
    /// The configuration that the ConfigMap makes; what environment and command line of the controller say is not seen.
    pub layers: Layers,
    /// What could not be found out, one sentence each.
    pub notes: Vec<String>,
}

impl Installation {
    /// Looks at `namespace`.
    ///
    /// # Errors
    /// Never because something is missing or forbidden, which the notes say; only when the built-in defaults are wrong.
    pub async fn find(clients: &Clients, namespace: &str) -> Result<Self, crate::config::Error> {
        let layers = Layers::new(None, &Environment::default(), &[])?;
        let namespace = namespace.to_owned();
        let mut found = Self { namespace, holder: String::new(), renewed: None, data: None, layers, notes: Vec::new() };
        found.read_lease(clients).await;
        found.read_config(clients).await;
        Ok(found)
    }

    async fn read_lease(&mut self, clients: &Clients) {
        let api = Api::<Lease>::namespaced(clients.reads.clone(), &self.namespace);
        match api.get_opt(LEASE).await {
            Ok(Some(lease)) => {
                let spec = lease.spec.unwrap_or_default();
                self.holder = spec.holder_identity.unwrap_or_default();
                self.renewed = spec.renew_time.map(|time| time.0);
            }
            Ok(None) => {}
            Err(error) => {
                self.notes.push(format!("Lease {}/{LEASE} cannot be read: {}.", self.namespace, words(&error)))
            }
        }
    }

    async fn read_config(&mut self, clients: &Clients) {
        let api = Api::<ConfigMap>::namespaced(clients.reads.clone(), &self.namespace);
        let name = format!("{}/{CONFIG_MAP}", self.namespace);
        match api.get_opt(CONFIG_MAP).await {
            Ok(Some(map)) => {
                let data = map.data.unwrap_or_default();
                if let Err(Problems(problems)) = self.layers.apply_config_map(&name, &data) {
                    let first = problems.first().map(ToString::to_string).unwrap_or_default();
                    self.notes.push(format!("ConfigMap {name} is wrong, defaults are used: {first}."));
                }
                self.data = Some(data);
            }
            Ok(None) => self.notes.push(format!("There is no ConfigMap {name}; defaults are used.")),
            Err(error) => {
                self.notes.push(format!("ConfigMap {name} cannot be read, defaults are used: {}.", words(&error)));
            }
        }
    }

    /// The leader's pod; empty when nobody leads.
    #[must_use]
    pub fn leader(&self) -> &str {
        self.holder.rsplit_once('_').map_or(&self.holder, |(pod, _)| pod)
    }
}

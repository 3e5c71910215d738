//! The ConfigMap, and what works in the configuration though it was hardly meant.

use super::check::{Area, Check, State};
use super::connection::Cluster;
use crate::client::words;
use crate::config::Layers;
use crate::manifests::CONFIG_MAP;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::ListParams;

/// Reads the ConfigMap, which is part of the configuration, into `layers`.
pub(super) async fn checks(cluster: &Cluster, layers: &mut Layers) -> Vec<Check> {
    let first = config_map(cluster, layers).await;
    let loaded = layers.loaded();
    let doubtful = loaded.warnings.iter().cloned().chain(loaded.shadowed());
    let doubtful = doubtful.map(|warning| Check::of(Area::Configuration, State::Warning, warning));
    std::iter::once(first).chain(doubtful).collect()
}

async fn config_map(cluster: &Cluster, layers: &mut Layers) -> Check {
    let place = format!("{}/{CONFIG_MAP}", cluster.namespace);
    let of = |state, message: String| Check::of(Area::Configuration, state, message);
    if !layers.follows_config_map() {
        return of(State::Ok, "right; it comes from a file, and no ConfigMap is read".to_owned());
    }
    let api = Api::<ConfigMap>::namespaced(cluster.clients.reads.clone(), &cluster.namespace);
    // Listed by name, because that is the right that the controller has.
    let named = ListParams::default().fields(&format!("metadata.name={CONFIG_MAP}"));
    let found = match api.list(&named).await {
        Ok(found) => found.items.into_iter().next(),
        Err(error) => return of(State::Failed, format!("ConfigMap {place} cannot be read: {}", words(&error))),
    };
    let Some(found) = found else {
        return of(State::Ok, format!("there is no ConfigMap {place}, defaults hold"));
    };
    match layers.apply_config_map(&place, &found.data.unwrap_or_default()) {
        Ok(_) => of(State::Ok, format!("ConfigMap {place} is right")),
        Err(problems) => {
            let problems = problems.to_string().replace('\n', "; ");
            of(State::Failed, problems).todo(format!(
                "kubectl -n {} edit configmap {CONFIG_MAP}; until then a controller that runs keeps what it had, and none starts",
                cluster.namespace
            ))
        }
    }
}

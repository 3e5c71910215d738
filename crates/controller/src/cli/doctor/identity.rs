//! Who is asked about: outside of the controller's pod it may be somebody else.

use super::check::{Area, Check, State};
use super::connection::Cluster;
use crate::client::words;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::api::{Api, PostParams};

pub(super) async fn check(cluster: &Cluster) -> Check {
    let api = Api::<SelfSubjectReview>::all(cluster.clients.reads.clone());
    let review = match api.create(&PostParams::default(), &SelfSubjectReview::default()).await {
        Ok(review) => review,
        Err(error) => return Check::of(Area::Identity, State::Unchecked, format!("not told: {}", words(&error))),
    };
    let user = review.status.and_then(|status| status.user_info).and_then(|user| user.username).unwrap_or_default();
    let own = format!("system:serviceaccount:{}:", cluster.namespace);
    if user.starts_with(&own) {
        return Check::of(Area::Identity, State::Ok, user);
    }
    let message =
        format!("{user}, who is no ServiceAccount of namespace {}: the rights below are theirs", cluster.namespace);
    Check::of(Area::Identity, State::Warning, message).todo(
        "run it in the controller's pod: kubectl -n self-healing exec deployment/self-healing-controller -- \
         /self-healing-controller doctor",
    )
}

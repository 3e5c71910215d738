//! What this installation may do where that changes a decision: a bare pod is only deleted if it may be created again.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::{Api, PostParams};
use std::time::Duration;
use tokio::time::sleep;

/// Between two tries while the API server does not answer.
const AGAIN: Duration = Duration::from_secs(5);

/// Asks until there is an answer whether pods may be created everywhere.
pub(super) async fn may_create_pods(client: kube::Client) -> bool {
    let attributes =
        ResourceAttributes { verb: Some("create".into()), resource: Some("pods".into()), ..Default::default() };
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..Default::default() };
    let api = Api::<SelfSubjectAccessReview>::all(client);
    loop {
        match api.create(&PostParams::default(), &review).await {
            Ok(answer) => return answer.status.is_some_and(|status| status.allowed),
            Err(error) => tracing::debug!(%error, "cannot ask for the right to create pods yet"),
        }
        sleep(AGAIN).await;
    }
}

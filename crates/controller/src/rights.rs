//! What this account may do, asked of the API server: what it would allow now, whatever roles say.

use crate::client::words;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::{Api, PostParams};

/// A question for [`may`].
#[must_use]
pub fn wish(
    verb: &str,
    group: &str,
    resource: &str,
    namespace: Option<&str>,
    name: Option<&str>,
) -> ResourceAttributes {
    let (resource, part) = resource.split_once('/').map_or((resource, None), |(resource, part)| (resource, Some(part)));
    let text = |text: &str| Some(text.to_owned());
    ResourceAttributes {
        verb: text(verb),
        group: text(group),
        resource: text(resource),
        subresource: part.and_then(text),
        namespace: namespace.and_then(text),
        name: name.and_then(text),
        ..ResourceAttributes::default()
    }
}

/// Whether whoever asks may do that.
///
/// # Errors
/// With the server's words when it cannot be asked.
pub async fn may(client: &kube::Client, wish: &ResourceAttributes) -> Result<bool, String> {
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(wish.clone()), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..Default::default() };
    let api = Api::<SelfSubjectAccessReview>::all(client.clone());
    let answer = api.create(&PostParams::default(), &review).await.map_err(|error| words(&error))?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

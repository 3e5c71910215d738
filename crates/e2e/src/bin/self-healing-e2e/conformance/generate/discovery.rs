//! What the API says that it serves, and the ways in that are no resource's.

use super::Sequence;
use crate::conformance::request::Request;

pub(super) fn discover(sequence: &mut Sequence) {
    let path = sequence.chance.pick(&[
        "/api",
        "/apis",
        "/api/v1",
        "/apis/apps/v1",
        "/apis/coordination.k8s.io/v1",
        "/apis/events.k8s.io/v1",
        "/apis/policy/v1",
        "/apis/self-healing.dev",
        "/apis/self-healing.dev/v1alpha1",
        "/apis/bogus.example.com",
        "/apis/apps/v9",
        "/version",
        "/readyz",
        "/livez",
        "/bogus",
    ]);
    let request = Request::get("discover", path);
    let by_account = sequence.chance.one_in(3);
    sequence.push(if by_account { request.by_account() } else { request });
}

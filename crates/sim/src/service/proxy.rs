//! The way through the API server to a pod's own port. Pods here have no network, so who answers there is handed in.

use super::Context;
use super::reply::{Reply, typed};
use crate::failure::Failure;
use crate::store::Key;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Response, header};

/// Who answers at the ports of pods.
pub trait Ports: Send + Sync {
    /// What is answered to a GET of `path`, query included; the error is in the words of a connection that could not be made.
    fn get(&self, pod: &Port<'_>, path: &str) -> BoxFuture<'static, Result<Response<Bytes>, String>>;
}

/// One port of one pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port<'a> {
    /// Namespace of the pod.
    pub namespace: &'a str,
    /// Its name.
    pub pod: &'a str,
    /// The port; the pod's first one, or 80, when none is asked for.
    pub number: u16,
}

/// Nobody listens anywhere.
pub(super) struct Closed;

impl Ports for Closed {
    fn get(&self, _: &Port<'_>, _: &str) -> BoxFuture<'static, Result<Response<Bytes>, String>> {
        Box::pin(async { Err("connect: connection refused".to_owned()) })
    }
}

/// Hands a GET of `/api/v1/namespaces/NAMESPACE/pods/NAME:PORT/proxy/PATH` on.
pub(super) async fn get(context: &Context) -> Result<Reply, Failure> {
    let target = &context.asked.target;
    let (name, port) = target.name.split_once(':').unwrap_or((&target.name, ""));
    let pod = context.cluster.get(&Key::new("pods", &target.namespace, name))?;
    let declared = || pod["spec"]["containers"][0]["ports"][0]["containerPort"].as_u64();
    let number = match port {
        "" => declared().and_then(|port| u16::try_from(port).ok()).unwrap_or(80),
        port => port.parse().map_err(|_| Failure::bad_request(format!("invalid pod request {:?}", target.name)))?,
    };
    let port = Port { namespace: &target.namespace, pod: name, number };
    let path = target.path.splitn(9, '/').nth(8).unwrap_or_default();
    let query = if target.asked.is_empty() { String::new() } else { format!("?{}", target.asked) };
    match context.ports.get(&port, &format!("/{path}{query}")).await {
        Ok(answer) => {
            let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
            let kind = kind.unwrap_or_else(|| HeaderValue::from_static("application/octet-stream"));
            Ok(typed(answer.status().as_u16(), kind, answer.into_body()))
        }
        Err(why) => {
            let address = pod["status"]["podIP"].as_str().unwrap_or_default();
            let words = format!("error trying to reach service: dial tcp {address}:{number}: {why}");
            Err(Failure::new(503, "ServiceUnavailable", words))
        }
    }
}

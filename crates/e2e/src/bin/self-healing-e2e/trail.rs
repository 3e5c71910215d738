//! The trail of the controller in the audit log: what it asked for, and what it was given.

use crate::ground::Ground;
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use self_healing_e2e::audit::Used;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

/// By which the API server tells two tokens of one account apart.
const CREDENTIAL: &str = "authentication.kubernetes.io/credential-id";

/// Who the controller is for the API server.
pub(crate) const CONTROLLER: &str = "system:serviceaccount:self-healing:self-healing-sa";

/// The part of the audit log since a moment.
pub(crate) struct Trail {
    log: PathBuf,
    from: u64,
    user: &'static str,
}

/// One finished request of the controller.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) verb: String,
    pub(crate) group: String,
    /// With its subresource, such as `pods/eviction`.
    pub(crate) resource: String,
    pub(crate) namespace: String,
    /// Empty for a create of a whole object: its name is in the body, which is not logged.
    pub(crate) name: String,
    pub(crate) code: u16,
    /// Whose token it came with; all replicas are the same user.
    credential: String,
    /// When the API server had received it.
    received: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    stage: String,
    verb: String,
    user: User,
    request_received_timestamp: Timestamp,
    object_ref: Option<Reference>,
    response_status: Option<Status>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
    #[serde(default)]
    extra: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    api_group: String,
    #[serde(default)]
    resource: String,
    #[serde(default)]
    subresource: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: u16,
}

impl Trail {
    /// From now on.
    pub(crate) fn begin(ground: &Ground) -> Result<Self> {
        Self::of(CONTROLLER, ground)
    }

    /// From now on, of somebody else.
    pub(crate) fn of(user: &'static str, ground: &Ground) -> Result<Self> {
        let log = ground.cluster.audit_log()?;
        let from = log.metadata().with_context(|| format!("cannot look at {}", log.display()))?.len();
        Ok(Self { log, from, user })
    }

    /// The controller's requests that have ended, in order.
    pub(crate) fn requests(&self) -> Result<Vec<Request>> {
        Ok(self.entries()?.into_iter().filter(|entry| entry.stage == "ResponseComplete").filter_map(request).collect())
    }

    /// The same of the one controller with this credential, received since then.
    pub(crate) fn requests_of(&self, credential: &str, since: Timestamp) -> Result<Vec<Request>> {
        let mut requests = self.requests()?;
        requests.retain(|request| request.credential == credential && request.received >= since);
        Ok(requests)
    }

    /// How many of each verb and resource have ended.
    pub(crate) fn kinds(&self, wanted: fn(&Request) -> bool) -> Result<BTreeMap<String, usize>> {
        let mut kinds = BTreeMap::new();
        for request in self.requests()?.into_iter().filter(wanted) {
            *kinds.entry(format!("{} {}", request.verb, request.resource)).or_default() += 1;
        }
        Ok(kinds)
    }

    /// Every kind of request that the controller made, a watch that goes on included.
    pub(crate) fn used(&self) -> Result<BTreeSet<Used>> {
        let used = |request: Request| {
            let allowed = request.code != 403;
            Used { verb: request.verb, group: request.group, resource: request.resource, allowed }
        };
        Ok(self.entries()?.into_iter().filter_map(request).map(used).collect())
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let mut file = File::open(&self.log).with_context(|| format!("cannot open {}", self.log.display()))?;
        file.seek(SeekFrom::Start(self.from))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // The last line may be half written; it is of a request that goes on.
        let ours = text.lines().filter(|line| line.contains(self.user));
        let entries = ours.filter_map(|line| serde_json::from_str::<Entry>(line).ok());
        Ok(entries.filter(|entry| entry.user.username == self.user).collect())
    }

    /// How often each object was given this: name to count.
    pub(crate) fn granted(&self, verb: &str, resource: &str, namespace: &str) -> Result<BTreeMap<String, usize>> {
        self.counted(verb, resource, namespace, Request::granted)
    }

    fn counted(
        &self,
        verb: &str,
        resource: &str,
        namespace: &str,
        of: fn(&Request) -> bool,
    ) -> Result<BTreeMap<String, usize>> {
        let mut counts = BTreeMap::new();
        for request in self.requests()?.into_iter().filter(of) {
            if request.verb == verb && request.resource == resource && request.namespace == namespace {
                *counts.entry(request.name).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// The writes that were granted on anything but the controller's own Recoveries, Lease and Events.
    pub(crate) fn writes_on_others(&self) -> Result<Vec<Request>> {
        Ok(self.requests()?.into_iter().filter(|r| r.granted() && r.writes_on_others()).collect())
    }

    /// Each of these pods was evicted exactly once, no other was, and nothing was deleted in that namespace.
    pub(crate) fn evicted_once(&self, namespace: &str, names: &[String]) -> Result<()> {
        let mut evicted = self.granted("create", "pods/eviction", namespace)?;
        // What was on its way when its sender was killed is logged as 504, done or not. All pods have left, so it was done if no other was.
        for name in self.counted("create", "pods/eviction", namespace, Request::unheard)?.into_keys() {
            evicted.entry(name).or_insert(1);
        }
        let expected: BTreeMap<String, usize> = names.iter().map(|name| (name.clone(), 1)).collect();
        ensure!(evicted == expected, "one eviction of each of {names:?} was expected, the audit log has {evicted:?}");
        let deleted = self.granted("delete", "pods", namespace)?;
        ensure!(deleted.is_empty(), "a drain evicts and never deletes, the audit log has deletes of {deleted:?}");
        Ok(())
    }
}

impl Request {
    /// Whether it was asked for because of a failure: the controller's own Lease is renewed and its watches go on whatever happens.
    pub(crate) fn is_of_a_failure(&self) -> bool {
        self.verb != "watch" && !(self.resource == "leases" && self.namespace == crate::ground::OWN)
    }

    pub(crate) fn granted(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Nobody was there any more to take the answer.
    fn unheard(&self) -> bool {
        self.code == 504
    }

    pub(crate) fn writes(&self) -> bool {
        !["get", "list", "watch"].contains(&self.verb.as_str())
    }

    /// Whether it would change anything but the controller's own Recoveries, Lease and Events; what it may do is asked by a create.
    pub(crate) fn writes_on_others(&self) -> bool {
        const OWN: [&str; 5] = ["recoveries", "recoveries/status", "leases", "events", "selfsubjectaccessreviews"];
        self.writes() && !OWN.contains(&self.resource.as_str())
    }
}

/// None for what is not about a resource, such as `/version`.
fn request(entry: Entry) -> Option<Request> {
    let reference = entry.object_ref?;
    let resource = match reference.subresource.as_str() {
        "" => reference.resource,
        subresource => format!("{}/{subresource}", reference.resource),
    };
    let code = entry.response_status.map_or(0, |status| status.code);
    let credential = entry.user.extra.get(CREDENTIAL).and_then(|ids| ids.first()).cloned().unwrap_or_default();
    Some(Request {
        credential,
        received: entry.request_received_timestamp,
        verb: entry.verb,
        group: reference.api_group,
        resource,
        namespace: reference.namespace,
        name: reference.name,
        code,
    })
}

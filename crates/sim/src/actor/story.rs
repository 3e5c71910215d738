//! The words in which a story tells of nodes and pods.

use std::collections::BTreeMap;
use std::time::Duration;

/// What comes back from a kubelet's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// An answer: the kubelet runs.
    Answers,
    /// A refusal: the machine runs, its kubelet does not.
    Refused,
    /// Nothing: the machine is off, or cut off.
    Silent,
}

/// How the containers of a pod behave from their next start; a pod has one behaviour for all its containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// They run and are ready.
    Healthy,
    /// They run, and their readiness probes fail.
    Unready,
    /// They end right after each start with this exit code, and have been restarted so often already.
    CrashLoop {
        /// Restarts so far.
        restarts: u32,
        /// Exit code, not 0.
        exit: i32,
    },
    /// As a crash loop, ended by the kernel for their memory.
    OutOfMemory {
        /// Restarts so far.
        restarts: u32,
    },
    /// They wait with this reason and never start: `ErrImagePull` and `ImagePullBackOff` take turns,
    /// `CreateContainerConfigError` and others stay.
    Waits {
        /// Reason of the waiting state.
        reason: String,
    },
    /// They end with this exit code and the pod is Failed for good, e.g. with reason `Evicted`.
    Fails {
        /// Exit code, not 0.
        exit: i32,
        /// `status.reason`; empty for none.
        reason: String,
    },
    /// They run for so long and end well; with restartPolicy Always they are started again.
    Succeeds {
        /// How long they run.
        after: Duration,
    },
    /// They run and are ready, and their node never gets them stopped.
    NeverStops,
}

/// Annotation on a pod: what its containers write to their termination log before they end.
pub const LAST_WORDS: &str = "embedded.self-healing.dev/last-words";

/// A node to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// Its name.
    pub name: String,
    /// Labels beside the host name's, the architecture's and the operating system's.
    pub labels: BTreeMap<String, String>,
    /// CPUs.
    pub cpus: u32,
    /// Memory in GiB.
    pub memory_gib: u32,
    /// Room for so many pods.
    pub pods: u32,
}

impl NodeSpec {
    /// A node with 32 CPUs, 64 GiB and room for 110 pods.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), labels: BTreeMap::new(), cpus: 32, memory_gib: 64, pods: 110 }
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Puts it into a zone.
    #[must_use]
    pub fn zone(self, zone: impl Into<String>) -> Self {
        self.label("topology.kubernetes.io/zone", zone)
    }
}

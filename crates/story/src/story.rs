//! What a story consists of: things that are there, settings, and moments in which something is done.

use crate::deed::{Deed, Moment, Object, PodName};
use crate::error::Error;
use crate::words::words;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The namespace of whatever is written without one.
pub const SHOP: &str = "shop";

/// `progressDeadlineSeconds` of every Deployment: short, so that a story can wait for it.
pub const PROGRESS_DEADLINE: Duration = Duration::from_secs(40);

/// How often the containers of a [`crate::Release::CrashLoop`] have restarted when a pod of it is first seen.
pub const RELEASE_RESTARTS: u32 = 6;

/// The pause in seconds that a [`crate::Reception::Busy`] receiver asks for.
pub const BUSY: u32 = 20;

/// The memory limit of every container that has one, in bytes.
pub const MEMORY_LIMIT: u64 = 64 << 20;

/// Where a story can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// The core alone, on a toy cluster.
    Bare,
    /// The whole controller on the embedded cluster, in virtual time.
    Sim,
    /// The shipped binary on a real control plane.
    Real,
}

impl Ground {
    /// Every ground, the cheapest first.
    pub const ALL: [Self; 3] = [Self::Bare, Self::Sim, Self::Real];

    /// The word that stories use for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Sim => "sim",
            Self::Real => "real",
        }
    }

    /// The error of a ground that cannot do what a moment asks for.
    #[must_use]
    pub fn cannot(self, story: &Story, moment: &Moment) -> Error {
        Error::Cannot { file: story.file(), line: moment.line, ground: self, deed: moment.deed.to_string() }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A namespace and a name in it; shown without the namespace where that is [`SHOP`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Name {
    /// The name that `text` means: `web` or `other/web`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let (namespace, name) = text.split_once('/').unwrap_or((SHOP, text));
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace == SHOP { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// A controller of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadKind {
    /// `apps/v1` Deployment; its pods are replaced as soon as they terminate.
    Deployment,
    /// `apps/v1` StatefulSet; its pods keep their names.
    StatefulSet,
    /// `apps/v1` DaemonSet: one pod on each node.
    DaemonSet,
    /// `batch/v1` Job whose pods run for as long as the story does.
    Job,
}

words! {
    /// Who provides the machines of the nodes.
    Machines {
        /// An operator of medik8s with templates `fence` and `reset` in namespace `machines`, which makes FenceAgentsRemediations.
        Medik8s = "medik8s",
        /// Cluster API, with one MachineSet over all nodes, in namespace `machines`.
        ClusterApi = "clusterapi",
        /// Karpenter, with a NodeClaim for each node.
        Karpenter = "karpenter",
        /// A service that is told by a webhook.
        Webhook = "webhook",
    }
}

/// Something that is there, and well, when the story begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A Ready node.
    Node {
        /// Its name.
        name: String,
        /// `topology.kubernetes.io/zone`.
        zone: Option<String>,
        /// Whether it has the label `node-role.kubernetes.io/control-plane`.
        control_plane: bool,
    },
    /// A controller and its ready pods.
    Workload {
        /// Of which kind.
        kind: WorkloadKind,
        /// Its name; its pods carry the label `app: NAME`.
        name: Name,
        /// How many pods; of a DaemonSet one per node.
        replicas: u32,
        /// The node on which its first pods are; anywhere if `None`. Later pods go where the scheduler puts them.
        on: Option<String>,
        /// Whether its pods ask for nothing and are limited by nothing; others have a memory limit of [`MEMORY_LIMIT`].
        best_effort: bool,
    },
    /// A ready pod without controller.
    Pod {
        /// Its name.
        name: Name,
        /// The node it is on; anywhere if `None`.
        on: Option<String>,
    },
    /// A PodDisruptionBudget named as the workload it protects.
    Budget {
        /// The workload's name.
        name: Name,
        /// `minAvailable`.
        min_available: u32,
    },
    /// A Service whose selector is `app: WORKLOAD`.
    Service {
        /// Its name.
        name: Name,
        /// The workload's name.
        workload: Name,
        /// The workload that its annotations name as its standby.
        standby: Option<Name>,
    },
}

/// A HealingPolicy in one of its versions, from a section `policy NAME [VERSION]`. The first version is there when the story begins;
/// others come by a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// Its `spec`, as YAML.
    pub spec: String,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The file it was read from.
    pub path: PathBuf,
    /// One sentence: what it shows.
    pub title: String,
    /// Grounds that do not play it, with the reason.
    pub not_on: Vec<(Ground, String)>,
    /// What is there at the beginning.
    pub things: Vec<Thing>,
    /// Who provides the machines, if anybody does.
    pub machines: Option<Machines>,
    /// HealingPolicies, in all their versions.
    pub policies: Vec<Policy>,
    /// ConfigMap keys and values that differ from the defaults.
    pub settings: Vec<(String, String)>,
    /// What is done, in order of time. Time 0 is when the cluster is ready, the controller leads and `settle_period` is over.
    pub moments: Vec<Moment>,
    /// When the outcome is looked at.
    pub end: Duration,
}

impl Story {
    /// Reads a story from its text; `path` is named in errors.
    ///
    /// # Errors
    /// [`Error::Word`] for the first word that does not fit, with its line and what is expected.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        crate::parse::story(path, text)
    }

    /// Reads a story from its file.
    ///
    /// # Errors
    /// As [`Story::parse`], and when the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::parse(path, &crate::error::read(path)?)
    }

    /// Reads every `*.story` of a folder, in order of name.
    ///
    /// # Errors
    /// As [`Story::read`], and when there is none: a mistyped path must not look like success.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, Error> {
        let unreadable = |error: std::io::Error| Error::File { file: folder.display().to_string(), source: error };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            paths.push(entry.map_err(unreadable)?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "story"));
        paths.sort();
        if paths.is_empty() {
            return Err(unreadable(std::io::Error::new(std::io::ErrorKind::NotFound, "holds no story")));
        }
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// Reads one deed in the words of this story, e.g. `fail web.1`, for whoever makes up stories as he goes.
    ///
    /// # Errors
    /// As [`Story::parse`].
    pub fn deed(&self, text: &str) -> Result<Deed, Error> {
        crate::parse::deed(self, text)
    }

    /// The file's name without folder and extension.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The file, for messages.
    #[must_use]
    pub fn file(&self) -> String {
        self.path.display().to_string()
    }

    /// Why `ground` does not play it; `None` when it does.
    #[must_use]
    pub fn excuse(&self, ground: Ground) -> Option<&str> {
        self.not_on.iter().find(|(known, _)| *known == ground).map(|(_, reason)| reason.as_str())
    }

    /// The value that the story sets a key to at the beginning.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The policies that are there when the story begins.
    pub fn first_policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter().filter(|policy| policy.version == 1)
    }

    /// That version of a policy.
    #[must_use]
    pub fn policy(&self, name: &str, version: u32) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.name == name && policy.version == version)
    }

    /// Every node's name, in order.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.things.iter().filter_map(|thing| match thing {
            Thing::Node { name, .. } => Some(name.as_str()),
            Thing::Workload { .. } | Thing::Pod { .. } | Thing::Budget { .. } | Thing::Service { .. } => None,
        })
    }

    /// A Recovery's `status.reason` for its [`crate::RecoveryLine`]; behind `Plan` follows the budget that `status.message` blames, as
    /// `Plan:web`, since people are promised its name.
    #[must_use]
    pub fn reason(&self, reason: &str, message: &str) -> String {
        let punctuation = |c: char| c.is_ascii_punctuation();
        let words: Vec<&str> = message.split_whitespace().map(|word| word.trim_matches(punctuation)).collect();
        let blamed = self.things.iter().find_map(|thing| match thing {
            Thing::Budget { name, .. } => words.contains(&name.name.as_str()).then(|| name.to_string()),
            Thing::Node { .. } | Thing::Workload { .. } | Thing::Pod { .. } | Thing::Service { .. } => None,
        });
        match blamed.filter(|_| reason == "Plan") {
            Some(budget) => format!("{reason}:{budget}"),
            None => reason.to_owned(),
        }
    }

    /// What `text` names in this story: a node, a workload, a Service (`service/web`), or a pod (`web.1`, or the name of one without
    /// controller).
    #[must_use]
    pub fn object(&self, text: &str) -> Option<Object> {
        let name = Name::of(text);
        let named = self.things.iter().find_map(|thing| match thing {
            Thing::Node { name: node, .. } => (node == text).then(|| Object::Node(node.clone())),
            Thing::Workload { kind, name: known, .. } => {
                (*known == name).then(|| Object::Workload(*kind, name.clone()))
            }
            Thing::Pod { name: known, .. } => (*known == name).then(|| Object::Pod(PodName::Bare(name.clone()))),
            Thing::Budget { .. } => None,
            Thing::Service { name: known, .. } => {
                let meant = text.strip_prefix("service/").is_some_and(|text| Name::of(text) == *known);
                meant.then(|| Object::Service(known.clone()))
            }
        });
        named.or_else(|| {
            let (workload, number) = text.rsplit_once('.')?;
            let number = number.parse().ok().filter(|number| *number > 0)?;
            match self.object(workload)? {
                Object::Workload(_, workload) => Some(Object::Pod(PodName::Numbered { workload, number })),
                Object::Pod(_) | Object::Node(_) | Object::Namespace(_) | Object::Service(_) => None,
            }
        })
    }
}

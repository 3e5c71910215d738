//! The closed word lists of the contract; each word is spelled here and nowhere else.

/// Declares an enum whose variants have one spelling each, with `ALL`, `as_str`, `parse` and `Display`.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every word of this list, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The one spelling, as users see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The word so spelled; `None` for any other text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <alloc::string::String as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&word).ok_or_else(|| serde::de::Error::unknown_variant(&word, &[$($word,)+]))
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What kind of failure it is.
    FailureType {
        /// A node.
        Node = "node_failure",
        /// A pod.
        Pod = "pod_failure",
        /// A service.
        Service = "service_failure",
        /// A Deployment or StatefulSet.
        Deployment = "deployment_failure",
        /// A resource that runs out.
        Resource = "resource_exhaustion",
    }
}

words! {
    /// What a Recovery does, per failure type.
    Action {
        /// Recovers a node.
        Node = "node_recovery",
        /// Recovers a pod.
        Pod = "pod_recovery",
        /// Recovers a service.
        Service = "service_recovery",
        /// Recovers a Deployment.
        Deployment = "deployment_recovery",
        /// Relieves a resource.
        Resource = "resource_recovery",
    }
}

words! {
    /// Why something counts as failed; one detector each.
    Cause {
        /// Node condition Ready=False, or a pod Running without being Ready.
        NotReady = "NotReady",
        /// Node silent, and a second signal says so too.
        Unreachable = "Unreachable",
        /// Node silent, its host answers, its kubelet does not.
        KubeletDown = "KubeletDown",
        /// A node condition that a problem detector reports.
        ProblemCondition = "ProblemCondition",
        /// Pod phase Failed.
        Failed = "Failed",
        /// Container restarts again and again.
        CrashLoop = "CrashLoop",
        /// Image cannot be pulled.
        ImagePull = "ImagePull",
        /// Container cannot be created from its configuration.
        ConfigError = "ConfigError",
        /// Deletion hangs.
        StuckTerminating = "StuckTerminating",
        /// Scheduled, but its containers are not created.
        StuckPending = "StuckPending",
        /// Pods of unrelated workloads cannot start on this node, while they start elsewhere.
        PodStartFailures = "PodStartFailures",
        /// A service whose pods are wanted, and none is ready.
        NoEndpoints = "NoEndpoints",
        /// A new revision does not come up.
        RolloutStuck = "RolloutStuck",
        /// A Deployment has fewer available pods than it may miss.
        Unavailable = "Unavailable",
        /// A Deployment cannot create or delete pods.
        ReplicaFailure = "ReplicaFailure",
        /// A node runs out of memory.
        MemoryPressure = "MemoryPressure",
        /// A node runs out of disk.
        DiskPressure = "DiskPressure",
        /// A node runs out of process ids.
        PIDPressure = "PIDPressure",
        /// A container is killed for its memory again and again.
        OOMKilled = "OOMKilled",
        /// No node takes the pod.
        Unschedulable = "Unschedulable",
    }
}

words! {
    /// How bad it is.
    Severity {
        /// Worth a line.
        Low = "low",
        /// Worth a restart.
        Medium = "medium",
        /// Worth an incident.
        High = "high",
        /// Worth waking somebody.
        Critical = "critical",
    }
}

words! {
    /// What to do about it.
    Strategy {
        /// No write to the target.
        Monitor = "monitor",
        /// Delete the pod, restart the node or the workload.
        Restart = "restart",
        /// Delete the pod and steer its replacement away from its node.
        Recreate = "recreate",
        /// Surge by one, then delete the sick pod.
        ScaleAndReplace = "scale_and_replace",
        /// Cordon, evict, replace.
        DrainAndReplace = "drain_and_replace",
        /// Cordon, replace first, free the pods.
        EmergencyReplace = "emergency_replace",
        /// Switch a service to its standby.
        Failover = "failover",
        /// Switch at the standby's first ready endpoint.
        EmergencyFailover = "emergency_failover",
        /// Free a node of what it does not need.
        Relieve = "relieve",
        /// Raise the memory limit of a pod in place.
        Resize = "resize",
        /// Back to the last good revision.
        Rollback = "rollback",
    }
}

words! {
    /// What an installation may leave out of its rights: a group of writes that only some strategies need.
    Remedy {
        /// Deletes of pods.
        Pods = "pods",
        /// Evictions, and what a drain is planned by.
        Drains = "drains",
        /// Cordons and taints.
        Nodes = "nodes",
        /// Restarts, numbers of pods and rollbacks of workloads.
        Workloads = "workloads",
        /// Switches of Services to their standby.
        Services = "services",
        /// Memory limits in place.
        Memory = "memory",
    }
}

words! {
    /// Whether the controller may act.
    Mode {
        /// Acts.
        Enforce = "Enforce",
        /// Acts when a person has approved.
        Approve = "Approve",
        /// Decides and records only.
        Observe = "Observe",
    }
}

words! {
    /// Where a Recovery stands.
    Phase {
        /// Recorded, not looked at yet.
        Pending = "Pending",
        /// A guard holds it.
        Held = "Held",
        /// A person is asked.
        AwaitingApproval = "AwaitingApproval",
        /// Recorded only, by mode.
        Observed = "Observed",
        /// An attempt is under way.
        Running = "Running",
        /// Everything was done; waits until the workload is back.
        Verifying = "Verifying",
        /// The workload is back.
        Succeeded = "Succeeded",
        /// It could not be done.
        Failed = "Failed",
        /// A person has to look.
        Escalated = "Escalated",
        /// The failure went away by itself.
        SelfRecovered = "SelfRecovered",
        /// A person or a changed world ended it.
        Cancelled = "Cancelled",
    }
}

impl FailureType {
    /// The strategies that there are for failures of this type.
    #[must_use]
    pub const fn strategies(self) -> &'static [Strategy] {
        use Strategy::{
            DrainAndReplace, EmergencyFailover, EmergencyReplace, Failover, Monitor, Recreate, Relieve, Resize,
            Restart, Rollback, ScaleAndReplace,
        };
        match self {
            Self::Node => &[Monitor, Restart, DrainAndReplace, EmergencyReplace],
            Self::Pod => &[Monitor, Restart, Recreate, ScaleAndReplace],
            Self::Service => &[Monitor, Restart, Failover, EmergencyFailover],
            Self::Deployment => &[Monitor, Restart, Rollback],
            Self::Resource => &[Monitor, Relieve, Resize],
        }
    }
}

impl Phase {
    /// Whether nothing follows this phase.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Pending | Self::Held | Self::AwaitingApproval | Self::Observed | Self::Running | Self::Verifying => {
                false
            }
            Self::Succeeded | Self::Failed | Self::Escalated | Self::SelfRecovered | Self::Cancelled => true,
        }
    }

    /// Whether the failure is over in this phase.
    #[must_use]
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Succeeded | Self::SelfRecovered)
    }
}

words! {
    /// How an object stands with the controller, in one word.
    Standing {
        /// Not known.
        Unknown = "Unknown",
        /// No signal is bad.
        Healthy = "Healthy",
        /// No signal is bad, and nothing would be done if one were.
        Excluded = "Excluded",
        /// A signal is bad, for too short a time.
        Suspected = "Suspected",
        /// It fails as part of a bigger trouble.
        Attributed = "Attributed",
        /// It fails, and its Recovery is about to be opened.
        Failing = "Failing",
        /// A guard holds its Recovery.
        Held = "Held",
        /// Its Recovery waits for a person.
        AwaitingApproval = "AwaitingApproval",
        /// Its Recovery is recorded only.
        Observed = "Observed",
        /// Its Recovery is under way.
        Recovering = "Recovering",
        /// It still fails, and its Recovery is over.
        GivenUp = "GivenUp",
    }
}

words! {
    /// How a node looks at a glance, the worst last.
    Light {
        /// Ready, and nothing bad is seen of it.
        Well = "well",
        /// Well, and closed to new pods.
        Cordoned = "cordoned",
        /// A signal is bad, for too short a time.
        Suspected = "suspected",
        /// It is being recovered.
        Recovering = "recovering",
        /// A guard holds its Recovery.
        Held = "held",
        /// It fails.
        Sick = "sick",
    }
}

words! {
    /// The guards, in the order in which they are asked.
    GuardName {
        /// The kill switch.
        Paused = "Paused",
        /// Observe, or an approval not yet given.
        Mode = "Mode",
        /// An opt-out mark, a static pod, ourselves.
        Excluded = "Excluded",
        /// A protected namespace.
        ProtectedNamespace = "ProtectedNamespace",
        /// A policy's maintenance windows.
        MaintenanceWindow = "MaintenanceWindow",
        /// Just started, just became leader, or a watch gap just ended.
        Settling = "Settling",
        /// A needed watch is not current.
        StaleWatch = "StaleWatch",
        /// Many workloads suffer from one thing that they have in common.
        SharedCause = "SharedCause",
        /// Too many nodes are sick.
        Breaker = "Breaker",
        /// A budget is used up.
        Budget = "Budget",
        /// Control-plane nodes.
        Quorum = "Quorum",
        /// Another actor works on the node.
        Busy = "Busy",
        /// The plan of a drain cannot succeed now; the reason names the blocker.
        Plan = "Plan",
        /// The fresh read does not confirm the failure.
        Live = "Live",
        /// The strategy needs something that is not there.
        NoProvider = "NoProvider",
    }
}

words! {
    /// What is watched; each kind has its own stream and its own freshness.
    WatchKind {
        /// `v1` Pods.
        Pod = "pods",
        /// `v1` Nodes.
        Node = "nodes",
        /// `coordination.k8s.io/v1` Leases in `kube-node-lease`.
        Lease = "leases",
        /// `v1` Namespaces.
        Namespace = "namespaces",
        /// `apps/v1` Deployments.
        Deployment = "deployments",
        /// `apps/v1` ReplicaSets.
        ReplicaSet = "replicasets",
        /// `apps/v1` StatefulSets.
        StatefulSet = "statefulsets",
        /// `apps/v1` DaemonSets.
        DaemonSet = "daemonsets",
        /// `batch/v1` Jobs.
        Job = "jobs",
        /// `v1` Services.
        Service = "services",
        /// `discovery.k8s.io/v1` EndpointSlices.
        EndpointSlice = "endpointslices",
        /// Our own HealingPolicies.
        Policy = "healingpolicies",
        /// Our own Recoveries.
        Recovery = "recoveries",
    }
}

words! {
    /// Where a notice goes.
    Channel {
        /// Slack, low and medium.
        SlackMonitoring = "slack",
        /// Slack, high and critical.
        SlackIncident = "slack-incident",
        /// E-mail.
        Email = "email",
        /// PagerDuty.
        PagerDuty = "pagerduty",
        /// A receiver of the user's own.
        Webhook = "webhook",
        /// Microsoft Teams.
        Teams = "teams",
        /// Alertmanager.
        Alertmanager = "alertmanager",
    }
}

impl Channel {
    /// Whether it hears of failures of `severity` where no policy says otherwise.
    #[must_use]
    pub fn hears_of(self, severity: Severity) -> bool {
        match self {
            Self::SlackMonitoring => severity <= Severity::Medium,
            Self::SlackIncident | Self::Email | Self::Teams => severity >= Severity::High,
            Self::PagerDuty => severity == Severity::Critical,
            Self::Webhook | Self::Alertmanager => true,
        }
    }

    /// Whether it keeps an incident open until it is told that the failure is over.
    #[must_use]
    pub const fn keeps_incidents(self) -> bool {
        matches!(self, Self::PagerDuty | Self::Alertmanager)
    }
}

words! {
    /// Who reboots and replaces nodes.
    ProviderKind {
        /// Nobody.
        None = "none",
        /// Cluster API: a Machine is deleted, and its set makes another.
        ClusterApi = "clusterapi",
        /// Karpenter: a NodeClaim is deleted.
        Karpenter = "karpenter",
        /// An operator that works on remediation objects, as those of medik8s.
        RemediationTemplate = "remediation-template",
        /// Somebody's own service.
        Webhook = "webhook",
    }
}

#[expect(clippy::derivable_impls, reason = "the words of the list have one place")]
impl Default for ProviderKind {
    fn default() -> Self {
        Self::None
    }
}

words! {
    /// What a maintenance window does.
    WindowKind {
        /// Recoveries only inside.
        Allow = "Allow",
        /// No recoveries inside; wins over Allow.
        Deny = "Deny",
    }
}

words! {
    /// Why a HealingPolicy is ready, or is not.
    Readiness {
        /// It applies to what it matches.
        Valid = "Valid",
        /// Something is wrong with it.
        Invalid = "Invalid",
        /// Its expression could not be evaluated for a failure, which it then did not match.
        ExpressionFailed = "ExpressionFailed",
    }
}

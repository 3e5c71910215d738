//! Every label, annotation, taint, condition and finalizer key that is read or written on objects, each spelled once.
//!
//! The first group is ours; the others belong to Kubernetes or to tools whose opt-outs and claims are honoured.

/// The API group of the custom resources, and the prefix of every mark of ours.
pub const GROUP: &str = "self-healing.dev";
/// The field manager of every write, and the value of [`MANAGED_BY`].
pub const MANAGER: &str = "self-healing-controller";

/// Annotation or label on any object, its workload or its namespace: `"true"` means never act.
pub const EXCLUDE: &str = "self-healing.dev/exclude";
/// Annotation beside each change of ours: the name of the Recovery that made it, and so must undo it.
pub const OWNER: &str = "self-healing.dev/owner";
/// Annotation beside our cordon: `spec.unschedulable` before it, `"true"` or `"false"`.
pub const ORIGINAL_UNSCHEDULABLE: &str = "self-healing.dev/original-unschedulable";
/// Annotation beside our cordon when the node had no [`EXCLUDE_FROM_LOAD_BALANCERS`] before it, which has it from us then: `"absent"`.
pub const ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS: &str = "self-healing.dev/original-exclude-from-load-balancers";
/// Annotation beside our out-of-service taint: the name of the Recovery that set it, because that taint's value is Kubernetes' own.
pub const FENCED: &str = "self-healing.dev/out-of-service";
/// Annotation beside our selector change on a Service: the selector before it, as JSON.
pub const ORIGINAL_SELECTOR: &str = "self-healing.dev/original-selector";
/// Annotation beside our selector change on a Service: the selector that we set, as JSON, by which a later change of somebody else is known.
pub const SWITCHED_SELECTOR: &str = "self-healing.dev/switched-selector";
/// Annotation beside our scale change: the replicas before it.
pub const ORIGINAL_REPLICAS: &str = "self-healing.dev/original-replicas";
/// Annotation beside our scale change: the replicas that we set, by which a later change of somebody else is known.
pub const SCALED_REPLICAS: &str = "self-healing.dev/scaled-replicas";
/// Taint of effect `PreferNoSchedule` on a node whose pod is recreated elsewhere; its value names the Recovery.
pub const SUSPECT: &str = "self-healing.dev/suspect";
/// Annotation on a Service: the standby's selector, `k=v,k2=v2`.
pub const FAILOVER_SELECTOR: &str = "self-healing.dev/failover-selector";
/// Annotation on a Service: the standby's workload, `deployment/NAME`.
pub const FAILOVER_WORKLOAD: &str = "self-healing.dev/failover-workload";
/// Annotation on a Deployment: `"true"` allows a rollback.
pub const AUTO_ROLLBACK: &str = "self-healing.dev/auto-rollback";
/// Annotation in a pod template beside [`RESTARTED_AT`]: the Recovery that restarted the pods. It stays, as that one does: to take it
/// away would restart them once more.
pub const RESTARTED_BY: &str = "self-healing.dev/restarted-by";
/// Annotation on a Deployment: the Recovery that rolled it back last. It stays, with the two below, so that what was rolled back once is
/// not rolled back again; whoever wants that takes them away.
pub const ROLLED_BACK_BY: &str = "self-healing.dev/rolled-back-by";
/// Annotation beside it: the ReplicaSet of the revision that failed.
pub const ROLLED_BACK_FROM: &str = "self-healing.dev/rolled-back-from";
/// Annotation beside it: the ReplicaSet whose template took its place.
pub const ROLLED_BACK_TO: &str = "self-healing.dev/rolled-back-to";
/// Annotation on a Recovery: who approved it.
pub const APPROVE: &str = "self-healing.dev/approve";
/// Annotation on a Recovery: who vetoed it.
pub const CANCEL: &str = "self-healing.dev/cancel";
/// Label on a Recovery: its type of failure.
pub const TYPE: &str = "self-healing.dev/type";
/// Label on a Recovery: its cause.
pub const CAUSE: &str = "self-healing.dev/cause";

/// Annotation in a pod template by which `kubectl rollout restart` restarts the pods: when that was, in RFC 3339.
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// Label of a ReplicaSet and its template: a digest of the Deployment's template.
pub const TEMPLATE_HASH: &str = "pod-template-hash";
/// Annotation of a DaemonSet that the API server itself sets whenever the pod template changes.
pub const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";
/// Argo CD: annotation, or label of older installations, with the application that an object belongs to.
pub const ARGO_INSTANCE: &str = "argocd.argoproj.io/instance";
/// Argo CD: annotation `APPLICATION:GROUP/KIND:NAMESPACE/NAME`.
pub const ARGO_TRACKING: &str = "argocd.argoproj.io/tracking-id";
/// Flux: label with the Kustomization that an object belongs to.
pub const FLUX_KUSTOMIZATION: &str = "kustomize.toolkit.fluxcd.io/name";
/// Flux: label with the `HelmRelease` that an object belongs to.
pub const FLUX_HELM_RELEASE: &str = "helm.toolkit.fluxcd.io/name";
/// Helm: annotation with the release that an object belongs to.
pub const HELM_RELEASE: &str = "meta.helm.sh/release-name";
/// Label that says which tool made an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Annotation on the mirror of a static pod, which only its kubelet can change.
pub const MIRROR: &str = "kubernetes.io/config.mirror";
/// Label on control-plane nodes.
pub const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";
/// Label on control-plane nodes of older installations.
pub const CONTROL_PLANE_OLD: &str = "node-role.kubernetes.io/master";
/// Label with a node's zone.
pub const ZONE: &str = "topology.kubernetes.io/zone";
/// Label of an EndpointSlice: the Service it belongs to.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// Annotation of Deployments and ReplicaSets: the number of the revision.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Namespace of the nodes' heartbeat Leases.
pub const NODE_LEASE_NAMESPACE: &str = "kube-node-lease";
/// Taint that says a machine is proven to be off, so that its pods and volumes may be released.
pub const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
/// Label of a node to which load balancers outside the cluster send nothing; only that it is there counts, not its value.
pub const EXCLUDE_FROM_LOAD_BALANCERS: &str = "node.kubernetes.io/exclude-from-external-load-balancers";
/// Taint that Kubernetes sets on a cordoned node.
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// medik8s: label that excludes a node from remediation.
pub const MEDIK8S_EXCLUDE: &str = "remediation.medik8s.io/exclude-from-remediation";
/// medik8s: namespace of the Leases (`node-NAME`) by which its operators claim a node.
pub const MEDIK8S_LEASE_NAMESPACE: &str = "medik8s-leases";
/// Cluster API: annotation that excludes a machine from remediation, whatever its value.
pub const CAPI_SKIP_REMEDIATION: &str = "cluster.x-k8s.io/skip-remediation";
/// Cluster API: annotation that stops all work on an object, whatever its value.
pub const CAPI_PAUSED: &str = "cluster.x-k8s.io/paused";
/// Cluster API: annotation with the name of a node's Machine.
pub const CAPI_MACHINE: &str = "cluster.x-k8s.io/machine";
/// Cluster API: annotation with the namespace of a node's Machine.
pub const CAPI_NAMESPACE: &str = "cluster.x-k8s.io/cluster-namespace";
/// Karpenter: annotation on a pod or node, `"true"` keeps it from voluntary disruption.
pub const KARPENTER_DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
/// Karpenter: taint on a node that it is about to remove.
pub const KARPENTER_DISRUPTED: &str = "karpenter.sh/disrupted";
/// Cluster autoscaler: annotation on a pod, `"false"` keeps it from eviction.
pub const AUTOSCALER_SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// Cluster autoscaler: taint on a node that it is about to remove.
pub const AUTOSCALER_TO_BE_DELETED: &str = "ToBeDeletedByClusterAutoscaler";
/// Cluster autoscaler: taint on a node that it may remove soon.
pub const AUTOSCALER_CANDIDATE: &str = "DeletionCandidateOfClusterAutoscaler";
/// Node condition of maintenance tools: somebody works on the node.
pub const MAINTENANCE_IN_PROGRESS: &str = "MaintenanceInProgress";
/// Node condition of maintenance tools: somebody drains the node.
pub const DRAIN_IN_PROGRESS: &str = "DrainInProgress";

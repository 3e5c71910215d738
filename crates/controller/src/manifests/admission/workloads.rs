//! On controllers of pods: their number, the annotation of a restart, and a rollback where its owner allows that. Who steals the
//! controller's token cannot put an image of their own into a workload.

use super::{NAME, Policy, foreign, map, metadata, nothing, only_in_spec, rule, ties};
use self_healing_api::marks::{
    AUTO_ROLLBACK, ORIGINAL_REPLICAS, OWNER, RESTARTED_AT, RESTARTED_BY, ROLLED_BACK_BY, ROLLED_BACK_FROM,
    ROLLED_BACK_TO, SCALED_REPLICAS, TEMPLATE_GENERATION,
};

/// `self-healing.dev/auto-rollback` is not among them: that is a word of people to the controller. The last one is not ours: the API
/// server changes it with the template of a DaemonSet.
const ANNOTATIONS: &[&str] =
    &[OWNER, ORIGINAL_REPLICAS, SCALED_REPLICAS, ROLLED_BACK_BY, ROLLED_BACK_FROM, ROLLED_BACK_TO, TEMPLATE_GENERATION];

pub(super) fn policy() -> Policy {
    let template = |object: &str, field: &str| map(&format!("{object}.spec.?template.?metadata.?{field}"));
    let mut variables = metadata(ANNOTATIONS, &[]);
    variables.extend([
        ("mayRollBack", format!("'{AUTO_ROLLBACK}' in variables.oldAnnotations && variables.oldAnnotations['{AUTO_ROLLBACK}'] == 'true'")),
        ("podAnnotations", template("object", "annotations")),
        ("oldPodAnnotations", template("oldObject", "annotations")),
        ("foreignPodAnnotations", foreign("podAnnotations", "oldPodAnnotations", &[RESTARTED_AT, RESTARTED_BY])),
        (
            "samePods",
            format!(
                "object.spec.?template.?spec == oldObject.spec.?template.?spec && {} == {} && variables.foreignPodAnnotations.size() == 0",
                template("object", "labels"),
                template("oldObject", "labels"),
            ),
        ),
    ]);
    Policy {
        name: "self-healing-workloads",
        group: "apps",
        resources: &["deployments", "replicasets", "statefulsets", "daemonsets"],
        operation: "UPDATE",
        variables,
        rules: vec![
            rule(
                "variables.samePods || (request.resource.resource == 'deployments' && variables.mayRollBack)",
                format!(
                    "{NAME} may change in the pod template of a workload only the annotation {RESTARTED_AT}, and roll back only a \
                     Deployment that has the annotation {AUTO_ROLLBACK}"
                ),
            ),
            rule(
                only_in_spec(&["replicas", "template"]),
                format!("{NAME} may change in the spec of a workload only replicas and template"),
            ),
            nothing(
                "foreignAnnotations",
                format!("{NAME} may change no annotation of a workload but the marks beside its own changes"),
            ),
            nothing("foreignLabels", format!("{NAME} may change no label of a workload")),
            ties("workload"),
        ],
    }
}

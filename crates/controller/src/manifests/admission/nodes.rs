//! On nodes: the cordon with its owner, two taints, one label, and the annotations beside them.

use super::{NAME, Policy, Rule, metadata, nothing, only_in_spec, rule, ties};
use self_healing_api::marks::{
    EXCLUDE_FROM_LOAD_BALANCERS, FENCED, ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS, ORIGINAL_UNSCHEDULABLE, OUT_OF_SERVICE,
    OWNER, SUSPECT,
};

/// `self-healing.dev/exclude` is not among them: that is a word of people to the controller.
const ANNOTATIONS: &[&str] = &[OWNER, ORIGINAL_UNSCHEDULABLE, ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS, FENCED];

pub(super) fn policy() -> Policy {
    let mut variables = metadata(ANNOTATIONS, &[EXCLUDE_FROM_LOAD_BALANCERS]);
    let of = |object: &str| format!("{object}.spec.?taints.orValue([])");
    let others = |taints: &str| format!("variables.{taints}.filter(t, !(t.key in ['{SUSPECT}', '{OUT_OF_SERVICE}']))");
    let cordoned = |object: &str| format!("{object}.spec.?unschedulable.orValue(false)");
    variables.extend([
        ("taints", of("object")),
        ("oldTaints", of("oldObject")),
        ("others", others("taints")),
        ("oldOthers", others("oldTaints")),
        ("cordoned", cordoned("object")),
        ("wasCordoned", cordoned("oldObject")),
    ]);
    Policy {
        name: "self-healing-nodes",
        group: "",
        resources: &["nodes"],
        operation: "UPDATE",
        variables,
        rules: rules(),
    }
}

fn rules() -> Vec<Rule> {
    let (new, old) = ("variables.taints", "variables.oldTaints");
    vec![
        nothing("foreignLabels", format!("{NAME} may change no label of a node but {EXCLUDE_FROM_LOAD_BALANCERS}")),
        nothing(
            "foreignAnnotations",
            format!("{NAME} may change no annotation of a node but the marks beside its own changes"),
        ),
        rule(
            "variables.others == variables.oldOthers",
            format!("{NAME} may set and remove its own taints on a node only: {SUSPECT} and {OUT_OF_SERVICE}"),
        ),
        rule(
            format!("{new}.all(t, t in {old} || t.key != '{SUSPECT}' || t.effect == 'PreferNoSchedule')"),
            format!("{NAME} may set the taint {SUSPECT} with the effect PreferNoSchedule only"),
        ),
        rule(
            format!("{new}.all(t, t in {old} || t.key != '{OUT_OF_SERVICE}' || '{FENCED}' in variables.annotations)"),
            format!(
                "{NAME} may declare a node out of service only with the Recovery that proved its machine to be off, in the annotation {FENCED}"
            ),
        ),
        rule(
            format!(
                "{old}.all(t, t in {new} || t.key != '{OUT_OF_SERVICE}' || '{FENCED}' in variables.oldAnnotations)"
            ),
            format!(
                "{NAME} may take only its own taint {OUT_OF_SERVICE} away, beside which is the annotation {FENCED}"
            ),
        ),
        rule(
            format!("!variables.cordoned || variables.wasCordoned || '{OWNER}' in variables.annotations"),
            format!(
                "{NAME} may cordon a node only with the name of the Recovery that does so, in the annotation {OWNER}"
            ),
        ),
        rule(
            format!(
                "variables.cordoned || !variables.wasCordoned || '{ORIGINAL_UNSCHEDULABLE}' in variables.oldAnnotations"
            ),
            format!(
                "{NAME} may uncordon only what it has cordoned itself, beside which is the annotation {ORIGINAL_UNSCHEDULABLE}"
            ),
        ),
        rule(
            only_in_spec(&["taints", "unschedulable"]),
            format!("{NAME} may change nothing in the spec of a node but taints and unschedulable"),
        ),
        ties("node"),
    ]
}

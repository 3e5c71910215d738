//! What can be said, and what a mistake is answered with.

use self_healing_story::{Deed, Ground, Name, Object, PodName, Story, Thing, Verb, WorkloadKind};
use std::path::Path;
use std::time::Duration;

const BEGIN: &str = "A title\n\nnot on bare: it has no API server  # a comment\n\ncluster
  nodes n1 n2
  node cp zone b control-plane
  deployment web 2 on n1
  deployment kube-system/dns 1
  statefulset db 2 on n2
  daemonset agent
  job batch 1
  pod solo on n1
  budget web 1
  service web
  service front for web
  service db standby web
  deployment batch-jobs 1 on n1 besteffort

policy calm
  match:
    types: [pod_failure]  # all of them
  mode: Observe
policy calm 2
  mode: Enforce

settings
  health_check_interval 1
  slack_channel #monitoring # here is one

story
";

/// Every deed in the words in which it is shown again.
const DEEDS: &str = "fail web.1
crash-loop kube-system/dns.1 7
waits web.2 ImagePullBackOff
unready db.1
heal solo
oom agent.1
finalizer web.1 example.com/keep
delete batch.1
replace db.2
replace solo
release web crash-loop
release kube-system/dns well
release db unready
release db image-pull-backoff
silence n1
kubelet-down n2
cut-off cp
return n1
not-ready n1
condition n1 KernelDeadlock True
condition n1 KernelDeadlock False
replace n2
provider powers-off
receiver slack-incident closes
remediate n1
call-off n1
pause-machine n1
attach data-1 n1
detach data-1
cordon n1
uncordon n1
exclude web
include namespace/kube-system
set slack_channel #other
apply calm 2
withdraw calm
approve web.1
cancel n1
annotate service/front self-healing.dev/failover-selector app=db
annotate service/front self-healing.dev/owner -
select service/db web
cancel service/web
budget web 2
kill controller
stop controller
freeze controller 2.5
stop apiserver
start apiserver";

fn parse(text: &str) -> Result<Story, String> {
    Story::parse(Path::new("x.story"), text).map_err(|error| error.to_string())
}

fn told(lines: &str) -> Result<Story, String> {
    parse(&format!("{BEGIN}{lines}"))
}

#[test]
fn a_story_is_read_as_it_is_written() {
    let story = told("  0  fail web.1\n  1.5  kill controller after delete web.1\n  60  end\n").unwrap();
    assert_eq!(story.title, "A title");
    assert_eq!(story.not_on, [(Ground::Bare, "it has no API server".to_owned())]);
    assert_eq!(story.excuse(Ground::Bare), Some("it has no API server"));
    assert_eq!(story.excuse(Ground::Sim), None);
    assert_eq!(story.setting("slack_channel"), Some("#monitoring"));
    assert_eq!(story.nodes().collect::<Vec<_>>(), ["n1", "n2", "cp"]);
    let agent = Thing::Workload {
        kind: WorkloadKind::DaemonSet,
        name: Name::of("agent"),
        replicas: 3,
        on: None,
        best_effort: false,
    };
    assert!(story.things.contains(&agent), "one pod per node: {:?}", story.things);
    let dns = Name { namespace: "kube-system".into(), name: "dns".into() };
    assert_eq!(story.object("kube-system/dns"), Some(Object::Workload(WorkloadKind::Deployment, dns)));
    let first = PodName::Numbered { workload: Name::of("web"), number: 1 };
    assert_eq!((story.moments[0].at, &story.moments[0].deed), (Duration::ZERO, &Deed::Fail(first.clone())));
    let after = story.moments[1].after.as_ref().unwrap();
    assert_eq!((after.verb, &after.object), (Verb::Delete, &Object::Pod(first)));
    assert_eq!((story.moments[1].line, story.moments[1].at), (33, Duration::from_millis(1500)));
    assert_eq!(story.end, Duration::from_secs(60));
}

#[test]
fn a_policy_is_kept_as_it_is_written_in_each_of_its_versions() {
    let story = told("  1  end\n").unwrap();
    let first: Vec<&str> = story.first_policies().map(|policy| policy.spec.as_str()).collect();
    assert_eq!(first, ["  match:\n    types: [pod_failure]\n  mode: Observe\n"]);
    assert_eq!(story.policy("calm", 2).map(|policy| policy.spec.as_str()), Some("  mode: Enforce\n"));
    assert_eq!(story.policy("calm", 3), None);
}

#[test]
fn every_deed_is_shown_as_it_is_written() {
    let lines: String = DEEDS.lines().map(|deed| format!("  0  {deed}\n")).collect();
    let story = told(&format!("{lines}  1  end\n")).unwrap();
    let shown: Vec<String> = story.moments.iter().map(|moment| moment.deed.to_string()).collect();
    assert_eq!(shown, DEEDS.lines().collect::<Vec<_>>());
}

#[test]
fn a_mistake_is_answered_with_its_place_and_what_is_expected() {
    for (lines, answer) in [
        ("  0  fial web.1\n", "x.story:32: `fial`: expected a deed"),
        ("  0  fial web.1\n", "; perhaps `fail`?"),
        ("  0  fail wep.1\n", "x.story:32: `wep.1`: expected a pod of this story, as `web.1` (web.1,"),
        ("  0  fail web\n", "`web`: expected a pod"),
        ("  0  fail web.0\n", "`web.0`: expected a pod"),
        ("  0  fail\n", "x.story:32: expected a pod"),
        ("  0  fail web.1 now\n", "`now`: expected `after VERB OBJECT` or the end of the line"),
        ("  0  kill controller after deleting web.1\n", "perhaps `delete`?"),
        ("  0  crash-loop web.1 often\n", "`often`: expected how often it restarted"),
        ("  0  silence n9\n", "`n9`: expected a node of this story (n1, n2, cp)"),
        ("  0  stop kubelet\n", "`kubelet`: expected a process (controller, apiserver)"),
        ("  0  start controller\n", "`controller`: expected a process (apiserver)"),
        ("  0  replace web.1\n", "`web.1`: expected a pod that keeps its name"),
        ("  0  approve namespace/shop\n", "`namespace/shop`: expected a node, a pod, a workload or a Service"),
        ("  0  release agent well\n", "`agent`: expected a Deployment or a StatefulSet"),
        (
            "  0  release web good\n",
            "`good`: expected how its new pods behave (well, unready, crash-loop, image-pull-backoff, unschedulable)",
        ),
        ("cluster\n  service front for wep\n", "`wep`: expected a workload of this story"),
        ("cluster\n  service web for db\n", "`web`: expected a name that nothing else has"),
        ("  0  budget db 1\n", "`db`: expected a workload with a `budget`"),
        ("  -1  fail web.1\n", "`-1`: expected a time in seconds"),
        ("  5  fail web.1\n  4  end\n", "x.story:33: `4  end`: expected a time not before 5"),
        ("  5  end\n  6  fail web.1\n", "expected nothing after `end`"),
        ("  0  fail web.1\n", "expected the section `story` with a last line `SECONDS end`"),
        ("  0  apply clam 2\n", "`clam`: expected a policy of this story (calm, calm)"),
        ("  0  apply calm 3\n", "`3`: expected a version with a section of its own"),
        ("policy calm\n", "expected a version that was not there yet"),
        ("cloister\n", "`cloister`: expected a section (not, cluster, policy, settings, story); perhaps `cluster`?"),
        ("not on moon: far\n", "`moon`: expected a ground (bare, sim, real)"),
        ("not on real:\n", "expected the reason"),
        ("cluster\n  node n1\n", "`n1`: expected a name that nothing else has"),
        ("cluster\n  deploiment w 2\n", "perhaps `deployment`?"),
        ("cluster\n  deployment w 2 on n9\n", "`n9`: expected a node"),
    ] {
        let error = told(lines).unwrap_err();
        assert!(error.contains(answer), "{lines}{error}\nshould say: {answer}");
    }
    assert_eq!(parse("").unwrap_err(), "x.story:0: expected a first line that says what the story shows");
    assert!(parse("T\n  nodes n1\n").unwrap_err().contains("expected a section before it"));
}

#[test]
fn a_blocked_plan_names_the_budget_that_is_blamed() {
    let story = told("  1  end\n").unwrap();
    assert_eq!(story.reason("Plan", "pod shop/web-7 cannot leave: the budget web needs 2 pods"), "Plan:web");
    assert_eq!(story.reason("Plan", "pod shop/web-7 cannot leave"), "Plan");
    assert_eq!(story.reason("Paused", "web"), "Paused");
}

#[test]
fn a_ground_says_which_deed_it_cannot_do() {
    let story = told("  0  oom web.1\n  60  end\n").unwrap();
    let error = Ground::Real.cannot(&story, &story.moments[0]).to_string();
    assert_eq!(error, "x.story:32: the ground `real` cannot do `oom web.1`; say `not on real: REASON`");
}

#[test]
fn every_story_of_the_project_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let stories = Story::read_all(&folder).unwrap_or_else(|error| panic!("{error}"));
    for story in &stories {
        assert!(story.not_on.len() < Ground::ALL.len(), "{} is played nowhere", story.file());
    }
    let error = Story::read_all(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err().to_string();
    assert!(error.ends_with("holds no story"), "{error}");
}

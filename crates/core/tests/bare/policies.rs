//! HealingPolicies: what their status tells, what befalls Recoveries whose policy changes, and limits that no story can show.

use crate::ground::{Ground, QUICK};
use self_healing_core::names::{Phase, Readiness};
use self_healing_core::policy::PolicyStatus;
use self_healing_story::Policy;

/// Stores a policy with this spec, in place of one of that name.
fn apply(ground: &mut Ground, name: &str, spec: &str) {
    let spec = spec.lines().map(|line| format!("  {line}\n")).collect();
    ground.truth.apply_policy(&Policy { name: name.to_owned(), version: 1, spec });
}

fn status<'a>(ground: &'a Ground, name: &str) -> &'a PolicyStatus {
    let policy = ground.truth.policies.get(name).unwrap_or_else(|| panic!("no policy {name}"));
    policy.status.as_ref().unwrap_or_else(|| panic!("{name} has no status"))
}

fn web(settings: &str) -> Ground {
    Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1\ndeployment api 2 on n2", settings)
}

const OBSERVE: &str = "match: {namespaces: [shop]}\nmode: Observe";

#[test]
fn a_status_says_whether_the_policy_is_valid_and_what_it_applies_to() {
    let mut ground = web(QUICK);
    apply(&mut ground, "watch", OBSERVE);
    apply(&mut ground, "wrong", "match: {types: [pod]}");
    ground.run(1.0);
    let (watch, wrong) = (status(&ground, "watch"), status(&ground, "wrong"));
    assert_eq!((watch.readiness, watch.observed_generation, watch.active, watch.total), (Readiness::Valid, 1, 0, 0));
    assert_eq!(wrong.readiness, Readiness::Invalid);
    assert!(wrong.message.starts_with("spec.match.types[0]: \"pod\": expected one of"), "{}", wrong.message);
    ground.does("fail web.1");
    ground.run(5.0);
    let watch = status(&ground, "watch");
    assert_eq!((watch.active, watch.total), (1, 1));
    let since = status(&ground, "wrong").since;
    apply(&mut ground, "wrong", "match: {types: [pod_failure]}");
    ground.run(5.0);
    let righted = status(&ground, "wrong");
    assert_eq!((righted.readiness, righted.observed_generation), (Readiness::Valid, 2));
    assert!(righted.since > since, "it is ready since now");
}

#[test]
fn a_status_is_saved_only_when_it_changed_and_only_by_the_leader() {
    let mut ground = web(QUICK);
    ground.lead(false);
    apply(&mut ground, "watch", OBSERVE);
    ground.run(10.0);
    assert_eq!(ground.sent_like("save status of policy"), 0);
    ground.lead(true);
    ground.run(60.0);
    assert_eq!(ground.sent_like("save status of policy"), 1);
}

#[test]
fn an_invalid_policy_matches_nothing_also_when_it_was_valid_before() {
    let mut ground = web(QUICK);
    apply(&mut ground, "watch", OBSERVE);
    ground.run(1.0);
    ground.does("fail web.1");
    ground.run(5.0);
    assert_eq!(ground.phase("web.1"), Phase::Observed);
    apply(&mut ground, "watch", "match: {}\nmode: Observe");
    ground.run(5.0);
    assert_eq!(ground.phase("web.1"), Phase::Succeeded);
}

#[test]
fn what_a_policy_that_is_gone_has_begun_is_finished_under_what_applies_then() {
    let mut ground = web(&format!("{QUICK}\nrecovery_timeout 20"));
    apply(&mut ground, "slow", "match: {namespaces: [shop]}\nescalation: {timeout: 10m, ladder: [restart, restart]}");
    ground.run(1.0);
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground.run(30.0);
    assert_eq!(ground.phase("web.1"), Phase::Verifying, "it has ten minutes");
    ground.truth.withdraw_policy("slow");
    ground.run(5.0);
    let tried: Vec<&str> = ground.recovery("web.1").status.attempts.iter().map(|a| a.strategy.as_str()).collect();
    assert_eq!(tried, ["restart", "recreate"], "the configuration's time is over, and its table says what follows");
    assert_eq!(ground.recovery("web.1").spec.policy, "slow", "the record keeps who it began under");
}

#[test]
fn a_policy_applies_the_same_after_a_restart() {
    let mut ground = web(QUICK);
    apply(&mut ground, "slow", "match: {namespaces: [shop]}\nescalation: {timeout: 10m}");
    ground.run(1.0);
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground.run(2.0);
    ground.does("kill controller");
    ground.run(400.0);
    assert_eq!(ground.phase("web.1"), Phase::Verifying, "five minutes are the configuration's, not the policy's");
}

#[test]
fn a_window_that_opens_lets_go_on_what_waited_at_that_moment() {
    // The story of every ground begins at 22:13:20 UTC, a Tuesday, and a few seconds.
    let mut ground = web("settle_period 1");
    apply(&mut ground, "late", "match: {namespaces: [shop]}\nwindows: [{kind: Allow, start: '22:20', end: '23:00'}]");
    ground.run(1.0);
    ground.does("fail web.1");
    ground.run(300.0);
    let (guard, reason) = ground.held("web.1");
    assert_eq!(guard, "MaintenanceWindow");
    assert_eq!(reason, "outside every Allow window; the next opens Tue 22:20 UTC (HealingPolicy late)");
    ground.run(200.0);
    assert_eq!(ground.phase("web.1"), Phase::Succeeded);
    let opened = (6.0 * 60.0 + 40.0) - ground.zero as f64 / 1000.0;
    let deleted = ground.when("delete web.1");
    assert!((opened..opened + 1.0).contains(&deleted), "deleted at {deleted}, opened at {opened}");
}

#[test]
fn watching_waits_for_no_window_and_no_budget() {
    let mut ground = web(QUICK);
    let spec = "match: {namespaces: [shop]}\nwindows: [{kind: Deny}]\nstrategies: {pod_failure: {medium: monitor}}";
    apply(&mut ground, "closed", spec);
    ground.run(1.0);
    ground.does("fail web.1");
    ground.run(3.0);
    assert_eq!((ground.phase("web.1"), ground.held("web.1").0), (Phase::Running, ""));
}

#[test]
fn too_many_sick_nodes_of_a_policy_hold_all_of_them() {
    let settings = format!("{QUICK}\nmax_unhealthy_nodes 100%\nnode_concurrency 100%");
    let mut ground = Ground::of("nodes n1 n2 n3 n4 n5\ndeployment web 2 on n1", &settings);
    apply(&mut ground, "few", "match: {types: [node_failure]}\nbudget: {maxUnhealthy: 20%}");
    ground.run(1.0);
    ground.does("condition n1 KernelDeadlock True");
    ground.does("condition n2 KernelDeadlock True");
    ground.run(10.0);
    for node in ["n1", "n2"] {
        let (guard, reason) = ground.held(node);
        assert!(guard == "Budget" && reason.contains("more than its maxUnhealthy allows (1)"), "{guard}: {reason}");
    }
    ground.does("condition n2 KernelDeadlock False");
    ground.run(20.0);
    assert_eq!(ground.count("cordon n1"), 1);
}

#[test]
fn who_has_approved_stays_in_the_record() {
    let mut ground = web(QUICK);
    apply(&mut ground, "ask", "match: {namespaces: [shop]}\nmode: Approve");
    ground.run(1.0);
    ground.does("fail web.1");
    ground.run(3.0);
    assert!(ground.held("web.1").1.starts_with("mode is Approve by HealingPolicy ask: waits for"));
    ground.does("approve web.1");
    ground.run(5.0);
    let record = ground.recovery("web.1");
    let mode = record.status.guards.iter().find(|guard| guard.name.as_str() == "Mode").unwrap();
    assert_eq!((mode.pass, mode.reason.as_str()), (true, "approved by ann"));
    assert!(ground.timeline().to_string().contains("restart of Pod shop/web-rs-0 started, approved by ann"));
}

#[test]
fn the_record_says_what_the_policy_changed() {
    let mut ground = web(QUICK);
    apply(&mut ground, "p", "priority: 7\nmatch: {namespaces: [shop]}\nseverity: {floor: high}\nbudget: {perHour: 9}");
    ground.run(1.0);
    ground.does("fail web.1");
    ground.run(3.0);
    let reasons = &ground.recovery("web.1").spec.reasons;
    let said = "HealingPolicy p (priority 7) applies: severity floor high; budget perHour 9";
    assert!(reasons.iter().any(|reason| reason == said), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason == "the policy's floor makes it high"), "{reasons:?}");
}

#[test]
fn an_expression_that_cannot_be_evaluated_matches_nothing_and_the_condition_says_why() {
    let mut ground = web(QUICK);
    apply(&mut ground, "odd", "match: {when: 'target.labels[\"tier\"] == \"x\"'}\nmode: Observe");
    ground.run(1.0);
    assert_eq!(status(&ground, "odd").readiness, Readiness::Valid, "nothing has failed yet");
    ground.does("fail web.1");
    ground.run(10.0);
    assert_eq!((ground.phase("web.1"), &*ground.recovery("web.1").spec.policy), (Phase::Succeeded, ""));
    let told = status(&ground, "odd");
    assert_eq!((told.readiness, told.is_ready()), (Readiness::ExpressionFailed, false));
    assert!(told.message.starts_with("spec.match.when: ") && told.message.contains("tier"), "{}", told.message);
    apply(&mut ground, "odd", "match: {when: '\"tier\" in target.labels && target.labels[\"tier\"] == \"x\"'}");
    ground.run(5.0);
    assert_eq!(status(&ground, "odd").readiness, Readiness::Valid);
}

/// A container writes what it likes, and no policy may turn on that.
#[test]
fn what_was_gathered_as_evidence_is_for_people_and_no_policy_is_asked_about_it() {
    let mut ground = web(&format!("{QUICK}\nmode Approve"));
    apply(&mut ground, "odd", "match: {when: '\"state\" in failure.metadata'}\nmode: Observe");
    ground.run(1.0);
    ground.does("fail web.1");
    ground.run(200.0);
    assert!(ground.recovery("web.1").evidence("state").is_some());
    assert_eq!(ground.phase("web.1"), Phase::AwaitingApproval);
    assert_eq!((status(&ground, "odd").readiness, status(&ground, "odd").total), (Readiness::Valid, 0));
}

#[test]
fn what_cannot_be_seen_any_more_counts_as_it_did_when_the_policy_was_chosen() {
    let mut ground = web(QUICK);
    let spec = "match: {selector: {matchLabels: {app: web}}}\nescalation: {timeout: 10m}";
    apply(&mut ground, "slow", spec);
    ground.run(1.0);
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground.run(5.0);
    // The pod is gone, and its labels with it.
    apply(&mut ground, "other", "match: {selector: {matchLabels: {app: api}}}");
    ground.does("kill controller");
    ground.run(400.0);
    assert_eq!(ground.phase("web.1"), Phase::Verifying, "five minutes are the configuration's, not the policy's");
}

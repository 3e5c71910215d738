//! Properties of the guards: worse never means more, no order of what comes breaks a budget, and a restart changes no verdict.

use crate::ground::{Ground, QUICK};
use proptest::prelude::*;
use self_healing_core::names::FailureType;

/// `count` nodes of a zone, and as many others in a second one.
fn zones(count: usize, others: usize) -> String {
    let zone =
        |zone: &str, count: usize| (1..=count).map(|n| format!("node {zone}{n} zone {zone}\n")).collect::<String>();
    format!("{}{}", zone("a", count), zone("b", others))
}

/// How many of `sick` sick nodes of zone a are cordoned at once.
fn begun(cluster: &str, sick: usize, settings: &str) -> usize {
    let mut ground = Ground::of(cluster, &format!("{QUICK}\n{settings}"));
    (1..=sick).for_each(|number| ground.does(&format!("condition a{number} KernelDeadlock")));
    ground.run(3.2);
    ground.count("cordon")
}

/// Kubernetes' own eviction slows down at 55% of a zone and goes on at full speed at 100%.
#[test]
fn of_a_zone_54_55_99_and_100_per_cent_are_never_better_than_less() {
    let cluster = zones(100, 100);
    // Half of the cluster may be sick, so that only the zone decides.
    for (settings, expected) in [
        ("node_concurrency 10%\nmax_unhealthy_nodes 40%", [10, 1, 0, 0, 0, 0]),
        ("node_concurrency 10%\nmax_unhealthy_nodes 55%", [10, 1, 1, 1, 0, 0]),
        ("node_concurrency 100%\nmax_unhealthy_nodes 100%", [10, 40, 54, 55, 99, 0]),
    ] {
        let rate = format!("{settings}\nrecoveries_per_minute 1000");
        let seen = [10, 40, 54, 55, 99, 100].map(|sick| begun(&cluster, sick, &rate));
        assert_eq!(seen, expected, "{settings}");
    }
}

fn sizes() -> impl Strategy<Value = (usize, usize, u8, u8)> {
    (2..12_usize, 2..12_usize, 5..60_u8, 10..90_u8)
}

#[derive(Clone, Debug)]
enum Fact {
    Node(usize, bool),
    Pod(usize),
    Wait(u32),
}

/// Twelve nodes fall ill and six pods fail, some nodes are well again, in any order and with any pause between.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let ill = (1..=12_usize).map(|number| Fact::Node(number, true));
    let well = (1..=6_usize).map(|number| Fact::Node(number, false));
    let fails = (1..=6_usize).map(Fact::Pod);
    let all: Vec<Fact> = ill.chain(well).chain(fails).collect();
    let waits = prop::collection::vec((0..20_u32).prop_map(|tenths| Fact::Wait(tenths * tenths * 10)), 24);
    (Just(all).prop_shuffle(), waits)
        .prop_map(|(all, waits)| all.into_iter().zip(waits).flat_map(|(a, b)| [a, b]).collect())
}

const TOWN: &str = "nodes n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16 n17 n18 n19 n20
deployment a 1 on n20
deployment b 1 on n20
deployment c 1 on n20
deployment d 1 on n20
deployment e 1 on n20
deployment f 1 on n20";

fn befall(ground: &mut Ground, fact: &Fact) {
    match fact {
        Fact::Node(number, true) => ground.does(&format!("condition n{number} KernelDeadlock")),
        Fact::Node(number, false) => ground.does(&format!("condition n{number} KernelDeadlock False")),
        Fact::Pod(number) => ground.does(&format!("fail {}.1", ["a", "b", "c", "d", "e", "f"][number - 1])),
        Fact::Wait(ms) => ground.run(f64::from(*ms) / 1000.0),
    }
}

/// Nodes in recovery, and attempts begun within the last minute, by the stored records.
fn spent(ground: &Ground) -> (usize, usize) {
    let records = || ground.truth.records.values();
    let acting = records().filter(|record| record.spec.failure == FailureType::Node && record.is_acting()).count();
    let now = ground.truth.stamp();
    let attempts = records().flat_map(|record| &record.status.attempts);
    // What was begun right before a minute began is stored a moment later.
    let recent = attempts.filter(|attempt| now.since(attempt.started_at).as_millis() < 59_900).count();
    (acting, recent)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn worse_never_means_more_recoveries((zone, others, at_once, most) in sizes()) {
        let cluster = zones(zone, others);
        let settings = format!("node_concurrency {at_once}%\nmax_unhealthy_nodes {most}%");
        let alone = (zone * usize::from(at_once)).div_ceil(100).max(1);
        let seen: Vec<usize> = (1..=zone).map(|sick| begun(&cluster, sick, &settings)).collect();
        for (sick, two) in (1..).zip(seen.windows(2)) {
            prop_assert!(sick < alone || two[1] <= two[0], "{sick} of {zone}: {seen:?} with {settings}");
        }
        prop_assert_eq!(seen[zone - 1], 0, "the zone is out: {:?}", seen);
    }

    #[test]
    fn no_order_of_facts_breaks_a_budget(facts in facts()) {
        let mut ground = Ground::of(TOWN, &format!("{QUICK}\nnode_concurrency 10%\nrecoveries_per_minute 4"));
        for fact in &facts {
            befall(&mut ground, fact);
            let (acting, recent) = spent(&ground);
            prop_assert!(acting <= 2 && recent <= 4, "{acting} nodes, {recent} a minute: {}", ground.report());
        }
        for _ in 0..400 {
            ground.run(0.5);
            let (acting, recent) = spent(&ground);
            prop_assert!(acting <= 2 && recent <= 4, "{acting} nodes, {recent} a minute: {}", ground.report());
        }
    }

    #[test]
    fn a_restart_at_any_point_gives_the_same_verdicts(facts in facts(), at in 0..48_usize) {
        let live = |restart: bool| {
            // What is begun before a restart and what settle_period puts off after it is a matter of moments; the verdicts are not.
            let mut ground = Ground::of(TOWN, &format!("{QUICK}\nrecoveries_per_minute 4\npaused true"));
            for (number, fact) in facts.iter().enumerate() {
                befall(&mut ground, fact);
                if restart && number == at {
                    ground.does("kill controller");
                }
            }
            ground.run(10.0);
            ground.does("set paused false");
            ground.run(600.0);
            ground
        };
        let (once, again) = (live(false), live(true));
        let verdicts = |ground: &Ground| {
            let all = ground.truth.records.values().filter(|record| record.is_active());
            let said = |record: &self_healing_core::recovery::Recovery| {
                (record.spec.target.clone(), record.status.phase, record.status.reason.clone())
            };
            let mut all: Vec<String> = all.map(|record| format!("{:?}", said(record))).collect();
            all.sort();
            all
        };
        prop_assert_eq!(verdicts(&once), verdicts(&again), "{}\n{}", once.report(), again.report());
        let cordoned = |ground: &Ground| ground.outcome().cordoned;
        prop_assert_eq!(cordoned(&once), cordoned(&again), "{}\n{}", once.report(), again.report());
    }
}

//! Waves: what befalls very much at once is one trouble, and little is done and told about it.

use crate::ground::{Ground, QUICK};
use self_healing_core::names::Phase;

fn nodes(count: usize) -> String {
    (1..=count).map(|number| format!("node n{number}\n")).collect()
}

/// All pods of a workload crash alike at once.
fn crashed(pods: usize) -> Ground {
    let mut ground = Ground::of(&format!("{}deployment web {pods}", nodes(10)), QUICK);
    ground.truth.crash_all("web");
    ground.run(120.0);
    ground
}

#[test]
fn a_bad_configuration_that_crashes_hundreds_of_pods_is_a_few_recoveries_and_one_restart() {
    for pods in [500, 1000] {
        let ground = crashed(pods);
        let records: Vec<_> = ground.truth.records.values().collect();
        assert!(records.len() <= 3, "{pods} pods are {} Recoveries", records.len());
        assert!(ground.writes().len() <= 1 && ground.count("") == ground.count("delete"), "{:?}", ground.writes());
        assert!(ground.truth.told.len() <= 4, "{:?}", ground.truth.told);
        let parent = records.iter().max_by_key(|record| record.status.impact.len()).unwrap();
        let impact = &parent.status.impact;
        assert_eq!((impact.len(), impact[99].ends_with(" more")), (100, true), "{impact:?}");
        let more: usize = impact[99].split(' ').nth(1).unwrap().parse().unwrap();
        // All but the one that the Recovery is about.
        assert!((pods - 102..=pods).contains(&more), "{} of {pods}: {:?}", more + 99, impact[99]);
        assert!(records.iter().all(|record| record.status.phase == Some(Phase::Escalated)), "{}", ground.timeline());
    }
}

#[test]
fn most_nodes_silent_at_once_is_one_message_and_no_write_and_their_return_is_paced() {
    let workloads: String = (1..=6).map(|number| format!("deployment w{number} 2 on n{number}\n")).collect();
    let settings = "health_check_interval 10\nrecoveries_per_minute 3\nworkload_backoff 0";
    let mut ground = Ground::of(&format!("{}{workloads}", nodes(10)), settings);
    for number in 1..=6 {
        ground.does(&format!("silence n{number}"));
    }
    ground.run(300.0);
    assert_eq!((ground.truth.records.len(), ground.writes()), (6, Vec::<String>::new()), "{}", ground.report());
    assert_eq!(ground.truth.told.len(), 1, "{:?}", ground.truth.told);
    // All are back, and what ran there has not survived it.
    for number in 1..=6 {
        ground.does(&format!("return n{number}"));
        ground.does(&format!("fail w{number}.1"));
        ground.does(&format!("fail w{number}.2"));
    }
    let from = ground.now();
    ground.run(400.0);
    let acts: Vec<u64> = ground.truth.writes.iter().map(|(at, ..)| at - from).collect();
    assert_eq!(ground.count("delete"), 12, "{}", ground.report());
    for (at, act) in acts.iter().enumerate() {
        let within = acts[at..].iter().take_while(|other| **other < act + 60_000).count();
        assert!(within <= 3, "{within} actions within a minute: {acts:?}");
    }
    assert!(ground.truth.records.values().all(|record| !record.is_active()), "{}", ground.timeline());
}

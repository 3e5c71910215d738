use super::*;
use crate::notice::tests::recovery;
use self_healing_core::names::Phase;

fn stands(phase: Phase, key: &str) -> Stands {
    let mut about = recovery();
    about.status.phase = Some(phase);
    Letter { about: &about, key, cluster: "prod" }.stands()
}

#[test]
fn an_incident_stays_open_until_its_failure_is_over() {
    assert_eq!(stands(Phase::Running, "opened"), Stands::Opened);
    assert_eq!(stands(Phase::Succeeded, "opened"), Stands::Opened, "a late message still opens");
    assert_eq!(stands(Phase::Held, "storm"), Stands::Opened);
    for phase in [Phase::Succeeded, Phase::SelfRecovered] {
        assert_eq!(stands(phase, "outcome"), Stands::Resolved, "{phase}");
    }
    for phase in [Phase::Failed, Phase::Escalated, Phase::Cancelled] {
        assert_eq!(stands(phase, "outcome"), Stands::Updated, "{phase}");
        assert_eq!(stands(phase, "resolved"), Stands::Resolved, "{phase}");
    }
}

#[test]
fn all_messages_of_one_cause_name_one_incident_and_each_itself() {
    let about = recovery();
    let letter = |key, cluster| Letter { about: &about, key, cluster };
    assert_eq!(letter("opened", "prod").incident(), "prod/u1/CrashLoop");
    assert_eq!(letter("resolved", "prod").incident(), "prod/u1/CrashLoop");
    assert_eq!(letter("opened", "").incident(), "u1/CrashLoop");
    assert_eq!((letter("opened", "").id(), letter("outcome", "").id()), ("r1-opened".into(), "r1-outcome".into()));
}

//! Every plan of one fault for a short story ends as the story does without a fault.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that finds something else has failed")]

use self_healing_story::Story;
use self_healing_trial::exhaustive::{Family, Trial};
use self_healing_trial::runs;
use std::path::Path;

const STORY: &str = "A pod that its image breaks is restarted

cluster
  nodes n1 n2
  deployment web 1 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   crash-loop web.1 5
  30  end
";

#[test]
fn every_plan_of_a_story_ends_as_it_does_without_a_fault() {
    let story = Story::parse(Path::new("x.story"), STORY).unwrap();
    let trial = Trial::new(&story).unwrap();
    let plans = trial.plans();
    for family in Family::ALL {
        assert!(plans.iter().any(|plan| plan.family == family), "no plan of {}", family.name());
    }
    let wrong = runs::all(&plans, runs::threads(), |plan| {
        let (report, wrong) = trial.run(plan).unwrap_or_else(|error| panic!("{}: {error:#}", plan.fault));
        (!wrong.is_empty()).then(|| format!("{}\n{}\n{}", plan.fault, wrong.join("\n"), report.timeline))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), plans.len(), wrong.join("\n"));
}

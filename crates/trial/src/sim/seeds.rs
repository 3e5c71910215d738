//! Seeds.

use super::Args;
use super::sums::Sums;
use self_healing_trial::runs;
use self_healing_trial::seeds::Hunt;

pub(crate) fn run(count: u64, args: &Args, sums: &mut Sums) {
    let first = args.seed;
    let seeds: Vec<u64> = (first..first.saturating_add(count)).collect();
    let hunts = runs::all(&seeds, args.threads, |seed| Hunt::seed(*seed));
    for (seed, hunt) in seeds.iter().zip(hunts) {
        match hunt {
            Err(error) => sums.fail(format!("seed {seed}: {error:#}")),
            Ok(hunt) => {
                if count == 1 {
                    println!("timeline\n{}\noutcome\n{}", hunt.report.timeline, hunt.report.outcome);
                }
                let least = hunt.failure.iter().map(|failure| &failure.least).filter(|_| args.requests);
                let asked = least.flat_map(|least| &least.tape.asked);
                asked.for_each(|asked| println!("{asked}"));
                sums.add(&hunt.report);
                hunt.failure.iter().for_each(|failure| sums.fail(failure));
            }
        }
    }
    println!("{count} seeds from {first} on");
}

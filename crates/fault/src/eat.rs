//! Takes memory until it is stopped.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

/// Ten times a second.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes `step` MiB more each second, and writes to every page: memory that nobody touched counts for nothing.
pub(crate) fn forever(step: usize) -> ! {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(vec![1; (step << 20) / 10]);
        black_box(&eaten);
        thread::sleep(PAUSE);
    }
}

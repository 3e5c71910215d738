//! Fills a disk until it is stopped.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(500);

/// Writes `step` MiB more to a file in `folder` each time; a full disk is waited out.
pub(crate) fn forever(folder: &str, step: usize) -> ! {
    let path = Path::new(folder).join("filler");
    loop {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        if let Err(error) = file.and_then(|mut file| file.write_all(&vec![1; step << 20])) {
            eprintln!("cannot write to {}: {error}", path.display());
        }
        thread::sleep(PAUSE);
    }
}

//! What is attributed to a Recovery: a list in its record, whose last line counts what it has no room for.

use super::Case;
use alloc::format;
use alloc::string::String;

/// Lines of the list.
const MAX: usize = 100;

impl Case {
    /// Lists workloads that are to come back, however many; they are what its end is judged by.
    pub(super) fn lists(&mut self, workloads: impl IntoIterator<Item = String>) {
        let impact = &mut self.recovery.status.impact;
        for workload in workloads {
            if !impact.contains(&workload) {
                impact.push(workload);
            }
        }
    }

    /// Lists an attributed failure; gives whether the record has changed.
    pub(super) fn affects(&mut self, text: String) -> bool {
        let impact = &mut self.recovery.status.impact;
        if impact.contains(&text) {
            return false;
        }
        if impact.len() + 1 < MAX {
            impact.push(text);
            return true;
        }
        self.unlisted.insert(text);
        let rest = self.unlisted.len();
        match impact.get_mut(MAX - 1) {
            None => impact.push(more(rest)),
            // A process that has started since counts from the beginning, and workloads that a drain moves stay listed.
            Some(last) if counted(last).is_none_or(|known| known >= rest) => return false,
            Some(last) => *last = more(rest),
        }
        true
    }
}

fn more(rest: usize) -> String {
    format!("and {rest} more")
}

fn counted(line: &str) -> Option<usize> {
    line.strip_prefix("and ")?.strip_suffix(" more")?.parse().ok()
}

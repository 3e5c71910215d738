//! The least that still goes wrong: parts are left out one by one while it does.

/// Leaves out every part without which `fails` still holds, trying the runs that `tries` allows.
pub fn shrink<T: Clone>(parts: &[T], tries: &mut usize, fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut kept = parts.to_vec();
    // Whole halves first: of many parts, most have nothing to do with it.
    let mut size = kept.len();
    while size > 0 {
        let mut at = 0;
        while at < kept.len() && *tries > 0 {
            let mut less = kept.clone();
            less.drain(at..(at + size).min(kept.len()));
            *tries -= 1;
            if fails(&less) {
                kept = less;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::shrink;

    #[test]
    fn only_what_is_needed_is_left() {
        let parts: Vec<u32> = (0..40).collect();
        let mut tries = 1000;
        let left = shrink(&parts, &mut tries, |parts| parts.contains(&7) && parts.contains(&33));
        assert_eq!(left, [7, 33]);
        assert!(tries > 900, "{tries}");
        let mut none = 0;
        assert_eq!(shrink(&parts, &mut none, |_| true), parts);
    }
}

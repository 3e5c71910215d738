//! Tells a static ELF binary from one that needs an interpreter; numbers are those of the ELF-64 object file format.

use anyhow::{Context, Result, ensure};

/// Program header type of the segment that names the interpreter.
const PT_INTERP: usize = 3;

/// The dynamic linker that a 64-bit little-endian ELF binary asks for; `None` for a static one.
pub(super) fn interpreter(bytes: &[u8]) -> Result<Option<String>> {
    ensure!(bytes.starts_with(b"\x7fELF\x02\x01"), "not a 64-bit little-endian ELF binary");
    let (table, size, count) = (number(bytes, 32, 8)?, number(bytes, 54, 2)?, number(bytes, 56, 2)?);
    ensure!(count > 0, "an ELF binary without program headers cannot run");
    for index in 0..count {
        let header = table.saturating_add(index * size);
        if number(bytes, header, 4)? == PT_INTERP {
            let (start, length) = (number(bytes, header + 8, 8)?, number(bytes, header + 32, 8)?);
            let path = part(bytes, start, length)?;
            return Ok(Some(String::from_utf8_lossy(path).trim_end_matches('\0').to_owned()));
        }
    }
    Ok(None)
}

fn number(bytes: &[u8], at: usize, length: usize) -> Result<usize> {
    let value = part(bytes, at, length)?.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    usize::try_from(value).context("a number in the ELF header is too large")
}

fn part(bytes: &[u8], at: usize, length: usize) -> Result<&[u8]> {
    at.checked_add(length).and_then(|end| bytes.get(at..end)).context("the ELF binary is cut off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_binary_itself_is_dynamic() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let interpreter = interpreter(&own).unwrap();
        assert_eq!(interpreter.is_some(), cfg!(not(target_feature = "crt-static")), "{interpreter:?}");
    }

    #[test]
    fn a_static_binary_has_no_interpreter_and_other_files_are_refused() {
        let mut header = vec![0_u8; 64 + 56];
        header[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (header[32], header[54], header[56], header[64]) = (64, 56, 1, 1);
        assert_eq!(interpreter(&header).unwrap(), None);
        header[64] = 3;
        assert_eq!(interpreter(&header).unwrap(), Some(String::new()));
        assert!(interpreter(&header[..60]).is_err(), "cut off");
        assert!(interpreter(b"#!/bin/sh\n").is_err(), "not ELF");
    }
}

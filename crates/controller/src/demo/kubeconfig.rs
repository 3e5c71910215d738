//! The kubeconfig of the embedded cluster.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The first line; a file that begins otherwise is somebody else's.
const HEAD: &str = "# Written by `self-healing-controller demo`; works as long as that runs.\n";
/// Only its owner may read it.
const MODE: u32 = 0o600;

/// Writes a kubeconfig for the cluster that is served at `url`.
///
/// # Errors
/// When the file cannot be written, or holds what a demo did not write.
pub(super) fn write(path: &Path, url: &str) -> io::Result<()> {
    if path.exists() && !is_ours(path)? {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it holds something that no demo wrote"));
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path)?;
    // It may have been there already, with another mode.
    file.set_permissions(Permissions::from_mode(MODE))?;
    // JSON, which is YAML as well, and so may have a comment before it.
    writeln!(file, "{HEAD}{}", self_healing_sim::http::kubeconfig(url))
}

fn is_ours(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD.len() as u64).read_to_end(&mut head)?;
    Ok(head == HEAD.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn it_replaces_its_own_files_only_and_shows_them_to_nobody_else() {
        let folder = std::env::temp_dir().join(format!("demo-kubeconfig-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (ours, theirs) = (folder.join("ours"), folder.join("theirs"));
        fs::write(&theirs, "apiVersion: v1\n").unwrap();
        assert_eq!(write(&theirs, "http://127.0.0.1:1").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "apiVersion: v1\n");
        write(&ours, "http://127.0.0.1:1").unwrap();
        fs::set_permissions(&ours, Permissions::from_mode(0o644)).unwrap();
        write(&ours, "http://127.0.0.1:22").unwrap();
        assert_eq!(fs::metadata(&ours).unwrap().permissions().mode() & 0o777, MODE);
        let text = fs::read_to_string(&ours).unwrap();
        assert!(text.contains("http://127.0.0.1:22") && !text.contains("http://127.0.0.1:1\""), "{text}");
        fs::remove_dir_all(folder).unwrap();
    }
}

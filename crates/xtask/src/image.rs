//! The container image: built by an engine, or assembled and checked without one.

mod dockerfile;
mod elf;

use crate::tools::{cargo, output, program, root, run as run_command, target};
use anyhow::{Context, Result, bail, ensure};
use dockerfile::{Image, Source};
use std::fs;
use std::path::{Path, PathBuf};

/// The name that the Deployment asks for.
const TAG: &str = "self-healing-controller:latest";

/// An engine with the question that it answers only if it works, and its words for a build.
const ENGINES: &[(&str, &[&str], &[&str])] = &[
    ("docker", &["version", "--format", "{{.Server.Version}}"], &["build", "--tag", TAG, "."]),
    ("podman", &["info", "--format", "{{.Version.Version}}"], &["build", "--tag", TAG, "."]),
    ("buildah", &["info"], &["build", "--tag", TAG, "."]),
];

/// Builds the image with the first engine that answers; else assembles and checks its root file system.
pub(crate) fn run() -> Result<()> {
    let answers = |(engine, question, _): &&(&str, &[&str], &[&str])| {
        let mut command = program(engine);
        command.args(*question);
        output(command).is_some()
    };
    if let Some((engine, _, build)) = ENGINES.iter().find(answers) {
        let mut command = program(engine);
        command.args(*build);
        return run_command(command);
    }
    let names: Vec<&str> = ENGINES.iter().map(|(engine, ..)| *engine).collect();
    println!("no container engine answers ({}): assembling the root file system instead", names.join(", "));
    let text = fs::read_to_string(root().join("Dockerfile")).context("Dockerfile cannot be read")?;
    let image = dockerfile::parse(&text)?;
    let binary = build_static("self-healing-controller", "self-healing-controller")?;
    let folder = target()?.join("image");
    assemble(&image, &binary, &folder)?;
    for line in check(&image, &folder)? {
        println!("ok  {line}");
    }
    println!(
        "the image's root file system is in {}; no image was built, because no container engine exists here",
        folder.display()
    );
    Ok(())
}

/// The build command of the Dockerfile's first stage, for one program of one package.
pub(crate) fn build_static(package: &str, name: &str) -> Result<PathBuf> {
    let mut rustc = program("rustc");
    rustc.args(["--print", "host-tuple"]);
    let triple = output(rustc).context("rustc does not tell its host")?;
    let mut build = cargo(&["build", "--release", "--locked", "--package", package, "--target", &triple]);
    build.env("RUSTFLAGS", "-C target-feature=+crt-static");
    run_command(build)?;
    Ok(target()?.join(triple).join("release").join(name))
}

/// Does what the final stage's COPY lines say. The first stage's `/out` holds the binary; its other files are those of a
/// Linux distribution, so this machine's are taken.
fn assemble(image: &Image, binary: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    for copy in &image.copies {
        let to = inside(folder, &copy.to)?;
        fs::create_dir_all(to.parent().unwrap_or(folder))?;
        match &copy.from {
            Source::Text(text) => fs::write(&to, text).with_context(|| format!("cannot write {}", to.display()))?,
            Source::Stage(path) => {
                let from = if path.starts_with("/out/") { binary } else { Path::new(path) };
                fs::copy(from, &to).with_context(|| format!("{} cannot be copied to {}", from.display(), copy.to))?;
            }
        }
    }
    Ok(())
}

/// Whether the controller can run from these files alone; each line is something that was found in order.
fn check(image: &Image, folder: &Path) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let binary = inside(folder, &image.entrypoint)?;
    let bytes = fs::read(&binary).with_context(|| format!("{} of ENTRYPOINT is not in the image", image.entrypoint))?;
    if let Some(interpreter) = elf::interpreter(&bytes)? {
        bail!("{} is dynamically linked: it asks for {interpreter}, which is not in the image", image.entrypoint);
    }
    lines.push(format!("{} is a static binary of {} KiB", image.entrypoint, bytes.len() / 1024));
    let mut version = program(&binary);
    version.arg("version").env_clear();
    let version = output(version).with_context(|| format!("`{} version` fails", image.entrypoint))?;
    lines.push(format!("it starts: {}", version.lines().next().unwrap_or("(it prints nothing)")));

    let authorities = "/etc/ssl/certs/ca-certificates.crt";
    let text = fs::read_to_string(inside(folder, authorities)?).with_context(|| format!("{authorities} is missing"))?;
    let count = text.matches("-----BEGIN CERTIFICATE-----").count();
    ensure!(count > 0, "{authorities} holds no certificate: no receiver of notifications could be trusted");
    lines.push(format!("{authorities} holds {count} certificates"));

    let users = fs::read_to_string(inside(folder, "/etc/passwd")?).context("/etc/passwd is missing")?;
    let (user, group) = image.user.split_once(':').with_context(|| format!("USER {}: expected uid:gid", image.user))?;
    ensure!(
        user != "0" && user.parse::<u32>().is_ok(),
        "USER {user}: expected a number that is not 0, which runAsNonRoot can check"
    );
    let known = users.lines().any(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        fields.len() == 7 && fields[2] == user && fields[3] == group
    });
    ensure!(known, "/etc/passwd has no entry for USER {}", image.user);
    lines.push(format!("/etc/passwd knows user {}", image.user));
    Ok(lines)
}

/// The place of an absolute path of the image in the folder that stands for its root.
fn inside(folder: &Path, path: &str) -> Result<PathBuf> {
    let relative = path.strip_prefix('/').with_context(|| format!("{path}: expected an absolute path"))?;
    ensure!(!relative.split('/').any(|part| part == ".."), "{path}: leads out of the image");
    Ok(folder.join(relative))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dockerfile::Copy;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("self-healing-image-{name}-{}", std::process::id()))
    }

    fn image() -> Image {
        let passwd = Copy { from: Source::Text("u:x:7:7::/:/n\n".into()), to: "/etc/passwd".into() };
        let binary = Copy { from: Source::Stage("/out/p".into()), to: "/p".into() };
        Image { copies: vec![binary, passwd], user: "7:7".into(), entrypoint: "/p".into() }
    }

    #[test]
    fn a_dynamic_binary_does_not_pass() {
        let folder = folder("dynamic");
        assemble(&image(), &std::env::current_exe().unwrap(), &folder).unwrap();
        assert_eq!(fs::read_to_string(folder.join("etc/passwd")).unwrap(), "u:x:7:7::/:/n\n");
        let error = check(&image(), &folder).unwrap_err().to_string();
        fs::remove_dir_all(folder).unwrap();
        assert!(error.contains("dynamically linked"), "{error}");
    }

    #[test]
    fn no_path_leads_out_of_the_image() {
        assert!(inside(Path::new("/image"), "/../etc/passwd").is_err());
        assert!(inside(Path::new("/image"), "relative").is_err());
        assert_eq!(inside(Path::new("/image"), "/p").unwrap(), Path::new("/image/p"));
    }

    #[test]
    fn the_projects_dockerfile_is_understood() {
        let text = fs::read_to_string(root().join("Dockerfile")).unwrap();
        let image = dockerfile::parse(&text).unwrap();
        assert!(image.copies.iter().any(|copy| copy.to == image.entrypoint), "{image:?}");
    }
}

//! Configuration that is wrong: refused at the start with one line, refused live as a whole.

use crate::controller::{Controller, eventually};
use crate::ground::{Ground, OWN};
use crate::suite::QUICK;
use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Event;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use self_healing_e2e::wait::wait_for_all;
use serde_json::json;
use std::fs;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// A refused start ends within this.
const REFUSAL: Duration = Duration::from_secs(15);
/// Words that say what would be right.
const EXPECTATION: [&str; 5] = ["expect", "must", "one of", "did you mean", "see --help"];

/// One wrong start: arguments, environment, and what its line must name (source, key, value), without regard to case.
struct Wrong {
    args: Vec<String>,
    env: Vec<(&'static str, String)>,
    names: Vec<String>,
}

/// A wrong value of an environment variable.
fn env(key: &'static str, value: &str) -> Wrong {
    Wrong { args: Vec::new(), env: vec![(key, value.to_owned())], names: vec![key.to_owned(), value.to_owned()] }
}

/// A wrong command line.
fn args(args: &[&str], names: &[&str]) -> Wrong {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Wrong { args: owned(args), env: Vec::new(), names: owned(names) }
}

pub(crate) async fn wrong_start(ground: &Ground) -> Result<()> {
    let dir = ground.cluster.dir();
    let file = |name: &str, text: &str| -> Result<String> {
        let path = dir.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path.display().to_string())
    };
    let bad_value = file("bad-value.yaml", "pod_restart_threshold: \"several\"\n")?;
    let bad_yaml = file("bad-yaml.yaml", "mode: [Enforce\n")?;
    let good = fs::read_to_string(&ground.kubeconfig)?;
    let authority = |value: &mut serde_json::Value| {
        value["clusters"][0]["cluster"]["certificate-authority-data"] = json!("bm8gY2VydGlmaWNhdGU=")
    };
    let mut without_authority: serde_json::Value = serde_json::from_str(&good)?;
    authority(&mut without_authority);
    let bad_ca = file("bad-ca.kubeconfig", &without_authority.to_string())?;
    let garbage = file("garbage.kubeconfig", "{ this is: [no kubeconfig")?;

    let mut wrongs = vec![
        env("HEALTH_CHECK_INTERVAL", "soon"),
        env("HEALTH_CHECK_INTERVAL", "-1"),
        env("POD_CHECK_INTERVAL", "0"),
        env("RECOVERY_TIMEOUT", "1e400"),
        env("NODE_FAILURE_THRESHOLD", "0"),
        env("NODE_FAILURE_THRESHOLD", "1.5"),
        env("POD_RESTART_THRESHOLD", "99999999999999999999"),
        env("MODE", "Enforced"),
        env("PAUSED", "maybe"),
        env("MAX_UNHEALTHY_NODES", "110%"),
        env("NODE_CONCURRENCY", "ten"),
        env("LISTEN_ADDRESS", "8080x"),
        env("LOG_FORMAT", "xml"),
        env("PROTECTED_NAMESPACES", "Not_A_Namespace"),
        env("SLACK_WEBHOOK_URL_FILE", "/no/such/secret"),
        args(&["--config", "/no/such/config.yaml"], &["/no/such/config.yaml"]),
        args(&["--config", &bad_value], &["bad-value.yaml", "pod_restart_threshold", "several"]),
        args(&["--config", &bad_yaml], &["bad-yaml.yaml"]),
        args(&["--set", "mode=Sometimes"], &["mode", "Sometimes"]),
        args(&["--kubeconfig", "/no/such/kubeconfig"], &["/no/such/kubeconfig"]),
        args(&["--kubeconfig", &garbage], &["garbage.kubeconfig"]),
        args(&["--kubeconfig", &bad_ca], &["bad-ca.kubeconfig"]),
        args(&["--context", "nowhere"], &["nowhere"]),
        args(&["--frobnicate"], &["--frobnicate"]),
        args(&["runn"], &["runn"]),
    ];
    // A secret is named by its key only.
    wrongs.push(Wrong {
        names: vec!["SLACK_WEBHOOK_URL".into()],
        ..env("SLACK_WEBHOOK_URL", "gopher://hooks.example/T0/s3cr3t")
    });
    let mut faults = Vec::new();
    for wrong in &wrongs {
        if let Err(fault) = refused(ground, wrong).await {
            faults.push(format!("{fault:#}"));
        }
    }
    ensure!(faults.is_empty(), "{} of {} wrong starts:\n- {}", faults.len(), wrongs.len(), faults.join("\n- "));
    Ok(())
}

/// Starts the program and expects exit code 2 and one line with all that a person needs.
async fn refused(ground: &Ground, wrong: &Wrong) -> Result<()> {
    let what = format!("{:?} {:?}", wrong.args, wrong.env);
    let mut command = Command::new(ground.binary());
    if !wrong.args.iter().any(|arg| arg == "--kubeconfig")
        && wrong.args.first().is_none_or(|first| first.starts_with('-'))
    {
        command.arg("--kubeconfig").arg(&ground.kubeconfig);
    }
    let listen = ("LISTEN_ADDRESS", "127.0.0.1:0".to_owned());
    command.args(&wrong.args).env("LOG_FORMAT", "text").env("POD_NAMESPACE", OWN);
    command.envs(ground.confinement()).envs([listen]).envs(wrong.env.iter().map(|(key, value)| (*key, value)));
    command.stdin(Stdio::null()).kill_on_drop(true);
    let Ok(output) = timeout(REFUSAL, command.output()).await else { bail!("{what}: it still ran after {REFUSAL:?}") };
    let output = output?;
    let stderr = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    ensure!(output.status.code() == Some(2), "{what}: ended with {} instead of exit code 2: {stderr}", output.status);
    ensure!(
        !stderr.is_empty() && stderr.lines().count() == 1,
        "{what}: one line on stderr was expected, not:\n{stderr}"
    );
    let line = stderr.to_lowercase();
    let missing: Vec<&String> = wrong.names.iter().filter(|name| !line.contains(&name.to_lowercase())).collect();
    ensure!(missing.is_empty(), "{what}: the line does not name {missing:?}: {stderr}");
    ensure!(
        EXPECTATION.iter().any(|word| line.contains(word)),
        "{what}: the line does not say what is expected: {stderr}"
    );
    ensure!(!line.contains("s3cr3t"), "{what}: the line shows a secret: {stderr}");
    Ok(())
}

/// One wrong key refuses the right ones beside it; the next right change is taken.
pub(crate) async fn wrong_live_change(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    ground.configure(json!({ "health_check_interval": "1" })).await?;
    let controller = ground.controller(&[]).await?;
    ensure!(config_errors(&controller).await? == 0, "the shipped ConfigMap counts as an error");
    ground.configure(json!({ "pod_restart_threshold": "3", "recovery_timeout": "-5" })).await?;
    let counted = async || Ok((config_errors(&controller).await? > 0).then_some(()));
    eventually("self_healing_config_errors_total to count the wrong change", QUICK, counted).await?;
    let warned = |events: &[Event]| events.iter().any(is_refusal);
    let events = Api::<Event>::namespaced(ground.cluster.admin(), OWN);
    wait_for_all(&events, &ListParams::default(), "a Warning Event that names recovery_timeout and -5", QUICK, warned)
        .await?;

    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.crash_loop(&shop, &pod.name_any(), 3).await?;
    ground.pod_stays(&pod, Duration::from_secs(4)).await?;
    ground.configure(json!({ "pod_restart_threshold": "3", "recovery_timeout": "300" })).await?;
    ground.pod_gone(&pod, QUICK).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    controller.stop().await
}

fn is_refusal(event: &Event) -> bool {
    let message = event.message.as_deref().unwrap_or_default();
    event.type_.as_deref() == Some("Warning") && message.contains("recovery_timeout") && message.contains("-5")
}

async fn config_errors(controller: &Controller) -> Result<u64> {
    let (_, text) = controller.text("/metrics").await?;
    let line = text.lines().find_map(|line| line.strip_prefix("self_healing_config_errors_total "));
    Ok(line.context("/metrics has no self_healing_config_errors_total")?.trim().parse()?)
}

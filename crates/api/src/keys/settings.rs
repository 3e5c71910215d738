//! From the configuration to the core's settings.

use super::Config;
use self_healing_core::key::Text;
use self_healing_core::machine::Provider;
use self_healing_core::settings::Settings;

impl Config {
    /// The settings of a controller that runs as `own_pod` (namespace and name).
    ///
    /// Its channels are none: which ones have an address, only the caller knows.
    #[must_use]
    pub fn settings(&self, own_pod: (&str, &str)) -> Settings {
        let built_in = Settings::default();
        Settings {
            node_check_interval: self.node_check_interval,
            pod_check_interval: self.pod_check_interval,
            service_check_interval: self.service_check_interval,
            deployment_check_interval: self.deployment_check_interval,
            sweep: self.sweep(),
            node_failure_threshold: self.node_failure_threshold,
            node_startup_grace: self.node_startup_grace,
            pod_restart_threshold: self.pod_restart_threshold,
            recovery_timeout: self.recovery_timeout,
            retry_interval: self.retry_interval,
            mode: self.mode,
            paused: self.paused,
            protected_namespaces: self.protected_namespaces.iter().map(|name| Text::from(name.as_str())).collect(),
            history_window: self.history_window,
            max_unhealthy_nodes: self.max_unhealthy_nodes,
            node_concurrency: self.node_concurrency,
            recoveries_per_minute: self.recoveries_per_minute,
            workload_backoff: self.workload_backoff,
            settle_period: self.settle_period,
            recovery_ttl: self.recovery_ttl,
            approval_timeout: self.approval_timeout,
            channels: built_in.channels,
            control_plane_nodes: built_in.control_plane_nodes,
            recreate_bare_pods: built_in.recreate_bare_pods,
            disabled: built_in.disabled,
            own_pod: (Text::from(own_pod.0), Text::from(own_pod.1)),
            policy: built_in.policy,
            severity: built_in.severity,
            strategies: built_in.strategies,
            ladder: built_in.ladder,
            node_conditions: built_in.node_conditions,
            windows: built_in.windows,
            resize: built_in.resize,
            budget: built_in.budget,
            drain: built_in.drain,
            provider: Provider { kind: self.node_replacement, ..Provider::default() },
            routes: built_in.routes,
            quiet_hours: built_in.quiet_hours,
            watch_patience: built_in.watch_patience,
        }
    }

    /// Period of the sweep: the shortest check interval.
    fn sweep(&self) -> std::time::Duration {
        let others = [
            self.node_check_interval,
            self.pod_check_interval,
            self.service_check_interval,
            self.deployment_check_interval,
        ];
        others.into_iter().fold(self.health_check_interval, std::time::Duration::min)
    }
}

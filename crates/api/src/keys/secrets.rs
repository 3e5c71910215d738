//! The names of the secrets, and where they belong.

/// One secret: an environment variable, or with `_FILE` appended the path of a file that holds it.
#[derive(Clone, Copy, Debug)]
pub struct Secret {
    /// The environment variable.
    pub variable: &'static str,
    /// What it is, in one line.
    pub meaning: &'static str,
}

/// Every secret.
pub const SECRETS: &[Secret] = &[
    Secret { variable: "SLACK_WEBHOOK_URL", meaning: "Slack incoming webhook; without it Slack is off" },
    Secret {
        variable: "SLACK_INCIDENT_WEBHOOK_URL",
        meaning: "Slack incoming webhook for high and critical severity, if it is another one",
    },
    Secret { variable: "EMAIL_USERNAME", meaning: "user name at the mail server" },
    Secret { variable: "EMAIL_PASSWORD", meaning: "password at the mail server" },
    Secret { variable: "PAGERDUTY_ROUTING_KEY", meaning: "routing key of PagerDuty's Events API v2" },
    Secret { variable: "WEBHOOK_URL", meaning: "generic webhook, which gets every message as a CloudEvent" },
    Secret {
        variable: "TEAMS_WEBHOOK_URL",
        meaning: "Microsoft Teams webhook of Workflows, for high and critical severity",
    },
    Secret { variable: "ALERTMANAGER_URL", meaning: "Alertmanager, without /api/v2/alerts; it gets all severities" },
    Secret {
        variable: "NOTIFICATION_CA",
        meaning: "certificates (PEM) of authorities that receivers may be certified by beside those of the system; no secret, but a file like these",
    },
    Secret {
        variable: "NOTIFICATION_TEMPLATE",
        meaning: "Jinja template of the text of messages to people, in place of the built-in one; no secret, but a file like these",
    },
    Secret {
        variable: "NOTIFICATION_ALLOWED_HOSTS",
        meaning: "hosts that messages may be sent to, comma-separated, `*.example.com` for all names below example.com; without it any host; no secret, but a file like these",
    },
    Secret {
        variable: "RUNBOOK_URL",
        meaning: "https address of a page that people are sent to, with the cause as anchor (`#crashloop`); no secret, but a file like these",
    },
    Secret {
        variable: "NODE_WEBHOOK_SECRET",
        meaning: "key that signs what the node provider webhook is told and asked; without it that webhook is not called",
    },
    Secret { variable: "WEBHOOK_SECRET", meaning: "key that signs what the generic webhook gets" },
];

/// The secret that `key` names, in whatever case or spelling, also as the path of its file.
pub(super) fn secret_named(key: &str) -> Option<&'static Secret> {
    let key = key.to_ascii_uppercase().replace(['-', '.'], "_");
    let key = key.strip_suffix("_FILE").unwrap_or(&key);
    SECRETS.iter().find(|secret| secret.variable == key)
}

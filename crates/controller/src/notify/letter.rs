//! One message that is owed: about which Recovery, and what has happened to it.

use crate::notice::Notice;
use self_healing_core::recovery::Recovery;

/// What a channel makes its message of.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The Recovery as it was when the message was sent.
    pub about: &'a Recovery,
    /// What has happened: `opened`, `storm`, `outcome` or `resolved`.
    pub key: &'a str,
    /// `cluster_name`.
    pub cluster: &'a str,
}

/// How the incident stands after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It has begun.
    Opened,
    /// There is news, and the failure may still be there.
    Updated,
    /// The failure is over.
    Resolved,
}

impl Stands {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Resolved => "resolved",
        }
    }
}

impl Letter<'_> {
    /// In words.
    pub(super) fn notice(&self) -> Notice {
        Notice::new(self.about, self.key, self.cluster)
    }

    /// How the incident stands.
    pub(super) fn stands(&self) -> Stands {
        let well = self.about.status.phase.is_some_and(|phase| phase.is_well());
        match self.key {
            "opened" | "storm" => Stands::Opened,
            "resolved" => Stands::Resolved,
            "outcome" if well => Stands::Resolved,
            _ => Stands::Updated,
        }
    }

    /// The name of the incident, the same for all its messages: cluster, uid of the target and cause.
    pub(super) fn incident(&self) -> String {
        let spec = &self.about.spec;
        let cause = spec.cause.map_or("unknown", |cause| cause.as_str());
        let parts = [self.cluster, &*spec.target.uid, cause];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// The name of this message, the same each time it is sent.
    pub(super) fn id(&self) -> String {
        format!("{}-{}", self.about.uid, self.key)
    }

    /// One line: what is wrong with what.
    pub(super) fn summary(&self) -> String {
        let spec = &self.about.spec;
        let cause = spec.cause.map_or("unknown cause", |cause| cause.as_str());
        let place = if self.cluster.is_empty() { String::new() } else { format!("[{}] ", self.cluster) };
        let description = self.notice().value("Description").unwrap_or_default().to_owned();
        crate::plain::plain(&format!("{place}{cause}: {}: {description}", spec.target), 1024)
    }
}

#[cfg(test)]
mod tests;

//! The hosts that messages may be sent to, where somebody has listed them.

use std::net::IpAddr;
use url::Host;

/// Characters of a wrong entry that are shown.
const SHOWN: usize = 80;

/// Hosts that receivers may have; an empty list allows every host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// This host.
    Exactly(String),
    /// Every name below, with the dot: `.example.com`.
    Below(String),
}

/// Why a list of hosts is refused. What follows a name in an entry, such as the path of a URL, may be a secret and is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}`: expected host names without scheme, port and path, such as hooks.slack.com, or *.example.com for all names below, comma-separated"
)]
pub struct BadHost(String);

impl AllowedHosts {
    /// Reads a list: host names or IP addresses, with commas or line ends between them.
    ///
    /// # Errors
    /// The first entry that is no host.
    pub fn read(text: &str) -> Result<Self, BadHost> {
        let entries = text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(|entry| Entry::read(entry).ok_or_else(|| BadHost::of(entry))).collect::<Result<_, _>>().map(Self)
    }

    /// Whether messages may be sent to `host`, a name or an IP address.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        self.0.is_empty() || canonical(host).is_some_and(|host| self.0.iter().any(|entry| entry.covers(&host)))
    }
}

impl Entry {
    fn read(text: &str) -> Option<Self> {
        match text.strip_prefix("*.") {
            // An address has nothing below it.
            Some(parent) => {
                let parent = canonical(parent).filter(|parent| parent.parse::<IpAddr>().is_err())?;
                Some(Self::Below(format!(".{parent}")))
            }
            None => canonical(text).map(Self::Exactly),
        }
    }

    fn covers(&self, host: &str) -> bool {
        match self {
            Self::Exactly(name) => host == name,
            Self::Below(ending) => host.strip_suffix(ending.as_str()).is_some_and(|name| !name.is_empty()),
        }
    }
}

impl BadHost {
    fn of(entry: &str) -> Self {
        let name: String = entry
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*' | ' '))
            .take(SHOWN)
            .collect();
        Self(if name == entry { name } else { format!("{name}…") })
    }
}

/// One spelling for each host: lower case, ASCII, without a dot at the end; an IPv6 address without brackets.
fn canonical(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    match Host::parse(text).ok()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            (!name.is_empty() && !name.contains('*')).then(|| name.to_owned())
        }
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(address.to_string()),
    }
}

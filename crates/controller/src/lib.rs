//! The shell around the core: it watches, acts, tells, and answers HTTP.

pub mod act;
mod cgroup;
pub mod cli;
pub mod client;
pub mod config;
pub mod demo;
pub mod explain;
pub mod http;
pub mod lease;
pub mod log;
pub mod manifests;
pub mod metrics;
pub mod notice;
pub mod notify;
pub mod objects;
pub mod outside;
pub mod plain;
mod provider;
pub mod record;
pub mod replay;
pub mod rights;
pub mod run;
mod signature;
pub mod watch;

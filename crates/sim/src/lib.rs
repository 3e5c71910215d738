//! The embedded cluster: a Kubernetes API in memory and the actors that bring a cluster to life.
//!
//! It knows no crate of ours: the controller cannot tell it from a real cluster, and it cannot tell the controller from
//! any other client.

pub mod actor;
pub mod api;
pub mod cluster;
pub mod definition;
mod discovery;
mod event;
pub mod failure;
pub mod hand;
pub mod http;
pub mod resource;
pub mod rights;
mod schema;
pub mod select;
pub mod service;
pub mod store;
mod table;

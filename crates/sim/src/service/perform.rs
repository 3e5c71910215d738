//! One request for objects, carried out.

use super::Answer;
use super::listing;
use super::route::{Query, Route};
use crate::api::{self, Ask, Change, DeleteOptions, Patch, User};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

/// A request that is not a watch.
pub(super) struct Doing<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) user: &'a User,
    pub(super) verb: &'static str,
    pub(super) route: &'a Route,
    pub(super) query: &'a Query,
    pub(super) body: &'a Arc<Value>,
    /// Of a patch: the media type of its body.
    pub(super) media: &'a str,
}

impl Doing<'_> {
    /// Carries it out.
    pub(super) fn perform(&self, view: Option<u64>) -> Result<Answer, Failure> {
        match self.verb {
            "get" => self.get(),
            "list" => {
                Ok(Answer::Object(200, listing::page(self.cluster, self.route, self.query, view)?.object(self.route)))
            }
            "create" => self.create(),
            "update" => self.update(),
            "patch" => self.patch(),
            "delete" => self.delete(),
            _ => self.delete_collection(),
        }
    }

    fn key(&self, name: &str) -> Key {
        Key::new(&self.route.resource.stored_as(), &self.route.namespace, name)
    }

    fn change<T>(&self, act: impl FnOnce(&mut Change<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        self.change_one(&self.route.name, act)
    }

    fn change_one<T>(&self, name: &str, act: impl FnOnce(&mut Change<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let dry_run = !self.query.text("dryRun").is_empty();
        let (key, subresource) = (self.key(name), self.route.subresource.as_str());
        let ask = Ask { user: self.user, verb: self.verb, key, subresource, body: self.body.clone(), dry_run };
        self.cluster.change(&ask, act)
    }

    fn get(&self) -> Result<Answer, Failure> {
        let object = self.cluster.get(&self.key(&self.route.name))?;
        match self.route.subresource.as_str() {
            "" | "status" => Ok(Answer::Shared(200, object)),
            "scale" if self.route.resource.scale => Ok(Answer::Object(200, api::scale_of(&object))),
            _ => Err(Failure::no_such_path()),
        }
    }

    fn create(&self) -> Result<Answer, Failure> {
        let body = &**self.body;
        match (self.route.resource.name().as_str(), self.route.subresource.as_str()) {
            (_, "") if self.route.name.is_empty() => {
                self.change(|change| api::create(change, body)).map(|object| Answer::Shared(201, object))
            }
            ("pods", "eviction") => self.change(|change| api::evict(change, body)).map(|()| success(201)),
            ("pods", "binding") => self.change(|change| api::bind(change, body)).map(|()| success(201)),
            (_, "") => Err(Failure::not_allowed()),
            _ => Err(Failure::no_such_path()),
        }
    }

    fn update(&self) -> Result<Answer, Failure> {
        if self.route.subresource == "scale" {
            return self.change(|change| api::update_scale(change, self.body)).map(|scale| Answer::Object(200, scale));
        }
        let (object, created) = self.change(|change| api::update(change, self.body))?;
        Ok(Answer::Shared(if created { 201 } else { 200 }, object))
    }

    fn patch(&self) -> Result<Answer, Failure> {
        let body = || (**self.body).clone();
        let patch = match self.media {
            "application/merge-patch+json" => Patch::Merge(body()),
            "application/json-patch+json" => Patch::Json(body()),
            "application/strategic-merge-patch+json" if self.route.resource.custom.is_none() => {
                Patch::Strategic(body())
            }
            "application/apply-patch+yaml" => Patch::Apply(body()),
            other => {
                let words = format!(
                    "the body of the request was in an unknown format - accepted media types include: \
                     application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml ({other:?})"
                );
                return Err(Failure::new(415, "UnsupportedMediaType", words));
            }
        };
        if self.route.subresource == "scale" {
            return self.change(|change| api::patch_scale(change, &patch)).map(|scale| Answer::Object(200, scale));
        }
        let (object, created) = self.change(|change| api::patch(change, &patch))?;
        Ok(Answer::Shared(if created { 201 } else { 200 }, object))
    }

    fn delete(&self) -> Result<Answer, Failure> {
        let options = self.options();
        let deletion = self.change(|change| api::delete(change, &options))?;
        if !deletion.gone || self.route.resource.returned {
            return Ok(Answer::Shared(200, deletion.object));
        }
        let resource = &self.route.resource;
        let mut details =
            json!({ "name": self.route.name, "kind": resource.plural, "uid": deletion.object["metadata"]["uid"] });
        if !resource.group.is_empty() {
            details["group"] = resource.group.clone().into();
        }
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
        });
        Ok(Answer::Object(200, status))
    }

    fn delete_collection(&self) -> Result<Answer, Failure> {
        let page = listing::page(self.cluster, self.route, self.query, None)?;
        let options = self.options();
        for object in &page.items {
            let metadata = &object["metadata"];
            let mut route = self.route.clone();
            route.namespace = metadata["namespace"].as_str().unwrap_or_default().to_owned();
            let one = Doing { route: &route, ..*self };
            let name = metadata["name"].as_str().unwrap_or_default();
            match one.change_one(name, |change| api::delete(change, &options)) {
                // Somebody else was faster.
                Err(failure) if failure.code == 404 => {}
                other => drop(other?),
            }
        }
        Ok(Answer::Object(200, page.object(self.route)))
    }

    fn options(&self) -> DeleteOptions {
        let mut options = DeleteOptions::of(self.body);
        if let Ok(Some(seconds)) = self.query.number("gracePeriodSeconds") {
            options.grace_period_seconds = i64::try_from(seconds).ok();
        }
        if let policy @ ("Foreground" | "Background" | "Orphan") = self.query.text("propagationPolicy") {
            options.propagation_policy = Some(policy.to_owned());
        }
        options
    }
}

fn success(code: u16) -> Answer {
    Answer::Object(
        code,
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code }),
    )
}

//! Every guard, precondition and undo, with what takes it away.

/// What a mutant takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Guard,
    Precondition,
    Undo,
}

impl Of {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Guard => "guards",
            Self::Precondition => "preconditions",
            Self::Undo => "undos",
        }
    }
}

/// One place in the sources that is taken away while its switch is on.
pub(super) struct Mutant {
    pub(super) name: &'static str,
    pub(super) of: Of,
    /// The code, exactly once in the sources of the core and the controller.
    pub(super) find: &'static str,
    /// What stands there instead; `$on` is whether the switch is on.
    pub(super) replace: &'static str,
}

/// All of them.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "guard Paused",
        of: Of::Guard,
        find: "check: paused::check",
        replace: "check: |world, recovery| if $on { None } else { paused::check(world, recovery) }",
    },
    Mutant {
        name: "guard Mode",
        of: Of::Guard,
        find: "check: mode::check",
        replace: "check: |world, recovery| if $on { None } else { mode::check(world, recovery) }",
    },
    Mutant {
        name: "guard Excluded",
        of: Of::Guard,
        find: "check: excluded::check",
        replace: "check: |world, recovery| if $on { None } else { excluded::check(world, recovery) }",
    },
    Mutant {
        name: "guard ProtectedNamespace",
        of: Of::Guard,
        find: "check: protected_namespace::check",
        replace: "check: |world, recovery| if $on { None } else { protected_namespace::check(world, recovery) }",
    },
    Mutant {
        name: "guard NoProvider",
        of: Of::Guard,
        find: "check: bare_pod::check",
        replace: "check: |world, recovery| if $on { None } else { bare_pod::check(world, recovery) }",
    },
    Mutant {
        name: "guard Settling",
        of: Of::Guard,
        find: "check: settling::check",
        replace: "check: |world, recovery| if $on { None } else { settling::check(world, recovery) }",
    },
    Mutant {
        name: "guard StaleWatch",
        of: Of::Guard,
        find: "check: stale_watch::check",
        replace: "check: |world, recovery| if $on { None } else { stale_watch::check(world, recovery) }",
    },
    Mutant {
        name: "guard Breaker",
        of: Of::Guard,
        find: "check: breaker::check",
        replace: "check: |world, recovery| if $on { None } else { breaker::check(world, recovery) }",
    },
    Mutant {
        name: "guard Budget",
        of: Of::Guard,
        find: "check: budget::check",
        replace: "check: |world, recovery| if $on { None } else { budget::check(world, recovery) }",
    },
    Mutant {
        name: "guard Quorum",
        of: Of::Guard,
        find: "check: quorum::check",
        replace: "check: |world, recovery| if $on { None } else { quorum::check(world, recovery) }",
    },
    Mutant {
        name: "Mode: Observe",
        of: Of::Guard,
        find: "Mode::Observe => Wait::because",
        replace: "Mode::Observe if $on => None,\n        Mode::Observe => Wait::because",
    },
    Mutant {
        name: "Mode: Approve waits for a person",
        of: Of::Guard,
        find: "Mode::Approve if recovery.orders.approved_by.is_some() => None",
        replace: "Mode::Approve if $on || recovery.orders.approved_by.is_some() => None",
    },
    Mutant {
        name: "guards are asked before each destructive write",
        of: Of::Guard,
        find: "true => guard::before_write(world, &case.recovery),",
        replace: "true if $on => None,\n        true => guard::before_write(world, &case.recovery),",
    },
    Mutant {
        name: "a pause also stops what gives something back",
        of: Of::Guard,
        find: "let reason = if world.settings.paused {",
        replace: "let reason = if world.settings.paused && !$on {",
    },
    Mutant {
        name: "Excluded: the mark on a pod",
        of: Of::Guard,
        find: "if let Some(mark) = opt_out(pod.marks) {",
        replace: "if let Some(mark) = opt_out(pod.marks).filter(|_| !$on) {",
    },
    Mutant {
        name: "Excluded: the mark on a node",
        of: Of::Guard,
        find: "            opt_out(node.marks)\n",
        replace: "            opt_out(node.marks).filter(|_| !$on)\n",
    },
    Mutant {
        name: "Excluded: the mark on a workload",
        of: Of::Guard,
        find: "    if marked {\n        return Some(format!(\"{workload} is marked",
        replace: "    if marked && !$on {\n        return Some(format!(\"{workload} is marked",
    },
    Mutant {
        name: "Excluded: the mark on a namespace",
        of: Of::Guard,
        find: "    namespace\n        .marks\n        .has(Marks::EXCLUDED)\n        .then(",
        replace: "    (namespace.marks.has(Marks::EXCLUDED) && !$on)\n        .then(",
    },
    Mutant {
        name: "Excluded: a static pod",
        of: Of::Guard,
        find: "if pod.marks.has(Marks::MIRROR) {",
        replace: "if pod.marks.has(Marks::MIRROR) && !$on {",
    },
    Mutant {
        name: "Excluded: the controller's own pod",
        of: Of::Guard,
        find: "if pod.key.namespace == *own_namespace && pod.key.name == *own_name {",
        replace: "if pod.key.namespace == *own_namespace && pod.key.name == *own_name && !$on {",
    },
    Mutant {
        name: "Excluded: the controller's own node",
        of: Of::Guard,
        find: "(own == node).then(",
        replace: "(own == node && !$on).then(",
    },
    Mutant {
        name: "Breaker: the last Ready node",
        of: Of::Guard,
        find: "if !world.fleet.has_other_well(&recovery.spec.target.key.name) {",
        replace: "if !$on && !world.fleet.has_other_well(&recovery.spec.target.key.name) {",
    },
    Mutant {
        name: "Breaker: many sick nodes are a shared cause",
        of: Of::Guard,
        find: "    if share.is_above() {\n",
        replace: "    if share.is_above() && !$on {\n",
    },
    Mutant {
        name: "Breaker: an overdue heartbeat counts",
        of: Of::Guard,
        find: "let overdue = sees && beat",
        replace: "let overdue = !$on && sees && beat",
    },
    Mutant {
        name: "Breaker: one at a time while several are sick",
        of: Of::Guard,
        find: "acting.find(|other| is_before(&other.recovery, recovery)) {\n        let other = &other.recovery.spec.target.key.name;\n        return Wait::because(format!(\n",
        replace: "acting.find(|other| !$on && is_before(&other.recovery, recovery)) {\n        let other = &other.recovery.spec.target.key.name;\n        return Wait::because(format!(\n",
    },
    Mutant {
        name: "Breaker: what did not help is not tried on the next",
        of: Of::Guard,
        find: "last_failed(world, scope).filter(|_| !recovery.is_acting())?;",
        replace: "last_failed(world, scope).filter(|_| !$on && !recovery.is_acting())?;",
    },
    Mutant {
        name: "Breaker: a zone that is out",
        of: Of::Guard,
        find: "outage: matches!(scope, Scope::Zone(_)) &&",
        replace: "outage: !$on && matches!(scope, Scope::Zone(_)) &&",
    },
    Mutant {
        name: "Breaker: per zone",
        of: Of::Guard,
        find: "filter(|_| world.fleet.has_zones()).map(",
        replace: "filter(|_| !$on && world.fleet.has_zones()).map(",
    },
    Mutant {
        name: "Breaker: nodes return one after the other",
        of: Of::Guard,
        find: "    (world.now.tick < until).then(|| Wait {\n        reason: format!(\n            \"until less",
        replace: "    (world.now.tick < until && !$on).then(|| Wait {\n        reason: format!(\n            \"until less",
    },
    Mutant {
        name: "Breaker: a node in recovery counts as sick",
        of: Of::Guard,
        find: "acting.iter().filter(|name| !world.fleet.is_sick(name)).count();",
        replace: "acting.iter().filter(|name| !$on && !world.fleet.is_sick(name)).count();",
    },
    Mutant {
        name: "Breaker: nodes that we removed count",
        of: Of::Guard,
        find: "case.recovery.status.phase == Some(Phase::Succeeded) && case.times.finished().is_some_and(lately)",
        replace: "!$on && case.recovery.status.phase == Some(Phase::Succeeded) && case.times.finished().is_some_and(lately)",
    },
    Mutant {
        name: "guard Busy",
        of: Of::Guard,
        find: "check: busy::check",
        replace: "check: |world, recovery| if $on { None } else { busy::check(world, recovery) }",
    },
    Mutant {
        name: "Quorum: one control-plane node at a time",
        of: Of::Guard,
        find: "return Wait::because(format!(\"control-plane nodes are recovered",
        replace: "if !$on {\n        return Wait::because(format!(\"control-plane nodes are recovered",
    },
    Mutant {
        name: "Quorum: a majority stays",
        of: Of::Guard,
        find: "(others * 2 <= members)",
        replace: "(others * 2 <= members && !$on)",
    },
    Mutant {
        name: "Budget: what a person was given",
        of: Of::Guard,
        find: "    escalated(world, recovery)\n",
        replace: "    escalated(world, recovery).filter(|_| !$on)\n",
    },
    Mutant {
        name: "Budget: nodes at once",
        of: Of::Guard,
        find: ".or_else(|| nodes_at_once(world, recovery))",
        replace: ".or_else(|| nodes_at_once(world, recovery).filter(|_| !$on))",
    },
    Mutant {
        name: "Budget: recoveries per minute",
        of: Of::Guard,
        find: ".or_else(|| rate(world))",
        replace: ".or_else(|| rate(world).filter(|_| !$on))",
    },
    Mutant {
        name: "Budget: a workload's back-off",
        of: Of::Guard,
        find: ".or_else(|| backoff(world, recovery))",
        replace: ".or_else(|| backoff(world, recovery).filter(|_| !$on))",
    },
    Mutant {
        name: "Live: a fresh read confirms that a node is sick",
        of: Of::Guard,
        find: "    if bad {\n        return None;\n    }\n    case.looks.node = None;",
        replace: "    if bad || $on {\n        return None;\n    }\n    case.looks.node = None;",
    },
    Mutant {
        name: "Live: a fresh read confirms that a pod fails",
        of: Of::Guard,
        find: "!is_failing(world, case, &view)\n    };",
        replace: "!$on && !is_failing(world, case, &view)\n    };",
    },
    Mutant {
        name: "Live: a fresh read confirms that a failure is over",
        of: Of::Guard,
        find: "match live::look_first(world, case, target) {",
        replace: "match live::look_first(world, case, target).filter(|_| !$on) {",
    },
    Mutant {
        name: "Live: a fresh read confirms that a workload is back",
        of: Of::Guard,
        find: "let Some(look) = live::look_first(world, case, case.recovery.subject())",
        replace: "let Some(look) = live::look_first(world, case, case.recovery.subject()).filter(|_| !$on)",
    },
    Mutant {
        name: "Budget: a Recovery's own attempts count in the rate",
        of: Of::Guard,
        find: ".chain(world.own_attempts.iter().copied())",
        replace: ".chain(world.own_attempts.iter().copied().filter(|_| !$on))",
    },
    Mutant {
        name: "Triage: pods of a node in recovery belong to it",
        of: Of::Guard,
        find: "if let Some(other) = active(world).find(on_node) {",
        replace: "if let Some(other) = active(world).find(on_node).filter(|_| !$on) {",
    },
    Mutant {
        name: "Triage: pods of a sick node wait for its verdict",
        of: Of::Guard,
        find: "if world.is_sick_node(node) || looks_dead",
        replace: "if !$on && (world.is_sick_node(node)) || looks_dead",
    },
    Mutant {
        name: "Triage: pods of a node that may be dead wait",
        of: Of::Guard,
        find: "looks_dead && world.cluster.may_be_dead(world.now, node) {",
        replace: "looks_dead && !$on && world.cluster.may_be_dead(world.now, node) {",
    },
    Mutant {
        name: "Triage: a person's stop holds",
        of: Of::Guard,
        find: "same_target(&&other.recovery) && was_stopped(world, other))",
        replace: "!$on && same_target(&&other.recovery) && was_stopped(world, other))",
    },
    Mutant {
        name: "Triage: one object, one Recovery",
        of: Of::Guard,
        find: "if let Some(other) = active(world).find(same_target) {",
        replace: "if let Some(other) = active(world).find(same_target).filter(|_| !$on) {",
    },
    Mutant {
        name: "Triage: a replacement that fails is the same trouble",
        of: Of::Guard,
        find: "replacement_of(world, finding).map_or(Part::Own, Part::Of)",
        replace: "replacement_of(world, finding).filter(|_| !$on).map_or(Part::Own, Part::Of)",
    },
    Mutant {
        name: "a dead node needs a second signal",
        of: Of::Guard,
        find: "silent && (refused || node.ready() == ConditionStatus::Unknown)",
        replace: "silent && ($on || refused || node.ready() == ConditionStatus::Unknown)",
    },
    Mutant {
        name: "a kubelet that answers is not called dead",
        of: Of::Guard,
        find: "let confirmed = silent && matches!(look, Some(KubeletLook::Refused | KubeletLook::Silent));",
        replace: "let confirmed = silent && ($on || matches!(look, Some(KubeletLook::Refused | KubeletLook::Silent)));",
    },
    Mutant {
        name: "Drain: leaves pods of a DaemonSet",
        of: Of::Guard,
        find: "if pod.owned_by(&Kind::DaemonSet) {",
        replace: "if !$on && (pod.owned_by(&Kind::DaemonSet)) {",
    },
    Mutant {
        name: "Drain: leaves what is excluded",
        of: Of::Guard,
        find: "if why_excluded(world, pod).is_some() {",
        replace: "if !$on && (why_excluded(world, pod).is_some()) {",
    },
    Mutant {
        name: "Drain: leaves protected namespaces",
        of: Of::Guard,
        find: "if world.settings.protected_namespaces.contains(&pod.key.namespace) {",
        replace: "if !$on && (world.settings.protected_namespaces.contains(&pod.key.namespace)) {",
    },
    Mutant {
        name: "Drain: leaves pods without controller",
        of: Of::Guard,
        find: "if pod.owner.is_none() {\n        return Class::Left",
        replace: "if !$on && (pod.owner.is_none()) {\n        return Class::Left",
    },
    Mutant {
        name: "Drain: leaves pods that opt out of drains",
        of: Of::Guard,
        find: "if pod.marks.has(Marks::KARPENTER_KEEP) || pod.marks.has(Marks::AUTOSCALER_KEEP) {",
        replace: "if !$on && (pod.marks.has(Marks::KARPENTER_KEEP) || pod.marks.has(Marks::AUTOSCALER_KEEP)) {",
    },
    Mutant {
        name: "Drain: leaves state on a dead node",
        of: Of::Guard,
        find: "(true, true) => Class::Left",
        replace: "(true, true) if $on => Class::Stateful,\n        (true, true) => Class::Left",
    },
    Mutant {
        name: "Drain: leaves data in an emptyDir",
        of: Of::Guard,
        find: "(false, false) if pod.marks.has(Marks::EMPTY_DIR)",
        replace: "(false, false) if !$on && pod.marks.has(Marks::EMPTY_DIR)",
    },
    Mutant {
        name: "Drain: state leaves one by one",
        of: Of::Guard,
        find: "let stateful_out = stateful_out(world, case, &todo);",
        replace: "let stateful_out = stateful_out(world, case, &todo).filter(|_| !$on);",
    },
    Mutant {
        name: "Drain: a fresh list says that no pod is left",
        of: Of::Guard,
        find: "    if case.listed {\n        return Move::Verify;",
        replace: "    if case.listed || $on {\n        return Move::Verify;",
    },
    Mutant {
        name: "Drain: a person who uncordons stops it",
        of: Of::Guard,
        find: "    if seen {\n        return Some(Move::Stop",
        replace: "    if seen && !$on {\n        return Some(Move::Stop",
    },
    Mutant {
        name: "a leader reads the records before it acts",
        of: Of::Guard,
        find: "(self.leading, self.adopted && readable)",
        replace: "(self.leading, (self.adopted || $on) && readable)",
    },
    Mutant {
        name: "an attempt is stored before its first write",
        of: Of::Precondition,
        find: "    if !is_recorded(case) {\n",
        replace: "    if !$on && !is_recorded(case) {\n",
    },
    Mutant {
        name: "a bare pod is saved before its deletion",
        of: Of::Precondition,
        find: "if case.recovery.spec.workload.kind == Kind::Pod && !case.saving.manifest_stored {",
        replace: "if !$on && case.recovery.spec.workload.kind == Kind::Pod && !case.saving.manifest_stored {",
    },
    Mutant {
        name: "nothing is concluded from what is not listed yet",
        of: Of::Precondition,
        find: "    if !world.cluster.freshness.all_synced() {\n",
        replace: "    if !$on && !world.cluster.freshness.all_synced() {\n",
    },
    Mutant {
        name: "a write needs the leader's door open",
        of: Of::Precondition,
        find: "        if !self.door.may_write() {\n            return Err(Outcome::NotLeading);",
        replace: "        if !$on && !self.door.may_write() {\n            return Err(Outcome::NotLeading);",
    },
    Mutant {
        name: "an eviction names the uid",
        of: Of::Precondition,
        find: "\"deleteOptions\": {\"preconditions\": {\"uid\": uid(target)?}},",
        replace: "\"deleteOptions\": if $on { json!({}) } else { json!({\"preconditions\": {\"uid\": uid(target)?}}) },",
    },
    Mutant {
        name: "a deletion names the uid and the version",
        of: Of::Precondition,
        find: "\"preconditions\": {\"uid\": uid(target)?, \"resourceVersion\": resource_version},",
        replace: "\"preconditions\": if $on { json!({}) } else { json!({\"uid\": uid(target)?, \"resourceVersion\": resource_version}) },",
    },
    Mutant {
        name: "a node's patch names the uid and the version",
        of: Of::Precondition,
        find: "change[\"metadata\"][lock] = read.clone();",
        replace: "if !$on { change[\"metadata\"][lock] = read.clone(); }",
    },
    Mutant {
        name: "a foreign cordon is not taken over",
        of: Of::Precondition,
        find: "(true, false) => return Err(outcome::refused(\"already cordoned",
        replace: "(true, false) if $on => {}\n        (true, false) => return Err(outcome::refused(\"already cordoned",
    },
    Mutant {
        name: "an uncordon by a person is not overruled",
        of: Of::Precondition,
        find: "(false, true) => return Err(outcome::refused(\"somebody uncordoned",
        replace: "(false, true) if $on => {}\n        (false, true) => return Err(outcome::refused(\"somebody uncordoned",
    },
    Mutant {
        name: "only our own cordon is taken back",
        of: Of::Precondition,
        find: "if !is_ours(&node, recovery) || original.is_none() {",
        replace: "if !$on && (!is_ours(&node, recovery) || original.is_none()) {",
    },
    Mutant {
        name: "only our own taint is taken back",
        of: Of::Precondition,
        find: "taint[\"key\"] != marks::SUSPECT || taint[\"value\"] != value(recovery)).collect();",
        replace: "taint[\"key\"] != marks::SUSPECT || !$on && taint[\"value\"] != value(recovery)).collect();",
    },
    Mutant {
        name: "a node is the one that was judged",
        of: Of::Precondition,
        find: "if object[\"metadata\"][\"uid\"].as_str() == Some(&*target.uid) { Ok(()) }",
        replace: "if $on || object[\"metadata\"][\"uid\"].as_str() == Some(&*target.uid) { Ok(()) }",
    },
    Mutant {
        name: "a status is stored on the version that was read",
        of: Of::Precondition,
        find: "\"name\": name, \"namespace\": own, \"uid\": version.uid, \"resourceVersion\": version.resource_version,",
        replace: "\"name\": name, \"namespace\": own, \"uid\": version.uid, \"resourceVersion\": if $on { \"\" } else { version.resource_version },",
    },
    Mutant {
        name: "a record is deleted by its uid",
        of: Of::Precondition,
        find: "\"kind\": \"DeleteOptions\", \"preconditions\": {\"uid\": uid}});",
        replace: "\"kind\": \"DeleteOptions\", \"preconditions\": if $on { json!({}) } else { json!({\"uid\": uid}) }});",
    },
    Mutant {
        name: "an existing pod counts as created",
        of: Of::Precondition,
        find: "409 if outcome::already_exists(&reply) => {}\n        // The server",
        replace: "409 if !$on && outcome::already_exists(&reply) => {}\n        // The server",
    },
    Mutant {
        name: "an existing record counts as created",
        of: Of::Precondition,
        find: "    if !outcome::already_exists(&reply) {\n        return stored",
        replace: "    if $on || !outcome::already_exists(&reply) {\n        return stored",
    },
    Mutant {
        name: "a process that stops begins nothing",
        of: Of::Precondition,
        find: "if self.stopping && !keeps {",
        replace: "if self.stopping && !keeps && !$on {",
    },
    Mutant {
        name: "the cordon is taken back",
        of: Of::Undo,
        find: "left.extend((target.kind == Kind::Node && (cordoned",
        replace: "left.extend((!$on && target.kind == Kind::Node && (cordoned",
    },
    Mutant {
        name: "the suspect taint is taken back",
        of: Of::Undo,
        find: "let mut left: Vec<Verb> = nodes.into_iter().map(",
        replace: "let mut left: Vec<Verb> = nodes.into_iter().filter(|_| !$on).map(",
    },
    Mutant {
        name: "a bare pod is given back",
        of: Of::Undo,
        find: "left.next().or_else(|| pod::give_back(world, case))",
        replace: "left.next().or_else(|| pod::give_back(world, case).filter(|_| !$on))",
    },
    Mutant {
        name: "orphaned cordons are cleared",
        of: Of::Undo,
        find: "if !node.owner.is_empty() && over(&node.owner) {",
        replace: "if !$on && !node.owner.is_empty() && over(&node.owner) {",
    },
    Mutant {
        name: "orphaned taints are cleared",
        of: Of::Undo,
        find: "&*taint.key == SUSPECT && over(&taint.value)) {",
        replace: "&*taint.key == SUSPECT && !$on && over(&taint.value)) {",
    },
    Mutant {
        name: "the end is stored before its undoing",
        of: Of::Undo,
        find: "if case.saving.dirty || case.saving.in_flight.is_some() {\n            // What it ends",
        replace: "if !$on && (case.saving.dirty || case.saving.in_flight.is_some()) {\n            // What it ends",
    },
    Mutant {
        name: "a sick node keeps its cordon",
        of: Of::Undo,
        find: "    case.recovery.spec.cause == Some(Cause::ProblemCondition)\n",
        replace: "    !$on && case.recovery.spec.cause == Some(Cause::ProblemCondition)\n",
    },
];

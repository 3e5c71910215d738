// Why an object is treated as it is: the answer of `kubectl heal explain`, for any object.

import { ask, follow, rows } from "./feed.js";
import { badge, fill, h, pairs, section, table } from "./dom.js";
import { guardLine, named, nextLines, objectLink, recoveryLink, route, running, span, when } from "./words.js";

const KINDS = ["Pod", "Node", "Deployment", "StatefulSet", "Service", "DaemonSet", "ReplicaSet", "Job", "Recovery"];
const BARE = ["Node", "Recovery"];
const AGAIN_MS = 5_000;

export function explain(main, path) {
  const [kind = "Pod", ...rest] = path;
  const [namespace, name] = rest.length > 1 ? rest : ["", rest[0] ?? ""];
  const kinds = h("select", { id: "ask-kind" }, [...new Set([...KINDS, kind])].map((one) => h("option", { value: one, selected: one === kind }, one)));
  const space = h("input", { id: "ask-namespace", value: namespace, autocomplete: "off", spellcheck: "false", autocapitalize: "none" });
  const named = h("input", { id: "ask-name", value: name, required: true, autocomplete: "off", spellcheck: "false", autocapitalize: "none", list: "known" });
  const known = h("datalist", { id: "known" });
  const fields = () => { space.disabled = BARE.includes(kinds.value); suggest(known, kinds.value); };
  kinds.addEventListener("change", fields);
  named.addEventListener("input", () => paste(named, space, kinds, fields));
  const answer = h("div", { class: "answer", "aria-live": "polite" });
  main.append(h("h1", { tabindex: "-1" }, "Explain"),
    h("form", { class: "ask", role: "search", "aria-label": "Explain an object", onsubmit: (event) => {
      event.preventDefault();
      const wanted = { kind: kinds.value, namespace: space.disabled ? "" : space.value.trim(), name: named.value.trim() };
      if (wanted.name) location.hash = route.explain(wanted);
    } },
    h("label", { for: "ask-kind" }, "Kind"), kinds, h("label", { for: "ask-namespace" }, "Namespace"), space,
    h("label", { for: "ask-name" }, "Name"), named, known, h("button", { type: "submit" }, "Explain")),
    answer);
  fields();
  if (!name) {
    fill(answer, h("p", { class: "quiet" }, "Any pod, node, workload or Service: what is seen of it, what each rule and each guard says, and what happens next."));
    return () => {};
  }
  let gone = false;
  let busy = false;
  const where = [kind, ...rest].map(encodeURIComponent).join("/");
  const load = async () => {
    if (busy) return;
    busy = true;
    const { status, body } = await ask(`api/v1/explain/${where}`).catch((error) => ({ status: 0, body: { error: error.message } }));
    busy = false;
    if (!gone) show(answer, status, body);
  };
  load();
  const stop = follow((changed) => { if (changed.has("recovery") || changed.has("trouble") || changed.has("node")) load(); });
  const timer = setInterval(load, AGAIN_MS);
  return () => {
    gone = true;
    stop();
    clearInterval(timer);
  };
}

/** Takes `pod/shop/web-1` and `deployment/web` apart. */
function paste(name, space, kinds, fields) {
  const parts = name.value.trim().split("/");
  const kind = KINDS.find((one) => one.toLowerCase() === parts[0].toLowerCase());
  if (!kind || parts.length < 2 || parts.at(-1) === "") return;
  kinds.value = kind;
  if (parts.length > 2) space.value = parts[1];
  if (parts.length > 2 || BARE.includes(kind)) name.value = parts.at(-1);
  fields();
}

function suggest(list, kind) {
  const names = new Set();
  if (kind === "Node") for (const one of rows.node.keys()) names.add(one);
  if (kind === "Recovery") for (const one of rows.recovery.keys()) names.add(one);
  for (const { workload } of rows.trouble.values()) if (workload.kind === kind) names.add(workload.name);
  for (const { target } of rows.recovery.values()) if (target.kind === kind) names.add(target.name);
  fill(list, [...names].slice(0, 500).map((value) => h("option", { value })));
}

function show(answer, status, body) {
  if (!body.object) return fill(answer, h("p", null, `No answer: ${body.error ?? `HTTP ${status}`}.`));
  fill(answer,
    h("h2", null, h("bdi", null, named(body.object)), " ", badge(body.standing, body.standing)),
    h("p", { class: "summary" }, h("bdi", null, body.summary)),
    (body.observer?.notes ?? []).map((one) => h("p", { class: "quiet" }, one)),
    h("h3", null, "Next"), nextLines(body.next ?? []),
    unknown(body),
    lines("Seen", body.seen),
    body.signals?.length ? section("signals", "What each rule says", signals(body.signals)) : null,
    body.partOf ? section("part", "Part of", h("p", null, h("bdi", null, body.partOf.reason), " ", body.partOf.recovery ? recoveryLink(body.partOf.recovery) : null)) : null,
    body.decision ? decision(body.decision) : null,
    body.guards?.length ? section("guards", "What each guard says", h("ul", { class: "guardlist" }, body.guards.map(guardLine))) : null,
    body.recovery ? section("recovery", "Its recovery", h("p", null, recoveryLink(body.recovery.name), " ", badge(body.recovery.phase, body.recovery.phase), " ", h("bdi", null, body.recovery.message ?? ""))) : null,
    body.ended?.length ? section("ended", "Recoveries that are over", h("ul", null, body.ended.map((one) => h("li", null, recoveryLink(one.name), " ", badge(one.phase, one.phase), ` ${one.cause} `, when(one.detectedAt))))) : null,
    lines("In trouble below it", body.below));
}

function lines(title, all) {
  return all?.length ? section(title.replaceAll(" ", "-").toLowerCase(), title, h("ul", null, all.map((one) => h("li", null, h("bdi", null, one))))) : null;
}

function unknown(body) {
  const meant = (body.didYouMean ?? []).map((name) => h("li", null, objectLink({ ...body.object, name })));
  return [lines("It is not known because", body.unknownBecause), meant.length ? section("meant", "Did you mean", h("ul", null, meant)) : null];
}

function signals(all) {
  return table("What each rule says", ["Cause", "Now", "Bad for", "Counts from", "What is seen"], h("tbody", null, all.map((one) => h("tr", null,
    h("th", { scope: "row" }, one.cause), h("td", null, badge(one.fired ? "sick" : one.bad ? "suspected" : "well", one.fired ? "failed" : one.bad ? "bad" : "good")),
    h("td", null, one.scoreSeconds ? span(one.scoreSeconds * 1000) : ""), h("td", null, one.thresholdSeconds ? span(one.thresholdSeconds * 1000) : "at once"),
    h("td", null, h("bdi", null, one.description ?? ""), one.firesAt ? [" counts ", running(one.firesAt, "until")] : null)))));
}

function decision(found) {
  return section("decision", found.supposed ? "If it failed" : "What is done about it", pairs([
    ["Cause", found.cause], ["Severity", badge(found.severity, found.severity)], ["Strategy", found.strategy || "none is left: a person is called"],
    ["Similar failures before", found.similarFailures ? String(found.similarFailures) : null], ["HealingPolicy", found.policy],
  ]), h("ul", null, found.reasons.map((one) => h("li", null, h("bdi", null, one)))));
}

// One recovery as a story: what was seen, why this answer, what the guards say, what was done, and how it ended.

import { ask, follow, rows } from "./feed.js";
import { badge, fill, h, pairs, section, table } from "./dom.js";
import { deadline, guardLine, named, nextLines, objectLink, recoveryLink, running, span, when } from "./words.js";

const OVER = ["Succeeded", "Failed", "Escalated", "SelfRecovered", "Cancelled"];
/** Steps and messages change without a word on the overview: an open record is read again this often. */
const AGAIN_MS = 2_000;

export function recovery(main, name) {
  const title = h("h1", { tabindex: "-1" }, h("bdi", null, name));
  const body = h("div", { class: "story", "aria-live": "off" });
  const said = h("p", { class: "unseen", role: "status" });
  main.append(title, said, body);
  let busy = false;
  let again = false;
  let over = false;
  let phase = "";
  let gone = false;

  async function load() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const { status, body: answer } = await ask(`api/v1/recoveries/${encodeURIComponent(name)}`);
      if (!gone) show(status, answer);
    } catch (error) {
      if (!gone && !body.firstChild) fill(body, h("p", { class: "quiet" }, `It could not be read: ${error.message}.`));
    }
    busy = false;
    if (again && !gone) {
      again = false;
      load();
    }
  }

  function show(code, answer) {
    if (code === 503 && body.firstChild) return;
    if (code !== 200) {
      fill(body, h("p", null, answer.error ?? "It is not known."),
        h("p", null, "Recoveries that are over are kept for a while (", h("code", null, "recovery_ttl"), "). ", h("a", { href: "#/history" }, "See the history"), "."));
      over = code === 404;
      return;
    }
    const { recovery: record, explanation: why, similar } = answer;
    const { spec, status = {} } = record;
    over = OVER.includes(status.phase);
    fill(title, h("bdi", null, `${named(spec.target)}: ${spec.cause}`));
    if (phase && phase !== status.phase) said.textContent = `Now ${status.phase}: ${status.message ?? ""}`;
    phase = status.phase;
    fill(body, head(name, spec, status), seen(spec, status), reasons(spec), guards(status, why, over), steps(spec, status, why, over),
      verification(status), told(status), before(similar), commands(name, record.metadata?.namespace, spec, status), share());
  }

  load();
  const stop = follow((changed) => {
    const hit = (kind) => changed.get(kind)?.has(name);
    if (hit("recovery") || hit("happening") || changed.has("link")) load();
  });
  const timer = setInterval(() => over || load(), AGAIN_MS);
  return () => {
    gone = true;
    stop();
    clearInterval(timer);
  };
}

function head(name, spec, status) {
  const card = rows.recovery.get(name);
  const took = status.recoverySeconds;
  return h("div", { class: "head" },
    h("p", null, badge(status.phase ?? "", status.phase ?? "unknown"), " ", badge(spec.severity, spec.severity), " ", h("bdi", null, status.message ?? "")),
    pairs([
      ["Object", objectLink(spec.target)],
      ["Workload", spec.workload && spec.workload.name !== spec.target.name ? objectLink(spec.workload) : null],
      ["Failure", spec.type],
      ["Detected", [when(spec.detectedAt), status.finishedAt ? null : [", ", running(spec.detectedAt), " ago"]]],
      ["Over", status.finishedAt ? [when(status.finishedAt), took == null ? null : `, after ${span(took * 1000)}`] : null],
      ["Attempt", card?.startedAt && card.deadline ? deadline(card.startedAt, card.deadline) : null],
      ["Mode", spec.mode],
    ]));
}

function seen(spec, status) {
  const evidence = status.evidence ?? [];
  const impact = status.impact ?? [];
  return section("seen", "What was seen",
    h("p", null, h("bdi", null, spec.description)),
    h("p", null, "First seen ", when(spec.firstSeen), ", counted as a failure ", when(spec.detectedAt), "."),
    evidence.length ? h("dl", { class: "evidence" }, evidence.map((one) => h("div", null, h("dt", null, one.name), h("dd", null, one.value ? h("bdi", null, one.value) : "–")))) : null,
    impact.length ? [h("h3", null, "What it explains as well"), h("ul", null, impact.map((one) => h("li", null, h("bdi", null, one))))] : null);
}

function reasons(spec) {
  return section("why", "Why this severity, why this strategy",
    h("ul", null, (spec.reasons ?? []).map((one) => h("li", null, h("bdi", null, one)))),
    pairs([
      ["First strategy", spec.strategy],
      ["Similar failures before", spec.similarFailures ? String(spec.similarFailures) : null],
      ["HealingPolicy", spec.policy || "none: the configuration's defaults"],
    ]));
}

function guards(status, why, over) {
  const live = over ? [] : why.guards ?? [];
  const stored = (status.guards ?? []).map((guard) => ({ ...guard }));
  const all = live.length ? live : stored;
  return section("guards", over ? "What the guards said last" : "What the guards say",
    all.length ? h("ul", { class: "guardlist" }, all.map(guardLine)) : h("p", { class: "quiet" }, "No guard was asked."));
}

function steps(spec, status, why, over) {
  const begin = Date.parse(spec.detectedAt);
  const after = (text) => `+${span(Date.parse(text) - begin)}`;
  const line = (kind, at, what, message) => h("li", { class: kind },
    h("span", { class: "sign", "aria-hidden": "true" }, { Succeeded: "✓", Failed: "✕", InProgress: "↻" }[kind] ?? "•"),
    " ", h("time", { datetime: at, title: `${at} (UTC)` }, after(at)), " ", what, message ? [": ", h("bdi", null, message)] : null);
  const lines = [line("", spec.detectedAt, "the failure was detected")];
  for (const attempt of status.attempts ?? []) {
    lines.push(line("", attempt.startedAt, [h("b", null, attempt.strategy), " begins"]));
    for (const step of attempt.steps ?? []) {
      const took = step.finishedAt ? ` (${span(Date.parse(step.finishedAt) - Date.parse(step.startedAt))})` : "";
      lines.push(line(step.result, step.startedAt, [h("bdi", null, step.name), ` ${word(step.result)}${took}`], step.message));
    }
    if (attempt.finishedAt) lines.push(line(attempt.result, attempt.finishedAt, [h("b", null, attempt.strategy), ` ${word(attempt.result)}`]));
  }
  if (status.verification) lines.push(line(status.verification.passed ? "Succeeded" : "InProgress", status.verification.at, status.verification.passed ? "verified" : "looked", status.verification.message));
  if (status.finishedAt) lines.push(line("", status.finishedAt, ["over: ", h("b", null, status.phase)], status.message));
  return section("steps", "What was done", h("ol", { class: "line" }, lines),
    // Of an object that is gone nobody can say what happens next to it; the record goes on.
    over || why.standing === "Unknown" || !why.next?.length ? null : [h("h3", null, "Next"), nextLines(why.next)]);
}

function word(result) {
  return { Succeeded: "done", Failed: "failed", InProgress: "under way" }[result] ?? result;
}

function verification(status) {
  const found = status.verification;
  return section("verified", "Is it back?", found
    ? h("p", null, badge(found.passed ? "succeeded" : "suspected", found.passed ? "yes" : "not yet"), " ", h("bdi", null, found.message), " ", when(found.at))
    : h("p", { class: "quiet" }, "Nothing was verified."));
}

function told(status) {
  const all = status.notifications ?? [];
  const line = (one) => h("tr", null, h("th", { scope: "row" }, one.channel), h("td", null, one.key), h("td", null, badge(one.state, one.state)),
    h("td", null, String(one.tries)), h("td", null, h("bdi", null, one.lastError ?? "")));
  return section("told", "Who was told", all.length
    ? table("Notifications", ["Channel", "Message", "State", "Tries", "Last error"], h("tbody", null, all.map(line)))
    : h("p", { class: "quiet" }, "Nobody: no channel is on for this severity."));
}

function before(similar) {
  return section("before", "Similar ones", similar.length
    ? h("ul", null, similar.map((one) => h("li", null, recoveryLink(one.name, `${named(one.target)}: ${one.cause}`), " ", badge(one.phase, one.phase), " ", when(one.detectedAt), one.seconds == null ? null : `, after ${span(one.seconds * 1000)}`)))
    : h("p", { class: "quiet" }, "None that is still kept."));
}

function commands(name, namespace, spec, status) {
  const target = spec.target;
  const within = target.namespace ? ` -n ${quote(target.namespace)}` : "";
  const all = [
    `kubectl -n ${quote(namespace ?? "")} get recovery ${quote(name)} -o yaml`,
    `kubectl heal explain ${quote(`recovery/${name}`)}`,
    `kubectl describe ${quote(target.kind.toLowerCase())} ${quote(target.name)}${within}`,
  ];
  if (status.phase === "AwaitingApproval") all.push(`kubectl heal approve ${quote(name)}`);
  if (!OVER.includes(status.phase)) all.push(`kubectl heal cancel ${quote(name)}`);
  return section("commands", "The same from a shell", h("ul", { class: "commands" }, all.map((text) => h("li", null, h("code", null, text), " ", copy(text, "command")))));
}

/** A word that a shell takes as one, whatever is in it. */
function quote(text) {
  return /^[A-Za-z0-9_./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function share() {
  const link = location.href;
  return section("share", "Link", h("p", null, h("a", { href: location.hash, class: "long" }, link), " ", copy(link, "link")));
}

function copy(text, what) {
  return h("button", { type: "button", "data-copy": text, "aria-label": `Copy the ${what} ${text}`, onclick: copied }, "Copy");
}

/** What the button says is kept until the next change; what it copies is what it says now. */
async function copied(event) {
  const button = event.currentTarget;
  const done = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
  button.textContent = done ? "Copied" : "Select and copy it";
}

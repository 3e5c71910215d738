// What there was: filters, how long it took, who is concerned most often, and what mode Observe would have done.

import { ask, follow, rows } from "./feed.js";
import { badge, fill, h, keep, section, table } from "./dom.js";
import { objectLink, recoveryLink, span, when } from "./words.js";

/** Upper ends in seconds of the bars that show how long it took, and what they are called. */
const BARS = [[10, "up to 10 s"], [30, "up to 30 s"], [60, "up to 1 min"], [120, "up to 2 min"], [300, "up to 5 min"], [600, "up to 10 min"], [Infinity, "longer"]];
const SHOWN = 500;
const PAUSE_MS = 1_000;
const FILTERS = [
  ["type", "Type", (one) => one.type],
  ["cause", "Cause", (one) => one.cause],
  ["namespace", "Namespace", (one) => one.target.namespace ?? ""],
  ["result", "Result", (one) => one.phase],
];

export function history(main, query) {
  let all = [];
  let timer = 0;
  const chosen = new URLSearchParams(query);
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() });
  const found = h("p", { role: "status" });
  const bars = h("ul", { class: "bars" });
  const times = h("p");
  const offenders = h("ol", { class: "offenders" });
  const observed = h("div");
  const body = h("tbody");
  const selects = new Map(FILTERS.map(([key, label]) => {
    const select = h("select", { id: `by-${key}`, onchange: change });
    form.append(h("label", { for: `by-${key}` }, label), select);
    return [key, select];
  }));
  const workload = h("input", { id: "by-workload", type: "search", autocomplete: "off", spellcheck: "false", oninput: change });
  workload.value = chosen.get("workload") ?? "";
  form.append(h("label", { for: "by-workload" }, "Workload"), workload);
  main.append(h("h1", { tabindex: "-1" }, "History"), form, found,
    section("times", "Time to recover", bars, times),
    section("most", "Most frequent offenders", offenders),
    section("observed", "What mode Observe would have done", observed),
    section("records", "Recoveries", table("Recoveries", ["What failed", "Cause", "Severity", "Strategy", "Result", "Detected", "Took"], body)));

  function change() {
    for (const [key, select] of selects) put(key, select.value);
    put("workload", workload.value.trim());
    const text = chosen.toString();
    // No new entry in the browser's history for each letter.
    window.history.replaceState(null, "", `#/history${text ? `?${text}` : ""}`);
    show();
  }

  function put(key, value) {
    if (value) chosen.set(key, value);
    else chosen.delete(key);
  }

  function matches(one) {
    const text = chosen.get("workload");
    const named = `${one.workload.kind} ${one.workload.namespace ?? ""}/${one.workload.name}`.toLowerCase();
    return FILTERS.every(([key, , of]) => !chosen.has(key) || of(one) === chosen.get(key)) && (!text || named.includes(text.toLowerCase()));
  }

  function show() {
    for (const [key, , of] of FILTERS) options(selects.get(key), [...new Set(all.map(of))].sort(), chosen.get(key) ?? "");
    const some = all.filter(matches);
    fill(found, `${some.length} of ${all.length} recoveries that are kept`);
    showTimes(some);
    showOffenders(some);
    showObserved(some);
    keep(body, some.slice(0, SHOWN), (one) => one.name, (one) => JSON.stringify(one), line);
  }

  function showTimes(some) {
    const took = some.filter((one) => one.seconds != null && ["Succeeded", "SelfRecovered"].includes(one.phase)).map((one) => one.seconds).sort((a, b) => a - b);
    const counts = BARS.map(([end], at) => took.filter((seconds) => seconds <= end && seconds > (BARS[at - 1]?.[0] ?? -1)).length);
    const most = Math.max(1, ...counts);
    fill(bars, BARS.map(([, words], at) => h("li", null, h("span", null, words),
      h("progress", { max: most, value: counts[at], "aria-label": `${words}: ${counts[at]}` }), h("span", null, String(counts[at])))));
    const quantile = (share) => span(took[Math.min(took.length - 1, Math.floor(took.length * share))] * 1000);
    fill(times, took.length ? `Half within ${quantile(0.5)}, nine of ten within ${quantile(0.9)}, the longest ${span(took.at(-1) * 1000)}.` : "None has recovered yet.");
  }

  function showOffenders(some) {
    const counts = new Map();
    for (const one of some) {
      const key = `${one.workload.kind}/${one.workload.namespace ?? ""}/${one.workload.name}`;
      const entry = counts.get(key) ?? { workload: one.workload, count: 0, causes: new Set() };
      entry.count += 1;
      entry.causes.add(one.cause);
      counts.set(key, entry);
    }
    const most = [...counts.values()].sort((a, b) => b.count - a.count).slice(0, 10);
    fill(offenders, most.map((one) => h("li", null, objectLink(one.workload), ` ${one.count} × `, [...one.causes].join(", "))));
  }

  function showObserved(some) {
    const counts = new Map();
    for (const one of some.filter((one) => one.mode === "Observe" || one.phase === "Observed")) {
      const key = `${one.strategy || "call a person"} for ${one.cause}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([words, count]) => h("li", null, `${count} × `, words));
    fill(observed, lines.length ? h("ul", null, lines) : h("p", { class: "quiet" }, "No recovery of these was opened in mode Observe."));
  }

  async function load() {
    timer = 0;
    const answer = await ask("api/v1/history").catch((error) => ({ status: 0, body: { error: error.message } }));
    if (answer.status !== 200) return fill(found, `It could not be read: ${answer.body.error}.`);
    all = answer.body.recoveries;
    show();
  }

  load();
  // One that is over at once was never seen as active, but it is counted.
  const count = () => rows.watch.get("recoveries")?.objects;
  let counted = count();
  const stop = follow((changed) => {
    const news = ["recovery", "happening", "link"].some((kind) => changed.has(kind)) || count() !== counted;
    counted = count();
    if (news && !timer) timer = setTimeout(load, PAUSE_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

function options(select, values, chosen) {
  const wanted = ["", ...values.filter(Boolean)];
  if (chosen && !wanted.includes(chosen)) wanted.push(chosen);
  fill(select, wanted.map((value) => h("option", { value }, value || "all")));
  select.value = chosen;
}

function line(one) {
  return h("tr", null,
    h("th", { scope: "row" }, recoveryLink(one.name, `${one.target.kind} ${one.target.namespace ? `${one.target.namespace}/` : ""}${one.target.name}`)),
    h("td", null, one.cause), h("td", null, badge(one.severity, one.severity)), h("td", null, one.strategy), h("td", null, badge(one.phase, one.phase)),
    h("td", null, when(one.detectedAt)), h("td", null, one.seconds == null ? "" : span(one.seconds * 1000)));
}

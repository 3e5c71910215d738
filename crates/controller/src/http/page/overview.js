// What is sick, what is being done, and what keeps it from being done.

import { follow, happenings, rows } from "./feed.js";
import { badge, fill, h, keep, say, section, table } from "./dom.js";
import { deadline, objectLink, recoveryLink, running, when } from "./words.js";
import { grid } from "./nodes.js";

/** So many recoveries are shown at once; a person reads no more, and a browser lays out no more quickly. */
const ROWS = 100;
const RANK = { critical: 0, high: 1, medium: 2, low: 3 };

export function overview(main) {
  const nodes = grid();
  const sum = h("ul", { class: "sum" });
  const recoveries = h("tbody");
  const none = h("p", { class: "quiet" });
  const left = h("span");
  let room = ROWS;
  const further = h("button", { type: "button", onclick: () => { room += ROWS; showRecoveries(); } }, `Show ${ROWS} more`);
  const troubles = h("ul", { class: "troubles" });
  const gauges = h("ul", { class: "gauges" });
  const watches = h("tbody");
  const log = h("ol", { class: "log" });
  const active = table("Active recoveries", ["What failed", "Severity", "Phase", "Since", "Doing", "Next"], recoveries);
  main.append(
    h("h1", { tabindex: "-1" }, "Overview"),
    sum,
    section("recoveries", "Active recoveries", none, active, h("p", null, left, further)),
    section("nodes", "Nodes", nodes.element),
    section("workloads", "Workloads in trouble", troubles),
    section("budgets", "Budgets", gauges),
    section("happened", "Just happened", h("div", { role: "log", "aria-labelledby": "happened", tabindex: "0" }, log)),
    section("watches", "Watches", table("Watches", ["Resource", "Objects", "Last sign of life", "State"], watches)),
  );

  function show(changed) {
    const touches = (kind) => !changed || changed.has(kind);
    if (touches("node")) nodes.update(changed?.get("node"));
    if (touches("recovery") || touches("one")) showRecoveries();
    if (touches("trouble")) showTroubles();
    if (touches("gauge")) showGauges();
    if (touches("watch")) showWatches();
    if (touches("happening")) showLog();
    if (touches("node") || touches("recovery") || touches("trouble")) showSum();
  }

  function showSum() {
    const all = [...rows.node.values()];
    const unwell = all.filter((node) => node.light !== "well" && node.light !== "cordoned").length;
    const held = [...rows.recovery.values()].filter((card) => card.held).length;
    const total = rows.one.get("total") ?? { troubles: 0, recoveries: 0 };
    const one = (number, words, bad) => h("li", { class: bad ? "bad" : "" }, h("b", null, String(number)), ` ${words}`);
    fill(sum, one(all.length, "nodes"), one(unwell, "of them not well", unwell), one(total.troubles, "workloads in trouble", total.troubles),
      one(total.recoveries, "active recoveries", total.recoveries), one(held, "held by a guard", held));
  }

  function showRecoveries() {
    const all = [...rows.recovery.values()];
    all.sort((a, b) => Number(!a.held) - Number(!b.held) || RANK[a.severity] - RANK[b.severity] || (a.detectedAt < b.detectedAt ? -1 : 1));
    const shown = all.slice(0, room);
    keep(recoveries, shown, (card) => card.key, (card) => JSON.stringify(card), recoveryRow);
    const rest = (rows.one.get("total")?.recoveries ?? all.length) - shown.length;
    active.hidden = all.length === 0;
    fill(none, all.length ? null : "Nothing is being recovered.");
    say(left, rest > 0 ? `and ${rest} more ` : "");
    further.hidden = all.length <= room;
  }

  function showTroubles() {
    const all = [...rows.trouble.values()].sort((a, b) => Number(b.found) - Number(a.found) || b.objects - a.objects);
    if (all.length === 0) all.push({ key: "" });
    keep(troubles, all, (trouble) => trouble.key, (trouble) => JSON.stringify(trouble), (trouble) => trouble.key === "" ? h("li", { class: "quiet" }, "None.") : h("li", null,
      objectLink(trouble.workload), " ", trouble.causes.map((cause) => [badge(trouble.found ? "sick" : "suspected", cause), " "]),
      trouble.objects > 1 ? `${trouble.objects} objects ` : null,
      trouble.found ? null : "suspected ",
      trouble.recovery ? recoveryLink(trouble.recovery, "its recovery") : null));
  }

  function showGauges() {
    const all = [...rows.gauge.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    keep(gauges, all, (gauge) => gauge.key, (gauge) => JSON.stringify(gauge), (gauge) => {
      const [name, zone] = gauge.key.split("/");
      const words = `${gauge.what}${zone ? ` in zone ${zone}` : ""}: ${gauge.used} of ${gauge.limit}`;
      // As many sick nodes as there may be keep nothing from being done; as many recoveries do.
      const full = gauge.used > gauge.limit || (gauge.used === gauge.limit && name !== "max_unhealthy_nodes");
      const top = Math.max(gauge.limit, gauge.used, 1);
      return h("li", { class: full ? "full" : "" },
        h("meter", { min: 0, max: top, low: 0, high: Math.max(0.5, gauge.limit - 0.5), optimum: 0, value: gauge.used, "aria-label": words }),
        h("span", null, words, full ? h("b", null, gauge.used > gauge.limit ? " – above" : " – used up") : null), h("code", null, name));
    });
  }

  function showWatches() {
    const all = [...rows.watch.values()].sort((a, b) => Number(a.current) - Number(b.current) || (a.key < b.key ? -1 : 1));
    keep(watches, all, (watch) => watch.key, (watch) => JSON.stringify(watch), (watch) => h("tr", null,
      h("th", { scope: "row" }, watch.key), h("td", null, String(watch.objects)),
      h("td", null, watch.heard ? [running(watch.heard), " ago"] : "never"),
      h("td", null, watch.current ? "current" : badge("sick", "stale"))));
  }

  function showLog() {
    keep(log, happenings, (one) => `${one.at} ${one.what} ${one.recovery} ${one.note}`, () => "", (one) => h("li", null,
      when(one.at), " ", badge(one.what, one.what), " ", recoveryLink(one.recovery, `${one.target.kind} ${one.target.name}`), " ", h("bdi", null, one.note)));
  }

  show(null);
  const stop = follow(show);
  return () => {
    stop();
    nodes.end();
  };
}

function recoveryRow(card) {
  const doing = card.held
    ? [badge("held", card.held.guard), " ", h("bdi", null, card.held.reason), card.held.until ? [", asked again ", running(card.held.until, "until")] : null]
    : [h("b", null, card.strategy), card.startedAt && card.deadline ? [" ", deadline(card.startedAt, card.deadline)] : null, " ", h("bdi", null, card.message)];
  return h("tr", null,
    h("th", { scope: "row" }, recoveryLink(card.key, `${card.target.kind} ${card.target.namespace ? `${card.target.namespace}/` : ""}${card.target.name}`),
      h("span", { class: "cause" }, card.cause)),
    h("td", null, badge(card.severity, card.severity)),
    h("td", null, badge(card.phase, card.phase)),
    h("td", null, running(card.detectedAt)),
    h("td", null, doing),
    h("td", null, h("bdi", null, card.next)));
}

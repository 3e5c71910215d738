// Which view is shown, and what is said on every view: mode, pause, leader, and whether what is shown is current.

import { connect, follow, link, rows } from "./feed.js";
import { badge, fill, h, say } from "./dom.js";
import { span, tickAll } from "./words.js";
import { overview } from "./overview.js";
import { recovery } from "./recovery.js";
import { history } from "./history.js";
import { explain } from "./explain.js";

const TICK_MS = 250;
const main = document.getElementById("main");
const state = document.getElementById("state");
const alarms = document.getElementById("alarms");
let end = () => {};
let shown = null;

function show() {
  const hash = location.hash.replace(/^#/, "");
  if (hash && !hash.startsWith("/")) return;
  const [path, query = ""] = hash.split("?");
  const parts = path.split("/").filter(Boolean).map(decode);
  end();
  main.replaceChildren();
  const [view, ...rest] = parts;
  if (view === "recovery" && rest[0]) end = recovery(main, rest[0]);
  else if (view === "history") end = history(main, query);
  else if (view === "explain") end = explain(main, rest);
  else end = overview(main);
  for (const a of document.querySelectorAll("nav a")) {
    const here = a.getAttribute("href") === `#/${["history", "explain"].includes(view) ? view : ""}`;
    if (here) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  document.title = `${main.querySelector("h1")?.textContent ?? "Overview"} – Self-healing`;
  // Who follows a link with keyboard or screen reader goes on at the new view's beginning.
  if (shown !== null) main.querySelector("h1")?.focus();
  shown = hash;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function showState() {
  const head = rows.one.get("head");
  if (link.state === "lost") {
    fill(state, badge("sick", "Stale"), ` since ${new Date(link.since).toLocaleTimeString()}, for ${span(Date.now() - link.since)}: ${link.why}; trying again`);
  } else if (link.state === "connecting" || !head) {
    fill(state, "Connecting");
  } else {
    fill(state, badge("live", "Live"), " ", head.leader ? badge("leader", "Leader") : badge("follower", "Follower"), " ", badge(`mode${head.mode}`, `Mode ${head.mode}`),
      head.paused ? [" ", badge("sick", "Paused")] : null);
  }
  document.body.classList.toggle("stale", link.state === "lost");
}

function showHead() {
  const head = rows.one.get("head");
  if (!head) return;
  say(document.getElementById("cluster"), head.cluster);
  const all = [];
  if (head.paused) all.push(["Paused", "Nothing is done to anything until paused is set to false."]);
  if (head.mode === "Observe") all.push(["Mode Observe", "Everything is decided and recorded, and nothing is done."]);
  if (head.mode === "Approve") all.push(["Mode Approve", "Nothing is done before a person has approved it: kubectl heal approve NAME."]);
  if (!head.leader) all.push(["This replica follows", "It sees the same and does nothing; the leader may be a moment ahead of what is shown here."]);
  if (head.staleWatches?.length) all.push(["Not current", `What follows from these watches may be old: ${head.staleWatches.join(", ")}.`]);
  fill(alarms, all.map(([title, words]) => h("p", { class: "alarm" }, h("b", null, title), " ", words)));
  fill(document.getElementById("footer"), h("p", null, `Read-only. ${head.name ?? ""} in namespace ${head.namespace}, version ${head.version}. The same from a shell: `, h("code", null, "kubectl heal status")));
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", show);
follow((changed) => {
  if (changed.has("link") || changed.has("one")) showState();
  if (changed.has("one")) showHead();
});
setInterval(() => {
  tickAll();
  if (link.state === "lost") showState();
}, TICK_MS);
show();
connect();

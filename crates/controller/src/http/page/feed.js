// What the controller tells: rows by kind and key, kept up to date by server-sent events, and the controller's clock.

const SILENT_MS = 15_000;
const RETRY_MS = 1_000;

/** Rows by kind: `node`, `trouble`, `recovery`, `gauge`, `watch`, and the single ones under `one`. */
export const rows = { node: new Map(), trouble: new Map(), recovery: new Map(), gauge: new Map(), watch: new Map(), one: new Map() };
/** `connecting`, `live` or `lost`; and since when it is lost, by this machine's clock. */
export const link = { state: "connecting", since: 0, why: "" };
/** The last transitions, the newest first. */
export const happenings = [];

const listeners = new Set();
let dirty = new Map();
let asked = false;

/** Calls `listener` with the changed keys by kind, at most once a frame; gives the way to stop that. */
export function follow(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function touch(kind, key) {
  if (!dirty.has(kind)) dirty.set(kind, new Set());
  dirty.get(kind).add(key);
  if (asked) return;
  asked = true;
  // A hidden page gets no frames, and is not to pile up work either.
  if (document.hidden) setTimeout(flush, 500);
  else requestAnimationFrame(flush);
}

function flush() {
  const changed = dirty;
  dirty = new Map();
  asked = false;
  for (const listener of listeners) listener(changed);
}

// --- the clock ---

let base = { at: Date.now(), mine: performance.now() };
let reference = null;
let rate = 1;

/** The controller's time now, in milliseconds since 1970; a demo's clock goes faster than ours. */
export function now() {
  return base.at + (performance.now() - base.mine) * rate;
}

function heard(text) {
  const at = Date.parse(text);
  const mine = performance.now();
  if (Number.isNaN(at)) return;
  if (!reference) reference = { at, mine };
  const apart = mine - reference.mine;
  if (apart > 1000) {
    const measured = (at - reference.at) / apart;
    rate = measured > 0.8 && measured < 1.25 ? 1 : Math.max(0, measured);
    if (apart > 10_000) reference = { at, mine };
  }
  base = { at, mine };
}

// --- the rows ---

const single = new Set(["head", "total"]);

function place(key) {
  if (single.has(key)) return ["one", key];
  const slash = key.indexOf("/");
  return [key.slice(0, slash), key.slice(slash + 1)];
}

function set(key, row) {
  const [kind, name] = place(key);
  if (!rows[kind]) return;
  row.key = name;
  rows[kind].set(name, row);
  touch(kind, name);
}

function drop(key) {
  const [kind, name] = place(key);
  if (rows[kind]?.delete(name)) touch(kind, name);
}

// What was known before the whole board is told again, and has not been told yet.
let unconfirmed = null;
let lastId = "";

function told(event, whole) {
  const data = JSON.parse(event.data);
  if (whole) unconfirmed = new Set(Object.entries(rows).flatMap(([kind, all]) => [...all.keys()].map((key) => (kind === "one" ? key : `${kind}/${key}`))));
  for (const [key, row] of Object.entries(data.set)) {
    set(key, row);
    unconfirmed?.delete(key);
  }
  data.gone.forEach(drop);
  alive(data.at);
  // Only the last part of a whole board has a number of its own.
  if (unconfirmed && event.lastEventId !== "" && event.lastEventId !== lastId) {
    unconfirmed.forEach(drop);
    unconfirmed = null;
  }
}

// --- the connection ---

let source = null;
let watchdog = 0;

function alive(at) {
  if (link.state !== "live") {
    reference = null;
    Object.assign(link, { state: "live", since: 0, why: "" });
    touch("link", "");
  }
  heard(at);
  clearTimeout(watchdog);
  watchdog = setTimeout(() => lost("nothing was heard", true), SILENT_MS);
}

function lost(why, again) {
  if (link.state !== "lost") Object.assign(link, { state: "lost", since: Date.now() });
  link.why = why;
  touch("link", "");
  if (!again) return;
  source?.close();
  clearTimeout(watchdog);
  setTimeout(connect, RETRY_MS);
}

/** Connects, and again whenever the connection is lost. */
export function connect() {
  source?.close();
  // Relative, so that it works behind the API server's proxy; a browser sends the last id only when it reconnects by itself.
  source = new EventSource(lastId ? `api/v1/stream?since=${encodeURIComponent(lastId)}` : "api/v1/stream");
  const on = (name, act) => source.addEventListener(name, (event) => {
    act(event);
    lastId = event.lastEventId || lastId;
  });
  on("whole", (event) => told(event, true));
  on("rows", (event) => told(event, false));
  on("happening", (event) => {
    const one = JSON.parse(event.data);
    happenings.unshift(one);
    happenings.length = Math.min(happenings.length, 50);
    touch("happening", one.recovery);
    alive(one.at);
  });
  source.onerror = () => lost("the connection was lost", source.readyState === EventSource.CLOSED);
}

/** Asks for JSON; an answer that says no is given as well, with its status. */
export async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(10_000), headers: { accept: "application/json" } });
  const body = await response.json().catch(() => ({ error: response.statusText }));
  return { status: response.status, body };
}

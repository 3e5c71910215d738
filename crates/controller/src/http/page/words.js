// Times, names and routes in words. Times are the controller's, which may be another than this machine's.

import { now } from "./feed.js";
import { h, say } from "./dom.js";

/** Milliseconds as people say them. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A moment as hours, minutes and seconds; with the day when it is another one. */
export function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  const clock = at.toISOString().slice(11, 19);
  return at.toISOString().slice(0, 10) === new Date(now()).toISOString().slice(0, 10) ? clock : `${at.toISOString().slice(0, 10)} ${clock}`;
}

export function when(text) {
  return text ? h("time", { datetime: text, title: `${text} (UTC)` }, moment(text)) : null;
}

/** A time that goes on: since `text`, or until it. */
export function running(text, direction = "since") {
  const element = h("time", { datetime: text, title: `${text} (UTC)`, "data-run": direction });
  tick(element);
  return element;
}

function tick(element) {
  const ms = Date.parse(element.getAttribute("datetime")) - now();
  if (element.dataset.run === "since") say(element, span(-ms));
  else say(element, ms > 0 ? `in ${span(ms)}` : "any moment");
}

/** Brings every running time and bar on the page up to date. */
export function tickAll() {
  document.querySelectorAll("[data-run]").forEach(tick);
  document.querySelectorAll("meter[data-from]").forEach(measure);
}

function measure(meter) {
  const [from, to] = [Date.parse(meter.dataset.from), Date.parse(meter.dataset.to)];
  meter.value = Math.min(1, Math.max(0, (now() - from) / (to - from || 1)));
}

/** How much of the time that an attempt has is over. */
export function deadline(from, to) {
  const meter = h("meter", { min: 0, max: 1, high: 0.75, low: 0, optimum: 0, "data-from": from, "data-to": to, "aria-label": "time used of the attempt" });
  measure(meter);
  return [running(from), " of ", span(Date.parse(to) - Date.parse(from)), " ", meter];
}

/** An object as `Kind namespace/name`. */
export function named(object) {
  return object.namespace ? `${object.kind} ${object.namespace}/${object.name}` : `${object.kind} ${object.name}`;
}

const part = encodeURIComponent;

export const route = {
  recovery: (name) => `#/recovery/${part(name)}`,
  explain: (object) => `#/explain/${part(object.kind)}/${object.namespace ? `${part(object.namespace)}/` : ""}${part(object.name)}`,
};

/** A link to what is thought of an object. Names are isolated, so that one written from right to left does not turn its line around. */
export function objectLink(object) {
  return h("a", { href: route.explain(object) }, h("bdi", null, named(object)));
}

export function recoveryLink(name, words) {
  return h("a", { href: route.recovery(name) }, h("bdi", null, words ?? name));
}

/** What a guard says, as a list entry. */
export function guardLine(guard) {
  const sign = { Pass: "✓", Hold: "‖", Later: "·" }[guard.result] ?? "·";
  const word = { Pass: "passes", Hold: "holds", Later: "later" }[guard.result] ?? guard.result;
  return h("li", { class: `guard ${guard.result.toLowerCase()}` },
    h("span", { class: "sign", "aria-hidden": "true" }, sign), " ", h("b", null, guard.name), ` ${word}`,
    guard.reason ? [": ", h("bdi", null, guard.reason)] : null,
    guard.since && guard.result === "Hold" ? [" (since ", when(guard.since), ")"] : null,
    guard.until ? [", asked again ", running(guard.until, "until")] : null);
}

/** What happens next, in the order of time. */
export function nextLines(next) {
  return h("ol", { class: "next" }, next.map((one) => h("li", null, one.at ? [running(one.at, "until"), ": "] : null, h("bdi", null, one.what))));
}

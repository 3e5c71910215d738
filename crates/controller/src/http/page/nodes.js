// The nodes by zone, drawn on one canvas per zone so that thousands stay readable and quick; those that are not well are named below it.

import { rows } from "./feed.js";
import { h, keep, say } from "./dom.js";

/** How a node can look, the worst first, with the sign that repeats the colour. */
const LIGHTS = ["sick", "held", "recovering", "suspected", "cordoned", "well"];
const SIGNS = { sick: "✕", held: "‖", recovering: "↻", suspected: "?", cordoned: "–", well: "" };
const NAMED = 40;

let colours = null;

function colour(light) {
  if (!colours) {
    // A property may be written as light-dark(…): only a real colour of a real element is resolved.
    const probe = document.body.appendChild(h("span", { hidden: true }));
    colours = Object.fromEntries([...LIGHTS, "on"].map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }));
    probe.remove();
  }
  return colours[light];
}

/** Pixels from one node to the next: large when there are few. */
function pitch(count) {
  if (count <= 40) return 28;
  if (count <= 200) return 18;
  return count <= 1000 ? 12 : 9;
}

/** The view of all zones; `update(names)` redraws the zones of these nodes, or all of them. */
export function grid() {
  const element = h("div", { class: "zones" });
  const zones = new Map();
  const place = new Map();

  function group() {
    const found = new Map();
    place.clear();
    for (const [name, row] of rows.node) {
      if (!found.has(row.zone)) found.set(row.zone, []);
      found.get(row.zone).push(row);
      place.set(name, row.zone);
    }
    const names = [...found.keys()].sort();
    keep(element, names, (zone) => zone, () => "", (zone) => {
      zones.set(zone, figure(zone));
      return zones.get(zone).element;
    });
    for (const zone of zones.keys()) if (!found.has(zone)) zones.delete(zone);
    for (const zone of names) zones.get(zone).show(found.get(zone).sort((a, b) => (a.key < b.key ? -1 : 1)));
  }

  function update(changed) {
    const moved = !changed || [...changed].some((name) => place.get(name) !== rows.node.get(name)?.zone);
    if (moved) return group();
    const touched = new Set([...changed].map((name) => place.get(name)));
    for (const zone of touched) zones.get(zone)?.show(null);
  }

  const repaint = () => {
    colours = null;
    for (const zone of zones.values()) zone.show(null);
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", repaint);
  window.addEventListener("resize", repaint);
  const end = () => {
    dark.removeEventListener("change", repaint);
    window.removeEventListener("resize", repaint);
  };
  return { element, update, end };
}

function figure(zone) {
  const caption = h("figcaption");
  const canvas = h("canvas", { role: "img" });
  const named = h("ul", { class: "named" });
  const element = h("figure", null, caption, canvas, named);
  let nodes = [];
  let columns = 1;
  let size = 28;
  let drawn = { form: "", lights: [] };

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / size);
    return column < columns ? nodes[Math.floor((event.clientY - box.top) / size) * columns + column] : undefined;
  };
  canvas.addEventListener("mousemove", (event) => {
    const node = at(event);
    canvas.title = node ? `${node.key}: ${node.light}` : "";
    canvas.style.cursor = node ? "pointer" : "default";
  });
  canvas.addEventListener("click", (event) => {
    const node = at(event);
    if (node) location.hash = `#/explain/Node/${encodeURIComponent(node.key)}`;
  });

  function show(all) {
    if (all) nodes = all;
    else nodes = nodes.map((node) => rows.node.get(node.key)).filter(Boolean);
    const counts = new Map();
    for (const node of nodes) counts.set(node.light, (counts.get(node.light) ?? 0) + 1);
    const parts = LIGHTS.map((light) => [counts.get(light) ?? 0, light]).filter(([number]) => number > 0);
    const words = parts.map(([number, light]) => `${number} ${light}`).join(", ");
    const label = `${zone ? `Zone ${zone}` : "Nodes"}: ${words}`;
    say(caption, label);
    canvas.setAttribute("aria-label", label);
    draw(!all);
    const unwell = nodes.filter((node) => node.light !== "well");
    unwell.sort((a, b) => LIGHTS.indexOf(a.light) - LIGHTS.indexOf(b.light));
    const shown = unwell.slice(0, NAMED);
    if (unwell.length > NAMED) shown.push({ key: "", light: "", more: unwell.length - NAMED });
    keep(named, shown, (node) => `/${node.key}`, (node) => `${node.light}${node.more ?? ""}`, (node) => node.more
      ? h("li", null, `and ${node.more} more`)
      : h("li", null, h("a", { href: `#/explain/Node/${encodeURIComponent(node.key)}`, class: `light ${node.light}` },
        h("span", { "aria-hidden": "true" }, `${SIGNS[node.light] ?? ""} `), h("bdi", null, node.key), ` ${node.light}`)));
  }

  function draw(same) {
    size = pitch(nodes.length);
    columns = Math.max(1, Math.floor(Math.max(size, element.clientWidth || 320) / size));
    const scale = window.devicePixelRatio || 1;
    const [wide, high] = [Math.min(columns, nodes.length) * size, Math.ceil(nodes.length / columns) * size];
    const form = `${wide} ${high} ${scale} ${colour("well")}`;
    const pen = canvas.getContext("2d");
    if (!same || form !== drawn.form) {
      drawn = { form, lights: [] };
      canvas.width = wide * scale;
      canvas.height = high * scale;
      canvas.style.width = `${wide}px`;
      canvas.style.height = `${high}px`;
      pen.scale(scale, scale);
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.font = `bold ${Math.round(size * 0.6)}px system-ui, sans-serif`;
    }
    nodes.forEach((node, index) => {
      if (drawn.lights[index] === node.light) return;
      drawn.lights[index] = node.light;
      square(pen, (index % columns) * size, Math.floor(index / columns) * size, node.light);
    });
  }

  function square(pen, x, y, light) {
    const inner = size - (size > 12 ? 3 : 2);
    pen.fillStyle = colour(light);
    pen.fillRect(x, y, inner, inner);
    // Smaller signs could not be told apart; the list below names these nodes.
    if (size < 12 || !SIGNS[light]) return;
    pen.fillStyle = colour("on");
    pen.fillText(SIGNS[light], x + inner / 2, y + inner / 2 + 1);
  }

  return { element, show };
}

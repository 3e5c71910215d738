// The only way from data to the page: text nodes and attributes, never markup. Whatever a pod is called, it stays text.

/** An element with attributes and children; strings become text, null and false nothing. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child != null && child !== false) element.append(child);
  }
}

/** Makes what is inside look like `children`, changing only what differs, so that focus, selection and scroll stay. */
export function fill(element, ...children) {
  sync(element, [...h("div", null, ...children).childNodes]);
}

function sync(parent, nodes) {
  nodes.forEach((node, at) => {
    const old = parent.childNodes[at];
    if (!old) parent.append(node);
    else if (old.nodeName !== node.nodeName) old.replaceWith(node);
    else if (old.nodeType === Node.TEXT_NODE) old.data === node.data || (old.data = node.data);
    else morph(old, node);
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
}

function morph(old, node) {
  for (const { name } of [...old.attributes]) if (!node.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of node.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  sync(old, [...node.childNodes]);
}

/** Sets a text only when it differs. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const known = new WeakMap();

/**
 * Keeps one element per item inside `parent`, in the order of `items`. An element is made anew only when `mark(item)` differs from what it
 * was made of, so that a thousand rows cost as much as those that changed.
 */
export function keep(parent, items, key, mark, make) {
  const old = known.get(parent) ?? new Map();
  const now = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const name = key(item);
    const made = mark(item);
    const last = old.get(name);
    let element = last?.element;
    if (!last) {
      element = make(item);
    } else if (last.made !== made) {
      const focused = element.contains(document.activeElement);
      const fresh = make(item);
      if (place === element) place = element.nextSibling;
      element.replaceWith(fresh);
      if (focused) (fresh.querySelector("a, button") ?? fresh).focus();
      element = fresh;
    }
    old.delete(name);
    if (element === place) place = place.nextSibling;
    else parent.insertBefore(element, place);
    now.set(name, { element, made });
  }
  for (const { element } of old.values()) element.remove();
  known.set(parent, now);
}

/** A heading with what belongs to it, as a landmark of its own. */
export function section(id, title, ...children) {
  return h("section", { "aria-labelledby": id, class: id }, h("h2", { id }, title), ...children);
}

/** A table that scrolls sideways where it is too wide, also by keyboard. */
export function table(label, heads, body) {
  const row = h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)));
  return h("div", { class: "wide", role: "group", "aria-label": label, tabindex: "0" },
    h("table", null, h("caption", { class: "unseen" }, label), h("thead", null, row), body));
}

/** A word on a coloured ground; the word says it all, the colour only repeats it. */
export function badge(kind, word, title) {
  return h("span", { class: `badge ${kind.replace(/[^A-Za-z]/g, "").toLowerCase()}`, title }, word);
}

/** Name and value, pair by pair; pairs without value are left out. */
export function pairs(all) {
  const shown = all.filter(([, value]) => value != null && value !== "" && value !== false);
  return h("dl", null, shown.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

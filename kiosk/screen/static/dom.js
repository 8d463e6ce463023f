// Making elements without markup in strings: what comes from data can never become markup.

export const $ = (selector, root = document) => root.querySelector(selector);

/** `el("button.quiet", { type: "button" }, "text", child)`; a property that starts with "on" is a listener. */
export function el(what, properties = {}, ...children) {
  const [name, ...classes] = what.split(".");
  const node = document.createElement(name);
  node.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** A picture made of the page's own signs, laid on each other. */
export function icon(names, { className = "icon", viewBox = "0 0 100 100" } = {}) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("aria-hidden", "true");
  for (const [name, role] of Object.entries(names)) {
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `#sign-${name}`);
    use.setAttribute("class", role);
    svg.append(use);
  }
  return svg;
}

/** The large sign of an outcome: its family's shape with its own glyph. */
export function emblem(place, shape, glyph) {
  place.dataset.shape = shape;
  place.replaceChildren(icon({ [shape]: "shape", [glyph]: "glyph" }, { className: "sign" }));
}

/** "{n} 秒" with its gaps filled. */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (gap, key) => values[key] ?? gap);

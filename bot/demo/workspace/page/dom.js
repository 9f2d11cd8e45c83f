// Builds DOM nodes. Whatever comes from the server or a person becomes a text node or an attribute value:
// nothing in this page parses HTML, and the page's Content-Security-Policy forbids it too.

const LINK_SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** An element with properties, `dataset`, `on` listeners and children (nodes or strings; null is skipped). */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** A drawing of the page's own: `paths` are SVG path data in a 20 × 20 box, stroked in the text's colour. */
export function icon(...paths) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** The address when a link may lead there (http, https, mailto), else null: `javascript:` and friends stay text. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return LINK_SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens a new tab without handing it this page; plain text when the address is not a web address. */
export function link(address, ...children) {
  const href = safeUrl(address);
  const shown = children.length > 0 ? children : [address];
  if (href === null) return el("span", {}, ...shown);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...shown);
}

/** Text as nodes with a line break for every newline. */
export function lines(text) {
  return text.split("\n").flatMap((line, at) => (at === 0 ? [line] : [el("br"), line]));
}

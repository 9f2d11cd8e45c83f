// Interactive elements: buttons, static selects and overflow menus, with their confirmation dialogs.
// Source: docs.slack.dev/reference/block-kit/block-elements. A press is posted once; the control waits for the answer.

import { el, safeUrl } from "./dom.js";
import { textWithEmoji } from "./emoji.js";

const CONTROLS = { button, static_select: staticSelect, overflow };

/** The node of one element of `block`; one this page does not draw shows as a note with its type. */
export function control(element, block, host) {
  const draw = Object.hasOwn(CONTROLS, element?.type) ? CONTROLS[element.type] : unknown;
  return draw(element, block, host);
}

// A button with a link is a real link, so that it can be copied or opened in the background; its press is posted too.
function button(element, block, host) {
  const style = ["primary", "danger"].includes(element.style) ? ` ${element.style}` : "";
  const href = element.url ? safeUrl(element.url) : null;
  const node = el(href ? "a" : "button", {
    class: `button${style}`,
    "aria-label": element.accessibility_label,
    dataset: { actionId: element.action_id ?? "", value: element.value ?? "" },
    ...(href ? { href, target: "_blank", rel: "noopener noreferrer" } : { type: "button" }),
  }, ...label(element.text));
  if (href) node.append(el("span", { class: "outward", "aria-hidden": "true" }, "↗"), el("span", { class: "sr-only" }, " (opens a new tab)"));
  node.addEventListener("click", (event) => {
    if (element.confirm) event.preventDefault();
    press(node, element, host, { block, value: element.value ?? null }, element.confirm ? href : null);
  });
  return node;
}

// The browser's own select: it has groups, works with the keyboard and opens the phone's picker.
function staticSelect(element, block, host) {
  const placeholder = element.placeholder?.text ?? "Choose…";
  const select = el("select", { class: "select", "aria-label": placeholder, dataset: { actionId: element.action_id ?? "" } });
  select.append(el("option", { value: "", disabled: true, hidden: true }, placeholder));
  const options = (list) => (list ?? []).map((option) => el("option", { value: option.value }, option.text?.text ?? option.value));
  select.append(...options(element.options));
  for (const group of element.option_groups ?? []) {
    select.append(el("optgroup", { label: group.label?.text ?? "" }, options(group.options)));
  }
  const initial = element.initial_option?.value ?? "";
  select.value = initial;
  select.addEventListener("change", async () => {
    const done = await press(select, element, host, { block, option: select.value }, null);
    if (!done) select.value = initial;
  });
  return el("span", { class: "select-box" }, select);
}

function overflow(element, block, host) {
  const menu = el("div", { class: "menu", role: "menu", hidden: true });
  const node = el("button", {
    type: "button", class: "button overflow", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false",
    dataset: { actionId: element.action_id ?? "" },
  }, "⋯");
  const box = el("span", { class: "menu-box" }, node, menu);
  const outside = (event) => {
    if (!box.contains(event.target)) show(false);
  };
  const show = (open) => {
    menu.hidden = !open;
    node.setAttribute("aria-expanded", String(open));
    document[open ? "addEventListener" : "removeEventListener"]("pointerdown", outside);
    if (!open) return;
    // Opens where there is room: a menu at the right edge of the message must not leave the window.
    const { left, bottom } = node.getBoundingClientRect();
    menu.classList.toggle("leftward", left + menu.offsetWidth > window.innerWidth - 8);
    menu.classList.toggle("upward", bottom + menu.offsetHeight > window.innerHeight - 90);
    menu.firstElementChild?.focus();
  };
  for (const option of element.options ?? []) {
    const item = el("button", { type: "button", role: "menuitem", tabindex: -1, dataset: { value: option.value ?? "" } }, ...label(option.text));
    if (option.description) item.append(el("span", { class: "menu-note" }, ...label(option.description)));
    item.addEventListener("click", () => {
      show(false);
      node.focus();
      press(node, element, host, { block, option: option.value ?? null }, option.url ? safeUrl(option.url) : null);
    });
    menu.append(item);
  }
  node.addEventListener("click", () => show(menu.hidden));
  box.addEventListener("keydown", (event) => {
    if (menu.hidden) return;
    const items = [...menu.children];
    const at = items.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    if (event.key in moves) items[(moves[event.key] + items.length) % items.length].focus();
    else if (event.key === "Escape") node.focus();
    if (event.key === "Escape" || event.key === "Tab") show(false);
    if (event.key in moves || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  return box;
}

/** Confirms when the element asks for it, opens its link and posts the action; true when the server took it. */
async function press(node, element, host, { block, value = null, option = null }, href) {
  if (node.getAttribute("aria-busy") === "true") return false;
  if (element.confirm && !(await host.confirm(element.confirm))) return false;
  if (href) window.open(href, "_blank", "noopener,noreferrer");
  node.setAttribute("aria-busy", "true");
  try {
    return await host.act({ action_id: element.action_id ?? "", block_id: block.block_id ?? "", value, option });
  } finally {
    node.removeAttribute("aria-busy");
  }
}

function label(text) {
  if (!text) return [];
  return text.emoji === false ? [text.text ?? ""] : textWithEmoji(text.text ?? "");
}

function unknown(element) {
  return el("span", { class: "unknown" }, `This page does not draw the element “${element?.type ?? "without a type"}”.`);
}

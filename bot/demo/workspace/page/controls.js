// Interactive elements: buttons, selects and menus, with their confirmation dialogs; what is typed or picked is in fields.js.
// Source: docs.slack.dev/reference/block-kit/block-elements. A press is posted once; the control waits for the answer.

import { el, icon, safeUrl } from "./dom.js";
import { textWithEmoji } from "./emoji.js";
import { FIELDS } from "./fields.js";
import { menuBox } from "./menu.js";

const CONTROLS = {
  button, overflow,
  static_select: staticSelect, feedback_buttons: feedbackButtons, icon_button: iconButton,
};

/** The node of one element of `block`; one this page does not draw shows as a note with its type. */
export function control(element, block, host) {
  if (Object.hasOwn(FIELDS, element?.type)) return FIELDS[element.type](element, { ...settings(element, block, host), label });
  const draw = Object.hasOwn(CONTROLS, element?.type) ? CONTROLS[element.type] : unknown;
  return draw(element, block, host);
}

// What a field may use: its value now, keeping one that was entered, asking for options.
function settings(element, block, host) {
  return {
    id: host.idOf?.(block, element) ?? null,
    held: host.heldBy?.(block, element) ?? null,
    heldText: host.shownBy?.(block, element) ?? null,
    suggest: (typed) => host.suggest({ action_id: element.action_id ?? "", block_id: block.block_id ?? "", typed }),
    keep: (wanted) => host.hold?.(block, element, wanted),
    enter: (node, wanted, shown = null) => enter(node, element, block, host, wanted, shown),
  };
}

/** Keeps what was entered, and posts it where Slack sends it at once: everywhere but in an input block. */
async function enter(node, element, block, host, wanted, shown) {
  host.hold?.(block, element, wanted, shown);
  if (block.type === "input" && !block.dispatch_action) return true;
  return press(node, element, host, { block, option: wanted }, null);
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

// Two small buttons in one element; the one pressed stays marked, as in Slack.
function feedbackButtons(element, block, host) {
  const halves = [element.positive_button, element.negative_button].filter(Boolean).map((half) => el("button", {
    type: "button", class: "button small", "aria-pressed": "false", "aria-label": half.accessibility_label,
    dataset: { actionId: element.action_id ?? "", value: half.value ?? "" },
  }, ...label(half.text)));
  for (const node of halves) {
    node.addEventListener("click", async () => {
      if (!(await press(node, element, host, { block, value: node.dataset.value }, null))) return;
      halves.forEach((other) => other.setAttribute("aria-pressed", String(other === node)));
    });
  }
  return el("span", { class: "feedback", role: "group", "aria-label": "Feedback" }, halves);
}

function iconButton(element, block, host) {
  const words = element.accessibility_label ?? element.text?.text ?? "";
  const node = el("button", {
    type: "button", class: "button small", title: element.text?.text ?? "", "aria-label": words, dataset: { actionId: element.action_id ?? "", value: element.value ?? "" },
  }, element.icon === "trash" ? icon("M4 6h12", "M8 6V4h4v2", "M5.5 6l1 10.5h7L14.5 6") : element.icon ?? "");
  node.addEventListener("click", () => press(node, element, host, { block, value: element.value ?? null }, null));
  return node;
}

// The browser's own select: it has groups, works with the keyboard and opens the phone's picker.
function staticSelect(element, block, host) {
  const { id, held, enter: choose } = settings(element, block, host);
  const placeholder = element.placeholder?.text ?? "Choose…";
  const select = el("select", { id, class: "select", "aria-label": id ? null : placeholder, dataset: { actionId: element.action_id ?? "" } });
  // An input of a modal that may stay empty can be emptied again.
  const clearable = block.type === "input" && block.optional;
  select.append(el("option", { value: "", disabled: !clearable, hidden: !clearable }, placeholder));
  const options = (list) => (list ?? []).map((option) => el("option", { value: option.value }, option.text?.text ?? option.value));
  select.append(...options(element.options));
  for (const group of element.option_groups ?? []) {
    select.append(el("optgroup", { label: group.label?.text ?? "" }, options(group.options)));
  }
  const initial = held ?? element.initial_option?.value ?? "";
  select.value = initial;
  select.addEventListener("change", async () => {
    const done = await choose(select, select.value);
    if (!done) select.value = initial;
  });
  return el("span", { class: "select-box" }, select);
}

function overflow(element, block, host) {
  const node = el("button", {
    type: "button", class: "button overflow", "aria-label": "More actions", dataset: { actionId: element.action_id ?? "" },
  }, "⋯");
  return menuBox(node, (element.options ?? []).map((option) => ({
    content: label(option.text), note: option.description ? label(option.description) : null, value: option.value,
    choose: () => press(node, element, host, { block, option: option.value ?? null }, option.url ? safeUrl(option.url) : null),
  })));
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

// What one types in or picks from: texts, numbers, dates, boxes to check, and selects whose options the app looks up.
// Source: docs.slack.dev/reference/block-kit/block-elements. Each field gets
// {id, held, heldText, suggest(typed), keep(wanted), enter(node, wanted, shown), label}: keep only remembers, enter may post.

import { el } from "./dom.js";

const SUGGEST_AFTER_MS = 200;
const MIN_QUERY_LENGTH = 3;

/** How each element is drawn. */
export const FIELDS = {
  plain_text_input: text,
  email_text_input: (element, field) => text(element, field, { type: "email", inputmode: "email" }),
  url_text_input: (element, field) => text(element, field, { type: "url", inputmode: "url" }),
  number_input: (element, field) => text(element, field, { type: "text", inputmode: element.is_decimal_allowed ? "decimal" : "numeric" }),
  datepicker: (element, field) => picker(element, field, "date", element.initial_date),
  timepicker: (element, field) => picker(element, field, "time", element.initial_time),
  checkboxes: (element, field) => boxes(element, field, "checkbox"),
  radio_buttons: (element, field) => boxes(element, field, "radio"),
  multi_static_select: (element, field) => boxes(element, field, "checkbox"),
  external_select: lookUp,
};

function text(element, field, kind = { type: "text" }) {
  const shared = { id: field.id, class: "field-input", placeholder: element.placeholder?.text, dataset: { actionId: element.action_id ?? "" }, autocomplete: "off" };
  const node = element.multiline
    ? el("textarea", { ...shared, rows: 4, maxlength: element.max_length })
    : el("input", { ...shared, ...kind, maxlength: element.max_length });
  node.value = field.held ?? element.initial_value ?? "";
  node.addEventListener("input", () => field.keep(node.value));
  node.addEventListener("change", () => field.enter(node, node.value));
  return node;
}

function picker(element, field, type, initial) {
  const node = el("input", { id: field.id, class: "field-input short", type, "aria-label": field.id ? null : element.placeholder?.text ?? type, dataset: { actionId: element.action_id ?? "" } });
  node.value = field.held ?? initial ?? "";
  node.addEventListener("change", () => field.enter(node, node.value));
  return node;
}

function boxes(element, field, type) {
  const many = type === "checkbox";
  const initial = many ? (element.initial_options ?? []).map((option) => option.value) : element.initial_option?.value;
  const chosen = new Set([field.held ?? initial ?? []].flat());
  const options = [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options ?? [])];
  const group = el("div", { id: field.id, class: "boxes", role: many ? "group" : "radiogroup", dataset: { actionId: element.action_id ?? "" }, tabindex: field.id ? -1 : null });
  const name = `${field.id ?? Math.random()}-${element.action_id}`;
  for (const option of options) {
    const box = el("input", { type, name, value: option.value, checked: chosen.has(option.value) });
    group.append(el("label", { class: "box" }, box, el("span", {}, ...field.label(option.text),
      option.description ? el("span", { class: "menu-note" }, ...field.label(option.description)) : null)));
  }
  group.addEventListener("change", () => {
    const values = [...group.querySelectorAll("input:checked")].map((box) => box.value);
    field.enter(group, many ? values : values[0] ?? "");
  });
  return group;
}

// A text box whose list the app fills: arrows move, Enter takes, Escape closes the list and leaves the modal open.
function lookUp(element, field) {
  const least = element.min_query_length ?? MIN_QUERY_LENGTH;
  const listId = `${field.id ?? element.action_id}-list`;
  const list = el("div", { class: "look-up-list", id: listId, role: "listbox", hidden: true });
  const node = el("input", {
    id: field.id, class: "field-input", type: "text", role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": listId, "aria-label": field.id ? null : element.placeholder?.text ?? "Search", placeholder: element.placeholder?.text ?? "Search…",
    dataset: { actionId: element.action_id ?? "" },
  });
  node.value = field.heldText ?? element.initial_option?.text?.text ?? "";
  let active = -1;
  let offered = [];
  let timer = null;
  let asked = 0;
  const close = () => {
    list.hidden = true;
    active = -1;
    node.setAttribute("aria-expanded", "false");
    node.removeAttribute("aria-activedescendant");
  };
  const point = (at) => {
    active = at;
    [...list.querySelectorAll("[role=option]")].forEach((one, n) => one.setAttribute("aria-selected", String(n === at)));
    list.querySelectorAll("[role=option]")[at]?.scrollIntoView({ block: "nearest" });
    if (at >= 0) node.setAttribute("aria-activedescendant", `${listId}-${at}`);
  };
  const take = (option) => {
    node.value = option.text?.text ?? option.value;
    close();
    field.enter(node, option.value, node.value);
  };
  const show = (answer) => {
    offered = [];
    const row = (option) => {
      const at = offered.push(option) - 1;
      // pointerdown, because the box must keep the focus.
      return el("div", { role: "option", id: `${listId}-${at}`, "aria-selected": "false", on: { pointerdown: (event) => { event.preventDefault(); take(option); } } },
        ...field.label(option.text), option.description ? el("span", { class: "menu-note" }, ...field.label(option.description)) : null);
    };
    const groups = answer.option_groups ?? [{ options: answer.options ?? [] }];
    list.replaceChildren(...groups.flatMap((group) => [group.label ? el("div", { class: "look-up-group" }, ...field.label(group.label)) : null, ...(group.options ?? []).map(row)]).filter(Boolean));
    if (offered.length === 0) list.append(el("div", { class: "look-up-none" }, answer.ok === false ? answer.text : "Nothing found."));
    list.hidden = false;
    node.setAttribute("aria-expanded", "true");
    point(offered.length ? 0 : -1);
  };
  const ask = async () => {
    const typed = node.value.trim();
    if (typed.length < least) return close();
    const mine = (asked += 1);
    const answer = await field.suggest(typed);
    if (mine === asked && document.activeElement === node) show(answer);
    return undefined;
  };
  node.addEventListener("focus", ask);
  node.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, SUGGEST_AFTER_MS);
    if (node.value === "") field.enter(node, "");
  });
  node.addEventListener("blur", close);
  node.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    let handled = open;
    if (open && event.key === "ArrowDown") point((active + 1) % Math.max(offered.length, 1));
    else if (open && event.key === "ArrowUp") point((active - 1 + offered.length) % Math.max(offered.length, 1));
    else if (open && event.key === "Enter" && offered[active]) take(offered[active]);
    else if (open && event.key === "Escape") close();
    else handled = false;
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  return el("div", { class: "look-up" }, node, list);
}

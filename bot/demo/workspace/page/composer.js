// The message box: Enter sends, Shift+Enter breaks the line, ArrowUp recalls; it completes commands, their verbs and names.

import { el, icon } from "./dom.js";

const LONGEST_HISTORY = 50;
const HIGHEST_PX = 220;

export class Composer {
  /**
   * `suggest(text before the caret)` gives {from, items: [{insert, label, note}], eager} or null; `hint(text)` a line below the
   * box or null; `send(text)` -> Promise<boolean>, true when the text was taken.
   */
  constructor({ id, testid, sendTestid, suggest, hint, send }) {
    Object.assign(this, { suggest, hint, send, history: [], recalled: 0, choice: null, active: -1 });
    this.options = el("div", { class: "suggestions", role: "listbox", id: `${id}-options`, "aria-label": "Suggestions", hidden: true });
    this.box = el("textarea", {
      id, rows: 1, dataset: { testid }, role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": `${id}-options`, "aria-describedby": `${id}-hint`, autocomplete: "off", autocapitalize: "off", enterkeyhint: "send",
    });
    this.button = el("button", { type: "button", class: "send", dataset: { testid: sendTestid }, "aria-label": "Send", title: "Send (Enter)", disabled: true },
      icon("M3 10l14-6.5-4 14-3.5-5z", "M9.5 12.5L17 3.5"));
    this.hintLine = el("div", { class: "composer-hint", id: `${id}-hint` });
    this.node = el("div", { class: "composer" }, this.options, el("div", { class: "composer-box" }, this.box, this.button), this.hintLine);
    this.box.addEventListener("input", () => this.changed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("blur", () => this.suggestNothing());
    this.button.addEventListener("click", () => this.submit());
    this.changed();
  }

  get text() {
    return this.box.value;
  }

  setPlaceholder(words) {
    this.box.placeholder = words;
    this.box.setAttribute("aria-label", words);
  }

  /** Puts a text in the box, ready to send or to change. */
  fill(text, { focus = true } = {}) {
    this.box.value = text;
    if (focus) this.box.focus();
    this.box.setSelectionRange(text.length, text.length);
    this.changed();
  }

  changed() {
    this.fit();
    this.button.disabled = this.text.trim() === "";
    const words = this.hint(this.text);
    this.hintLine.textContent = words ?? "Enter sends · Shift+Enter for a new line";
    this.hintLine.classList.toggle("quiet", words === null);
    this.offer(document.activeElement === this.box ? this.suggest(this.text.slice(0, this.box.selectionStart)) : null);
  }

  // As high as its text; a box that is not shown has no height yet and keeps its one row.
  fit() {
    this.box.style.height = "auto";
    if (this.box.scrollHeight > 0) this.box.style.height = `${Math.min(HIGHEST_PX, this.box.scrollHeight)}px`;
  }

  offer(choice) {
    if (!choice?.items.length) return this.suggestNothing();
    this.choice = choice;
    this.options.replaceChildren(...choice.items.map((item, at) => el("div", {
      role: "option", id: `${this.options.id}-${at}`, "aria-selected": "false",
      // pointerdown, because the box must keep the focus.
      on: { pointerdown: (event) => { event.preventDefault(); this.take(at); } },
    }, el("span", { class: "suggestion" }, item.label), item.note ? el("span", { class: "suggestion-note" }, item.note) : null)));
    this.options.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
    this.point(choice.eager ? 0 : -1);
    return undefined;
  }

  suggestNothing() {
    this.choice = null;
    this.active = -1;
    this.options.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  }

  point(at) {
    this.active = at;
    [...this.options.children].forEach((node, n) => node.setAttribute("aria-selected", String(n === at)));
    this.options.children[at]?.scrollIntoView({ block: "nearest" });
    if (at >= 0) this.box.setAttribute("aria-activedescendant", `${this.options.id}-${at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  take(at) {
    const { from, items } = this.choice;
    const rest = this.text.slice(this.box.selectionStart);
    const before = this.text.slice(0, from) + items[at].insert;
    this.box.value = before + rest;
    this.box.setSelectionRange(before.length, before.length);
    this.changed();
  }

  key(event) {
    if (event.isComposing) return;
    const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
    const count = this.choice?.items.length ?? 0;
    let handled = true;
    if (count && plain && event.key === "ArrowDown") this.point((this.active + 1) % count);
    else if (count && plain && event.key === "ArrowUp") this.point((Math.max(this.active, 0) - 1 + count) % count);
    else if (count && event.key === "Escape") this.suggestNothing();
    else if (count && plain && event.key === "Tab") this.take(Math.max(this.active, 0));
    else if (count && plain && event.key === "Enter" && this.active >= 0) this.take(this.active);
    else if (plain && event.key === "Enter") this.submit();
    else if (plain && event.key === "ArrowUp" && this.recalls()) this.recall(this.recalled + 1);
    else if (plain && event.key === "ArrowDown" && this.recalled > 0 && this.recalls()) this.recall(this.recalled - 1);
    else handled = false;
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  // ArrowUp is a caret key in a text being written; it recalls only in an empty box or on a recalled text.
  recalls() {
    return this.text === "" || this.text === this.history[this.history.length - this.recalled];
  }

  recall(steps) {
    if (steps > this.history.length) return;
    this.recalled = steps;
    this.fill(steps === 0 ? "" : this.history[this.history.length - steps]);
    this.suggestNothing();
  }

  // The box is free at once, as a command may take its three seconds; a text that did not arrive comes back.
  async submit() {
    const text = this.text.trim();
    if (text === "") return;
    if (this.history.at(-1) !== text) this.history.push(text);
    this.history = this.history.slice(-LONGEST_HISTORY);
    this.recalled = 0;
    this.fill("");
    if (!(await this.send(text)) && this.text === "") this.fill(text);
  }
}

/** Suggestions for a text up to the caret: commands at its start, then a command's verbs; people after an "@". */
export function suggestions(before, { commands, users }) {
  const command = /^\/\S*$/.exec(before);
  if (command) {
    const items = commands.filter((one) => one.command.startsWith(before) && one.command !== before)
      .map((one) => ({ insert: `${one.command} `, label: `${one.command} ${one.usage_hint ?? ""}`.trim(), note: one.description }));
    return { from: 0, items, eager: true };
  }
  const verb = /^(\/\S+) ([a-z]*)$/.exec(before);
  const known = verb && commands.find((one) => one.command === verb[1]);
  if (known) {
    const items = verbsOf(known).filter((example) => example.startsWith(verb[2]) && example !== verb[2])
      .map((example) => ({ insert: `${example} `, label: `${known.command} ${example}` }));
    // Nothing is chosen for the person: Enter sends what is written.
    return { from: verb[1].length + 1, items, eager: false };
  }
  const mention = /(^|\s)@([\w.-]*)$/.exec(before);
  if (mention) {
    const items = users.filter((user) => user.name.startsWith(mention[2].toLowerCase()) && user.name !== mention[2])
      .map((user) => ({ insert: `@${user.name} `, label: `@${user.name}`, note: user.real_name }));
    return { from: before.length - mention[2].length - 1, items, eager: true };
  }
  return null;
}

/** The usage hint of the command a text begins with, or null. */
export function usageHint(text, commands) {
  const known = commands.find((one) => text === one.command || text.startsWith(`${one.command} `));
  return known ? `${known.command} ${known.usage_hint ?? ""}`.trim() : null;
}

// "status | subnet X | [options]" names its verbs between bars; what is in brackets is a place to fill, not a verb.
function verbsOf(command) {
  return (command.usage_hint ?? "").split("|").map((part) => /^[a-z][a-z-]*/.exec(part.trim())?.[0]).filter(Boolean);
}

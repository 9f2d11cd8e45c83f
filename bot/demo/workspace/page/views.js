// Views: the modal a person fills in, and the Home tab. Both draw blocks whose controls keep what was entered.
// Source: docs.slack.dev/surfaces/modals and docs.slack.dev/surfaces/app-home.

import { blockNodes, textNodes } from "./blocks.js";
import { el, icon } from "./dom.js";

/** What was entered in one view, by "block_id/action_id"; newer than what the server knows until it is posted. */
class Entries {
  constructor(view) {
    this.entered = new Map();
    this.shown = new Map();
    this.update(view);
  }

  update(view) {
    this.known = new Map();
    for (const [block, entries] of Object.entries(view.state?.values ?? {})) {
      for (const [action, entry] of Object.entries(entries)) {
        this.known.set(`${block}/${action}`, plain(entry));
        if (entry.selected_option) this.shown.set(`${block}/${action}`, entry.selected_option.text?.text);
      }
    }
    for (const key of this.entered.keys()) if (!this.known.has(key)) this.entered.delete(key);
  }

  value(key) {
    return this.entered.has(key) ? this.entered.get(key) : this.known.get(key) ?? null;
  }
}

/** Draws the view's blocks for a host that acts in it. `page` gives {names, confirm, post(path, body)}. */
function host(view, entries, page, onTrouble) {
  const key = (block, element) => `${block.block_id}/${element.action_id}`;
  const body = (more) => ({ view_id: view.id, values: Object.fromEntries(entries.entered), ...more });
  return {
    names: page.names,
    confirm: page.confirm,
    idOf: (block, element) => (block.type === "input" ? `input-${view.id}-${block.block_id}-${element.action_id}` : null),
    heldBy: (block, element) => entries.value(key(block, element)),
    shownBy: (block, element) => entries.shown.get(key(block, element)) ?? null,
    hold(block, element, wanted, shown) {
      entries.entered.set(key(block, element), wanted);
      if (shown !== null && shown !== undefined) entries.shown.set(key(block, element), shown);
    },
    suggest: ({ action_id, block_id, typed }) => page.post("/page/view/options", { view_id: view.id, action_id, block_id, typed }),
    async act(action) {
      const answer = await page.post("/page/view/action", body(action));
      if (!answer.ok) onTrouble(answer.text);
      return answer.ok;
    },
  };
}

export class Modal {
  constructor(dialog, page) {
    Object.assign(this, { dialog, page, view: null, depth: 0, entries: null, held: new Map() });
    // Escape asks the server to close: the app may want to know, and a modal below may come back.
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
  }

  /** Shows the top of a stack of modals; none closes the dialog. */
  show(views) {
    const view = views.at(-1) ?? null;
    for (const id of this.held.keys()) if (!views.some((one) => one.id === id)) this.held.delete(id);
    if (view === null) {
      this.view = null;
      if (this.dialog.open) this.dialog.close();
      return;
    }
    if (this.view?.id === view.id && this.view.hash === view.hash) return;
    const focused = this.view?.id === view.id ? document.activeElement?.dataset?.actionId : null;
    if (!this.held.has(view.id)) this.held.set(view.id, new Entries(view));
    this.entries = this.held.get(view.id);
    this.entries.update(view);
    this.view = view;
    this.depth = views.length;
    this.draw(view);
    if (!this.dialog.open) this.dialog.showModal();
    this.focus(focused);
  }

  draw(view) {
    const { names } = this.page;
    this.trouble = el("div", { class: "modal-trouble", role: "alert", hidden: true });
    this.body = el("div", { class: "modal-body" }, blockNodes(view.blocks, host(view, this.entries, this.page, (words) => this.tell(words))), this.trouble);
    const words = (text, fallback) => (text ? textNodes(text, names) : [fallback]);
    const back = this.depth > 1 ? "Back" : "Close";
    this.submitButton = view.submit ? el("button", { type: "submit", class: "button primary", dataset: { testid: "modal-submit" } }, ...words(view.submit, "Submit")) : null;
    const form = el("form", { class: "modal-form", novalidate: true, autocomplete: "off" },
      el("header", { class: "modal-header" }, el("h2", { id: "modal-title" }, ...words(view.title, "")),
        el("button", { type: "button", class: "modal-close", "aria-label": "Close", on: { click: () => this.close(true) } }, icon("M5 5l10 10", "M15 5L5 15"))),
      this.body,
      el("footer", { class: "confirm-buttons" },
        el("button", { type: "button", class: "button", dataset: { testid: "modal-close" }, on: { click: () => this.close() } }, ...words(view.close, view.submit ? "Cancel" : back)), this.submitButton));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.dialog.dataset.view = view.id;
    this.dialog.replaceChildren(form);
  }

  focus(actionId) {
    const controls = [...this.body.querySelectorAll("[data-action-id]")];
    const wanted = controls.find((node) => actionId && node.dataset.actionId === actionId) ?? this.body.querySelector("input, textarea, select") ?? this.submitButton;
    wanted?.focus();
  }

  async submit() {
    if (this.dialog.getAttribute("aria-busy") === "true") return;
    this.complain({});
    this.tell("");
    this.dialog.setAttribute("aria-busy", "true");
    this.submitButton.disabled = true;
    const { id } = this.view;
    const answer = await this.page.post("/page/view/submit", { view_id: id, values: Object.fromEntries(this.entries.entered) });
    this.dialog.removeAttribute("aria-busy");
    if (this.submitButton) this.submitButton.disabled = false;
    if (answer.ok || this.view?.id !== id) return;
    this.complain(answer.errors ?? {});
    if (answer.text) this.tell(answer.text);
  }

  async close(all = false) {
    const answer = await this.page.post("/page/view/close", { all });
    if (!answer.ok) this.show([]);
  }

  /** Puts words under the inputs they are about, and the focus in the first of them. */
  complain(errors) {
    let first = null;
    for (const node of this.body.querySelectorAll(".input")) {
      const words = errors[node.dataset.blockId] ?? "";
      const line = node.querySelector(".input-error");
      const field = node.querySelector("[data-action-id]");
      line.textContent = words;
      line.hidden = words === "";
      if (words) field?.setAttribute("aria-invalid", "true");
      else field?.removeAttribute("aria-invalid");
      if (words && !first) first = field;
    }
    first?.focus();
  }

  tell(words) {
    this.trouble.textContent = words;
    this.trouble.hidden = !words;
  }
}

export class Home {
  constructor(panel, page) {
    Object.assign(this, { panel, page, hash: undefined });
  }

  /** Shows the Home tab the app published, or that there is none. */
  show(view) {
    const hash = view ? `${view.id} ${view.hash}` : null;
    if (hash === this.hash) return;
    this.hash = hash;
    if (!view) {
      this.panel.replaceChildren(el("p", { class: "home-none" }, "The app has nothing on its Home tab yet."));
      return;
    }
    const focused = this.panel.contains(document.activeElement) ? document.activeElement.dataset.actionId : null;
    const trouble = el("div", { class: "modal-trouble", role: "alert", hidden: true });
    const tell = (words) => {
      trouble.textContent = words;
      trouble.hidden = !words;
    };
    this.panel.replaceChildren(trouble, ...blockNodes(view.blocks, host(view, new Entries(view), this.page, tell)));
    if (focused) [...this.panel.querySelectorAll("[data-action-id]")].find((node) => node.dataset.actionId === focused)?.focus();
  }
}

// What a field takes back of an entry of `state.values`.
function plain(entry) {
  if (entry.selected_options) return entry.selected_options.map((option) => option.value);
  if ("selected_option" in entry) return entry.selected_option?.value ?? null;
  const name = Object.keys(entry).find((key) => key === "value" || key.startsWith("selected_"));
  return name ? entry[name] : null;
}

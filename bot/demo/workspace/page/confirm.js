// The confirmation dialog of a button, a select or a menu.
// Source: docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object.

import { textNodes } from "./blocks.js";
import { el } from "./dom.js";

/** Asks with a modal dialog; true when the person agrees. Escape and a click beside it mean no. */
export function confirmWith(asked, names) {
  const dialog = document.getElementById("confirm");
  return new Promise((answer) => {
    const button = (text, fallback, style, value) => el("button", { type: "button", class: `button ${style}`, on: { click: () => dialog.close(value) } },
      ...(text ? textNodes(text, names) : [fallback]));
    const agree = button(asked.confirm, "Yes", asked.style === "danger" ? "danger" : "primary", "yes");
    dialog.replaceChildren(
      el("h2", { id: "confirm-title" }, ...(asked.title ? textNodes(asked.title, names) : ["Are you sure?"])),
      el("div", { class: "confirm-text" }, ...textNodes(asked.text, names)),
      el("div", { class: "confirm-buttons" }, button(asked.deny, "Cancel", "", "no"), agree));
    dialog.returnValue = "no";
    dialog.onclick = (event) => {
      if (event.target === dialog) dialog.close("no");
    };
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
    agree.focus();
  });
}

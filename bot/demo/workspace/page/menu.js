// A button that opens a menu: arrows move in it, Escape and a press beside it close it.

import { el } from "./dom.js";

/** `node` opens a menu of `items` ({content: nodes, note: nodes or null, value, choose()}); the node with its menu. */
export function menuBox(node, items) {
  node.setAttribute("aria-haspopup", "menu");
  node.setAttribute("aria-expanded", "false");
  const menu = el("div", { class: "menu", role: "menu", hidden: true });
  const box = el("span", { class: "menu-box" }, node, menu);
  const outside = (event) => {
    if (!box.contains(event.target)) show(false);
  };
  const show = (open) => {
    menu.hidden = !open;
    box.classList.toggle("open", open);
    node.setAttribute("aria-expanded", String(open));
    document[open ? "addEventListener" : "removeEventListener"]("pointerdown", outside);
    if (!open) return;
    // Opens where there is room: a menu at the right edge of the message must not leave the window.
    const { left, bottom } = node.getBoundingClientRect();
    menu.classList.toggle("leftward", left + menu.offsetWidth > window.innerWidth - 8);
    menu.classList.toggle("upward", bottom + menu.offsetHeight > window.innerHeight - 90);
    menu.firstElementChild?.focus();
  };
  for (const { content, note, value, choose } of items) {
    const item = el("button", { type: "button", role: "menuitem", tabindex: -1, dataset: { value: value ?? "" } }, ...content);
    if (note) item.append(el("span", { class: "menu-note" }, ...note));
    item.addEventListener("click", () => {
      show(false);
      node.focus();
      choose();
    });
    menu.append(item);
  }
  node.addEventListener("click", () => show(menu.hidden));
  box.addEventListener("keydown", (event) => {
    if (menu.hidden) return;
    const all = [...menu.children];
    const at = all.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    if (event.key in moves) all[(moves[event.key] + all.length) % all.length].focus();
    else if (event.key === "Escape") node.focus();
    if (event.key === "Escape" || event.key === "Tab") show(false);
    if (event.key in moves || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  return box;
}

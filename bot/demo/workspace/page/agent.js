// The agent view: what the app is doing, the prompts it suggests, and the tabs of its conversation.

import { el } from "./dom.js";

const TABS = [["home", "Home"], ["messages", "Messages"]];

/** A line under a conversation: "eksip is reading…". */
export function statusLine(name, status) {
  if (!status) return null;
  const lines = [status.status, ...(status.loading_messages ?? [])].filter(Boolean);
  return el("div", { class: "status-line", role: "status", dataset: { testid: "agent-status" } }, el("span", { class: "writing", "aria-hidden": "true" }), `${name} ${lines[0]}`,
    lines.length > 1 ? el("span", { class: "status-more" }, lines[1]) : null);
}

/** The suggested prompts as buttons; `choose(message)` sends one. */
export function promptButtons(agent, choose) {
  const { title, prompts = [] } = agent?.prompts ?? {};
  if (prompts.length === 0) return null;
  return el("div", { class: "prompts", role: "group", "aria-label": title || "Suggested prompts" }, title ? el("span", { class: "prompts-title" }, title) : null,
    prompts.map((prompt) => el("button", { type: "button", class: "example", title: prompt.message, dataset: { testid: "prompt" }, on: { click: () => choose(prompt.message) } }, prompt.title)));
}

/** The tabs of the app's conversation; `choose(tab)` opens one. Arrows move between them. */
export function drawTabs(node, current, choose) {
  node.replaceChildren(...TABS.map(([tab, title]) => el("button", {
    type: "button", role: "tab", id: `tab-${tab}`, class: "tab", "aria-selected": String(tab === current), "aria-controls": tab === "home" ? "home" : "feed",
    tabindex: tab === current ? 0 : -1, dataset: { testid: `tab-${tab}` }, on: { click: () => choose(tab) },
  }, title)));
  node.onkeydown = (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = TABS.find(([tab]) => tab !== current)[0];
    choose(other);
    document.getElementById(`tab-${other}`).focus();
  };
}

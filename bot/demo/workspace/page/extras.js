// What stands under or beside a message: files, emoji of others, and the tasks of a streamed answer.

import { el } from "./dom.js";
import { emoji } from "./emoji.js";

const STATES = { pending: "○", in_progress: "◔", complete: "✓", error: "✕" };
const STATE_WORDS = { pending: "to do", in_progress: "working", complete: "done", error: "failed" };

/** Where the workspace serves a file. */
export function fileUrl(fileId) {
  return `/page/files/${encodeURIComponent(fileId)}`;
}

/** The files of a message: pictures to look at, others as links that save them. */
export function fileNodes(files) {
  return (files ?? []).map((file) => {
    const url = fileUrl(file.id);
    const title = file.title || file.name;
    if (!file.mimetype?.startsWith("image/")) {
      return el("a", { class: "file", href: url, download: file.name, dataset: { fileId: file.id } }, el("strong", {}, title), el("span", {}, `${(file.filetype ?? "").toUpperCase()} · ${size(file.size)}`));
    }
    return el("figure", { class: "block image", dataset: { fileId: file.id } },
      el("figcaption", {}, title),
      el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, el("img", { src: url, alt: file.alt_txt || title, class: "block-image", loading: "lazy" })));
  });
}

/** The emoji under a message, each with how many and who. */
export function reactionNodes(reactions, names) {
  if (!reactions?.length) return null;
  return el("div", { class: "reactions", role: "group", "aria-label": "Reactions" }, reactions.map((one) => {
    const people = one.users.map((id) => names.userName(id) ?? id).join(", ");
    return el("span", { class: one.users.some(names.isMe) ? "reaction mine" : "reaction", title: `${people} reacted with :${one.name}:`, dataset: { reaction: one.name } },
      emoji(one.name) ?? `:${one.name}:`, el("span", { class: "count" }, String(one.users.length)), el("span", { class: "sr-only" }, ` ${one.name} by ${people}`));
  }));
}

/** A task of a streamed answer, as a line with its state. */
export function taskCard(block) {
  const state = Object.hasOwn(STATES, block.status) ? block.status : "pending";
  return el("div", { class: `block task ${state}` }, el("span", { class: "task-state", "aria-hidden": "true" }, STATES[state]),
    el("span", {}, plainText(block.title), el("span", { class: "sr-only" }, ` (${STATE_WORDS[state]})`),
      block.details ? el("span", { class: "menu-note" }, plainText(block.details)) : null,
      block.output ? el("span", { class: "menu-note" }, plainText(block.output)) : null));
}

/** A plan: its title and its tasks. */
export function plan(block) {
  return el("div", { class: "block plan" }, el("strong", {}, plainText(block.title)), (block.tasks ?? []).map(taskCard));
}

// A title is a string, or a text object, or rich text whose words are all that is shown here.
function plainText(value) {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(plainText).join(" ");
  return value?.text ? plainText(value.text) : plainText(value?.elements ?? []);
}

function size(bytes) {
  return bytes < 1000 ? `${bytes ?? 0} bytes` : `${Math.round(bytes / 1000)} kB`;
}

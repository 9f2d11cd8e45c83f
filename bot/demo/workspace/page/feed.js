// The list of messages of a channel or a thread. It draws only what changed, so an edited card changes in its place.

import { attachmentNode, blockNodes } from "./blocks.js";
import { clock, dateOf, dayKey, dayName } from "./dates.js";
import { el, icon } from "./dom.js";
import { fileNodes, reactionNodes } from "./extras.js";
import { menuBox } from "./menu.js";
import { isReply } from "./model.js";
import { mrkdwn } from "./mrkdwn.js";

// Slack draws messages of one person together when they follow each other within five minutes.
const GROUP_SECONDS = 300;
// Nearer to the end than this the list follows new messages.
const NEAR_END_PX = 80;

export class Feed {
  /** `list` is the scrolling element; `page` gives {model, names, act, confirm, openThread, dismiss}; `inThread` hides reply counts. */
  constructor(list, page, { inThread = false, onBehind = () => {} } = {}) {
    Object.assign(this, { list, page, inThread, onBehind, drawn: new Map(), key: null });
    this.atEnd = true;
    this.rows = el("div", { class: "rows" });
    list.addEventListener("scroll", () => {
      this.atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
      if (this.atEnd) this.onBehind(0);
    });
    // An image that loads late or a card that grows must not push the newest message out of sight.
    const follow = new ResizeObserver(() => {
      if (this.atEnd) this.scrollToEnd();
    });
    follow.observe(this.rows);
    follow.observe(list);
  }

  /** Shows `messages` of a place (`key`): `before` are nodes drawn above them. */
  show(key, channel, messages, before = []) {
    const opened = key !== this.key;
    const known = opened ? new Map() : this.drawn;
    this.drawn = new Map();
    this.key = key;
    const nodes = [...before];
    let previous = null;
    let added = 0;
    for (const message of messages) {
      const date = dateOf(message.ts);
      if (!this.inThread && (!previous || dayKey(dateOf(previous.ts)) !== dayKey(date))) {
        nodes.push(known.get(`day ${dayKey(date)}`)?.node ?? dayDivider(date));
        this.drawn.set(`day ${dayKey(date)}`, { node: nodes.at(-1) });
        previous = null;
      }
      const looks = `${continues(previous, message)} ${this.replyCount(channel, message)}`;
      const old = known.get(message.ts);
      const same = old && old.message === message && old.looks === looks;
      const entry = same ? old : { message, looks, node: this.row(channel, message, continues(previous, message)) };
      if (old && old.message !== message && differs(old.message, message)) entry.node.classList.add("changed");
      if (old && !same) keepFocus(old.node, entry.node);
      if (!old && !opened) added += 1;
      this.drawn.set(message.ts, entry);
      nodes.push(entry.node);
      previous = message;
    }
    this.place(nodes);
    if (opened || this.atEnd) this.scrollToEnd();
    else if (added) this.onBehind(added);
  }

  scrollToEnd() {
    this.atEnd = true;
    this.list.scrollTop = this.list.scrollHeight;
    this.onBehind(0);
  }

  // Moves only the nodes that are not in their place: a screen reader and an open menu notice every move.
  place(nodes) {
    if (this.rows.parentNode !== this.list) this.list.replaceChildren(this.rows);
    const wanted = new Set(nodes);
    for (const node of [...this.rows.children]) if (!wanted.has(node)) node.remove();
    nodes.forEach((node, at) => {
      if (this.rows.children[at] !== node) this.rows.insertBefore(node, this.rows.children[at] ?? null);
    });
  }

  row(channel, message, grouped) {
    const { model, names } = this.page;
    const author = model.author(message);
    const time = el("time", { class: "time", datetime: dateOf(message.ts).toISOString(), title: dateOf(message.ts).toLocaleString() }, clock(dateOf(message.ts)));
    const content = el("div", { class: "content" });
    if (!grouped) {
      content.append(el("div", { class: "byline" },
        el("span", { class: "author" }, author.name),
        author.isBot ? el("span", { class: "badge" }, "APP") : null, time));
    }
    if (isReply(message) && !this.inThread) {
      content.append(el("button", { type: "button", class: "replied-to", on: { click: () => this.page.openThread(message.thread_ts) } }, "replied to a thread"));
    }
    content.append(this.body(channel, message, names));
    if (message.ephemeral) {
      content.prepend(el("div", { class: "only-you" }, icon("M1.5 10s3-5.5 8.5-5.5 8.5 5.5 8.5 5.5-3 5.5-8.5 5.5S1.5 10 1.5 10z", "M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"), "Only visible to you"));
    }
    const reactions = reactionNodes(message.reactions, names);
    if (reactions) content.append(reactions);
    content.append(this.underline(channel, message));
    return el("article", {
      class: ["message", grouped && "grouped", message.ephemeral && "ephemeral", message.deleted && "deleted"].filter(Boolean).join(" "),
      "aria-label": `${author.name}, ${clock(dateOf(message.ts))}`,
      dataset: { testid: message.ephemeral ? "ephemeral" : "message", ts: message.ts, user: message.user ?? "" },
    }, el("div", { class: "gutter" }, grouped ? time : avatar(author.name, author.color)), content, this.tools(channel, message));
  }

  body(channel, message, names) {
    const body = el("div", { class: "body" });
    if (message.deleted) {
      body.append("This message was deleted.");
      return body;
    }
    const host = {
      names,
      confirm: this.page.confirm,
      act: (action) => this.page.act({ channel, ts: message.ts, ...action }, isReply(message) ? message.thread_ts : null),
      suggest: (asked) => this.page.post("/page/options", { channel, ts: message.ts, ...asked }),
    };
    const edited = message.edited ? el("span", { class: "edited", title: `Edited ${clock(dateOf(message.edited))}` }, "(edited)") : null;
    if (message.blocks?.length) body.append(...blockNodes(message.blocks, host));
    // As in Slack, top-level blocks replace the text; attachments do not: a text beside them stands above them.
    else if (message.text) body.append(el("div", { class: "text" }, mrkdwn(message.text, names)));
    body.append(...(message.attachments ?? []).map((one) => attachmentNode(one, host)));
    body.append(...fileNodes(message.files));
    if (message.streaming) body.append(el("span", { class: "writing", role: "img", "aria-label": "still writing" }));
    if (edited) {
      const last = body.lastElementChild;
      (last?.classList.contains("text") ? last : body).append(" ", edited);
    }
    return body;
  }

  underline(channel, message) {
    const count = this.replyCount(channel, message);
    if (this.inThread || count === 0 || message.ephemeral) return "";
    const people = new Map(this.page.model.replies(channel, message.ts).map((reply) => {
      const { name, color } = this.page.model.author(reply);
      return [name, color];
    }));
    return el("button", { type: "button", class: "reply-count", on: { click: () => this.page.openThread(message.ts) } },
      [...people].slice(0, 4).map(([name, color]) => avatar(name, color, "small")),
      el("span", { class: "count" }, `${count} ${count === 1 ? "reply" : "replies"}`),
      el("span", { class: "hint" }, "View thread"));
  }

  tools(channel, message) {
    if (message.deleted) return "";
    if (message.ephemeral) {
      return el("div", { class: "tools" }, el("button", { type: "button", title: "Dismiss", "aria-label": "Dismiss this message", on: { click: () => this.page.dismiss(channel, message.ts) } },
        icon("M5 5l10 10", "M15 5L5 15")));
    }
    const thread = isReply(message) ? message.thread_ts : message.ts;
    const reply = this.inThread ? null : el("button", { type: "button", title: "Reply in thread", "aria-label": "Reply in thread", on: { click: () => this.page.openThread(thread) } },
      icon("M3 4.5h14v9H9l-4 3.5v-3.5H3z", "M6.5 8h7", "M6.5 10.5h4.5"));
    const shortcuts = this.page.model.shortcuts.map((one) => ({
      content: [one.name], note: one.description ? [one.description] : null, value: one.callback_id,
      choose: () => this.page.shortcut(one.callback_id, channel, message.ts, isReply(message) ? message.thread_ts : null),
    }));
    const more = el("button", { type: "button", title: "More actions", "aria-label": "More message actions", dataset: { testid: "message-menu" } }, icon("M5 10h.01", "M10 10h.01", "M15 10h.01"));
    const both = [reply, shortcuts.length ? menuBox(more, shortcuts) : null].filter(Boolean);
    return both.length ? el("div", { class: "tools" }, both) : "";
  }

  replyCount(channel, message) {
    return Math.max(message.reply_count ?? 0, this.page.model.replies(channel, message.ts).length);
  }
}

/** A square with initials in a person's colour; white or black letters, whichever reads better on it. */
export function avatar(name, color, size = "") {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const initials = (words.length > 1 ? words[0][0] + words[1][0] : name.slice(0, 1)).toUpperCase();
  const node = el("span", { class: `avatar ${size}`, "aria-hidden": "true", title: name }, initials);
  const hex = /^#?([0-9a-f]{6})$/i.exec(color ?? "");
  if (hex) {
    node.style.backgroundColor = `#${hex[1]}`;
    node.style.color = luminance(hex[1]) > 0.3 ? "#101418" : "#ffffff";
  }
  return node;
}

function dayDivider(date) {
  return el("div", { class: "day", role: "separator" }, el("span", {}, dayName(date)));
}

// An ephemeral answer stands alone: it belongs to the question just asked, not to the one before.
function continues(previous, message) {
  if (!previous || previous.ephemeral || message.ephemeral || previous.deleted || message.deleted) return false;
  const near = Number(message.ts) - Number(previous.ts) < GROUP_SECONDS;
  const plain = !previous.reply_count && !previous.reactions?.length;
  return near && plain && previous.user === message.user && previous.username === message.username;
}

// A new reply or a state read again is no change of the card itself.
function differs(before, after) {
  if (after.streaming || before.streaming) return false; // It grows before one's eyes: no flash.
  const shown = ({ text, blocks, attachments, deleted }) => JSON.stringify([text, blocks, attachments, deleted]);
  return shown(before) !== shown(after);
}

function keepFocus(before, after) {
  const action = before.contains(document.activeElement) && document.activeElement.dataset.actionId;
  if (!action) return;
  requestAnimationFrame(() => [...after.querySelectorAll("[data-action-id]")].find((node) => node.dataset.actionId === action)?.focus());
}

// WCAG 2 relative luminance of "rrggbb", 0 to 1.
function luminance(hex) {
  const [red, green, blue] = [0, 2, 4].map((at) => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// Slack's mrkdwn as DOM nodes: *bold*, _italic_, ~strike~, `code`, ```pre```, > quotes, <links>, mentions, dates, :emoji:.
// Source: docs.slack.dev/messaging/formatting-message-text. Only &amp; &lt; &gt; are decoded; anything else is text.

import { slackDate } from "./dates.js";
import { el, link, safeUrl } from "./dom.js";
import { EMOJI_NAME, emoji } from "./emoji.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const ANGLE = /^<([^<>\n]+)>/;
const CODE = /^`([^`\n]+)`/;
const QUOTE = /^(?:&gt;|>)/;
const QUOTE_REST = /^(?:&gt;|>){3}/;

/** The nodes of a mrkdwn text. `names` resolves users and channels: {userName, channelName, isMe, openChannel}. */
export function mrkdwn(text, names) {
  const root = document.createDocumentFragment();
  // An odd part lies between two fences; a fence that is never closed is three backticks.
  const parts = text.split("```");
  if (parts.length % 2 === 0) parts.push(`${parts.splice(-2, 1)[0]}\`\`\`${parts.pop()}`);
  parts.forEach((part, at) => {
    if (at % 2 === 1 && part !== "") {
      root.append(el("pre", {}, ...codeNodes(part.replace(/^\n/, "").replace(/\n$/, ""))));
      return;
    }
    const body = at % 2 === 1 ? "``````" : part;
    root.append(...quotesAndLines(trimBeside(body, at > 0, at < parts.length - 1), names));
  });
  return root;
}

/** The nodes of one line of mrkdwn: styles, links, mentions, dates and emoji, without quotes and fences. */
export function inline(text, names) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(decode(plain));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const taken = takeAt(text, at, names);
    if (taken === null) {
      plain += text[at];
      at += 1;
    } else {
      flush();
      nodes.push(...taken.nodes);
      at += taken.length;
    }
  }
  flush();
  return nodes;
}

/** The text with Slack's three entities decoded, once. */
export function decode(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

/** A chip for a user, a channel or a broadcast; shared with rich_text. */
export function userChip(userId, names, label = null) {
  const shown = names.userName(userId) ?? label ?? userId;
  return el("span", { class: names.isMe(userId) ? "mention me" : "mention", dataset: { user: userId } }, `@${shown}`);
}

export function channelChip(channelId, names, label = null) {
  const shown = names.channelName(channelId) ?? label;
  if (shown === null) return el("span", { class: "mention" }, `#${channelId}`);
  const open = () => names.openChannel(channelId);
  return el("button", { type: "button", class: "mention", on: { click: open } }, `#${shown}`);
}

export function broadcastChip(range) {
  return el("span", { class: "mention me" }, `@${range}`);
}

function quotesAndLines(text, names) {
  const nodes = [];
  const rows = text.split("\n");
  for (let at = 0; at < rows.length; ) {
    const rest = QUOTE_REST.test(rows[at]);
    if (rest || QUOTE.test(rows[at])) {
      let end = rest ? rows.length : at;
      while (end < rows.length && QUOTE.test(rows[end])) end += 1;
      const quoted = rows.slice(at, end).map((row, n) => row.replace(rest ? (n ? /^$/ : QUOTE_REST) : QUOTE, "").replace(/^ /, ""));
      nodes.push(el("blockquote", {}, ...joined(quoted, names)));
      at = end;
    } else {
      let end = at;
      while (end < rows.length && !QUOTE.test(rows[end])) end += 1;
      nodes.push(...joined(rows.slice(at, end), names));
      at = end;
    }
  }
  return nodes;
}

function joined(rows, names) {
  return rows.flatMap((row, at) => (at === 0 ? inline(row, names) : [el("br"), ...inline(row, names)]));
}

// A fence is a block of its own, so the newline that ends the line before it (or starts the one after) is not drawn.
function trimBeside(text, after, before) {
  let kept = text;
  if (after) kept = kept.replace(/^\n/, "");
  if (before) kept = kept.replace(/\n$/, "");
  return kept;
}

function takeAt(text, at, names) {
  const rest = text.slice(at);
  switch (text[at]) {
    case "<": {
      const found = ANGLE.exec(rest);
      return found && { nodes: [angle(found[1], names)], length: found[0].length };
    }
    case "`": {
      const found = CODE.exec(rest);
      return found && { nodes: [el("code", {}, ...codeNodes(found[1]))], length: found[0].length };
    }
    case ":": {
      const found = EMOJI_NAME.exec(rest);
      const node = found && emoji(found[1]);
      return node ? { nodes: [node], length: found[0].length } : null;
    }
    case "*":
    case "_":
    case "~": {
      const end = styleEnd(text, at);
      if (end === -1) return null;
      const inside = inline(text.slice(at + 1, end), names);
      return { nodes: [el(STYLES[text[at]], {}, ...inside)], length: end + 1 - at };
    }
    default:
      return null;
  }
}

// Slack opens a style only at the edge of a word and closes it only at one: snake_case and 2*3*4 stay as they are.
function styleEnd(text, start) {
  const mark = text[start];
  const previous = text[start - 1] ?? " ";
  const next = text[start + 1] ?? " ";
  if (WORD.test(previous) || previous === mark || next === mark || /\s/.test(next)) return -1;
  for (let at = start + 1; at < text.length; at += 1) {
    const skipped = ANGLE.exec(text.slice(at)) ?? CODE.exec(text.slice(at));
    if (skipped && (text[at] === "<" || text[at] === "`")) {
      at += skipped[0].length - 1;
      continue;
    }
    const closes = text[at] === mark && !/\s/.test(text[at - 1]) && at > start + 1;
    if (closes && !WORD.test(text[at + 1] ?? " ") && text[at + 1] !== mark) return at;
  }
  return -1;
}

function angle(body, names) {
  const bar = body.indexOf("|");
  const target = bar === -1 ? body : body.slice(0, bar);
  const label = bar === -1 ? null : decode(body.slice(bar + 1));
  const id = target.slice(1);
  if (/^@[UWB][A-Z0-9]+$/.test(target)) return userChip(id, names, label);
  if (/^#[CGD][A-Z0-9]+$/.test(target)) return channelChip(id, names, label);
  if (target.startsWith("!")) return special(id, label);
  if (safeUrl(decode(target)) === null) return document.createTextNode(decode(`<${body}>`));
  return label === null ? link(decode(target)) : link(decode(target), ...labelNodes(body.slice(bar + 1)));
}

// The label of a link keeps its emoji; its other marks are text, as in Slack.
function labelNodes(label) {
  return label.split(/(:[a-z0-9_+-]+:)/).map((part) => {
    const name = EMOJI_NAME.exec(part);
    return (name && emoji(name[1])) || decode(part);
  });
}

function special(body, label) {
  const [kind, first, second, third] = body.split("^");
  if (kind === "date") return slackDate(first, second && decode(second), third ? decode(third) : null, label);
  if (kind === "subteam") return el("span", { class: "mention" }, label ?? `@${first}`);
  if (["here", "channel", "everyone"].includes(kind)) return broadcastChip(kind);
  return el("span", { class: "mention" }, label ?? `<${body}>`);
}

// Inside code only links are read; dates, mentions, styles and emoji are shown as they were written.
function codeNodes(text) {
  return text.split(/(<(?:https?|mailto):[^<>\n]+>)/).map((part) => {
    const found = /^<([^|<>]+)(?:\|([^<>]*))?>$/.exec(part);
    return found ? link(decode(found[1]), decode(found[2] ?? found[1])) : decode(part);
  });
}

// The rich_text block as DOM nodes: sections, lists, preformatted text and quotes. Its text is never mrkdwn.
// Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block.

import { slackDate } from "./dates.js";
import { el, lines, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcastChip, channelChip, userChip } from "./mrkdwn.js";

const STYLES = [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"], ["code", "code"], ["highlight", "mark"]];
const PARTS = { rich_text_section: section, rich_text_list: list, rich_text_preformatted: preformatted, rich_text_quote: quote };

/** The node of a rich_text block (or of a table's rich_text cell). */
export function richText(block, names) {
  return el("div", { class: "block rich-text" }, (block.elements ?? []).map((part) => partNode(part, names)));
}

function partNode(part, names) {
  const draw = Object.hasOwn(PARTS, part?.type) ? PARTS[part.type] : unknown;
  return draw(part, names);
}

function section(part, names) {
  return el("div", { class: "rich-section" }, ...spans(part, names));
}

function quote(part, names) {
  return el("blockquote", {}, ...spans(part, names));
}

function preformatted(part, names) {
  return el("pre", {}, ...spans(part, names));
}

function list(part, names) {
  const ordered = part.style === "ordered";
  const indent = Math.min(8, Math.max(0, Number(part.indent ?? 0)));
  const items = (part.elements ?? []).map((item) => el("li", {}, partNode(item, names)));
  const node = el(ordered ? "ol" : "ul", { class: `indent-${indent}`, start: ordered && part.offset ? Number(part.offset) + 1 : null }, items);
  if (part.border) node.classList.add("bordered");
  return node;
}

function spans(part, names) {
  return (part.elements ?? []).map((span) => styled(spanNode(span, names), span.style));
}

function spanNode(span, names) {
  switch (span.type) {
    case "text": return el("span", {}, ...lines(span.text ?? ""));
    case "link": return link(span.url ?? "", span.text || span.url || "");
    case "emoji": return emoji(span.name) ?? el("span", {}, unicodeEmoji(span) ?? `:${span.name}:`);
    case "user": return userChip(span.user_id, names);
    case "usergroup": return el("span", { class: "mention" }, `@${span.usergroup_id}`);
    case "channel": return channelChip(span.channel_id, names);
    case "broadcast": return broadcastChip(span.range);
    case "date": return slackDate(span.timestamp, span.format, span.url ?? null, span.fallback);
    case "color": return el("code", {}, span.value ?? "");
    default: return unknown(span);
  }
}

function styled(node, style = {}) {
  return STYLES.filter(([name]) => style?.[name]).reduce((inner, [, tag]) => el(tag, {}, inner), node);
}

// Slack adds the characters of an emoji as hexadecimal code points: "1f44d-1f3fd".
function unicodeEmoji(span) {
  if (!/^[0-9a-f]{2,6}(-[0-9a-f]{2,6})*$/i.test(span.unicode ?? "")) return null;
  const points = span.unicode.split("-").map((hex) => parseInt(hex, 16));
  return points.every((point) => point <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}

function unknown(part) {
  return el("span", { class: "unknown" }, `This page does not draw “${part?.type ?? "a part without a type"}”.`);
}

// The markdown block (standard Markdown, not mrkdwn) as DOM nodes: headings, lists, fences, quotes, tables, links, styles.
// Source: docs.slack.dev/reference/block-kit/blocks/markdown-block. HTML and Slack's <…> forms are shown as text.

import { el, link, safeUrl } from "./dom.js";
import { EMOJI_NAME, emoji } from "./emoji.js";

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|(\d{1,9})[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const ESCAPED = /^\\([\\`*_{}[\]()#+\-.!|<>~])/;
const LINK = /^!?\[([^\]\n]*)\]\(\s*<?([^\s<>)]+)>?(?:\s+"[^"]*")?\s*\)/;
const AUTOLINK = /^(?:<(https?:\/\/[^<>\s]+)>|(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"]))/;
const CODE = /^(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/;
const MARKS = [[/^(\*\*\*|___)(?=\S)([\s\S]*?\S)\1/, ["strong", "em"]], [/^(\*\*|__)(?=\S)([\s\S]*?\S)\1/, ["strong"]],
  [/^(~~)(?=\S)([\s\S]*?\S)\1/, ["s"]], [/^(\*|_)(?=\S)([\s\S]*?\S)\1/, ["em"]]];
const WORD = /[\p{L}\p{N}]/u;

/** The nodes of a Markdown text. */
export function markdown(text) {
  const root = document.createDocumentFragment();
  root.append(...blocksOf(text.replaceAll("\r\n", "\n").split("\n")));
  return root;
}

function blocksOf(rows) {
  const nodes = [];
  for (let at = 0; at < rows.length; ) {
    const [node, next] = blockAt(rows, at);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function blockAt(rows, at) {
  const row = rows[at];
  if (row.trim() === "") return [null, at + 1];
  const fence = FENCE.exec(row);
  if (fence) {
    const end = rows.findIndex((line, n) => n > at && line.trim().startsWith(fence[1]));
    const stop = end === -1 ? rows.length : end;
    return [el("pre", {}, rows.slice(at + 1, stop).join("\n")), stop + 1];
  }
  const heading = HEADING.exec(row);
  if (heading) return [el(`h${Math.min(6, heading[1].length + 2)}`, {}, ...spans(heading[2])), at + 1];
  if (RULE.test(row)) return [el("hr", { class: "divider" }), at + 1];
  if (/^\s*>/.test(row)) {
    const end = endOf(rows, at, (line) => /^\s*>/.test(line));
    return [el("blockquote", {}, blocksOf(rows.slice(at, end).map((line) => line.replace(/^\s*> ?/, "")))), end];
  }
  if (row.includes("|") && TABLE_RULE.test(rows[at + 1] ?? "")) {
    const end = endOf(rows, at + 2, (line) => line.includes("|") && line.trim() !== "");
    return [tableOf(rows.slice(at, end)), end];
  }
  if (ITEM.test(row)) {
    const first = ITEM.exec(row);
    const end = endOf(rows, at, (line) => sameList(first, ITEM.exec(line)) || (line.trim() !== "" && indentOf(line) > indentOf(row) + 1));
    return [listOf(rows.slice(at, end)), end];
  }
  const end = endOf(rows, at + 1, (line) => line.trim() !== "" && !startsBlock(line));
  const words = rows.slice(at, end).flatMap((line, n) => (n === 0 ? spans(line.trim()) : [el("br"), ...spans(line.trim())]));
  return [el("p", {}, ...words), end];
}

// A list ends where its kind of marker does: "1." after "-" begins another one.
function sameList(first, item) {
  return item !== null && item[1].length <= first[1].length + 1 && Boolean(item[3]) === Boolean(first[3]);
}

function indentOf(row) {
  return /^\s*/.exec(row)[0].length;
}

function startsBlock(row) {
  return [FENCE, HEADING, RULE, ITEM, /^\s*>/].some((pattern) => pattern.test(row));
}

function endOf(rows, start, belongs) {
  let at = start;
  while (at < rows.length && belongs(rows[at])) at += 1;
  return at;
}

function listOf(rows) {
  const first = ITEM.exec(rows[0]);
  const node = el(first[3] ? "ol" : "ul", { start: first[3] && first[3] !== "1" ? first[3] : null });
  for (let at = 0; at < rows.length; ) {
    const item = ITEM.exec(rows[at]);
    const inner = endOf(rows, at + 1, (line) => indentOf(line) > first[1].length + 1);
    const task = /^\[([ xX])\]\s+(.*)$/.exec(item ? item[4] : rows[at].trim());
    const text = task ? task[2] : item ? item[4] : rows[at].trim();
    const box = task ? [el("input", { type: "checkbox", disabled: true, checked: task[1] !== " " }), " "] : [];
    node.append(el("li", {}, ...box, ...spans(text), ...blocksOf(rows.slice(at + 1, inner))));
    at = inner;
  }
  return node;
}

function tableOf(rows) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
  const align = cells(rows[1]).map((rule) => (/^:-*:$/.test(rule) ? "center" : rule.endsWith(":") ? "right" : "left"));
  const line = (row, tag) => el("tr", {}, cells(row).map((cell, at) => el(tag, { class: align[at] ?? "left" }, ...spans(cell))));
  return el("div", { class: "table-box", role: "region", "aria-label": "Table", tabindex: 0 },
    el("table", {}, el("thead", {}, line(rows[0], "th")), el("tbody", {}, rows.slice(2).map((row) => line(row, "td")))));
}

function spans(text) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(plain);
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const taken = takeAt(text, at);
    if (taken === null) {
      plain += text[at];
      at += 1;
    } else {
      flush();
      nodes.push(taken.node);
      at += taken.length;
    }
  }
  flush();
  return nodes;
}

function takeAt(text, at) {
  const rest = text.slice(at);
  const escaped = ESCAPED.exec(rest);
  if (escaped) return { node: escaped[1], length: 2 };
  const code = CODE.exec(rest);
  if (code) return { node: el("code", {}, code[2].trim()), length: code[0].length };
  const anchor = LINK.exec(rest);
  if (anchor && safeUrl(anchor[2])) return { node: link(anchor[2], ...spans(anchor[1] || anchor[2])), length: anchor[0].length };
  const auto = AUTOLINK.exec(rest);
  if (auto) return { node: link(auto[1] ?? auto[2]), length: auto[0].length };
  const name = EMOJI_NAME.exec(rest);
  const picture = name && emoji(name[1]);
  if (picture) return { node: picture, length: name[0].length };
  return styleAt(text, at, rest);
}

function styleAt(text, at, rest) {
  for (const [pattern, tags] of MARKS) {
    const found = pattern.exec(rest);
    if (!found) continue;
    // An underscore inside a word is part of the word: snake_case_name.
    const touches = WORD.test(text[at - 1] ?? " ") || WORD.test(rest[found[0].length] ?? " ");
    if (found[1].startsWith("_") && touches) continue;
    const inner = el(tags[0], {}, ...spans(found[2]));
    return { node: tags[1] ? el(tags[1], {}, inner) : inner, length: found[0].length };
  }
  return null;
}

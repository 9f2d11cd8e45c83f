// Block Kit as DOM nodes: the blocks of a message and its attachments.
// Source: docs.slack.dev/reference/block-kit/blocks. A block this page does not draw shows as a note with its type.

import { control } from "./controls.js";
import { clock, dateOf } from "./dates.js";
import { el, lines, link, safeUrl } from "./dom.js";
import { textWithEmoji } from "./emoji.js";
import { fileUrl, plan, taskCard } from "./extras.js";
import { markdown } from "./markdown.js";
import { mrkdwn } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { chartTable, table } from "./table.js";

const BLOCKS = {
  section, header, context, actions, divider, image, input, card, alert, plan,
  context_actions: actions,
  task_card: taskCard,
  carousel: (block, host) => el("div", { class: "block carousel", tabindex: 0, role: "group", "aria-label": "Cards" }, (block.elements ?? []).map((one) => card({ ...one, block_id: block.block_id }, host))),
  rich_text: (block, host) => richText(block, host.names),
  markdown: (block) => el("div", { class: "block markdown" }, markdown(block.text ?? "")),
  table: (block, host) => table(block, host.names),
  data_table: (block, host) => table(block, host.names),
  data_visualization: (block, host) => chartTable(block, host.names),
};
// The words Slack itself still accepts as an attachment's colour.
const COLOUR_WORDS = { good: "#2eb886", warning: "#daa038", danger: "#a30200" };

/**
 * The nodes of a list of blocks. `host` is what a block may use of its message:
 * {names, act({action_id, block_id, value, option}) -> Promise<boolean>, confirm(dialog) -> Promise<boolean>,
 * suggest({action_id, block_id, typed}) -> Promise<options>}; a view adds {idOf, heldBy, shownBy, hold} for its inputs.
 */
export function blockNodes(blocks, host) {
  return (blocks ?? []).map((block) => {
    const draw = Object.hasOwn(BLOCKS, block?.type) ? BLOCKS[block.type] : unknown;
    const node = draw(block, host);
    if (block?.block_id) node.dataset.blockId = block.block_id;
    return node;
  });
}

/** The nodes of a text object, mrkdwn or plain_text. */
export function textNodes(text, names) {
  if (!text) return [];
  if (text.type === "mrkdwn") return [mrkdwn(text.text ?? "", names)];
  return lines(text.text ?? "").flatMap((part) => (typeof part === "string" && text.emoji !== false ? textWithEmoji(part) : [part]));
}

/** An attachment: its colour bar, then its blocks, or the older title, text, fields and footer. */
export function attachmentNode(attachment, host) {
  const colour = attachmentColour(attachment.color);
  const body = el("div", { class: "attachment-body" });
  const { names } = host;
  if (attachment.blocks?.length) body.append(...blockNodes(attachment.blocks, host));
  else body.append(...legacyAttachment(attachment, names));
  const bar = el("div", { class: "attachment-bar" });
  if (colour) bar.style.backgroundColor = colour;
  return el("div", { class: "attachment", dataset: { color: attachment.color ?? "" } },
    attachment.pretext ? el("div", { class: "pretext" }, mrkdwn(attachment.pretext, names)) : null,
    el("div", { class: "attachment-row" }, bar, body));
}

/** A figure for an image block or accessory; an image that cannot be loaded gives way to its description. */
export function picture(source, description, className) {
  const url = imageUrl(source);
  const words = el("span", { class: "image-missing" }, description || "Image");
  if (url === null) return words;
  const node = el("img", { src: url, alt: description ?? "", class: className, loading: "lazy" });
  node.addEventListener("error", () => node.replaceWith(safeUrl(url) ? link(url, words) : words));
  return node;
}

function section(block, host) {
  const main = el("div", { class: "section-main" });
  if (block.text) main.append(el("div", { class: "section-text" }, ...textNodes(block.text, host.names)));
  if (block.fields?.length) {
    main.append(el("div", { class: "fields" }, block.fields.map((field) => el("div", { class: "field" }, ...textNodes(field, host.names)))));
  }
  const accessory = block.accessory && (block.accessory.type === "image"
    ? picture(block.accessory, block.accessory.alt_text, "accessory-image")
    : control(block.accessory, block, host));
  return el("div", { class: "block section" }, main, accessory ? el("div", { class: "accessory" }, accessory) : null);
}

function header(block, host) {
  // The channel's name is the page's h2, so a block's level 1 starts below it.
  const level = Math.min(6, Math.max(3, Number(block.level ?? 1) + 2));
  return el(`h${level}`, { class: "block header" }, ...textNodes(block.text, host.names));
}

function context(block, host) {
  return el("div", { class: "block context" }, (block.elements ?? []).map((element) => element.type === "image"
    ? picture(element, element.alt_text, "context-image")
    : el("span", { class: "context-text" }, ...textNodes(element, host.names))));
}

function actions(block, host) {
  return el("div", { class: "block actions" }, (block.elements ?? []).map((element) => control(element, block, host)));
}

function divider() {
  return el("hr", { class: "block divider" });
}

function image(block, host) {
  return el("figure", { class: "block image" },
    block.title ? el("figcaption", {}, ...textNodes(block.title, host.names)) : null,
    picture(block, block.alt_text, "block-image"));
}

function input(block, host) {
  const node = control(block.element ?? {}, block, host);
  const id = host.idOf?.(block, block.element ?? {}) ?? block.block_id ?? "";
  const field = node.matches("[data-action-id]") ? node : node.querySelector("[data-action-id]");
  field?.setAttribute("aria-labelledby", `${id}-label`);
  field?.setAttribute("aria-describedby", `${id}-note`);
  return el("div", { class: "block input" },
    el("label", { id: `${id}-label`, for: id, class: "input-label" }, ...textNodes(block.label, host.names), block.optional ? el("span", { class: "optional" }, " (optional)") : null),
    node,
    el("div", { id: `${id}-note` },
      el("div", { class: "input-error", hidden: true }),
      block.hint ? el("div", { class: "input-hint" }, ...textNodes(block.hint, host.names)) : null));
}

function alert(block, host) {
  return el("div", { class: `block alert ${block.level ?? "default"}`, role: "note" }, ...textNodes(block.text, host.names));
}

function card(block, host) {
  const line = (name) => (block[name] ? el("div", { class: `card-${name}` }, ...textNodes(block[name], host.names)) : null);
  return el("div", { class: "block card" }, line("title"), line("subtitle"), line("body"), line("subtext"),
    block.actions?.length ? el("div", { class: "actions" }, block.actions.map((element) => control(element, block, host))) : null);
}

function unknown(block) {
  return el("div", { class: "block unknown" }, `This page does not draw the block “${block?.type ?? "without a type"}”.`);
}

function legacyAttachment(attachment, names) {
  const title = attachment.title && (attachment.title_link ? link(attachment.title_link, attachment.title) : attachment.title);
  const fields = (attachment.fields ?? []).map((field) => el("div", { class: field.short ? "field" : "field wide" },
    el("strong", {}, field.title ?? ""), el("br"), mrkdwn(field.value ?? "", names)));
  const footer = [attachment.footer, attachment.ts && clock(dateOf(attachment.ts))].filter(Boolean).join(" · ");
  const shown = [
    attachment.author_name ? el("div", { class: "author" }, attachment.author_name) : null,
    title ? el("div", { class: "attachment-title" }, title) : null,
    attachment.text ? el("div", { class: "section-text" }, mrkdwn(attachment.text, names)) : null,
    fields.length ? el("div", { class: "fields" }, fields) : null,
    attachment.image_url ? picture(attachment, attachment.fallback, "block-image") : null,
    footer ? el("div", { class: "context" }, footer) : null,
  ].filter(Boolean);
  return shown.length ? shown : [document.createTextNode(attachment.fallback ?? "")];
}

function attachmentColour(colour) {
  if (!colour) return null;
  if (Object.hasOwn(COLOUR_WORDS, colour)) return COLOUR_WORDS[colour];
  return /^#?[0-9a-f]{6}$/i.test(colour) ? `#${colour.replace("#", "")}` : null;
}

function imageUrl(source) {
  if (source.slack_file?.id) return fileUrl(source.slack_file.id);
  const address = source.image_url ?? source.slack_file?.url ?? null;
  if (address === null) return null;
  if (address.startsWith("data:image/") || address.startsWith("/")) return address;
  return safeUrl(address);
}

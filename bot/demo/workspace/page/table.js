// The table block as a DOM table: the first row is the head, as Slack draws it.
// Source: docs.slack.dev/reference/block-kit/blocks/table-block.

import { el } from "./dom.js";
import { richText } from "./richtext.js";

const ALIGNMENTS = new Set(["left", "center", "right"]);

/** A table that scrolls sideways in itself, so that a narrow window never does. */
export function table(block, names) {
  const [head = [], ...rows] = block.rows ?? [];
  const columns = block.column_settings ?? [];
  const cells = (row, tag) => el("tr", {}, row.map((cell, at) => cellNode(cell, columns[at] ?? {}, tag, names)));
  const caption = block.caption?.text ?? block.caption ?? null;
  return el("div", { class: "block table-box", role: "region", "aria-label": caption ?? "Table", tabindex: 0 },
    el("table", {}, caption ? el("caption", {}, caption) : null, el("thead", {}, cells(head, "th")), el("tbody", {}, rows.map((row) => cells(row, "td")))));
}

function cellNode(cell, column, tag, names) {
  const align = ALIGNMENTS.has(column?.align) ? column.align : "left";
  const wraps = column?.is_wrapped ? " wraps" : "";
  return el(tag, { class: `${align}${wraps}`, scope: tag === "th" ? "col" : null }, cellContent(cell, names));
}

function cellContent(cell, names) {
  switch (cell?.type) {
    case "raw_text": return cell.text ?? "";
    case "raw_number": return cell.text ?? String(cell.value ?? "");
    case "rich_text": return richText(cell, names);
    default: return el("span", { class: "unknown" }, cell?.type ?? "empty cell");
  }
}

/** The numbers of a chart block as a table, a row for each category: Slack draws the picture, the page its data. */
export function chartTable(block, names) {
  const chart = block.chart ?? {};
  const series = chart.type === "pie" ? [{ name: "", data: chart.segments ?? [] }] : chart.series ?? [];
  const categories = [...new Set(series.flatMap((one) => (one.data ?? []).map((point) => point.label)))];
  const cell = (text) => ({ type: "raw_text", text: String(text ?? "") });
  const rows = categories.map((category) => [cell(category), ...series.map((one) => cell(one.data?.find((point) => point.label === category)?.value))]);
  const head = [cell(chart.axis_config?.x_label), ...series.map((one) => cell(one.name))];
  return table({ rows: [head, ...rows], caption: block.title?.text ?? block.title, column_settings: [{}, ...series.map(() => ({ align: "right" }))] }, names);
}

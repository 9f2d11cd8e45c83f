// Dates in the viewer's time zone: Slack's {tokens}, the time beside a message and the names of days.

import { el, link } from "./dom.js";

// English words, because the page and the bot speak English; 12 or 24 hours as the viewer's own language has it.
const HOUR12 = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12 ?? false;
const CLOCK = new Intl.DateTimeFormat("en-US", clockOptions({}));
const CLOCK_SECONDS = new Intl.DateTimeFormat("en-US", clockOptions({ second: "2-digit" }));
const SLASHED = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "2-digit", year: "numeric" });
const MONTH = new Intl.DateTimeFormat("en-US", { month: "long" });
const MONTH_SHORT = new Intl.DateTimeFormat("en-US", { month: "short" });
const WEEKDAY = new Intl.DateTimeFormat("en-US", { weekday: "long" });
const ORDINALS = new Intl.PluralRules("en-US", { type: "ordinal" });
const SUFFIXES = { one: "st", two: "nd", few: "rd", other: "th" };
// Slack leaves the year out of {date}, {date_short} and {date_long} within six months of today.
const NEAR_MONTHS = 6;
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

/** The local time of day, "09:30" or "9:30 AM". */
export function clock(date) {
  return CLOCK.format(date);
}

/** A message timestamp ("1795424700.000100") as a Date. */
export function dateOf(ts) {
  return new Date(Number(ts) * 1000);
}

/** "2026-11-23": equal for two moments of one local day. */
export function dayKey(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The name of a day for a divider: "Today", "Yesterday", "Monday, November 23rd". */
export function dayName(date, now = new Date()) {
  return capital(relativeDay(date, now) ?? longDate(date, date.getFullYear() !== now.getFullYear()));
}

/** A `<time>` node for a Slack date (seconds, format with {tokens}, link or null), or the fallback when it is not one. */
export function slackDate(unix, format, url, fallback) {
  const date = new Date(Number(unix) * 1000);
  if (!/^-?\d+$/.test(String(unix)) || Number.isNaN(date.getTime()) || !format) return el("span", {}, fallback ?? String(unix));
  const node = el("time", { datetime: date.toISOString(), title: `${longDate(date, true)}, ${CLOCK_SECONDS.format(date)}` });
  node.append(url ? link(url, formatDate(date, format)) : formatDate(date, format));
  if (format.includes("{ago}") && !url) Object.assign(node.dataset, { ago: format });
  return node;
}

/** Writes every "{ago}" below `root` anew; called once a minute. */
export function refreshAges(root) {
  for (const node of root.querySelectorAll("time[data-ago]")) {
    node.textContent = formatDate(new Date(node.dateTime), node.dataset.ago);
  }
}

/**
 * The text of a Slack date format. A token at the start is capitalised, an unknown one stays as it is.
 * Source: docs.slack.dev/messaging/formatting-message-text, "Date formatting", and
 * docs.slack.dev/reference/block-kit/block-elements/date-element for date_slash, date_long_full and day_divider_pretty.
 */
export function formatDate(date, format, now = new Date()) {
  const far = Math.abs(monthsBetween(date, now)) >= NEAR_MONTHS;
  const text = format.replace(/\{([a-z_]+)\}/g, (token, name) => {
    const pretty = name.endsWith("_pretty") ? relativeDay(date, now) : null;
    if (pretty) return pretty;
    switch (name) {
      case "date_num": return dayKey(date);
      case "date_slash": return SLASHED.format(date);
      case "date": case "date_pretty": return `${MONTH.format(date)} ${ordinal(date)}${year(date, far)}`;
      case "date_short": case "date_short_pretty": return `${MONTH_SHORT.format(date)} ${date.getDate()}${year(date, far)}`;
      case "date_long": case "date_long_pretty": return longDate(date, far);
      case "date_long_full": return `${MONTH.format(date)} ${date.getDate()}${year(date, true)}`;
      case "day_divider_pretty": return longDate(date, date.getFullYear() !== now.getFullYear());
      case "time": return CLOCK.format(date);
      case "time_secs": return CLOCK_SECONDS.format(date);
      case "ago": return age(date, now);
      default: return token;
    }
  });
  return format.startsWith("{") ? capital(text) : text;
}

function clockOptions(more) {
  const hour = HOUR12 ? { hour: "numeric", hour12: true } : { hour: "2-digit", hourCycle: "h23" };
  return { ...hour, minute: "2-digit", ...more };
}

function longDate(date, withYear) {
  return `${WEEKDAY.format(date)}, ${MONTH.format(date)} ${ordinal(date)}${year(date, withYear)}`;
}

function relativeDay(date, now) {
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
  // Rounded, because a day with a clock change is 23 or 25 hours long.
  const days = Math.round((midnight(date) - midnight(now)) / 86400000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? null;
}

function age(date, now) {
  const seconds = Math.round((now - date) / 1000);
  for (const [unit, size] of UNITS) {
    const count = Math.floor(Math.abs(seconds) / size);
    if (count < 1) continue;
    const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
    return seconds < 0 ? `in ${words}` : `${words} ago`;
  }
  return "just now";
}

function monthsBetween(date, now) {
  return (date.getFullYear() - now.getFullYear()) * 12 + date.getMonth() - now.getMonth();
}

function ordinal(date) {
  return `${date.getDate()}${SUFFIXES[ORDINALS.select(date.getDate())]}`;
}

function year(date, shown) {
  return shown ? `, ${date.getFullYear()}` : "";
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function two(number) {
  return String(number).padStart(2, "0");
}

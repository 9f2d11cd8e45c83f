// Emoji names the bot uses. Slack sends names, never characters; a name that is not here stays as it was typed.

import { el } from "./dom.js";

// The coloured circles carry an alert's state, so they are drawn: they look the same where no emoji font is installed.
const CIRCLES = new Map([
  ["red_circle", "red"],
  ["large_orange_circle", "orange"],
  ["large_yellow_circle", "yellow"],
  ["large_green_circle", "green"],
  ["large_blue_circle", "blue"],
  ["white_circle", "white"],
  ["black_circle", "black"],
]);

const GLYPHS = new Map([
  ["rotating_light", "🚨"],
  ["x", "❌"],
  ["white_check_mark", "✅"],
  ["warning", "⚠️"],
  ["eyes", "👀"],
  ["hourglass_flowing_sand", "⏳"],
  ["information_source", "ℹ️"],
  ["bulb", "💡"],
  ["mag", "🔍"],
  ["bell", "🔔"],
  ["no_bell", "🔕"],
  ["zzz", "💤"],
  ["grey_question", "❔"],
  ["arrow_up", "⬆️"],
  ["arrow_down", "⬇️"],
  ["chart_with_downwards_trend", "📉"],
  ["chart_with_upwards_trend", "📈"],
  ["bar_chart", "📊"],
  ["link", "🔗"],
  ["books", "📚"],
  ["wrench", "🔧"],
  ["lock", "🔒"],
  ["tada", "🎉"],
  ["wave", "👋"],
  ["thumbsup", "👍"],
  ["+1", "👍"],
  ["thumbsdown", "👎"],
  ["-1", "👎"],
]);

export const EMOJI_NAME = /^:([a-z0-9_+-]+):/;

/** The emoji of a name as a node with its name for screen readers, or null for a name this page does not know. */
export function emoji(name) {
  const label = { role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` };
  if (CIRCLES.has(name)) return el("span", { class: `emoji circle ${CIRCLES.get(name)}`, ...label });
  if (GLYPHS.has(name)) return el("span", { class: "emoji", ...label }, GLYPHS.get(name));
  return null;
}

/** Text in which only emoji names are replaced: what a `plain_text` object shows. */
export function textWithEmoji(text) {
  return text.split(/(:[a-z0-9_+-]+:)/).map((part) => {
    const name = EMOJI_NAME.exec(part);
    return (name && name[0] === part && emoji(name[1])) || part;
  });
}

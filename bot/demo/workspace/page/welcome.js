// What stands at the beginning of a channel: what the place is for and examples that fill the message box.

import { el } from "./dom.js";

const EXAMPLES = ["status", "explain prefix delegation", "maxpods m5.large"];

/** The beginning of a channel; `fill(text)` puts an example in the message box. */
export function welcome(model, channel, fill) {
  const bot = model.botUser()?.name ?? "eksip";
  const command = model.commands[0]?.command ?? `/${bot}`;
  const isDm = channel.kind === "dm";
  const examples = isDm ? EXAMPLES : [...EXAMPLES.map((words) => `${command} ${words}`), `@${bot} status`];
  return el("section", { class: "welcome", "aria-label": "Beginning of the channel", dataset: { testid: "welcome" } },
    el("h2", {}, isDm ? `This is your conversation with ${channel.name}` : `This is the beginning of #${channel.name}`),
    el("p", {}, isDm ? "Write to it as in a channel, without a command." : "Ask with a command or by mention. Answers to commands are visible only to you until you share them."),
    el("p", { class: "examples-title", id: "examples-title" }, "Try one:"),
    el("div", { class: "examples", role: "group", "aria-labelledby": "examples-title" }, examples.map((example) => el("button", {
      type: "button", class: "example", dataset: { testid: "example" }, on: { click: () => fill(example) },
    }, example))));
}

// The left side: the team, the channels, the bot's connection and who is typing.

import { el, icon } from "./dom.js";
import { avatar } from "./feed.js";

const TRANSPORTS = { socket: "Socket Mode", http: "signed HTTP" };

/** Draws the whole sidebar anew; it is short. */
export function drawSidebar(model, openChannel, { choose, become }) {
  document.getElementById("team").replaceChildren(el("img", { src: "/page/icon.svg", alt: "", width: 28, height: 28 }),
    el("div", {}, el("strong", {}, model.team.name), el("span", {}, "local workspace")));
  const kinds = [["Channels", ["channel", "private"]], ["Direct messages", ["dm"]]];
  document.getElementById("places").replaceChildren(...kinds.flatMap(([title, wanted]) => {
    const channels = [...model.channels.values()].filter((channel) => wanted.includes(channel.kind));
    if (channels.length === 0) return [];
    const rows = channels.map((channel) => el("li", {}, place(model, channel, channel.id === openChannel, choose)));
    return [el("h2", {}, title), el("ul", {}, rows)];
  }));
  drawConnection(model);
  drawPeople(model, become);
}

/** The bot's state, in words and as a dot. */
export function drawConnection(model) {
  const { bot } = model;
  const name = model.botUser()?.name ?? "The bot";
  const node = document.getElementById("connection");
  node.dataset.state = bot.connected ? "connected" : "disconnected";
  node.replaceChildren(el("span", { class: "dot", "aria-hidden": "true" }), el("span", {},
    bot.connected ? `${name} is connected` : `${name} is not connected`,
    el("small", {}, TRANSPORTS[bot.transport] ?? bot.transport ?? "")));
}

/** The sign before a channel's name: # or a lock. */
export function sign(channel) {
  return channel.kind === "private" ? icon("M4.5 9h11v8h-11z", "M7 9V6a3 3 0 0 1 6 0v3") : el("span", { class: "hash", "aria-hidden": "true" }, "#");
}

function place(model, channel, current, choose) {
  const bot = model.botUser();
  const mark = channel.kind === "dm" ? avatar(channel.name, bot?.name === channel.name ? bot.color : null, "small") : sign(channel);
  const unread = channel.unread > 0 && !current;
  return el("button", {
    type: "button", class: unread ? "place unread" : "place", "aria-current": current ? "page" : null,
    dataset: { testid: `channel-${channel.name}`, channel: channel.id }, on: { click: () => choose(channel.id) },
  }, mark, el("span", { class: "place-name" }, channel.name),
  unread ? el("span", { class: "count" }, String(channel.unread), el("span", { class: "sr-only" }, " unread")) : null);
}

function drawPeople(model, become) {
  const people = [...model.users.values()].filter((user) => !user.is_bot);
  document.getElementById("people").replaceChildren(el("span", { class: "people-title" }, "You are"), ...people.map((user) => el("button", {
    type: "button", "aria-pressed": String(user.id === model.me.id), title: user.real_name ?? user.name,
    dataset: { testid: `user-${user.name}`, user: user.id }, on: { click: () => become(user.id) },
  }, avatar(user.name, user.color, "small"), el("span", {}, user.name))));
}

// The page of the local workspace: joins the model, the lists, the message boxes and the server.

import { drawTabs, promptButtons, statusLine } from "./agent.js";
import { Composer, suggestions, usageHint } from "./composer.js";
import { confirmWith } from "./confirm.js";
import { refreshAges } from "./dates.js";
import { el, icon } from "./dom.js";
import { Feed, avatar } from "./feed.js";
import { Model } from "./model.js";
import { EventStream, act, post as postTo, readState, send } from "./server.js";
import { drawConnection, drawSidebar, sign } from "./sidebar.js";
import { Home, Modal } from "./views.js";
import { welcome } from "./welcome.js";

const AGES_EVERY_MS = 30000;
const FIRST_READ_RETRY_MS = 2000;

const byId = (id) => document.getElementById(id);
const model = new Model();
let stream = null;
let openChannel = null;
let openThread = null;
let openTab = "messages";

const names = {
  userName: (userId) => model.users.get(userId)?.name ?? null,
  channelName: (channelId) => model.channels.get(channelId)?.name ?? null,
  isMe: (userId) => userId === model.me?.id,
  openChannel: (channelId) => choose(channelId),
};
const page = {
  model,
  names,
  confirm: (asked) => confirmWith(asked, names),
  openThread: showThread,
  async act(action, threadTs) {
    const answer = await act({ user: model.me.id, ...action });
    if (!answer.ok) tell(action.channel, threadTs, answer.text);
    return answer.ok;
  },
  post: (path, body) => postTo(path, { user: model.me.id, ...body }),
  async shortcut(callbackId, channel, ts, threadTs) {
    const answer = await page.post("/page/shortcut", { callback_id: callbackId, channel, ts });
    if (!answer.ok) tell(channel, threadTs, answer.text);
  },
  dismiss(channel, ts) {
    model.remove(channel, ts);
    draw();
  },
};
const feed = new Feed(byId("feed"), page, { onBehind: showBehind });
const threadFeed = new Feed(byId("thread-feed"), page, { inThread: true });
const modal = new Modal(byId("modal"), page);
const home = new Home(byId("home"), page);
const composer = box("composer-main", "composer", "send", () => null);
const threadComposer = box("composer-thread", "thread-composer", "thread-send", () => openThread);

function box(id, testid, sendTestid, threadTs) {
  return new Composer({
    id, testid, sendTestid,
    suggest: (before) => suggestions(before, { commands: model.commands, users: [...model.users.values()] }),
    hint: (text) => usageHint(text, model.commands),
    send: (text) => post(text, threadTs()),
  });
}

async function post(text, threadTs) {
  const channel = openChannel;
  const answer = await send({ user: model.me.id, channel, thread_ts: threadTs, text });
  if (!answer.ok) tell(channel, threadTs, answer.text);
  if (answer.ok) (threadTs ? threadFeed : feed).scrollToEnd();
  return !answer.lost;
}

/** Shows a line of Slackbot's that only this person sees. */
function tell(channel, threadTs, text) {
  model.addSlackbotLine(channel, threadTs, text || "That did not work.", Date.now());
  draw();
}

function draw() {
  const channel = model.channels.get(openChannel);
  if (!channel) return;
  channel.unread = document.hidden ? channel.unread : 0;
  drawSidebar(model, openChannel, { choose, become });
  const title = channel.kind === "dm" ? channel.name : `#${channel.name}`;
  byId("channel-name").replaceChildren(channel.kind === "dm" ? avatar(channel.name, model.botUser()?.color, "small") : sign(channel), channel.name);
  byId("channel-topic").textContent = channel.topic ?? "";
  composer.setPlaceholder(`Message ${title}`);
  const unread = [...model.channels.values()].reduce((sum, one) => sum + one.unread, 0);
  document.title = `${unread ? `(${unread}) ` : ""}${title} · ${model.team.name}`;
  feed.show(`${model.me.id} ${openChannel}`, openChannel, model.topLevel(openChannel), [welcomeOf(channel)]);
  drawThread();
  drawAgent(channel);
  modal.show(model.modals);
}

/** The tabs, the Home tab, statuses and prompts: what an app's own conversation has besides messages. */
function drawAgent(channel) {
  const isDm = channel.kind === "dm";
  const atHome = isDm && openTab === "home";
  byId("tabs").hidden = !isDm;
  if (isDm && byId("tabs").dataset.tab !== openTab) drawTabs(byId("tabs"), openTab, chooseTab);
  byId("tabs").dataset.tab = isDm ? openTab : "";
  byId("home").hidden = !atHome;
  byId("feed").hidden = atHome;
  byId("composer-place").hidden = atHome;
  if (atHome) home.show(model.home);
  const bot = model.botUser()?.name ?? "The app";
  const agent = model.agents.get(channel.id);
  const last = Object.keys(agent?.statuses ?? {}).filter((ts) => ts !== openThread).sort().at(-1);
  const prompts = isDm && !atHome ? promptButtons(agent, (text) => post(text, null)) : null;
  byId("agent-place").replaceChildren(...[atHome ? null : statusLine(bot, last && model.status(channel.id, last)), prompts].filter(Boolean));
  byId("thread-agent-place").replaceChildren(...[openThread && statusLine(bot, model.status(channel.id, openThread))].filter(Boolean));
}

function chooseTab(tab) {
  openTab = tab;
  page.post("/page/home", { tab });
  draw();
}

// Kept while the place is the same, so that it is not announced again with every message.
let welcomed = { key: null, node: null };
function welcomeOf(channel) {
  const key = JSON.stringify([channel.id, channel.topic, model.me.id]);
  if (welcomed.key !== key) welcomed = { key, node: welcome(model, channel, (text) => composer.fill(text)) };
  return welcomed.node;
}

function drawThread() {
  const parent = openThread && model.message(openChannel, openThread);
  byId("thread").hidden = !parent;
  byId("page").classList.toggle("with-thread", Boolean(parent));
  if (!parent) return;
  const channel = model.channels.get(openChannel);
  byId("thread-place").textContent = model.threadTitle(openChannel, openThread) ?? (channel.kind === "dm" ? channel.name : `#${channel.name}`);
  threadComposer.setPlaceholder("Reply…");
  threadFeed.show(`${model.me.id} ${openChannel} ${openThread}`, openChannel, [parent, ...model.replies(openChannel, openThread)]);
}

function showThread(ts) {
  openThread = ts;
  draw();
  if (ts) threadComposer.box.focus();
  else composer.box.focus();
}

function showBehind(added) {
  const newer = byId("newer");
  const count = added === 0 ? 0 : Number(newer.dataset.count ?? 0) + added;
  newer.dataset.count = count;
  newer.hidden = count === 0;
  newer.textContent = `${count} new ${count === 1 ? "message" : "messages"} ↓`;
}

function choose(channelId) {
  if (!model.channels.has(channelId)) return;
  const moved = channelId !== openChannel;
  openChannel = channelId;
  if (moved) openThread = null;
  if (moved && model.channels.get(channelId).kind === "dm") page.post("/page/home", { tab: openTab });
  remember();
  showSidebar(false);
  draw();
  // On a phone the focus would open the keyboard over the messages.
  if (moved && matchMedia("(hover: hover)").matches) composer.box.focus();
}

async function become(userId) {
  if (userId === model.me?.id || waiting) return;
  stream?.close();
  stream = null;
  openThread = null;
  await start(userId);
}

/** Reads the state as `userId` (null: the first person) and follows the events; tries again until the server answers. */
async function start(userId) {
  try {
    await load(userId);
  } catch {
    banner("Reconnecting to the workspace…");
    setTimeout(() => start(userId), FIRST_READ_RETRY_MS);
    return;
  }
  stream = new EventStream(model.me.id, { onEvent, onOpen: reload, onLost: () => banner("Reconnecting to the workspace…") });
}

async function load(userId) {
  const state = await readState(userId);
  model.load(state);
  if (!model.channels.has(openChannel)) {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const channels = [...model.channels.values()];
    openChannel = (channels.find((channel) => channel.name === wanted) ?? channels[0])?.id ?? null;
  }
  remember();
  draw();
  document.body.dataset.ready = "true";
}

// The stream tells only what happens from now on: what happened before it opened is read. Events that arrive meanwhile
// wait, since the state on its way may be older than they are.
let waiting = null;
async function reload() {
  if (waiting) return;
  const mine = stream;
  waiting = [];
  try {
    await load(model.me.id);
    if (mine === stream) banner(null);
  } catch {
    mine?.socket.close();
  }
  const arrived = waiting;
  waiting = null;
  if (mine === stream) arrived.forEach((event) => model.messages.has(event.channel ?? openChannel) && onEvent(event));
}

function onEvent(event) {
  if (waiting) {
    waiting.push(event);
  } else if (event.type === "error") {
    tell(event.channel ?? openChannel, null, event.text);
  } else if (!model.apply(event, document.hidden ? null : openChannel)) {
    reload();
  } else if (event.type === "connection") {
    drawConnection(model);
  } else {
    draw();
  }
}

function banner(words) {
  byId("banner").hidden = words === null;
  byId("banner").textContent = words ?? "";
  document.body.dataset.link = words === null ? "open" : "lost";
}

function remember() {
  const place = model.channels.get(openChannel)?.name ?? "";
  history.replaceState(null, "", `?user=${encodeURIComponent(model.me.id)}#${encodeURIComponent(place)}`);
}

function showSidebar(open) {
  byId("page").classList.toggle("with-sidebar", open);
  byId("shade").hidden = !open;
  byId("open-sidebar").setAttribute("aria-expanded", String(open));
  if (open) byId("sidebar").querySelector("[aria-current]")?.focus();
}

byId("composer-place").append(composer.node);
byId("thread-composer-place").append(threadComposer.node);
byId("open-sidebar").append(icon("M3 5.5h14", "M3 10h14", "M3 14.5h14"));
byId("open-sidebar").addEventListener("click", () => showSidebar(true));
byId("shade").addEventListener("click", () => showSidebar(false));
byId("close-thread").append(icon("M5 5l10 10", "M15 5L5 15"));
byId("close-thread").addEventListener("click", () => showThread(null));
byId("newer").addEventListener("click", () => feed.scrollToEnd());
document.addEventListener("visibilitychange", draw);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || byId("confirm").open || byId("modal").open) return;
  if (byId("page").classList.contains("with-sidebar")) showSidebar(false);
  else if (openThread) showThread(null);
});
window.addEventListener("hashchange", () => {
  const wanted = decodeURIComponent(location.hash.slice(1));
  choose([...model.channels.values()].find((channel) => channel.name === wanted)?.id);
});
setInterval(() => refreshAges(document), AGES_EVERY_MS);
start(new URLSearchParams(location.search).get("user"));

// What the page knows: people, channels and messages. Events change it; drawing reads it.

const SLACKBOT = "USLACKBOT";

export class Model {
  constructor() {
    Object.assign(this, { team: { name: "" }, me: null, users: new Map(), channels: new Map(), commands: [], shortcuts: [], bot: { connected: false }, modals: [], home: null, agents: new Map() });
    this.messages = new Map();
  }

  /** Takes a state read from the server. Messages that did not change stay the same objects, so that they are not drawn anew. */
  load(state) {
    const samePerson = this.me?.id === state.me.id;
    this.team = state.team;
    this.me = state.me;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.commands = state.commands ?? [];
    this.shortcuts = state.shortcuts ?? [];
    this.modals = state.modals ?? [];
    this.home = state.home ?? null;
    this.agents = new Map(Object.entries(state.agents ?? {}));
    this.bot = state.bot;
    const known = samePerson ? this.channels : new Map();
    this.channels = new Map(state.channels.map((channel) => [channel.id, { ...channel, unread: known.get(channel.id)?.unread ?? channel.unread ?? 0 }]));
    const before = samePerson ? this.messages : new Map();
    this.messages = new Map();
    for (const channel of this.channels.keys()) {
      const old = before.get(channel) ?? new Map();
      const fresh = new Map((state.messages[channel] ?? []).map((message) => [message.ts, reused(old.get(message.ts), message)]));
      for (const message of old.values()) if (message.local) fresh.set(message.ts, message);
      this.messages.set(channel, fresh);
    }
  }

  /** Applies one event of the stream; false when the page must read the state anew: a channel is new to it, or changed. */
  apply(event, openChannel) {
    if (event.type === "connection") {
      this.bot = { ...this.bot, ...event.bot };
      return true;
    }
    if (event.type === "modals") this.modals = event.views;
    if (event.type === "home") this.home = event.view;
    if (event.type === "agent") this.agents.set(event.channel, event.agent);
    if (["modals", "home", "agent"].includes(event.type)) return true;
    const messages = this.messages.get(event.channel);
    if (messages === undefined) return false;
    if (event.type === "deleted") this.remove(event.channel, event.ts ?? event.message?.ts);
    else {
      const isNew = !messages.has(event.message.ts);
      messages.set(event.message.ts, event.message);
      const mine = event.message.user === this.me.id;
      if (isNew && event.type === "message" && !mine && event.channel !== openChannel) this.channels.get(event.channel).unread += 1;
    }
    return true;
  }

  /** Removes a message; one with replies stays as a mark, as in Slack. */
  remove(channel, ts) {
    const messages = this.messages.get(channel);
    const message = messages?.get(ts);
    if (!message) return;
    if (this.replies(channel, ts).length > 0) messages.set(ts, { ...message, deleted: true, text: "", blocks: [], attachments: [] });
    else messages.delete(ts);
  }

  /** Adds a line only this page shows: Slackbot's answer to something the workspace did not accept. */
  addSlackbotLine(channel, threadTs, text, now) {
    const ts = (now / 1000).toFixed(6);
    this.messages.get(channel)?.set(ts, {
      ts, user: SLACKBOT, username: "Slackbot", is_bot: true, text, blocks: [], attachments: [],
      thread_ts: threadTs, reply_count: 0, edited: null, ephemeral: true, deleted: false, local: true,
    });
  }

  /** The messages of a channel's own list, oldest first; a reply sent to the channel too is one of them. */
  topLevel(channel) {
    return this.inOrder(channel).filter((message) => (!isReply(message) || message.reply_broadcast) && (!message.deleted || this.replies(channel, message.ts).length > 0));
  }

  /** The replies of a thread, oldest first. */
  replies(channel, threadTs) {
    return this.inOrder(channel).filter((message) => isReply(message) && message.thread_ts === threadTs && !message.deleted);
  }

  message(channel, ts) {
    return this.messages.get(channel)?.get(ts) ?? null;
  }

  inOrder(channel) {
    // Timestamps are strings of one width: compared as text they lose no digit.
    return [...(this.messages.get(channel)?.values() ?? [])].sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
  }

  /** Who wrote a message, as the list shows it. */
  author(message) {
    const user = this.users.get(message.user);
    const name = message.username || user?.name || message.user || "unknown";
    return { name, color: user?.color ?? null, isBot: Boolean(message.is_bot || user?.is_bot), isSlackbot: message.user === SLACKBOT };
  }

  /** What the app says it is doing in a thread, or null. */
  status(channel, threadTs) {
    return this.agents.get(channel)?.statuses?.[threadTs] ?? null;
  }

  /** The title the app gave a thread, or null. */
  threadTitle(channel, threadTs) {
    return this.agents.get(channel)?.titles?.[threadTs] ?? null;
  }

  botUser() {
    return this.users.get(this.bot.user_id) ?? null;
  }
}

/** Whether a message belongs to a thread and not to the channel's own list. */
export function isReply(message) {
  return Boolean(message.thread_ts && message.thread_ts !== message.ts);
}

function reused(old, fresh) {
  return old && JSON.stringify(old) === JSON.stringify(fresh) ? old : fresh;
}

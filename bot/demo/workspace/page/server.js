// Talks to the workspace's server: reads the state, sends messages and actions, follows the stream of events.

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10000;
const LOST = "The workspace does not answer. Your text is kept: try again in a moment.";

/** The whole state as one person sees it; `user` null means the first person. */
export async function readState(user) {
  const query = user ? `?user=${encodeURIComponent(user)}` : "";
  const response = await fetch(`/page/state${query}`);
  if (!response.ok) throw new Error(`state answered ${response.status}`);
  return response.json();
}

/** Sends a message or a command; {ok, text}: `text` says what was wrong. */
export function send(message) {
  return post("/page/send", message);
}

/** Presses a button or chooses an option; {ok, text}. */
export function act(action) {
  return post("/page/action", action);
}

/** Posts JSON; {ok, text, …} whatever happens. */
export async function post(path, body) {
  try {
    const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const answer = await response.json().catch(() => ({}));
    const text = answer.text ?? (answer.ok ? "" : `The workspace answered ${response.status}.`);
    return { ...answer, ok: answer.ok === true, text };
  } catch {
    return { ok: false, lost: true, text: LOST };
  }
}

/** The events one person sees. Reconnects by itself, waiting longer after every failure; `onOpen` runs after each connect. */
export class EventStream {
  constructor(user, { onEvent, onOpen, onLost }) {
    Object.assign(this, { user, onEvent, onOpen, onLost, failures: 0, closed: false });
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}/page/events?user=${encodeURIComponent(this.user)}`);
    this.socket.addEventListener("open", () => {
      this.failures = 0;
      this.onOpen();
    });
    this.socket.addEventListener("message", (frame) => {
      if (!this.closed) this.onEvent(JSON.parse(frame.data));
    });
    this.socket.addEventListener("close", () => this.retry());
  }

  retry() {
    if (this.closed) return;
    this.onLost();
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures);
    this.failures += 1;
    this.timer = setTimeout(() => this.connect(), wait);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}

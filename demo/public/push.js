/**
 * The wire, as small as a page can have it: envelopes over a WebSocket with the token in the subprotocol list, replies by
 * `ref`, a ping that notices a dead line, and a way back with full jitter. PROTOCOL.md says what each frame means.
 */
const REPLY_TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 20_000;

/** 4500 to 4999 mean "do not come back", and so do a binary frame and one that is too big: they would happen again. */
const mayReconnect = (code) => code < 4500 && code !== 1003 && code !== 1009;

/** What a frame was answered with: `push:error`. */
export class PushReplyError extends Error {
  constructor(data) {
    super(data.detail || data.title);
    this.code = data.code;
  }
}

/**
 * Events: `state` ({ state: 'connecting' | 'live' | 'waiting' | 'stopped', retryInMs?, reason? }), `welcome` (its data)
 * and `message` (an application's envelope).
 */
export class PushSocket extends EventTarget {
  #url;
  #tokenFor;
  #socket;
  /** Ends the listeners on the socket. */
  #attachment;
  #timer;
  #heartbeat;
  #attempt = 0;
  #retryInMs;
  #pending = new Map();
  #nextRef = 1;

  /** `tokenFor({ fresh })` resolves with a token; `fresh` asks for a new one, because the old one may be the trouble. */
  constructor(url, tokenFor) {
    super();
    this.#url = url;
    this.#tokenFor = tokenFor;
  }

  /** Connects, now, also when the next try would come later. */
  async connect({ fresh = false } = {}) {
    clearTimeout(this.#timer);
    this.#detach();
    this.#tell('state', { state: 'connecting' });
    let token;
    try {
      token = await this.#tokenFor({ fresh });
    } catch (error) {
      if (error.isFinal) this.stop(error.message);
      else this.#retry({ fresh });
      return;
    }
    this.#open(token);
  }

  /** Ends for good. */
  stop(reason) {
    clearTimeout(this.#timer);
    this.#detach();
    this.#tell('state', { state: 'stopped', reason });
  }

  /** Sends one frame; resolves with the `data` of its reply, rejects with a {@link PushReplyError} or when the line is cut. */
  request(event, data) {
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) return reject(new Error('not connected'));
      const ref = String(this.#nextRef++);
      const timer = setTimeout(
        () => this.#settle(ref, (entry) => entry.reject(new Error('no answer'))),
        REPLY_TIMEOUT_MS,
      );
      this.#pending.set(ref, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ event, data, ref }));
    });
  }

  #open(token) {
    const socket = new WebSocket(this.#url, ['push.v1', `bearer.${token}`]);
    const attachment = new AbortController();
    const { signal } = attachment;
    let wasOpen = false;
    this.#socket = socket;
    this.#attachment = attachment;
    socket.addEventListener('open', () => (wasOpen = true), { signal });
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(data)), { signal });
    // A refused handshake and a lost line look the same to a browser (1006); a fresh token costs little, so it gets one.
    const onClose = ({ code, reason }) => this.#closed(code, reason, !wasOpen || code === 4001);
    socket.addEventListener('close', onClose, { signal });
  }

  #receive(envelope) {
    const { event, data, ref } = envelope;
    if (event === 'push:ok' || event === 'push:pong') this.#settle(ref, (entry) => entry.resolve(data));
    else if (event === 'push:error') this.#settle(ref, (entry) => entry.reject(new PushReplyError(data)));
    else if (event === 'push:welcome') this.#welcome(data);
    else if (event === 'push:draining') this.#retryInMs = data.reconnectInMs;
    else if (event === 'push:expiring') void this.#renew();
    else if (!event.startsWith('push:')) this.#tell('message', envelope);
  }

  #welcome(data) {
    this.#attempt = 0;
    this.#heartbeat = setInterval(() => this.#ping(), data.heartbeatMs);
    this.#tell('state', { state: 'live' });
    this.#tell('welcome', data);
  }

  #ping() {
    const socket = this.#socket;
    // A line that is dead takes its time to close; do not wait for it.
    this.request('push:ping').catch(() => socket === this.#socket && this.#closed(4000, 'no answer to a ping', false));
  }

  async #renew() {
    try {
      await this.request('push:auth', { token: await this.#tokenFor({ fresh: true }) });
    } catch {
      // The server closes with 4001 when the token ends, and the next connection asks for another.
    }
  }

  #closed(code, reason, fresh) {
    this.#detach();
    if (mayReconnect(code)) this.#retry({ fresh });
    else this.#tell('state', { state: 'stopped', reason: reason || `closed with ${code}` });
  }

  #retry(options) {
    const most = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt++);
    const retryInMs = this.#retryInMs ?? Math.random() * most;
    this.#retryInMs = undefined;
    this.#tell('state', { state: 'waiting', retryInMs });
    this.#timer = setTimeout(() => void this.connect(options), retryInMs);
  }

  #detach() {
    clearInterval(this.#heartbeat);
    this.#attachment?.abort();
    this.#socket?.close();
    this.#socket = undefined;
    for (const ref of [...this.#pending.keys()])
      this.#settle(ref, (entry) => entry.reject(new Error('connection lost')));
  }

  #settle(ref, act) {
    const entry = this.#pending.get(ref);
    if (!entry) return;
    this.#pending.delete(ref);
    clearTimeout(entry.timer);
    act(entry);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * Runs in a page before anything else and writes down what the page hears: from a native EventSource, WebSocket or fetch
 * loop, or from the client. Not a module, in spite of its name: Chromium runs it as a classic script.
 */
globalThis.probe = {
  /** Every event in the order in which it came: the envelope, for named events `{ event, data }`. */
  heard: [],
  /** What happened to the connection, in its own words. */
  states: [],
  /** What was sent by the client, by how it ended. */
  outcomes: [],

  /** Opens an EventSource as any page would; `names` are listened to for `?named=1`. */
  eventSource(url, { names = [], ...options } = {}) {
    const source = (this.source = new EventSource(url, options));
    source.onopen = () => this.states.push('open');
    source.onerror = () => this.states.push(source.readyState === EventSource.CLOSED ? 'closed' : 'connecting');
    source.onmessage = ({ data }) => this.heard.push(JSON.parse(data));
    for (const event of names) {
      source.addEventListener(event, ({ data }) => this.heard.push({ event, data: JSON.parse(data) }));
    }
  },

  webSocket(url, protocols) {
    const socket = (this.socket = new WebSocket(url, protocols));
    socket.onopen = () => this.states.push(`open ${socket.protocol}`);
    socket.onclose = ({ code }) => this.states.push(`closed ${code}`);
    socket.onmessage = ({ data }) => this.heard.push(JSON.parse(data));
  },

  /** A complete long-poll client. */
  async pollLoop(url, token) {
    let cursor;
    for (;;) {
      const address = new URL(url);
      if (cursor) address.searchParams.set('cursor', cursor);
      try {
        const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
        const answer = await response.json();
        this.states.push(String(response.status));
        this.heard.push(...(answer.messages ?? []));
        cursor = answer.cursor ?? cursor;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  },

  /** Opens a client whose token is always this one; `events` are those of the application that are written down. */
  async openClient({ events, token, ...options }, from) {
    const { PushClient } = await import(from);
    const client = (this.client = new PushClient({ token: () => token, ...options }));
    client.on('push:status', ({ state, transport }) => this.states.push(transport ? `${state} ${transport}` : state));
    client.on('push:gap', (data) => this.heard.push({ event: 'push:gap', data }));
    for (const event of events) client.on(event, (_data, envelope) => this.heard.push(envelope));
  },

  /** Sends without waiting for the end of it. */
  say(group, event, data) {
    this.client.send({ group }, event, data).then(
      () => this.outcomes.push('sent'),
      ({ code }) => this.outcomes.push(code),
    );
  },
};

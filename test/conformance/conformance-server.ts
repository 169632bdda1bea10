/** What the suite knows of the servers that it judges: addresses, tokens, and how to start one with other limits. */

/** A running server, by its address. */
export interface ConformanceServer {
  /** `http://host:port`, with all routes at their default paths. Everyone may join and send to `room:*`. */
  readonly url: string;
  /** Signs a token that the server accepts; `sub` and `exp` are there unless the claims say otherwise. */
  sign(claims?: Readonly<Record<string, unknown>>): string;
}

/** A server that was started for one rule. */
export interface StartedServer extends ConformanceServer {
  /** Ends it as a deployment would: goodbye to all, then gone. */
  stop(): Promise<void>;
}

/** Limits and lists that a rule needs otherwise than by default. */
export interface ServerOptions {
  readonly maxConnections?: number;
  readonly maxPerUser?: number;
  readonly maxPerIp?: number;
  readonly maxGroupsPerConnection?: number;
  readonly maxFramesPerSecond?: number;
  readonly maxFrameBytes?: number;
  readonly maxQueueBytes?: number;
  readonly stallTimeoutMs?: number;
  readonly heartbeatMs?: number;
  readonly heartbeatTimeoutMs?: number;
  readonly historyCount?: number;
  readonly historyAllCount?: number;
  readonly historySeconds?: number;
  readonly drainMs?: number;
  /** Origins on the list. */
  readonly origins?: readonly string[];
  /** The cookie that may carry a token. */
  readonly cookie?: string;
  readonly clockToleranceSeconds?: number;
}

/** What is judged. */
export interface ConformanceTarget {
  /** The server with the default limits; asked for when the tests run. */
  shared(): ConformanceServer;
  /** Starts another one; its log is its own. */
  start(options?: ServerOptions): Promise<StartedServer>;
}

/** Servers that a test started, so that it can end them. */
export class StartedServers {
  private readonly started: StartedServer[] = [];

  constructor(private readonly target: ConformanceTarget) {}

  async start(options: ServerOptions = {}): Promise<StartedServer> {
    const server = await this.target.start(options);
    this.started.push(server);
    return server;
  }

  async stopAll(): Promise<void> {
    for (const server of this.started.splice(0)) await server.stop();
  }
}

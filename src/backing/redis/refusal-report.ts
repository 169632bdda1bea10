/**
 * What Redis answers but refuses to do: a right that its user lacks, no memory left, another kind of value than there
 * should be. Says so once for each cause while it lasts, and once that it is over, however many commands meet it.
 *
 * A cause is over when what it refused last is taken again, after a time in which nothing was refused: a user may have a
 * right to some keys and not to others, and must not fill the log.
 */
import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Clock } from '../../core/clock.js';
import { refusalKind } from './redis-failures.js';

/** A cause that was met so lately is one of now. */
const RECENT_MS = 5_000;
/** So long nothing is refused before an answer says that the cause is over. */
const QUIET_MS = 10_000;
/** A cause that was not met for so long is new when it comes again. */
const REMEMBERED_MS = 600_000;

/** A command, as the driver knows it. */
export interface SentCommand {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** An error that the server answered with. */
export interface RefusedCommand extends Error {
  readonly command?: SentCommand;
}

/** Something that Redis refuses now. */
export interface Refusal {
  /** Such as `Redis refuses SUBSCRIBE: NOPERM (a channel)`. Without names of keys, channels and users. */
  readonly text: string;
  /** What Redis said. */
  readonly cause: Error;
}

interface Lasting extends Refusal {
  readonly what: string;
  /** What met it last. */
  by: string;
  metAtMs: number;
}

/** Answers that belong to the ways of a driver: a script is sent as a whole then; who may come in is told of the line. */
const ORDINARY_KINDS: ReadonlySet<string> = new Set(['NOSCRIPT', 'NOAUTH']);
const ORDINARY_COMMANDS: ReadonlySet<string> = new Set(['auth', 'hello']);

/** How a Redis says within a script that the user lacks a right. */
const IN_SCRIPT = 'The user executing the script';

/** Tells the log what Redis refuses. */
export class RefusalReport {
  private readonly logger = new Logger('PushModule');
  private readonly causes = new Map<string, Lasting>();

  /** @param ordinary Kinds of answers that are none of trouble here, such as `MOVED` in a Cluster. */
  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly ordinary: readonly string[] = [],
  ) {}

  /** Whether anything is refused that was not yet seen to be over. */
  get isWaiting(): boolean {
    return this.causes.size > 0;
  }

  /** What is refused now; of several the one that was first. */
  get recent(): Refusal | undefined {
    const nowMs = this.clock.now();
    for (const cause of this.causes.values()) if (nowMs - cause.metAtMs < RECENT_MS) return cause;
    return undefined;
  }

  /** The server has answered with an error. */
  refused(cause: RefusedCommand): void {
    const { command = { name: 'a command', args: [] } } = cause;
    const kind = refusalKind(cause) ?? 'an error';
    if (ORDINARY_KINDS.has(kind) || ORDINARY_COMMANDS.has(command.name) || this.ordinary.includes(kind)) return;
    const nowMs = this.clock.now();
    const what = whatOf(cause, command);
    const text = `Redis refuses ${what}: ${kind}${detailOf(cause)}`;
    const known = this.causes.get(text);
    if (known && nowMs - known.metAtMs < REMEMBERED_MS) {
      known.by = identityOf(command);
      known.metAtMs = nowMs;
      return;
    }
    this.causes.delete(text);
    this.causes.set(text, { text, cause, what, by: identityOf(command), metAtMs: nowMs });
    const hint = isAboutRights(cause) ? ' ACL LOG in Redis says more.' : '';
    this.logger.warn(`${text}. What needs it fails until Redis takes it.${hint}`);
  }

  /** The server has done what was asked. */
  answered(command: SentCommand): void {
    const by = identityOf(command);
    const nowMs = this.clock.now();
    for (const cause of [...this.causes.values()]) {
      if (cause.by !== by || nowMs - cause.metAtMs < QUIET_MS) continue;
      this.causes.delete(cause.text);
      // As loud as the loss: whoever was told of that must not be left to wonder.
      this.logger.warn(`Redis takes ${cause.what} again.`);
    }
  }
}

/** Each script is a command of its own, by its hash and as a whole. */
function identityOf({ name, args }: SentCommand): string {
  const script = String(args[0]);
  if (name === 'eval') return createHash('sha1').update(script).digest('hex');
  return name === 'evalsha' ? script : name;
}

/** By which command a script was sent matters only to whom that command itself is forbidden. */
function whatOf({ message }: Error, { name }: SentCommand): string {
  const isScript = name === 'eval' || name === 'evalsha';
  return isScript && !message.includes(`'${name}' command`) ? 'a script' : name.toUpperCase();
}

function isAboutRights({ message }: Error): boolean {
  return message.startsWith('NOPERM') || message.includes(IN_SCRIPT);
}

/** What the right is to, as far as Redis says so. */
function detailOf(cause: RefusedCommand): string {
  if (!isAboutRights(cause)) return '';
  const { message, command } = cause;
  const [, refused] = /'([a-z|-]{1,40})' command/i.exec(message) ?? [];
  if (refused !== undefined) return refused === command?.name ? '' : ` (${refused.toUpperCase()})`;
  if (/can't run this command/.test(message)) return ' (a command in it)';
  if (/\bchannels?\b/.test(message)) return ' (a channel)';
  return /\bkeys?\b/.test(message) ? ' (a key)' : '';
}

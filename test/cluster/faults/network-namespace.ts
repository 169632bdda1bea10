import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A part of a packet's way, seen from inside: `out` is what leaves. */
export type Direction = 'in' | 'out' | 'both';

/** A rule of the filter. */
interface Drop {
  /** Only what goes to this port outside, or comes from it. */
  readonly port: number;
  readonly direction: Direction;
  /** How many of a hundred packets. @default 100 */
  readonly percent?: number;
}

let made = 0;

/** Why there can be no namespaces here; empty where there can. */
export function namespaceAbsence(): string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux';
  const name = `push-probe-${process.pid}`;
  const canMake = attempt('ip', 'netns', 'add', name) === '';
  const canFilter = canMake && attempt('ip', 'netns', 'exec', name, 'nft', 'add', 'table', 'inet', 'probe') === '';
  if (canMake) attempt('ip', 'netns', 'del', name);
  if (!canMake) return 'network namespaces cannot be made here (ip netns add)';
  return canFilter ? '' : 'there is no nft: install it (apt-get install nftables)';
}

/** A network of its own for one process, joined to this one by a cable that can lose packets, and be pulled. */
export class NetworkNamespace {
  /** Of this machine, as the process inside finds it. */
  readonly outerAddress: string;
  /** Of the process inside, as everyone outside finds it. */
  readonly innerAddress: string;
  private readonly name: string;
  private readonly cable: string;
  /** Where packets for it go while the cable is out: nowhere, instead of the way to the rest of the world. */
  private readonly deadEnd: readonly string[];

  constructor() {
    const number = (process.pid * 8 + made++) % 16_384;
    // 198.18.0.0/15 is for tests of networks (RFC 2544), and four addresses of it for each cable.
    const network = `198.${18 + (number >> 13)}.${(number >> 5) & 255}`;
    const host = (number & 31) * 4;
    this.outerAddress = `${network}.${host + 1}`;
    this.innerAddress = `${network}.${host + 2}`;
    this.name = `push-${number}`;
    this.cable = `push${number}`;
    this.deadEnd = ['unreachable', `${network}.${host}/30`, 'metric', '4096'];
    run('ip', 'netns', 'add', this.name);
    process.once('exit', this.remove);
    run('ip', 'link', 'add', this.cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.name);
    run('ip', 'addr', 'add', `${this.outerAddress}/30`, 'dev', this.cable);
    run('ip', 'link', 'set', this.cable, 'up');
    run('ip', 'route', 'add', ...this.deadEnd);
    run('ip', '-n', this.name, 'addr', 'add', `${this.innerAddress}/30`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) run('ip', '-n', this.name, 'link', 'set', device, 'up');
  }

  /** Runs what stands behind it inside. */
  get through(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** From now on packets are lost, until {@link pass}. */
  drop({ port, direction, percent = 100 }: Drop): void {
    this.nft('add table inet fault');
    const share = percent === 100 ? '' : `numgen random mod 100 < ${percent} `;
    for (const [hook, field] of [['input', 'sport'] as const, ['output', 'dport'] as const]) {
      if (direction !== 'both' && direction !== (hook === 'input' ? 'in' : 'out')) continue;
      this.nft(`add chain inet fault ${hook} { type filter hook ${hook} priority 0 ; }`);
      this.nft(`add rule inet fault ${hook} tcp ${field} ${port} ${share}counter drop`);
    }
  }

  /** How many packets were lost since {@link drop}. */
  get dropped(): number {
    const rules = spawnSync('ip', ['netns', 'exec', this.name, 'nft', 'list', 'ruleset'], { encoding: 'utf8' }).stdout;
    return [...rules.matchAll(/packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
  }

  /** Everything passes again. */
  pass(): void {
    this.nft('delete table inet fault');
  }

  /** The cable is out for so long, and in again. */
  async flap(milliseconds: number): Promise<void> {
    run('ip', 'link', 'set', this.cable, 'down');
    await sleep(milliseconds);
    run('ip', 'link', 'set', this.cable, 'up');
  }

  /** No more than so much passes out of it; undefined for what the machine can. */
  throttle(kilobitsPerSecond: number | undefined): void {
    const what = ['-n', this.name, 'qdisc'];
    const limit = ['tbf', 'rate', `${kilobitsPerSecond}kbit`, 'burst', '16kb', 'latency', '2s'];
    if (kilobitsPerSecond === undefined) run('tc', ...what, 'del', 'dev', 'eth0', 'root');
    else run('tc', ...what, 'add', 'dev', 'eth0', 'root', ...limit);
  }

  readonly remove = (): void => {
    process.off('exit', this.remove);
    attempt('ip', 'route', 'del', ...this.deadEnd);
    attempt('ip', 'netns', 'del', this.name);
  };

  private nft(statement: string): void {
    run('ip', 'netns', 'exec', this.name, 'nft', statement);
  }
}

function run(command: string, ...args: readonly string[]): void {
  const problem = attempt(command, ...args);
  if (problem !== '') throw new Error(`${command} ${args.join(' ')}: ${problem}`);
}

/** What it said when it failed; empty where it did not. */
function attempt(command: string, ...args: readonly string[]): string {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? '' : (error?.message ?? stderr) || `ended with ${status}`;
}

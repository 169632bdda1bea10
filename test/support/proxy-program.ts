/**
 * A real proxy with a configuration of docs/deployment, as it stands there: only what is of the machine (addresses of
 * the nodes, the port, files) is put in its place. Its files lie in a temporary folder.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../docs/markdown.js';
import { startProgram } from './child-program.js';
import type { ChildProgram } from './child-program.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { selfSignedCertificate } from './self-signed-certificate.js';

/** A proxy that is tested. */
export interface ProxyKind {
  readonly name: 'nginx' | 'haproxy';
  readonly configuration: string;
  /** Arguments that run this file in the foreground. */
  args(file: string, folder: string): readonly string[];
  /** What in the file is of the machine, and what stands there instead. */
  places(folder: string, port: number): Readonly<Record<string, string>>;
}

/** Both, with what the documents have for them. */
export const PROXIES: readonly ProxyKind[] = [
  {
    name: 'nginx',
    configuration: 'docs/deployment/nginx.conf',
    args: (file, folder) => ['-e', join(folder, 'error.log'), '-c', file],
    places: (folder, port) => ({
      'worker_processes auto;': 'worker_processes 1; daemon off; master_process off;',
      'worker_rlimit_nofile 100000;': `pid ${folder}/nginx.pid;`,
      'worker_connections 50000;': 'worker_connections 256;',
      'listen 443 ssl;': [
        `listen 127.0.0.1:${port} ssl;`,
        ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`),
      ].join('\n'),
      '/var/log/nginx/access.log': `${folder}/access.log`,
      '/etc/nginx/tls/push.crt': `${folder}/push.crt`,
      '/etc/nginx/tls/push.key': `${folder}/push.key`,
    }),
  },
  {
    name: 'haproxy',
    configuration: 'docs/deployment/haproxy.cfg',
    args: (file) => ['-db', '-f', file],
    places: (folder, port) => ({
      'maxconn 50000': 'maxconn 256',
      'bind :443': `bind 127.0.0.1:${port}`,
      '/etc/haproxy/tls/push.pem': `${folder}/push.pem`,
    }),
  },
];

/** Why the suite of a proxy cannot run, for its title; an empty text where it can. In CI it throws instead. */
export function proxyAbsence({ name }: ProxyKind): string {
  if (spawnSync(name, ['-v']).status === 0) return '';
  if (process.env['CI'] === 'true') throw new Error(`${name} is not installed`);
  return ` [skipped: ${name} is not installed]`;
}

/** A proxy that runs before two nodes. */
export class ProxyProgram {
  private constructor(
    private readonly folder: string,
    private readonly program: ChildProgram,
    /** `https://127.0.0.1:port`; its certificate is signed by nobody. */
    readonly url: string,
  ) {}

  static async start(kind: ProxyKind, nodePorts: readonly [number, number]): Promise<ProxyProgram> {
    const folder = mkdtempSync(join(tmpdir(), `push-${kind.name}-`));
    const port = await freePort();
    const { key, cert } = selfSignedCertificate();
    for (const [file, text] of Object.entries({ 'push.key': key, 'push.crt': cert, 'push.pem': cert + key })) {
      writeFileSync(join(folder, file), text);
    }
    const file = join(folder, 'configuration');
    writeFileSync(file, configurationOf(kind, folder, port, nodePorts));
    const program = await startProgram(kind.name, kind.args(file, folder));
    const proxy = new ProxyProgram(folder, program, `https://127.0.0.1:${port}`);
    await eventually(() => {
      if (!program.isRunning) throw new Error(`${kind.name} has ended: ${program.output}${proxy.log()}`);
    });
    return proxy;
  }

  async stop(): Promise<void> {
    await this.program.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private log(): string {
    try {
      return readFileSync(join(this.folder, 'error.log'), 'utf8');
    } catch {
      return '';
    }
  }
}

function configurationOf(kind: ProxyKind, folder: string, port: number, nodePorts: readonly [number, number]): string {
  const places = {
    ...kind.places(folder, port),
    '10.0.0.11:3000': `127.0.0.1:${nodePorts[0]}`,
    '10.0.0.12:3000': `127.0.0.1:${nodePorts[1]}`,
  };
  let text = readFileSync(join(projectRoot, kind.configuration), 'utf8');
  for (const [there, here] of Object.entries(places)) {
    if (!text.includes(there)) throw new Error(`${kind.configuration} does not say ${there}`);
    text = text.replaceAll(there, here);
  }
  return text;
}

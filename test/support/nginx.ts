/**
 * A real nginx before a server: a process of its own on a free port, whose configuration, pid, logs and temporary files
 * lie in a temporary folder. Nothing of an nginx that the machine may run is touched.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildProgram, startProgram } from './child-program.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';

/**
 * Why a suite that needs nginx can't run, for the title of the skipped suite; an empty text where it can. In CI it
 * throws instead.
 */
export function nginxAbsence(): string {
  if (spawnSync('nginx', ['-v']).status === 0) return '';
  if (process.env['CI'] === 'true') throw new Error('nginx is not installed');
  return ' [skipped: nginx is not installed]';
}

/** An nginx that passes requests on. */
export class Nginx {
  private constructor(
    private readonly folder: string,
    private readonly program: ChildProgram,
    /** Without a slash at the end. */
    readonly url: string,
  ) {}

  /** Starts one with these directives in its server block; what they do not say stays at nginx's own defaults. */
  static async start(directives: string): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), 'push-nginx-'));
    const port = await freePort();
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration(folder, port, directives));
    const program = await startProgram('nginx', ['-e', join(folder, 'error.log'), '-c', file]);
    const nginx = new Nginx(folder, program, `http://127.0.0.1:${port}`);
    try {
      await eventually(
        async () => {
          if (!program.isRunning) throw new Error(program.output + readFileSync(join(folder, 'error.log'), 'utf8'));
          await fetch(nginx.url, { method: 'OPTIONS' });
        },
        { what: 'nginx answers' },
      );
      return nginx;
    } catch (error) {
      await nginx.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.program.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One process without a master, so that its end is the end of all. */
function configuration(folder: string, port: number, directives: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${folder}/${kind};`,
  );
  return [
    'daemon off;',
    'master_process off;',
    `pid ${folder}/nginx.pid;`,
    'events { worker_connections 256; }',
    'http {',
    '  access_log off;',
    ...temporary,
    `  server { listen 127.0.0.1:${port};`,
    directives,
    '  }',
    '}',
    '',
  ].join('\n');
}

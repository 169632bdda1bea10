/**
 * nchan, the push module of nginx, as a server of the benchmark: an nginx with one worker, a configuration in a temporary
 * folder and a port of its own. Nothing of an nginx that the machine may run is touched.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_MS = 10_000;
const MODULE_FOLDERS = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules'];
const MODULE_FILE = 'ngx_nchan_module.so';

const modulePath = () => MODULE_FOLDERS.map((folder) => join(folder, MODULE_FILE)).find((path) => existsSync(path));

/** Says why nchan cannot run here, or `undefined` when it can. */
export function whyNoNchan() {
  const hasNginx = spawnSync('nginx', ['-v']).status === 0;
  if (hasNginx && modulePath() !== undefined) return undefined;
  return 'nginx with its module nchan is not installed (Debian: apt-get install nginx-light libnginx-mod-nchan).';
}

/**
 * History as this module keeps it for everyone, and the limits of one worker. Access is not logged. The body of a message
 * stays in memory, so that no temporary file is in its cost.
 */
const configuration = (folder, port) => `
load_module ${modulePath()};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 12000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_body_buffer_size 64k;
  keepalive_requests 1000000000;
  nchan_shared_memory_size 256M;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location = /sse {
      nchan_subscriber eventsource;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
    }
    location = /broadcast {
      nchan_publisher;
      nchan_channel_id bench;
      nchan_message_buffer_length 1000;
      nchan_message_timeout 5m;
    }
  }
}
`;

/** `{ contestant, pid, authority, stop() }` once nginx listens; `pid` is the worker's, which does the work. */
export async function startNchan(contestant, prefix) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nchan-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port));
  const [command, ...rest] = [...prefix, 'nginx', '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')];
  const master = spawn(command, rest, { stdio: 'ignore' });
  const ended = once(master, 'exit');
  const stop = async () => {
    master.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, master);
    return { contestant, pid: workerOf(master.pid), authority: `127.0.0.1:${port}`, stop };
  } catch (error) {
    const log = existsSync(join(folder, 'error.log')) ? readFileSync(join(folder, 'error.log'), 'utf8') : '';
    await stop();
    throw new Error(`${contestant.title} did not start: ${log}`, { cause: error });
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port, master) {
  for (const end = Date.now() + START_MS; Date.now() < end && master.exitCode === null; await delay(50)) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      // It does not listen yet.
    } finally {
      socket.destroy();
    }
  }
  throw new Error('nobody listens');
}

function workerOf(master) {
  const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ');
  return Number(children[0]);
}

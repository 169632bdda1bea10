/** What the figures were taken on, as far as it matters to them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { redisVersion } from './redis-process.mjs';
import { packetBytes } from './packet-size.mjs';
import { loadPrefix } from './server-process.mjs';

const COMPARED = [
  '@nestjs/core',
  '@nestjs/platform-ws',
  'fastify',
  'express',
  'ws',
  'socket.io',
  'uwebsockets',
  'ioredis',
  '@socket.io/redis-streams-adapter',
];

function versionOf(name) {
  try {
    const path = fileURLToPath(new URL(`../../node_modules/${name}/package.json`, import.meta.url));
    return `${name} ${JSON.parse(readFileSync(path, 'utf8')).version}`;
  } catch {
    return undefined;
  }
}

function compilerVersion() {
  try {
    return `cc ${execFileSync('cc', ['-dumpfullversion'], { encoding: 'utf8' }).trim()}`;
  } catch {
    return 'no cc';
  }
}

/** nginx says its version on standard error. */
function nginxVersion() {
  const version = /nginx\/([\d.]+)/.exec(spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr ?? '');
  return version ? `nginx ${version[1]}` : 'no nginx';
}

export function describeMachine() {
  const loopback = packetBytes === undefined ? 'loopback' : `loopback with packets of ${packetBytes} bytes`;
  const kernel = release().split('.').slice(0, 2).join('.');
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model ?? arch()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${kernel}, ${arch()}`,
    `Node ${process.versions.node}, ${COMPARED.map(versionOf).filter(Boolean).join(', ')}, ${nginxVersion()}, ${redisVersion()}, ${compilerVersion()}`,
    loadPrefix.length > 0
      ? `Server and load generator each on a core of its own; ${loopback}, no TLS`
      : `Not pinned to cores; ${loopback}, no TLS`,
  ];
}

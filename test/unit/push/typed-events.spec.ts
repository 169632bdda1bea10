import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Only in the compiler's memory: an augmentation on disk would hold for every other test too. */
const HOST_FILE = `${ROOT}test/host-with-typed-events.ts`;

const AUGMENTATION = `declare module 'nestjs-push' {
  interface PushEvents { 'order.status': { readonly orderId: number }; announcement: string; hint?: string }
}`;

const { options: OPTIONS } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile.bind(ts.sys)).config,
  ts.sys,
  ROOT,
);
/** What every host imports, read once: the compiler keeps what one says about it apart from what another one says. */
const importedFiles = new Map<string, ts.SourceFile | undefined>();
let formerProgram: ts.Program | undefined;

/** Compiles statements of a host and answers what the compiler says against each of them. */
function complaintsOf(statements: readonly string[], augmentation: string): string[] {
  const head =
    `import type { PushService } from 'nestjs-push'; declare const push: PushService;` +
    `import type { PushClient } from 'nestjs-push/client'; declare const client: PushClient;`;
  const text = [head + augmentation.replaceAll('\n', ' '), ...statements].join('\n');
  const compiler = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = compiler;
  compiler.fileExists = (name) => name === HOST_FILE || fileExists(name);
  compiler.getSourceFile = (name, language, ...rest) => {
    if (name === HOST_FILE) return ts.createSourceFile(name, text, language, true);
    if (!importedFiles.has(name)) importedFiles.set(name, getSourceFile(name, language, ...rest));
    return importedFiles.get(name);
  };
  const program = ts.createProgram([HOST_FILE], OPTIONS, compiler, formerProgram);
  formerProgram = program;
  const source = program.getSourceFile(HOST_FILE);
  const complaints = statements.map(() => '');
  for (const { start, messageText } of [...program.getSemanticDiagnostics(source)]) {
    const { line } = ts.getLineAndCharacterOfPosition(source!, start ?? 0);
    if (line === 0) throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '));
    complaints[line - 1] += ts.flattenDiagnosticMessageText(messageText, ' ');
  }
  return complaints;
}

describe('the events that a host declares', () => {
  it('are checked with their data in every send', () => {
    const complaints = complaintsOf(
      [
        `void push.toUser('7', 'order.status', { orderId: 7 });`,
        `void push.send({ target: { all: true }, event: 'announcement', data: 'hello' });`,
        `void push.broadcast('hint'); void push.toUser('7', 'hint', undefined, { store: 'none' });`,
        `void push.toUser('7', 'order.status', { orderId: '7' });`,
        `void push.toGroup('g', 'announcement', 7);`,
        `void push.broadcast('order.other', {});`,
        `void push.toConnection('c', 'order.status', 'hello');`,
        `void push.send({ target: { all: true }, event: 'announcement', data: { orderId: 7 } });`,
        `void push.broadcast('order.status');`,
        `void push.toUser('7', 'order.status', undefined);`,
        `void push.send({ target: { all: true }, event: 'announcement' });`,
      ],
      AUGMENTATION,
    );

    expect(complaints.slice(0, 3)).toEqual(['', '', '']);
    expect(complaints.slice(3)).toEqual([
      expect.stringContaining(`'string' is not assignable to type 'number'`),
      expect.stringContaining(`'number' is not assignable to parameter of type 'string'`),
      expect.stringContaining(`'"order.other"' is not assignable`),
      expect.stringContaining(`'string' is not assignable`),
      expect.stringContaining('is not assignable to type'),
      expect.stringContaining('Expected 2-3 arguments, but got 1'),
      expect.stringContaining(`'undefined' is not assignable`),
      expect.stringContaining(`Property 'data' is missing`),
    ]);
  }, 60_000);

  it.each(['nestjs-push', 'nestjs-push/client'])(
    'are checked in the client too, declared for %s',
    (name) => {
      const complaints = complaintsOf(
        [
          `client.on('order.status', ({ orderId }) => orderId.toFixed());`,
          `client.on('push:status', ({ state }) => state === 'live');`,
          `void client.send({ user: '7' }, 'announcement', 'hello');`,
          `void client.send({ user: '7' }, 'hint', undefined, { timeoutMs: 5 }).then(() => client.send({ user: '7' }, 'hint'));`,
          `client.on('order.status', (text: string) => text);`,
          `client.on('order.other', () => {});`,
          `void client.send({ user: '7' }, 'announcement', 7);`,
          `void client.send({ user: '7' }, 'announcement');`,
        ],
        AUGMENTATION.replace('nestjs-push', name),
      );

      expect(complaints.slice(0, 4)).toEqual(['', '', '', '']);
      expect(complaints.slice(4)).toEqual([
        expect.stringContaining('is not assignable'),
        expect.stringContaining('is not assignable'),
        expect.stringContaining('is not assignable'),
        expect.stringContaining('Expected'),
      ]);
    },
    60_000,
  );

  it('are known by their class and by their declaration', () => {
    const head = `declare module 'nestjs-push' { interface PushEvents extends PushEventsOf<typeof declared> {} }
      import { definePushEvent } from 'nestjs-push'; import type { PushEventsOf } from 'nestjs-push'; import { z } from 'zod';
      class Order { orderId!: number } const line = definePushEvent({ name: 'log.line', schema: z.object({ text: z.string() }) });
      const declared = [line, { name: 'order.status', type: Order }] as const;
      class Tick { price!: number }`;
    const complaints = complaintsOf(
      [
        `void push.toUser('7', Tick, { price: 1 });`,
        `void push.toGroup('g', line, { text: 'hello' });`,
        `void push.broadcast('log.line', { text: 'hello' });`,
        `void push.send({ target: { all: true }, event: Tick, data: { price: 1 } });`,
        `void push.toUser('7', Tick, { price: '1' });`,
        `void push.toGroup('g', line, { text: 7 });`,
        `void push.broadcast('order.status', { orderId: '7' });`,
        `void push.send({ target: { all: true }, event: line, data: { text: 7 } });`,
        `client.on('log.line', ({ text }) => text.toFixed());`,
      ],
      head,
    );
    expect(complaints.slice(0, 4)).toEqual(['', '', '', '']);
    expect(complaints.slice(4)).toEqual([
      expect.stringContaining(`'string' is not assignable to type 'number'`),
      expect.stringContaining(`'number' is not assignable to type 'string'`),
      expect.stringContaining(`'string' is not assignable to type 'number'`),
      expect.stringContaining(`not assignable`),
      expect.stringContaining(`'toFixed' does not exist`),
    ]);
  }, 60_000);

  it('are any where it declares none', () => {
    const complaints = complaintsOf(
      [`void push.broadcast('whatever', { a: 1 });`, `void push.broadcast('no.data');`],
      '',
    );
    expect(complaints).toEqual(['', '']);
  }, 60_000);
});

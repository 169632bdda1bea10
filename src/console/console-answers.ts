import { Inject, Injectable, NotFoundException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ConsoleFiles } from './console-files.js';
import type { ConsoleFile } from './console-files.js';
import type { PushConsoleOptions } from './console-options.interface.js';
import type { ConsoleHttpRequest } from './console-request.interface.js';

/** The injection token of the options of the console. */
export const CONSOLE_OPTIONS = 'PUSH_CONSOLE_OPTIONS';

/**
 * Everything comes from where the page does, nothing is inline, nobody may frame it, and no text can be made markup: the
 * page never asks the browser to.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

/** Writes the answers of the console, on either platform. */
@Injectable()
export class ConsoleAnswers {
  private readonly files = new ConsoleFiles();

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(CONSOLE_OPTIONS) private readonly options: PushConsoleOptions,
  ) {}

  /** Answers with the page, whose files lie below the address by which it was asked for, with or without a slash. */
  sendPage(request: ConsoleHttpRequest, response: unknown): void {
    const [path = ''] = (request.originalUrl ?? request.url ?? '').split('?', 1);
    const base = path.endsWith('/') ? './' : `${path.slice(path.lastIndexOf('/') + 1)}/`;
    const page = this.files.read('index.html');
    const { guards, tokenUrl } = this.options;
    const text = page.text
      .replaceAll('{{base}}', () => escaped(base))
      .replace('{{door}}', guards ? 'guards' : 'token')
      .replace('{{token-url}}', () => escaped(tokenUrl ?? ''));
    this.send(response, 200, { type: page.type, text, etag: undefined });
  }

  /** Answers with a file of the page; throws a 404 where there is none of this name. */
  sendFile(name: string, request: ConsoleHttpRequest, response: unknown): void {
    const file = name === 'index.html' ? undefined : this.files.find(name);
    if (!file) throw new NotFoundException('the console has no such file');
    const isKnown = request.headers['if-none-match']?.includes(file.etag) === true;
    this.send(response, isKnown ? 304 : 200, file);
  }

  sendJson(response: unknown, value: unknown): void {
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    httpAdapter.setHeader(response, 'Content-Type', 'application/json; charset=utf-8');
    httpAdapter.setHeader(response, 'X-Content-Type-Options', 'nosniff');
    httpAdapter.reply(response, JSON.stringify(value), 200);
  }

  private send(
    response: unknown,
    status: number,
    { type, text, etag }: Pick<ConsoleFile, 'type' | 'text'> & { readonly etag: string | undefined },
  ): void {
    const { httpAdapter } = this.host;
    const headers = { ...HEADERS, 'Content-Type': type, 'Cache-Control': 'no-cache', ...(etag && { ETag: etag }) };
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, status === 304 ? undefined : text, status);
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

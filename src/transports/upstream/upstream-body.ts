/** The one frame in the body of a request, read by ourselves or taken from the host's parser. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { isJsonInUtf8 } from '../../core/media-type.js';
import { parseFrame, readParsedFrame } from '../../protocol/frame-parser.js';
import type { FrameFailure, ParsedFrame } from '../../protocol/frame-parser.js';
import { Refusals } from '../../push/refusal.js';
import type { Refusal } from '../../push/refusal.js';
import type { HttpExchange } from '../http-exchange.js';

/** What a body turned out to be. */
export type UpstreamBody = ParsedFrame | FrameFailure | { readonly type: 'refused'; readonly refusal: Refusal };

/** Reads the frame, at most `maxBytes`. Never resolves when the client leaves before it has sent all of it. */
export async function readUpstreamBody(exchange: HttpExchange, maxBytes: number): Promise<UpstreamBody> {
  const { request, parsedBody, bodyErrorStatus } = exchange;
  const { headers } = request;
  if (!isJsonInUtf8(headers['content-type']) || bodyErrorStatus === 415) return unsupported();
  if (Number(headers['content-length'] ?? 0) > maxBytes || bodyErrorStatus === 413) return tooLarge(maxBytes);
  // It is text that the host's parser could not make JSON of; it is no more for ours.
  if (bodyErrorStatus !== undefined) return parseFrame('');
  if (parsedBody !== undefined) return isLonger(request, parsedBody, maxBytes) ?? readParsedFrame(parsedBody);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return unsupported();
  const text = await readText(request, maxBytes);
  return text === undefined ? tooLarge(maxBytes) : parseFrame(text);
}

/** The length that a request states is not that of a body that came in chunks or compressed. */
function isLonger({ headers }: IncomingMessage, value: unknown, maxBytes: number): UpstreamBody | undefined {
  if (headers['content-length'] !== undefined && headers['content-encoding'] === undefined) return undefined;
  // One that nests too deep to be written as text is refused for that.
  const parsed = readParsedFrame(value);
  if (parsed.type === 'failure') return parsed;
  return Buffer.byteLength(JSON.stringify(value)) > maxBytes ? tooLarge(maxBytes) : undefined;
}

/** Undefined where it is longer. The rest is left to Node, which discards it. */
function readText(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off('data', take).resume();
      resolve(undefined);
    };
    request.on('data', take).once('end', () => resolve(textOf(Buffer.concat(chunks))));
    request.on('error', () => {});
  });
}

/** Bytes that are no UTF-8 are no text; read with replacements they could still be JSON, and not what was sent. */
function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : '';
}

function unsupported(): UpstreamBody {
  return { type: 'refused', refusal: Refusals.unsupportedMediaType('the body must be application/json in UTF-8') };
}

function tooLarge(maxBytes: number): UpstreamBody {
  return { type: 'refused', refusal: Refusals.payloadTooLarge(`a frame has at most ${maxBytes} bytes`) };
}

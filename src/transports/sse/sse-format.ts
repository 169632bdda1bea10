/** How a message looks in an event stream (HTML Standard, "Server-sent events"). */
import type { MessageText, WireFormat } from '../../core/wire-format.js';
import type { Envelope } from '../../protocol/frames.js';

/** The bytes of blocks on one kind of stream. */
export interface SseFormat extends WireFormat {
  /** Frames the text of whole blocks for this kind of stream. */
  frame(block: string): Buffer;
}

/**
 * The format of a stream. `isChunked`: framed as a chunk of HTTP/1.1 (RFC 9112 section 7.1), once for all recipients,
 * and written past Node's response, which would frame it for each. `isNamed`: the event by its name, with bare data.
 */
export function sseFormat(isChunked: boolean, isNamed: boolean): SseFormat {
  return isChunked ? (isNamed ? namedChunks : envelopeChunks) : isNamed ? namedBlocks : envelopeBlocks;
}

const envelopeChunks = createFormat(chunkOf, envelopeBlock);
const envelopeBlocks = createFormat(Buffer.from, envelopeBlock);
const namedChunks = createFormat(chunkOf, namedBlock);
const namedBlocks = createFormat(Buffer.from, namedBlock);

function createFormat(frame: (block: string) => Buffer, blockOf: (message: MessageText) => string): SseFormat {
  return { frame: (block) => frame(block), encode: (message) => frame(blockOf(message)) };
}

/** The text is JSON on one line, so it fits one field. */
function envelopeBlock({ text, cursor }: MessageText): string {
  return `${idOf(cursor)}data: ${text}\n\n`;
}

/** An event without data would not be dispatched, so there is always some. */
function namedBlock({ text, cursor }: MessageText): string {
  const { event, data = null } = JSON.parse(text) as Envelope;
  // A handler of the host may answer under any name; a line break would begin another field.
  return `${idOf(cursor)}event: ${event.replaceAll(/[\r\n]+/g, ' ')}\ndata: ${JSON.stringify(data)}\n\n`;
}

function idOf(cursor: string | undefined): string {
  return cursor === undefined ? '' : `id: ${cursor}\n`;
}

function chunkOf(block: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(block).toString(16)}\r\n${block}\r\n`);
}

/**
 * Spans for OpenTelemetry: `push publish` below the caller's own, `push write` below that on each node that has somebody
 * for the message, `push handle` around the application's handlers of client frames.
 *
 * `@opentelemetry/api` is loaded only where an SDK has registered itself, which it does at a global symbol of the API.
 * An application starts its SDK before all else, so that is known when the module starts.
 */
import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { OutgoingMessage } from '../core/outgoing-message.js';
import type { PushTracer } from '../core/push-tracer.interface.js';

type Api = typeof import('@opentelemetry/api');

/** Whether spans are made. */
export interface TracingOptions {
  /** Spans for OpenTelemetry, where the application has started its SDK. @default true */
  readonly tracing?: boolean;
}

const REGISTERED = Symbol.for('opentelemetry.js.api.1');
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SCOPE = 'nestjs-push';

/** The tracer of the application's SDK; undefined where it has none. */
export async function findTracer(): Promise<PushTracer | undefined> {
  const registered = (globalThis as Readonly<Record<symbol, { readonly trace?: unknown } | undefined>>)[REGISTERED];
  if (!registered?.trace) return undefined;
  try {
    const { default: api } = await import('@opentelemetry/api');
    return new OpenTelemetryTracer(api);
  } catch {
    // The SDK brought an API of its own, which this package cannot see.
    return undefined;
  }
}

class OpenTelemetryTracer implements PushTracer {
  private readonly tracer;

  constructor(private readonly api: Api) {
    this.tracer = api.trace.getTracer(SCOPE);
  }

  publish<Result>(event: string, run: (traceparent: string | undefined) => Promise<Result>): Promise<Result> {
    const options = { kind: this.api.SpanKind.PRODUCER, attributes: { 'push.event': event } };
    return this.tracer.startActiveSpan('push publish', options, (span) => {
      const traceparent = span.isRecording() ? traceparentOf(span.spanContext()) : undefined;
      return this.within(span, () => run(traceparent));
    });
  }

  queued(traceparent: string, message: OutgoingMessage, connections: number): void {
    const parent = this.contextOf(traceparent);
    if (!parent) return;
    const options = { kind: this.api.SpanKind.CONSUMER, attributes: { 'push.matched': connections } };
    const span = this.tracer.startSpan('push write', options, parent);
    message.onceSettled(() => {
      span.setAttribute('push.written', message.written);
      span.end();
    });
  }

  handle(event: string, connectionId: string, run: () => Promise<unknown>): Promise<void> {
    const attributes = { 'push.event': event, 'push.connection_id': connectionId };
    const options = { kind: this.api.SpanKind.SERVER, attributes };
    return this.tracer.startActiveSpan('push handle', options, (span) =>
      this.within(span, async () => {
        const failure = await run();
        if (failure !== undefined) this.fail(span, failure);
      }),
    );
  }

  private async within<Result>(span: Span, run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (cause) {
      this.fail(span, cause);
      throw cause;
    } finally {
      span.end();
    }
  }

  private fail(span: Span, cause: unknown): void {
    // By name alone: a message may quote what a client sent.
    const message = cause instanceof Error ? cause.name : 'failed';
    span.setStatus({ code: this.api.SpanStatusCode.ERROR, message });
  }

  private contextOf(traceparent: string): Context | undefined {
    const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
    const parent: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
    return this.api.trace.setSpanContext(this.api.ROOT_CONTEXT, parent);
  }
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

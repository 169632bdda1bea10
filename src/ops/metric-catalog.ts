/** Every metric of the module; docs/metrics.md lists the same. Labels are words from lists in the code, never names. */
import type { Distribution, PushCounters, Tally } from '../core/push-counters.js';
import type { MeasuredDelay } from './event-loop-delay.js';
import type { MetricDefinition, Sample } from './metric.js';
import type { NodeSnapshot } from './node-snapshot.js';

/** What metrics are read from: what is there now, and what was counted since the start. */
export interface MetricSource {
  readonly now: NodeSnapshot;
  readonly counters: PushCounters;
}

type Definition = MetricDefinition<MetricSource>;

const gauges: readonly Definition[] = [
  gaugeBy('connections', 'transport', 'Open connections of this node', ({ now }) => now.connections),
  gauge('users', 'Distinct users with a connection to this node', ({ now }) => now.users),
  gauge('groups', 'Groups with a connection of this node in them', ({ now }) => now.groups),
  gauge('tenants', 'Tenants that are held ready on this node, the default one included', ({ now }) => now.tenants),
  gauge('nodes', 'Nodes that are alive, as this one sees it; 0 while it cannot say', ({ now }) => now.nodes),
  gauge('backing_up', '1 while what messages live in can be reached and takes them, else 0', ({ now }) =>
    Number(now.isBackingUp),
  ),
  gauge('draining', '1 once this node has begun to end, else 0', ({ now }) => Number(now.isDraining)),
  gauge('queue_bytes', 'Bytes that wait for connections, in queues and sockets', ({ now }) => now.queueBytes),
  gauge('queue_bytes_max', 'Bytes that wait for the slowest connection', ({ now }) => now.largestQueueBytes),
  {
    name: 'event_loop_delay_seconds',
    help: 'How late the event loop was since the last scrape; 1 is the latest of all',
    type: 'summary',
    labels: ['quantile'],
    read: ({ now }, name) => summaryOf(now.eventLoopDelay, name),
  },
];

const messages: readonly Definition[] = [
  counter('messages_total', 'Messages that came to this node to be delivered', ({ counters }) => counters.messages),
  counter('messages_matched_total', 'Connections that messages were for', ({ counters }) => counters.matched),
  counter('messages_written_total', 'Connections whose transport took a message', ({ counters }) => counters.written),
  counterBy('messages_dropped_total', 'reason', 'Connections that a message did not reach', (from) => from.dropped),
  counter('written_bytes_total', 'Bytes of envelopes that transports took', ({ counters }) => counters.writtenBytes),
  histogram('write_delay_seconds', 'From a send to its being taken by a transport', (from) => from.writeDelay),
  counterBy('sends_total', 'outcome', 'Calls to send on this node', (from) => from.sends),
  counterBy(
    'sends_by_event_total',
    'event',
    'Accepted sends by event, of those listed in metrics.events',
    (from) => from.events,
  ),
];

const connections: readonly Definition[] = [
  counterBy('handshakes_total', 'verdict', 'Handshakes of connections', (from) => from.handshakes),
  counterBy('disconnects_total', 'code', 'Ends of connections, by close code or cause', (from) => from.closes),
  histogram('replay_messages', 'Messages of each replay', (from) => from.replaySizes),
  counterBy('gaps_total', 'reason', 'Gaps that clients were told of', (from) => from.gaps),
  counter('client_frames_total', 'Frames of clients that were carried out', ({ counters }) => counters.frames),
];

const surroundings: readonly Definition[] = [
  counterBy('rest_answers_total', 'status', 'Answers of REST', (from) => from.restAnswers),
  {
    ...counter('node_frames_dropped_total', 'Frames of other nodes that were not listened to', () => 0),
    labels: ['reason'],
    read: ({ now }) => samplesBy('reason', Object.entries(now.droppedFrames)),
  },
  counter('backing_reconnects_total', 'Connections to the backing after the first', ({ now }) => now.reconnects),
  counter('failures_total', 'Failures of the module or of providers of the host', ({ counters }) => counters.failures),
  counter(
    'lifecycle_events_dropped_total',
    'Lifecycle events that no handler was called for, because too many were under way',
    ({ counters }) => counters.lifecycleEventsDropped,
  ),
];

/** All of them. */
export const METRICS: readonly Definition[] = [...gauges, ...messages, ...connections, ...surroundings];

function gauge(name: string, help: string, value: (source: MetricSource) => number): Definition {
  return { name, help, type: 'gauge', labels: [], read: (source) => [{ value: value(source), labels: {} }] };
}

function gaugeBy(
  name: string,
  label: string,
  help: string,
  values: (source: MetricSource) => Readonly<Record<string, number>>,
): Definition {
  const read = (source: MetricSource) => samplesBy(label, Object.entries(values(source)));
  return { name, help, type: 'gauge', labels: [label], read };
}

function counter(name: string, help: string, value: (source: MetricSource) => number): Definition {
  return { ...gauge(name, help, value), type: 'counter' };
}

function counterBy(
  name: string,
  label: string,
  help: string,
  tally: (counters: PushCounters) => Tally | undefined,
): Definition {
  const read = ({ counters }: MetricSource) => samplesBy(label, tally(counters)?.entries() ?? []);
  return { name, help, type: 'counter', labels: [label], read };
}

function histogram(name: string, help: string, of: (counters: PushCounters) => Distribution): Definition {
  const read = ({ counters }: MetricSource, fullName: string) => bucketsOf(of(counters), fullName);
  return { name, help, type: 'histogram', labels: ['le'], read };
}

function samplesBy(label: string, values: Iterable<readonly [string, number]>): Sample[] {
  return Array.from(values, ([word, value]) => ({ value, labels: { [label]: word } }));
}

function summaryOf({ quantiles, sum, count }: MeasuredDelay, name: string): Sample[] {
  return [
    ...samplesBy('quantile', Object.entries(quantiles)),
    { metricName: `${name}_sum`, value: sum, labels: {} },
    { metricName: `${name}_count`, value: count, labels: {} },
  ];
}

/** Buckets of Prometheus count everything up to their bound. */
function bucketsOf({ bounds, counts, sum }: Distribution, name: string): Sample[] {
  let soFar = 0;
  const buckets = counts.map((count, place) => {
    soFar += count;
    return { metricName: `${name}_bucket`, value: soFar, labels: { le: bounds[place] ?? '+Inf' } };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, value: sum, labels: {} },
    { metricName: `${name}_count`, value: soFar, labels: {} },
  ];
}

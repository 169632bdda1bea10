/**
 * One port before several nodes: each request and each upgrade goes to the next node that is there, and nothing of a
 * stream is held back. What a node does not answer because it is gone is asked of the next one, where asking twice can do
 * no harm; what breaks half-way ends for the client too, who then comes back.
 */
import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';

/** Of one hop only, and so not passed on. */
const HOP_HEADERS = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/**
 * @param nodes has `next()`: `{ name, port }` of a node that takes requests, or undefined where there is none
 * @param control answers requests of its own and says true, or leaves them to the nodes and says false
 */
export function createFront(nodes, control) {
  const front = createServer((incoming, outgoing) => {
    if (!control(incoming, outgoing)) forward(nodes, incoming, outgoing);
  });
  front.on('upgrade', (incoming, socket, head) => tunnel(nodes, incoming, socket, head));
  return front;
}

function forward(nodes, incoming, outgoing, attempts = 3) {
  const node = nodes.next();
  if (!node) return refuse(outgoing, 503, 'no node is there');
  const { method, url } = incoming;
  const headers = endToEnd(incoming.headers);
  if (incoming.headers['transfer-encoding']) headers['transfer-encoding'] = 'chunked';
  const onward = ask({ host: '127.0.0.1', port: node.port, method, path: url, headers, agent: false });
  outgoing.on('close', () => onward.destroy());
  onward.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode, { ...endToEnd(answer.headers), 'X-Served-By': node.name });
    outgoing.flushHeaders();
    answer.on('error', () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  onward.on('error', () => {
    if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
    else if (method === 'GET' && attempts > 1) forward(nodes, incoming, outgoing, attempts - 1);
    else refuse(outgoing, 502, `node ${node.name} is gone`);
  });
  incoming.pipe(onward);
}

/** The bytes of both sides as they are, from the request on. */
function tunnel(nodes, incoming, socket, head) {
  const node = nodes.next();
  if (!node) {
    socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n');
    return;
  }
  const onward = connect(node.port, '127.0.0.1', () => {
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let at = 0; at < incoming.rawHeaders.length; at += 2)
      lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
    onward.write(`${lines.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    onward.pipe(socket).pipe(onward);
  });
  for (const [side, other] of [
    [onward, socket],
    [socket, onward],
  ]) {
    side.setNoDelay(true);
    side.on('error', () => {});
    // What was said last, such as why it ends, is still on its way out.
    side.on('close', () => other.destroySoon());
  }
}

function refuse(outgoing, status, detail) {
  outgoing.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Retry-After': '1' }).end(`${detail}\n`);
}

function endToEnd(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.includes(name)));
}

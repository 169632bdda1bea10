/** The admin's page: what it does, it does through the REST API with the admin's own token, as any back office would. */
import {
  $,
  avatar,
  el,
  focusHeading,
  leave,
  onSubmit,
  setUpTheme,
  showDoor,
  showSignedIn,
  timeOf,
  whileWaiting,
} from './page.js';
import { Session } from './session.js';

const SCOPE = 'push:admin push:send push:broadcast';
const REFRESH_MS = 2000;
const MOST_SENDS_SHOWN = 20;

const session = new Session('larkspur.admin');
let knownOrders = new Map();

setUpTheme($('#theme'));
onSubmit($('#sign-in'), async ({ user }) => {
  await session.signIn({ user: user.trim(), scope: SCOPE });
  enter();
});
onSubmit($('#token-form'), ({ token }) => {
  session.useToken(token);
  enter();
});
if (session.restore()) open();
else showDoor();

function enter() {
  open();
  focusHeading();
}

function open() {
  showSignedIn(true);
  $('#me').replaceChildren(avatar(session.user), session.user);
  $('#sign-out').addEventListener('click', async () => {
    await session.end();
    leave();
  });
  setUpComposer();
  onSubmit($('#order-form'), async ({ orderId, userId, status }) => {
    const receipt = await call('POST', `/orders/${encodeURIComponent(orderId.trim())}/status`, {
      userId: userId.trim(),
      status,
    });
    noteSend(`Order ${orderId.trim()}: ${status}`, `user ${userId.trim()}`, receipt);
  });
  void refreshForEver();
}

function setUpComposer() {
  const form = $('#send-form');
  const showFields = () => {
    const audience = new FormData(form).get('audience');
    for (const field of form.querySelectorAll('[data-audience]')) {
      field.hidden = field.dataset.audience !== audience;
      $('input', field).disabled = field.hidden;
    }
  };
  form.addEventListener('change', showFields);
  showFields();
  onSubmit(form, async ({ audience, userId, group, title, text }) => {
    const { path, event, data, to } = {
      all: () => ({ path: '/push/broadcast', event: 'announcement', data: {}, to: 'everyone' }),
      user: () => ({
        path: `/push/users/${encodeURIComponent(userId.trim())}`,
        event: 'message',
        data: {},
        to: `user ${userId.trim()}`,
      }),
      group: () => ({
        path: `/push/groups/${encodeURIComponent(group.trim())}`,
        event: 'group.message',
        data: { group: group.trim() },
        to: `group ${group.trim()}`,
      }),
    }[audience]();
    // Counted on all nodes, and once everyone who can has taken it.
    const message = { event, data: { ...data, title: title.trim(), text: text.trim() }, report: true };
    const receipt = await call('POST', path, message);
    noteSend(title.trim() || text.trim(), to, receipt);
    for (const name of ['title', 'text']) form.elements[name].value = '';
    form.elements.title.focus();
  });
}

/** The receipt's own words: matched is what the routing table held, written what the sockets had taken by the answer. */
function noteSend(what, to, { matched, written }) {
  const reach = `matched ${count(matched.users, 'user')}, ${count(matched.connections, 'connection')}; written to ${written}`;
  const list = $('#sends');
  list.prepend(
    el(
      'li.send.arrives',
      {},
      el('p.send-head', {}, el('strong', {}, what), timeOf()),
      el('p.send-reach', {}, `${to} · ${reach}`),
    ),
  );
  while (list.children.length > MOST_SENDS_SHOWN) list.lastElementChild.remove();
  $('#send-status').textContent = `Accepted for ${to}: ${reach}.`;
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

async function refreshForEver() {
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
  }
}

async function refresh() {
  try {
    const [stats, connections, orders] = await Promise.all([
      call('GET', '/push/stats'),
      call('GET', '/push/connections?limit=100'),
      call('GET', '/orders'),
    ]);
    showStats(stats);
    showConnections(connections);
    showOrders(orders.items);
    showState('live', 'Live');
  } catch (error) {
    showState(error.status === 403 ? 'stopped' : 'waiting', error.status === 403 ? 'Not allowed' : 'No answer');
  }
}

function showState(state, text) {
  $('#state').dataset.state = state;
  $('#state-text').textContent = text;
}

function showStats({ users, connections, groups, nodes }) {
  $('#stat-users').textContent = users;
  $('#stat-connections').textContent = connections.ws + connections.sse + connections.poll;
  $('#stat-groups').textContent = groups;
  $('#stat-nodes').textContent = nodes;
}

/** Rows are kept while they stand for the same connection: a button under a finger or the keyboard's focus must stay. */
function showConnections({ items, cursor }) {
  const body = $('#connections');
  const rows = new Map([...body.children].map((row) => [row.dataset.connection, row]));
  for (const connection of items) {
    const row = rows.get(connection.connectionId) ?? rowOf(connection);
    rows.delete(connection.connectionId);
    $('.groups', row).replaceChildren(...connection.groups.map((group) => el('span.tag', {}, group)));
    if (!row.isConnected) body.append(row);
  }
  const hadFocus = [...rows.values()].some((row) => row.contains(document.activeElement));
  for (const row of rows.values()) row.remove();
  $('#nobody').hidden = items.length > 0;
  if (hadFocus) (items.length > 0 ? $('.table-frame') : $('#connections-title')).focus();
  $('#connections-note').textContent = cursor ? 'the first 100' : '';
}

function rowOf({ connectionId, userId, transport, address, connectedAt }) {
  const disconnect = ({ currentTarget }) =>
    whileWaiting(currentTarget, async () => {
      await call('DELETE', `/push/connections/${encodeURIComponent(connectionId)}`).catch(() => {});
      await refresh();
    });
  return el(
    'tr',
    { 'data-connection': connectionId, 'data-user-row': userId },
    el('td', {}, el('span.who', {}, avatar(userId), userId)),
    el('td.groups'),
    el('td', {}, transport),
    el('td', {}, address),
    el('td', {}, timeOf(connectedAt)),
    el(
      'td.actions',
      {},
      el('button.quiet', { type: 'button', click: disconnect, 'aria-label': `Disconnect ${userId}` }, 'Disconnect'),
    ),
  );
}

function showOrders(orders) {
  $('#known-orders').replaceChildren(
    ...orders.map(({ orderId, userId, item }) => el('option', { value: orderId }, `${item ?? 'Order'} for ${userId}`)),
  );
  knownOrders = new Map(orders.map((order) => [String(order.orderId), order]));
}

$('#order-id').addEventListener('input', ({ target }) => {
  const order = knownOrders.get(target.value.trim());
  if (order) $('#order-user').value = order.userId;
});

/** One call with the admin's token; a token that the server no longer takes is renewed once. */
async function call(method, path, body, fresh = false) {
  const response = await fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${await session.token({ fresh })}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (response.status === 401 && !fresh) return call(method, path, body, true);
  const answer = response.status === 204 ? undefined : await response.json();
  if (response.ok) return answer;
  const details =
    answer.errors?.map(({ pointer, detail }) => `${pointer}: ${detail}`) ?? [answer.detail ?? answer.message].flat();
  throw Object.assign(new Error(details.join('; ')), { status: response.status });
}

import { $, el, timeOf, whileWaiting } from './page.js';

const STEPS = ['placed', 'packed', 'shipped', 'delivered'];

/** The user's orders: those the shop knows of when the page opens or has missed something, and each change as it happens. */
export function setUpOrders(push) {
  const list = $('#orders');
  const known = new Map();

  const show = (change, isNews) => {
    const key = String(change.orderId);
    const order = { ...known.get(key), ...change };
    known.set(key, order);
    rowWith(list, key)?.remove();
    list.prepend(rowOf(order, isNews));
    $('#order-count').textContent = list.children.length;
  };
  const fetchAll = async () => {
    const { items } = await push.request('orders.list');
    for (const order of items.toReversed()) show(order, false);
    return items;
  };

  push.on('order.status', (data, { ts }) => show({ ...data, updatedAt: ts }, true));
  push.on('push:gap', async ({ reason }) => {
    const seen = [...known.keys()];
    const items = await fetchAll().catch(() => undefined);
    // A server that has begun anew counts its orders anew: what it no longer knows must not be taken for a new one.
    if (reason === 'reset' && items)
      forget(seen.filter((key) => !items.some(({ orderId }) => String(orderId) === key)));
  });
  const forget = (keys) => {
    for (const key of keys) {
      known.delete(key);
      const row = rowWith(list, key);
      row?.removeAttribute('data-order');
      row?.classList.add('past');
    }
  };
  for (const button of document.querySelectorAll('[data-item]')) {
    button.addEventListener('click', () => void whileWaiting(button, () => order(button, push, show)));
  }
  return fetchAll().catch(
    (error) => ($('#shop-note').textContent = `The orders could not be fetched: ${error.message}.`),
  );
}

async function order(button, push, show) {
  const note = $('#shop-note');
  note.textContent = '';
  try {
    show(await push.request('order.place', { item: button.dataset.item }), false);
  } catch (error) {
    note.textContent = `The order was not placed: ${error.message}.`;
  }
}

const rowWith = (list, key) => [...list.children].find((row) => row.dataset.order === key);

function rowOf({ orderId, item, status, updatedAt }, isNews) {
  const reached = STEPS.indexOf(status);
  const track = STEPS.map((step, index) => el('span', { 'data-reached': String(index <= reached) }));
  return el(
    isNews ? 'li.order.arrives' : 'li.order',
    { 'data-order': String(orderId) },
    el(
      'p.order-head',
      {},
      el('strong', {}, item ?? 'Order'),
      el('span.order-id', {}, `#${orderId}`),
      timeOf(updatedAt),
    ),
    el(
      'div.order-progress',
      {},
      reached < 0 ? undefined : el('div.track', { 'aria-hidden': 'true' }, ...track),
      el('span.status', { 'data-status': status }, status),
    ),
  );
}

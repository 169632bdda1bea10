import { $, el, timeOf } from './page.js';

const STEPS = ['placed', 'packed', 'shipped', 'delivered'];

/** The user's orders: those the shop knows of when the page connects, and each change as it happens. */
export function setUpOrders(push) {
  const list = $('#orders');
  const known = new Map();

  const show = (change, isNews) => {
    const order = { ...known.get(change.orderId), ...change };
    known.set(change.orderId, order);
    const old = [...list.children].find((row) => row.dataset.order === String(order.orderId));
    old?.remove();
    list.prepend(rowOf(order, isNews));
    $('#order-count').textContent = list.children.length;
  };

  push.addEventListener('welcome', async () => {
    try {
      const { items } = await push.request('orders.list');
      for (const order of items.toReversed()) show(order, false);
    } catch {
      // The connection is gone again; the next welcome asks anew.
    }
  });
  for (const button of document.querySelectorAll('[data-item]')) {
    button.addEventListener('click', () => void order(button, push, show));
  }
  return { 'order.status': ({ data, ts }) => show({ ...data, updatedAt: ts }, true) };
}

async function order(button, push, show) {
  const note = $('#shop-note');
  note.textContent = '';
  button.disabled = true;
  try {
    show(await push.request('order.place', { item: button.dataset.item }), false);
  } catch (error) {
    note.textContent = `The order was not placed: ${error.message}.`;
  } finally {
    button.disabled = false;
  }
}

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

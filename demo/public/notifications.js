import { $, el, icon, timeOf } from './page.js';

const MOST_SHOWN = 50;

const KINDS = {
  announcement: { icon: 'megaphone', label: () => 'To everyone' },
  message: { icon: 'envelope', label: () => 'To you' },
  'group.message': {
    icon: 'people',
    label: (data) => (typeof data?.group === 'string' ? `To group ${data.group}` : 'To a group'),
  },
};

/** Announcements and messages, latest first. */
export function setUpNotifications(push) {
  const list = $('#notifications');
  for (const [event, kind] of Object.entries(KINDS)) {
    push.on(event, (data, { ts }) => {
      list.prepend(itemOf(kind, event, data, ts));
      while (list.children.length > MOST_SHOWN) list.lastElementChild.remove();
      $('#notification-count').textContent = list.children.length;
    });
  }
}

function itemOf(kind, event, data, ts) {
  const title = typeof data?.title === 'string' && data.title !== '' ? data.title : undefined;
  const text = typeof data?.text === 'string' ? data.text : JSON.stringify(data);
  return el(
    'li.notification.arrives',
    { 'data-event': event },
    el('span.badge', {}, icon(kind.icon)),
    el(
      'div.notification-body',
      {},
      el('p.notification-head', {}, el('span.kind', {}, kind.label(data)), timeOf(ts)),
      title && el('h3', {}, title),
      el('p', {}, text),
    ),
  );
}

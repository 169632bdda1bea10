import { choiceOfAddress, keepChoice } from './connection.js';
import { $, hide } from './page.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

const NAMES = { ws: 'WebSocket', sse: 'SSE', poll: 'long polling' };

const GAPS = {
  reset: 'Some messages may be missing: the server has started anew.',
  expired: 'Some messages are missing: you were away for longer than the server keeps them.',
  invalid_cursor: 'Some messages may be missing: the server did not know where this page had stopped.',
  skipped: 'Some messages were left out: this page was not reading fast enough.',
};

/** Says at the top whether the page is live and over what, lets the visitor switch it, and says plainly what was missed. */
export function setUpConnectionState(push) {
  showState(push);
  showWire(push);
  letSwitch(push);
  push.on('push:gap', ({ reason }) => {
    $('#notice-text').textContent =
      `${GAPS[reason] ?? GAPS.expired} What was shown is still here; the orders were fetched again.`;
    $('#notice').hidden = false;
  });
  $('#notice-close').addEventListener('click', () => hide($('#notice')));
}

function showState(push) {
  let countdown;

  const show = (state, text) => {
    $('#state').dataset.state = state;
    $('#state-text').textContent = text;
    $('#state-wait').textContent = '';
  };
  const warn = (text, offersRetry = true) => {
    $('#banner-text').textContent = text;
    if (text === '') return hide($('#banner'));
    $('#banner').hidden = false;
    if (offersRetry) $('#retry').hidden = false;
    else hide($('#retry'));
  };
  const onState = {
    connecting: () => show('connecting', 'Connecting'),
    live: ({ transport }) => {
      show('live', `Live · ${NAMES[transport]}`);
      warn('');
    },
    waiting: ({ retryInMs, error }) => {
      show('waiting', 'Waiting');
      const untilMs = Date.now() + retryInMs;
      // Apart from the state, which is read out whenever it changes.
      const tick = () => ($('#state-wait').textContent = ` ${Math.max(0, Math.ceil((untilMs - Date.now()) / 1000))} s`);
      tick();
      countdown = setInterval(tick, 250);
      const noToken = error?.code === 'token_failed' && error.cause?.message;
      warn(noToken || 'The connection is lost. What you write now is sent when it is back.');
    },
    offline: () => {
      show('waiting', 'Offline');
      warn('You are offline. What you write now is sent when you are back.', false);
    },
    closed: ({ error }) => {
      show('stopped', 'Disconnected');
      warn(`The server ended this connection: ${error?.message ?? 'no reason given'}.`);
    },
  };

  push.on('push:status', (status) => {
    clearInterval(countdown);
    onState[status.state](status);
  });
  $('#retry').addEventListener('click', () => push.connect());
}

/**
 * At the foot, for who wants to know. A poll has no greeting: what it has to say is the transport. Which of several
 * nodes it is tells the node itself, over the connection.
 */
function showWire(push) {
  let lives = 0;
  let welcome;
  let node;

  const show = (transport) => {
    const parts = [
      `over ${NAMES[transport]}`,
      node && `node ${node}`,
      welcome && `connection ${welcome.connectionId}`,
      welcome && `token until ${clock.format(new Date(welcome.expiresAt))}`,
      lives > 1 && `${lives - 1} reconnect${lives > 2 ? 's' : ''}`,
    ];
    $('#wire').textContent = parts.filter(Boolean).join(' · ');
  };

  push.on('push:welcome', (data) => (welcome = data));
  push.on('push:status', ({ state, transport }) => {
    if (state === 'connecting') [welcome, node] = [];
    if (state !== 'live') return;
    const life = ++lives;
    queueMicrotask(() => show(transport));
    const tell = ({ node: name }) => {
      if (life !== lives || !name) return;
      node = name;
      show(transport);
    };
    // Each poll may go to another node, so there is none to name.
    if (transport !== 'poll') push.request('node.name').then(tell, () => {});
  });
}

function letSwitch(push) {
  const form = $('#transports');
  form.elements.transport.value = choiceOfAddress();
  form.addEventListener('change', ({ target }) => {
    keepChoice(target.value);
    push.connect(target.value);
  });
}

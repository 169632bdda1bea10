import { $ } from './page.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** Says at the top whether the page is live, and at the foot over what. */
export function setUpConnectionState(push) {
  const pill = $('#state');
  const banner = $('#banner');
  let countdown;
  let welcomes = 0;

  const show = (state, text) => {
    pill.dataset.state = state;
    $('#state-text').textContent = text;
  };
  const warn = (text, offersRetry) => {
    banner.hidden = text === '';
    $('#banner-text').textContent = text;
    $('#retry').hidden = !offersRetry;
  };

  const onState = {
    connecting: () => show('connecting', 'Connecting'),
    live: () => {
      show('live', 'Live');
      warn('', false);
    },
    waiting: ({ retryInMs }) => {
      show('waiting', 'Offline');
      const untilMs = Date.now() + retryInMs;
      const tick = () => {
        const seconds = Math.ceil((untilMs - Date.now()) / 1000);
        warn(
          seconds > 0 ? `The connection is lost. Next try in ${seconds} s.` : 'The connection is lost. Trying again.',
          true,
        );
      };
      tick();
      countdown = setInterval(tick, 250);
    },
    stopped: ({ reason }) => {
      show('stopped', 'Disconnected');
      if (reason) warn(`The server ended this connection: ${reason}.`, true);
    },
  };

  push.addEventListener('state', ({ detail }) => {
    clearInterval(countdown);
    onState[detail.state](detail);
  });
  push.addEventListener('welcome', ({ detail }) => {
    welcomes += 1;
    $('#wire').textContent = [
      'WebSocket',
      `connection ${detail.connectionId}`,
      `token until ${clock.format(new Date(detail.expiresAt))}`,
      welcomes > 1 ? `${welcomes - 1} reconnect${welcomes > 2 ? 's' : ''}` : undefined,
    ]
      .filter(Boolean)
      .join(' · ');
  });
  $('#retry').addEventListener('click', () => push.connect());
  addEventListener('online', () => pill.dataset.state === 'waiting' && push.connect());
}

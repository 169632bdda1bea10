/** The customer's page: signs in, connects, and hands each message to the part of the page that shows it. */
import { setUpChat } from './chat.js';
import { setUpConnectionState } from './connection-state.js';
import { setUpNotifications } from './notifications.js';
import { setUpOrders } from './orders.js';
import { $, avatar, onSubmit, setUpTheme, showSignedIn, words } from './page.js';
import { PushSocket } from './push.js';
import { Session } from './session.js';

const session = new Session('larkspur.shop');

setUpTheme($('#theme'));
onSubmit($('#sign-in'), async ({ user, groups }) => {
  await session.signIn({ user: user.trim(), groups: words(groups) });
  open();
});
onSubmit($('#token-form'), ({ token }) => {
  session.useToken(token);
  open();
});
for (const button of document.querySelectorAll('[data-user]')) {
  button.addEventListener('click', () => {
    $('#user').value = button.dataset.user;
    $('#sign-in').requestSubmit();
  });
}
if (session.restore()) open();
else showSignedIn(false);

function open() {
  showSignedIn(true);
  document.title = `${session.user} · Larkspur`;
  $('#me').replaceChildren(avatar(session.user), session.user);
  $('#hello-name').textContent = session.user;

  const url = new URL('/push/ws', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const push = new PushSocket(url, (options) => session.token(options));
  const handlers = { ...setUpNotifications(), ...setUpOrders(push), ...setUpChat(push, session.user) };
  push.addEventListener('message', ({ detail }) => handlers[detail.event]?.(detail));
  setUpConnectionState(push);
  $('#sign-out').addEventListener('click', async () => {
    push.stop();
    await session.end();
    location.reload();
  });
  void push.connect();
}

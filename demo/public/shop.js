/** The customer's page: signs in, connects, and lets each part of the page listen for what it shows. */
import { setUpChat } from './chat.js';
import { setUpConnectionState } from './connection-state.js';
import { ShopConnection, choiceOfAddress } from './connection.js';
import { setUpNotifications } from './notifications.js';
import { setUpOrders } from './orders.js';
import { $, avatar, focusHeading, leave, onSubmit, setUpTheme, showDoor, showSignedIn, words } from './page.js';
import { Session } from './session.js';

const session = new Session('larkspur.shop');

setUpTheme($('#theme'));
onSubmit($('#sign-in'), async ({ user, groups }) => {
  await session.signIn({ user: user.trim(), groups: words(groups) });
  enter();
});
onSubmit($('#token-form'), ({ token }) => {
  session.useToken(token);
  enter();
});
for (const button of document.querySelectorAll('[data-user]')) {
  button.addEventListener('click', () => {
    $('#user').value = button.dataset.user;
    $('#sign-in').requestSubmit();
  });
}
if (session.restore()) open();
else showDoor();

function enter() {
  open();
  focusHeading();
}

function open() {
  showSignedIn(true);
  document.title = `${session.user} · Larkspur`;
  $('#me').replaceChildren(avatar(session.user), session.user);
  $('#hello-name').textContent = session.user;

  const push = new ShopConnection(tokensOf(session), choiceOfAddress());
  push.connect();
  setUpConnectionState(push);
  setUpNotifications(push);
  void setUpOrders(push);
  void setUpChat(push, session.user);
  $('#sign-out').addEventListener('click', async () => {
    push.close();
    await session.end();
    leave();
  });
}

/** The first token is the one at hand. Who asks again was refused with it, or sees its end come. */
function tokensOf(session) {
  let isAskedAgain = false;
  return () => {
    const token = session.token({ fresh: isAskedAgain });
    isAskedAgain = true;
    return token;
  };
}

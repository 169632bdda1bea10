import { $, avatar, el, onSubmit, timeOf } from './page.js';

const MOST_SHOWN = 200;
const TYPING_SHOWN_MS = 3000;
const TYPING_TOLD_MS = 2000;
/** Who has written what the server sends by itself. */
const SERVER = 'Larkspur';

/** One room at a time. Joining and sending are the protocol's own frames; the server's part is to allow them. */
export function setUpChat(push, me) {
  const log = $('#chat-log');
  const typing = $('#typing');
  let room;
  let typingTimer;
  let toldTypingAtMs = 0;
  /** What was written here and has not come back yet, by the mark that it was sent with. */
  const pending = new Map();

  const append = (node) => {
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(node);
    while (log.children.length > MOST_SHOWN) log.firstElementChild.remove();
    if (wasAtEnd) log.scrollTop = log.scrollHeight;
  };
  const note = (text) => append(el('li.chat-note', {}, text));

  const enter = async (name) => {
    const next = `room:${name}`;
    if (room && room !== next) await push.leave(room);
    await push.join(next);
    if (room !== next) log.replaceChildren();
    room = next;
    $('#room-name').textContent = name;
    note(`You are in ${room}.`);
  };
  const takeAway = (mark) => {
    pending.get(mark)?.remove();
    pending.delete(mark);
  };
  /** What was written stands greyed at the end until the server has it; what it did not take says so. */
  const say = async (text) => {
    const mark = Math.random().toString(36).slice(2);
    const bubble = el('li.bubble.mine.pending', {}, el('div.bubble-body', {}, el('p', {}, text)));
    pending.set(mark, bubble);
    append(bubble);
    try {
      await push.send({ group: room }, 'room.message', { room, text, mark });
      takeAway(mark);
    } catch (error) {
      pending.delete(mark);
      const isUnknown = error.code === 'unknown_outcome';
      bubble.classList.replace('pending', 'failed');
      $('p', bubble).append(el('small', {}, isUnknown ? ' (perhaps not sent)' : ` (not sent: ${error.message})`));
    }
  };

  onSubmit($('#room-form'), ({ name }) => enter(name.trim()));
  onSubmit($('#chat-form'), ({ text }) => {
    if (text.trim() === '' || !room) return;
    $('#chat-text').value = '';
    toldTypingAtMs = 0;
    void say(text.trim());
  });
  $('#chat-text').addEventListener('input', () => {
    if (!room || Date.now() - toldTypingAtMs < TYPING_TOLD_MS || $('#state').dataset.state !== 'live') return;
    toldTypingAtMs = Date.now();
    push.request('chat.typing', { room }).catch(() => {});
  });

  push.on('push:gap', () => note('Something may be missing here.'));
  push.on('room.message', (data, { from, ts }) => {
    if (data.room !== undefined && data.room !== room) return;
    if (typing.dataset.user === from) typing.textContent = '';
    // One's own message often comes before the answer to its sending.
    if (from === me) takeAway(data.mark);
    append(bubbleOf(from ?? SERVER, data.text, ts, from === me));
  });
  push.on('chat.typing', (data) => {
    if (data.room !== room) return;
    typing.dataset.user = data.user;
    typing.textContent = `${data.user} is writing…`;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => (typing.textContent = ''), TYPING_SHOWN_MS);
  });
  return enter($('#room').value).catch((error) => note(error.message));
}

function bubbleOf(from, text, ts, isMine) {
  return el(
    isMine ? 'li.bubble.mine' : 'li.bubble',
    { 'data-from': from },
    avatar(from),
    el(
      'div.bubble-body',
      {},
      el('p.bubble-head', {}, el('strong', {}, isMine ? 'You' : from), timeOf(ts)),
      el('p', {}, text),
    ),
  );
}

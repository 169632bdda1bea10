import { $, avatar, el, onSubmit, timeOf } from './page.js';

const MOST_SHOWN = 200;
const TYPING_SHOWN_MS = 3000;
const TYPING_TOLD_MS = 2000;

/** One room at a time. Joining and sending are the protocol's own frames; the server's part is to allow them. */
export function setUpChat(push, me) {
  const log = $('#chat-log');
  const typing = $('#typing');
  let room;
  let typingTimer;
  let toldTypingAtMs = 0;
  let wasLive = false;

  const append = (node) => {
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(node);
    while (log.children.length > MOST_SHOWN) log.firstElementChild.remove();
    if (wasAtEnd) log.scrollTop = log.scrollHeight;
  };
  const note = (text) => append(el('li.chat-note', {}, text));

  const enter = async (name) => {
    const next = `room:${name}`;
    if (room && room !== next) await push.request('push:leave', { group: room });
    await push.request('push:join', { group: next });
    if (room !== next) log.replaceChildren();
    room = next;
    $('#room-name').textContent = name;
    note(wasLive ? 'You are back. What was written meanwhile is not shown.' : `You are in ${room}.`);
    wasLive = false;
  };

  onSubmit($('#room-form'), ({ name }) => enter(name.trim()));
  onSubmit($('#chat-form'), async ({ text }) => {
    if (text.trim() === '') return;
    await push.request('push:send', { to: { group: room }, event: 'chat.message', data: { room, text: text.trim() } });
    $('#chat-text').value = '';
    toldTypingAtMs = 0;
  });
  $('#chat-text').addEventListener('input', () => {
    if (!room || Date.now() - toldTypingAtMs < TYPING_TOLD_MS) return;
    toldTypingAtMs = Date.now();
    push.request('chat.typing', { room }).catch(() => {});
  });
  push.addEventListener('welcome', async () => {
    wasLive = room !== undefined;
    try {
      await enter((room ?? `room:${$('#room').value}`).slice('room:'.length));
    } catch (error) {
      note(error.message);
    }
  });

  return {
    'chat.message': ({ data, from, ts }) => {
      if (data.room !== undefined && data.room !== room) return;
      if (typing.dataset.user === from) typing.textContent = '';
      append(bubbleOf(from, String(data.text), ts, from === me));
    },
    'chat.typing': ({ data }) => {
      if (data.room !== room) return;
      typing.dataset.user = data.user;
      typing.textContent = `${data.user} is writing…`;
      clearTimeout(typingTimer);
      typingTimer = setTimeout(() => (typing.textContent = ''), TYPING_SHOWN_MS);
    },
  };
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

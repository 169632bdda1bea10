/** What both pages need of the DOM. Text always goes in as text: what users write is never read as markup. */

export const $ = (selector, root = document) => root.querySelector(selector);

/** `el('p.note', { title: 'x' }, 'text', child)`. */
export function el(description, attributes = {}, ...children) {
  const [tag, ...classes] = description.split('.');
  const node = document.createElement(tag);
  if (classes.length > 0) node.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** An icon of the page's own sheet. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

/** A user's initial on a colour of the user's own. */
export function avatar(userId) {
  let hash = 0;
  for (const character of userId) hash = (hash * 31 + character.codePointAt(0)) % 9973;
  const node = el('span.avatar', { 'aria-hidden': 'true' }, [...userId][0].toUpperCase());
  // Steps of the golden angle keep neighbours apart on the colour wheel.
  node.style.setProperty('--hue', Math.round((hash * 137.508) % 360));
  return node;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** The time of day of an ISO text; now where there is none. */
export function timeOf(iso) {
  const date = iso ? new Date(iso) : new Date();
  return el('time.time', { datetime: date.toISOString(), title: date.toLocaleString() }, clock.format(date));
}

/** Runs a form without leaving the page, once at a time, and shows in its `.form-note` what went wrong. */
export function onSubmit(form, act) {
  const note = $('.form-note', form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    form.ariaBusy = 'true';
    say(note, '');
    try {
      await act(Object.fromEntries(new FormData(form)));
    } catch (error) {
      say(note, error.message);
    } finally {
      form.ariaBusy = 'false';
    }
  });
}

function say(note, text) {
  if (note) note.textContent = text;
}

/** The light or dark of the system until someone chooses. */
export function setUpTheme(button) {
  const root = document.documentElement;
  const chosen = localStorage.getItem('larkspur.theme');
  if (chosen) root.dataset.theme = chosen;
  button.addEventListener('click', () => {
    const isDark = root.dataset.theme
      ? root.dataset.theme === 'dark'
      : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = isDark ? 'light' : 'dark';
    localStorage.setItem('larkspur.theme', root.dataset.theme);
  });
}

/** Names and groups that were typed with commas or spaces between them. */
export const words = (text) => text.split(/[\s,]+/).filter(Boolean);

/** Shows either what is for guests or what is for who is signed in. */
export function showSignedIn(isSignedIn) {
  for (const node of document.querySelectorAll('[data-for]'))
    node.hidden = (node.dataset.for === 'member') !== isSignedIn;
}

const SIGNED_OUT = 'larkspur.signed-out';

/** Shows the door. Whoever came to it by signing out had the focus on a button that is gone, and finds it on the heading. */
export function showDoor() {
  showSignedIn(false);
  const hasSignedOut = sessionStorage.getItem(SIGNED_OUT) !== null;
  sessionStorage.removeItem(SIGNED_OUT);
  if (hasSignedOut) focusHeading();
}

/** Begins the page anew, at its door. */
export function leave() {
  sessionStorage.setItem(SIGNED_OUT, 'true');
  location.reload();
}

/** Gives the focus to the heading of what is shown, for what had it is gone: nowhere is no place to go on from by keyboard. */
export function focusHeading() {
  $('main:not([hidden]) h1').focus();
}

/** Hides a part of the page that goes on without it. */
export function hide(node) {
  const hadFocus = node.contains(document.activeElement);
  node.hidden = true;
  if (hadFocus) focusHeading();
}

/**
 * Does what a button asks for, once at a time. A button that is disabled meanwhile would lose the focus, and whoever
 * presses it twice by keyboard would press nothing the second time, so it only says that it waits.
 */
export async function whileWaiting(button, act) {
  if (button.ariaDisabled === 'true') return;
  button.ariaDisabled = 'true';
  try {
    await act();
  } finally {
    button.ariaDisabled = null;
  }
}

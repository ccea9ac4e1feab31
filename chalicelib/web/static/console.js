// The staff console: the token, the tabs that it opens, and the way from an address to a view.
// Addresses that mails link to: #/comments/<id> and #/enquiries/<reference>.

import { call, Refused, withQuery } from './api.js';
import { byId, el } from './dom.js';
import * as comments from './console-comments.js';
import * as enquiries from './console-enquiries.js';

const VIEWS = { comments, enquiries };
const TOKEN = 'frontdesk-token';
const ALLOWED = 'frontdesk-tabs';

const view = byId('view');
let turn = 0; // a later route wins over an answer that comes late

const staff = {
  call(path, options = {}) {
    const headers = { ...options.headers, Authorization: `Bearer ${sessionStorage.getItem(TOKEN)}` };
    return call(path, { ...options, headers });
  },
  say,
  fail,
  reload: () => route(true),
  // To another view, with a word that stays.
  go(address, words) {
    history.replaceState(null, '', address);
    say(words);
    return route(true);
  },
};

function say(...words) {
  byId('notice').replaceChildren(...words);
}

function allowedTabs() {
  return JSON.parse(sessionStorage.getItem(ALLOWED) ?? '[]');
}

function allow(names) {
  sessionStorage.setItem(ALLOWED, JSON.stringify(names));
  for (const name of Object.keys(VIEWS)) byId(`tab-${name}`).hidden = !names.includes(name);
}

async function mayOpen(name) {
  try {
    await staff.call(withQuery(VIEWS[name].path, 'limit', 1));
    return true;
  } catch (error) {
    if (error.status === 403) return false;
    throw error;
  }
}

async function signIn(token) {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    say('That does not look like a token. Please paste it again.');
    return;
  }
  sessionStorage.setItem(TOKEN, token);
  say('Signing in…');
  try {
    const names = Object.keys(VIEWS);
    const may = await Promise.all(names.map(mayOpen));
    allow(names.filter((_, index) => may[index]));
    say();
    await start();
  } catch (error) {
    signOut(error.status === 401 ? 'This token is not valid, or not any more.' : reason(error));
  }
}

function signOut(words = 'You are signed out.') {
  turn += 1;
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(ALLOWED);
  view.replaceChildren();
  byId('tabs').hidden = true;
  byId('sign-in').hidden = false;
  byId('token').value = '';
  say(words);
  byId('token').focus();
}

function reason(error) {
  if (!(error instanceof Refused)) return 'Something went wrong on this page. Please reload it.';
  if (error.status === 0) return 'No answer from the server. Please try again.';
  if (error.status === 404) return 'This is not there, or not any more.';
  if (error.isTemporary) return `This does not work just now. Please try again ${error.wait}.`;
  return error.message || 'The server refused this.';
}

// Also for the views: what to do with an error that they do not handle themselves.
function fail(error) {
  if (error.status === 401) signOut('This token is not valid any more. Please sign in again.');
  else say(reason(error));
}

async function route(keepNotice = false) {
  const [, name, id] = /^#\/([a-z]+)(?:\/(.+))?$/.exec(location.hash) ?? [];
  const tabs = allowedTabs();
  if (!tabs.includes(name)) {
    if (!tabs.length) {
      view.replaceChildren();
      say('This token opens neither comments nor enquiries.');
      return;
    }
    if (name in VIEWS) say('Your token does not open that part of the console.');
    history.replaceState(null, '', `#/${tabs[0]}`);
    await route(name in VIEWS);
    return;
  }
  const mine = ++turn;
  if (!keepNotice) say('Loading…');
  for (const each of Object.keys(VIEWS)) {
    if (each === name) byId(`tab-${each}`).setAttribute('aria-current', 'page');
    else byId(`tab-${each}`).removeAttribute('aria-current');
  }
  try {
    const shown = await (id ? VIEWS[name].one(staff, decodeURIComponent(id)) : VIEWS[name].list(staff));
    if (mine !== turn) return;
    view.replaceChildren(shown);
    if (!keepNotice) say();
    view.querySelector('h1').focus();
  } catch (error) {
    if (mine !== turn) return;
    if (error.status === 403) {
      allow(tabs.filter((each) => each !== name));
      await route();
      return;
    }
    view.replaceChildren(el('p', {}, el('a', { href: `#/${name}` }, `All ${name}`)));
    fail(error);
  }
}

async function start() {
  byId('sign-in').hidden = true;
  byId('tabs').hidden = false;
  allow(allowedTabs());
  await route();
}

window.addEventListener('hashchange', () => {
  const inPage = location.hash && !location.hash.startsWith('#/'); // the skip link
  if (sessionStorage.getItem(TOKEN) && !inPage) route();
});
byId('sign-out').addEventListener('click', () => signOut());
byId('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  signIn(byId('token').value.trim());
});

if (sessionStorage.getItem(TOKEN) && sessionStorage.getItem(ALLOWED)) start();
else byId('sign-in').hidden = false;

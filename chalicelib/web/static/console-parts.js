// What the console's views share.

import { withQuery } from './api.js';
import { el, time } from './dom.js';

export function heading(words) {
  return el('h1', { tabindex: '-1' }, words);
}

export function facts(pairs) {
  const list = el('dl', { class: 'facts' });
  for (const [term, value] of pairs) {
    if (value == null || value === '') continue;
    list.append(el('dt', {}, term), el('dd', {}, value));
  }
  return list;
}

export function urgent(item) {
  return item.priority === 'urgent' && el('span', { class: 'badge urgent' }, 'Urgent');
}

export function reasons(item) {
  return (item.reasons ?? []).map((each) => each.text || each.code).join(' · ');
}

// Only the address goes into the link, so that it cannot carry a subject, a copy or a text of its own.
export function mailLink(email) {
  return el('a', { href: `mailto:${encodeURIComponent(email).replace('%40', '@')}` }, email);
}

// "206 555 0100 ext. 5": the number ends where letters begin.
export function phoneLink(phone) {
  const number = phone.split(/\p{L}/u)[0].replace(/[^\d+]/g, '');
  return number.length < 3 ? phone : el('a', { href: `tel:${number}` }, phone);
}

// Who did what, as nodes to put one after the other.
export function historyOf(item) {
  const entries = (item.history ?? []).map((entry) => el('li', {},
    time(entry.at), `: ${[entry.actor, entry.action].filter(Boolean).join(', ')}`,
    entry.to ? ` (${[entry.from, entry.to].filter(Boolean).join(' to ')})` : null,
    entry.reason ? `, ${entry.reason}` : null));
  return entries.length ? [el('h2', {}, 'History'), el('ol', {}, ...entries)] : [];
}

let named = 0;

// A label with its field; `control` is an input, a textarea or a select.
export function field(label, control, hint = null) {
  named += 1;
  control.id = `field-${named}`;
  if (hint) control.setAttribute('aria-describedby', `hint-${named}`);
  return el('div', { class: 'field' },
    el('label', { for: control.id }, label),
    hint && el('p', { class: 'hint', id: `hint-${named}` }, hint),
    control);
}

// Sends what its fields hold by `send`, once at a time. What was typed stays until it has been accepted.
export function smallForm(staff, words, fields, send) {
  let busy = false;
  const form = el('form', {}, ...fields, el('button', { type: 'submit' }, words));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await send();
    } catch (error) {
      if (error.status === 412) {
        staff.say('Somebody else has changed this meanwhile. Nothing was saved; what you typed is still here. ',
          el('button', { type: 'button', class: 'plain', onclick: () => staff.reload() }, 'Show it as it is now'));
      } else {
        staff.fail(error);
      }
    } finally {
      busy = false;
    }
  });
  return form;
}

// A list of one status at a time, which can be chosen. `onStatus` is told of it before its items are drawn; `onList` gets
// each list that is shown.
export async function listByStatus(staff, { statuses, path, onStatus = () => {}, onList = () => {}, ...list }) {
  const status = choice(statuses, Object.keys(statuses)[0]);
  const holder = el('div');

  async function show() {
    onStatus(status.value);
    const shown = await pagedList(staff, { ...list, path: withQuery(path, 'status', status.value) });
    holder.replaceChildren(shown.node);
    onList(shown);
  }

  status.addEventListener('change', () => show().catch((error) => staff.fail(error)));
  await show();
  return el('div', {}, field('Status', status), holder);
}

// A select of `words` by value, with one of the values selected.
export function choice(words, value) {
  return el('select', {}, ...Object.entries(words).map(([each, shown]) => el('option', {
    value: each,
    selected: each === value,
  }, shown)));
}

// A list that fetches its pages one by one. `draw` makes an item's node, `key` names the array in the answer.
export async function pagedList(staff, { path, key, draw, none }) {
  const items = el('ol', { class: 'cards' });
  const empty = el('p', { hidden: true }, none);
  const more = el('button', { type: 'button', class: 'secondary', hidden: true }, 'Show more');
  let cursor = null;

  async function load() {
    const { data } = await staff.call(cursor ? withQuery(path, 'cursor', cursor) : path);
    const nodes = data[key].map((item) => draw(item));
    items.append(...nodes);
    cursor = data.next_cursor;
    more.hidden = !cursor;
    empty.hidden = items.childElementCount > 0 || Boolean(cursor);
    return nodes;
  }

  more.addEventListener('click', async () => {
    try {
      const nodes = await load();
      nodes[0]?.querySelector('h2')?.focus();
    } catch (error) {
      staff.fail(error);
    }
  });
  await load();
  return { node: el('div', {}, items, empty, more), items, empty, more };
}

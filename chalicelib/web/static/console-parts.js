// What the console's views share.

import { withQuery } from './api.js';
import { el } from './dom.js';

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

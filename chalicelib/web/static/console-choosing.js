// Several comments at once: put in order of their score, chosen, and marked as spam in one go. A person chooses
// and presses; nothing here decides by a score.

import { field, choice } from './console-parts.js';
import { el } from './dom.js';

const ORDERS = { waiting: 'As they wait: urgent first, then oldest first', spam: 'Most like spam first' };
const AT_ONCE = 100; // as many as one call takes

export const looksLikeSpam = (comment) => comment.reasons.some((reason) => reason.code === 'looks_like_spam');
export const percent = (score) => (score == null ? null : `${Math.floor(score * 100)} %`);

// A bar above a list, hidden while nothing in it has a score. `path` takes decisions in bulk; `gone` is told of each
// comment that was decided on.
export function choosing(staff, { path, gone }) {
  const drawn = []; // in the order in which they came
  const order = choice(ORDERS, 'waiting');
  const spam = el('button', { type: 'button', onclick: markSpam });
  const bar = el('div', { hidden: true },
    field('Order of what is shown below', order),
    el('div', { class: 'actions' },
      el('button', { type: 'button', class: 'secondary', onclick: chooseSpam }, 'Choose what looks like spam'),
      spam));
  let busy = false;
  order.addEventListener('change', sort);
  count();

  // Returns what to put into the comment's own node.
  function add(comment, node) {
    const box = el('input', { type: 'checkbox', id: `choose-${comment.id}` });
    box.addEventListener('change', count);
    drawn.push({ comment, node, box });
    if (comment.score != null) bar.hidden = false;
    queueMicrotask(sort); // once the whole page of the list is there
    return el('div', { class: 'check' }, box,
      el('label', { for: box.id }, `Choose the comment by ${comment.name}`));
  }

  // Those that still stand there: each that is decided on by itself is taken away.
  function present() {
    return drawn.filter(({ node }) => node.isConnected);
  }

  function chosen() {
    return present().filter(({ box }) => box.checked);
  }

  function sort() {
    const shown = present();
    if (order.value === 'spam') shown.sort((a, b) => (b.comment.score ?? -1) - (a.comment.score ?? -1));
    const list = shown[0]?.node.parentNode;
    // Only where something moves: it would lose the focus.
    if (list && shown.some(({ node }, at) => list.children[at] !== node)) list.append(...shown.map(({ node }) => node));
    count();
  }

  function count() {
    const number = chosen().length;
    spam.textContent = number === 1 ? 'Mark 1 chosen as spam' : `Mark ${number} chosen as spam`;
    spam.disabled = number === 0;
  }

  function chooseSpam() {
    for (const { comment, box } of present()) box.checked = looksLikeSpam(comment);
    count();
    const number = chosen().length;
    staff.say(number ? `${number} chosen. Please look at them before you go on.` : 'Nothing below looks like spam.');
  }

  async function markSpam() {
    const picked = chosen().slice(0, AT_ONCE);
    if (busy || !picked.length) return;
    if (!confirm(picked.length === 1 ? 'Mark this comment as spam?' : `Mark these ${picked.length} comments as spam?`)) return;
    busy = true;
    try {
      const decisions = picked.map(({ comment }) => ({ id: comment.id, revision: comment.revision, status: 'spam' }));
      const { data } = await staff.call(path, { method: 'POST', body: { decisions } });
      const done = new Set(data.results.filter((result) => result.status === 200).map((result) => result.id));
      for (const { comment, node } of picked) if (done.has(comment.id)) gone(node);
      count();
      const left = picked.length - done.size;
      staff.say(`Marked as spam: ${done.size}.`, left
        ? ` Not done: ${left}, for somebody else has decided on them meanwhile, or it did not work just now. `
        : '', left ? el('button', { type: 'button', class: 'plain', onclick: () => staff.reload() }, 'Show them as they are now') : '');
    } catch (error) {
      staff.fail(error);
    } finally {
      busy = false;
    }
  }

  return { bar, add };
}

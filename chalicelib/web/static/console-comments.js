// Comments: those that wait, and one with its history. Each decision is made on a known revision.

import { el, time } from './dom.js';
import { facts, heading, mailLink, pagedList, reasons, urgent } from './console-parts.js';

export const path = '/v1/staff/comments?status=pending';

const DECISIONS = [
  ['approved', 'Approve', 'Approved'],
  ['rejected', 'Reject', 'Rejected'],
  ['spam', 'Spam', 'Marked as spam'],
  ['pending', 'Put back to pending', 'Put back to pending'],
];

const address = (id) => `/v1/staff/comments/${encodeURIComponent(id)}`;
const link = (id) => `#/comments/${encodeURIComponent(id)}`;

export async function list(staff) {
  const comments = await pagedList(staff, { path, key: 'comments', none: 'No comment is waiting.', draw });

  function draw(comment) {
    const title = el('h2', { tabindex: '-1' }, urgent(comment), ' ', comment.name);
    const node = el('li', {}, title, details(comment), typed(comment));
    node.append(
      decisions(staff, comment, (_, done) => decided(node, comment, done)),
      el('p', {}, el('a', { href: link(comment.id), 'aria-label': `History of the comment by ${comment.name}` },
        'History')),
    );
    return node;
  }

  function decided(node, comment, done) {
    const next = node.nextElementSibling ?? node.previousElementSibling;
    node.remove();
    staff.say(`${done}: the comment by ${comment.name}. `, el('a', { href: link(comment.id) }, 'Open it again'));
    if (next) next.querySelector('h2').focus();
    else if (comments.more.hidden) comments.empty.hidden = false;
    else comments.more.click();
  }

  return el('div', {}, heading('Pending comments'), comments.node);
}

export async function one(staff, id) {
  const { data: comment } = await staff.call(address(id));
  const history = (comment.history ?? []).map((entry) => el('li', {},
    time(entry.at), `: ${[entry.actor, entry.action].filter(Boolean).join(', ')}`,
    entry.to ? ` (${[entry.from, entry.to].filter(Boolean).join(' to ')})` : null,
    entry.reason ? `, ${entry.reason}` : null));
  return el('div', {},
    heading(`Comment by ${comment.name}`),
    urgent(comment) && el('p', {}, urgent(comment)),
    details(comment, [['Status', comment.status], ['Decided by', comment.decided_by]]),
    typed(comment),
    decisions(staff, comment, (_, done) => {
      staff.say(`${done}.`);
      staff.reload();
    }),
    history.length ? el('h2', {}, 'History') : null,
    history.length ? el('ol', {}, ...history) : null,
    el('p', {}, el('a', { href: '#/comments' }, 'All pending comments')));
}

function details(comment, extra = []) {
  return facts([
    ...extra,
    ['Email', mailLink(comment.email)],
    ['Page', comment.page],
    ['Written', time(comment.created_at)],
    ['Answers', comment.parent_id ? el('a', { href: link(comment.parent_id) }, 'another comment') : null],
    ['Why it waits', reasons(comment)],
  ]);
}

function typed(comment) {
  const redacted = comment.original_text && comment.original_text !== comment.text;
  return el('div', {},
    el('p', { class: 'typed', dir: 'auto' }, comment.text),
    redacted && el('p', { class: 'quiet' }, 'As first written, for staff only:'),
    redacted && el('p', { class: 'typed', dir: 'auto' }, comment.original_text));
}

function decisions(staff, comment, onDecided) {
  let busy = false;

  async function decide(status, done) {
    if (busy) return;
    busy = true;
    try {
      const { data } = await staff.call(address(comment.id), {
        method: 'PATCH',
        headers: { 'If-Match': `"${comment.revision}"` },
        body: { status },
      });
      onDecided(data, done);
    } catch (error) {
      if (error.status === 412 || error.code === 'illegal_transition') {
        staff.say('Somebody else has decided on this comment meanwhile. Nothing was changed; this is how it is now.');
        staff.reload();
      } else {
        staff.fail(error);
      }
    } finally {
      busy = false;
    }
  }

  const buttons = DECISIONS.filter(([status]) => status !== comment.status).map(([status, words, done]) => el('button', {
    type: 'button',
    class: status === 'approved' ? null : 'secondary',
    'aria-label': `${words}: the comment by ${comment.name}`,
    onclick: () => decide(status, done),
  }, words));
  return el('div', { class: 'actions' }, ...buttons);
}

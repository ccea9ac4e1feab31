// Comments: those that wait, and one with its history. Each decision is made on a known revision.

import { newKey, withQuery } from './api.js';
import { choosing, percent } from './console-choosing.js';
import { el, time } from './dom.js';
import {
  facts, field, heading, historyOf, listByStatus, mailLink, reasons, smallForm, urgent,
} from './console-parts.js';

export const path = '/v1/staff/comments';

const STATUSES = { pending: 'pending', approved: 'approved', rejected: 'rejected', spam: 'spam' };

const DECISIONS = [
  ['approved', 'Approve', 'Approved'],
  ['rejected', 'Reject', 'Rejected'],
  ['spam', 'Spam', 'Marked as spam'],
  ['pending', 'Put back to pending', 'Put back to pending'],
];

const address = (id) => `/v1/staff/comments/${encodeURIComponent(id)}`;
const link = (id) => `#/comments/${encodeURIComponent(id)}`;

export async function list(staff) {
  let comments;
  let choice;
  const bar = el('div');
  const shown = await listByStatus(staff, {
    statuses: STATUSES,
    path,
    key: 'comments',
    none: 'There is no such comment.',
    draw,
    onStatus: (status) => {
      choice = status === 'pending' && choosing(staff, { path: `${path}/bulk`, gone });
      bar.replaceChildren(...(choice ? [choice.bar] : []));
    },
    onList: (list) => { comments = list; },
  });

  function draw(comment) {
    const title = el('h2', { tabindex: '-1' }, urgent(comment), ' ', comment.name);
    const node = el('li', {}, title, details(comment), typed(comment));
    node.append(
      decisions(staff, comment, (_, done) => decided(node, comment, done)),
      el('p', {}, el('a', { href: link(comment.id), 'aria-label': `Answer, erase, history: the comment by ${comment.name}` },
        'Answer, erase, history')),
    );
    if (choice) node.prepend(choice.add(comment, node));
    return node;
  }

  function decided(node, comment, done) {
    staff.say(`${done}: the comment by ${comment.name}. `, el('a', { href: link(comment.id) }, 'Open it again'));
    gone(node);
  }

  function gone(node) {
    const next = node.nextElementSibling ?? node.previousElementSibling;
    node.remove();
    if (next) next.querySelector('h2').focus();
    else if (comments.more.hidden) comments.empty.hidden = false;
    else comments.more.click();
  }

  return el('div', {}, heading('Comments'), bar, shown);
}

export async function one(staff, id) {
  const { data: comment } = await staff.call(address(id));
  const thread = await threadOf(staff, comment);
  return el('div', {},
    heading(`Comment by ${comment.name}`),
    urgent(comment) && el('p', {}, urgent(comment)),
    details(comment, [['Status', comment.status], ['Decided by', comment.decided_by]]),
    typed(comment),
    ...proposal(staff, comment),
    decisions(staff, comment, (_, done) => {
      staff.say(`${done}.`);
      staff.reload();
    }),
    ...(comment.status === 'approved' ? answer(staff, comment) : []),
    ...(thread ? closing(staff, thread) : []),
    ...(comment.staff ? [] : handingOver(staff, comment)),
    ...erasing(staff, comment),
    ...historyOf(comment),
    el('p', {}, el('a', { href: '#/comments' }, 'All comments')));
}

function details(comment, extra = []) {
  return facts([
    ...extra,
    ['Email', comment.email && mailLink(comment.email)],
    ['Page', comment.page],
    ['Written', time(comment.created_at)],
    ['Answers', comment.parent_id ? el('a', { href: link(comment.parent_id) }, 'another comment') : null],
    ['Why it waits', reasons(comment)],
    ['Like spam here', percent(comment.score)],
  ]);
}

function typed(comment) {
  const redacted = comment.original_text && comment.original_text !== comment.text;
  return el('div', {},
    el('p', { class: 'typed', dir: 'auto' }, comment.text),
    redacted && el('p', { class: 'quiet' }, 'As first written, for staff only:'),
    redacted && el('p', { class: 'typed', dir: 'auto' }, comment.original_text));
}

// The text without contact details, to be shown in its place. It decides nothing else.
function proposal(staff, comment) {
  if (!comment.proposed_text) return [];

  async function use() {
    try {
      await staff.call(address(comment.id), {
        method: 'PATCH',
        headers: { 'If-Match': `"${comment.revision}"` },
        body: { text: comment.proposed_text },
      });
      staff.say('This text is shown now. What was first written stays, for staff only.');
      staff.reload();
    } catch (error) {
      changed(staff, error);
    }
  }

  return [
    el('h2', {}, 'Without contact details'),
    el('p', { class: 'typed', dir: 'auto' }, comment.proposed_text),
    el('p', {}, el('button', { type: 'button', class: 'secondary', onclick: use }, 'Show this text instead')),
  ];
}

function handingOver(staff, comment) {
  async function handOver() {
    try {
      const { data } = await staff.call(`${address(comment.id)}/enquiry`, { method: 'POST' });
      staff.say(`Admissions have it, with the reference ${data.reference}. The comment is as it was.`);
      staff.reload();
    } catch (error) {
      staff.fail(error);
    }
  }

  return [
    el('h2', {}, 'A question to admissions?'),
    el('p', { class: 'quiet' }, 'They get it as an enquiry, and are mailed. Whether the comment is published is another decision.'),
    el('p', {}, el('button', { type: 'button', class: 'secondary', onclick: handOver }, 'Hand over to admissions')),
  ];
}

function answer(staff, comment) {
  const message = el('textarea', { rows: 4, required: true, maxlength: 5000 });
  const name = el('input', { maxlength: 80, autocomplete: 'off' });
  let sent = {}; // the same content is sent again with the same key

  async function send() {
    const body = { message: message.value };
    if (name.value.trim()) body.name = name.value;
    const content = JSON.stringify(body);
    if (sent.content !== content) sent = { content, key: newKey() };
    const { data } = await staff.call(`${address(comment.id)}/reply`, {
      method: 'POST',
      headers: { 'Idempotency-Key': sent.key },
      body: content,
    });
    message.value = '';
    staff.say('Your answer is published. ', el('a', { href: link(data.id) }, 'Open it'));
  }

  return [
    el('h2', {}, 'Answer in public'),
    smallForm(staff, 'Publish the answer', [
      field('Answer', message, 'It appears at once under this comment, marked as from staff.'),
      field('Name (optional)', name, 'Left empty, it is the name that the desk is set to.'),
    ], send),
  ];
}

const pageAddress = (page) => withQuery('/v1/staff/pages', 'page', page);

async function threadOf(staff, comment) {
  try {
    return (await staff.call(pageAddress(comment.page))).data;
  } catch (error) {
    if (error.status === 422) return null; // its site is none of ours any more
    throw error;
  }
}

function closing(staff, thread) {
  const words = thread.closed ? 'Open this page for comments' : 'Close this page for comments';

  async function toggle() {
    try {
      await staff.call(pageAddress(thread.page), { method: 'PATCH', body: { closed: !thread.closed } });
      staff.say(thread.closed ? 'The page takes comments again.' : 'The page takes no new comments.');
      staff.reload();
    } catch (error) {
      staff.fail(error);
    }
  }

  const shown = thread.count === 1 ? '1 comment' : `${thread.count} comments`;
  return [
    el('h2', {}, 'Its page'),
    el('p', {}, `${thread.page} shows ${shown} and ${thread.closed ? 'is closed' : 'takes new ones'}.`),
    el('p', {}, el('button', { type: 'button', class: 'secondary', onclick: toggle }, words)),
  ];
}

function erasing(staff, comment) {
  async function erase() {
    if (!confirm('Erase this comment for good? Nothing that was written can be brought back.')) return;
    try {
      await staff.call(address(comment.id), {
        method: 'DELETE',
        headers: { 'If-Match': `"${comment.revision}"` },
      });
      staff.go('#/comments', 'The comment is erased.');
    } catch (error) {
      changed(staff, error);
    }
  }

  return [
    el('h2', {}, 'Erase'),
    el('p', { class: 'quiet' }, 'Text, name and address go for good. While it has answers, the page keeps an empty place.'),
    el('p', {}, el('button', { type: 'button', class: 'secondary', onclick: erase }, 'Erase this comment')),
  ];
}

function changed(staff, error) {
  if (error.status === 412 || error.code === 'illegal_transition') {
    staff.say('Somebody else has decided on this comment meanwhile. Nothing was changed; this is how it is now.');
    staff.reload();
  } else {
    staff.fail(error);
  }
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
      changed(staff, error);
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

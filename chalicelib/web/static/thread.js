// The published comments of one page: replies under their parent, more on demand.

import { call } from './api.js';
import { byId, el, time } from './dom.js';

export function startThread(page, { onReply }) {
  const root = byId('thread');
  const title = byId('comments-title');
  const empty = byId('thread-empty');
  const status = byId('thread-status');
  const more = byId('thread-more');
  const replies = new Map(); // comment id -> the list under it
  const early = new Map(); // id of a parent not seen yet -> answers shown at the top meanwhile
  let cursor = null;
  let count = 0;

  function add(comment) {
    if (replies.has(comment.id)) return null;
    const list = el('ol');
    const node = el('li', { id: `comment-${comment.id}` }, card(comment, onReply), list);
    replies.set(comment.id, list);
    const parent = replies.get(comment.parent_id);
    (parent ?? root).append(node);
    if (comment.parent_id && !parent) {
      early.set(comment.parent_id, [...(early.get(comment.parent_id) ?? []), node]);
    }
    list.append(...(early.get(comment.id) ?? []));
    early.delete(comment.id);
    return node;
  }

  function showCount() {
    const words = count === 1 ? '1 comment' : `${count} comments`;
    title.textContent = count ? words : 'Comments';
    empty.hidden = count > 0;
  }

  async function load() {
    status.textContent = root.childElementCount ? '' : 'Loading the comments…';
    const query = new URLSearchParams({ page });
    if (cursor) query.set('cursor', cursor);
    try {
      const { data } = await call(`/v1/comments?${query}`, { cache: 'no-cache' });
      const added = data.comments.map(add).filter(Boolean);
      const paged = cursor !== null;
      cursor = data.next_cursor;
      count = Math.max(data.count ?? 0, replies.size);
      showCount();
      status.textContent = paged ? `${added.length} more shown.` : '';
      more.textContent = 'Show more comments';
      more.hidden = !cursor;
      if (paged) focusOn(added[0]);
    } catch {
      status.textContent = 'The comments could not be loaded.';
      more.textContent = 'Try again';
      more.hidden = false;
    }
  }

  function addPublished(comment) {
    if (!add(comment)) return;
    count += 1;
    showCount();
  }

  more.addEventListener('click', load);
  load();
  return { addPublished };
}

function focusOn(node) {
  const heading = node?.querySelector('h3');
  heading?.setAttribute('tabindex', '-1');
  heading?.focus();
}

function card(comment, onReply) {
  const removed = !comment.text; // a stub, kept for the sake of its answers
  const body = el('div');
  if (removed) body.append(el('p', { class: 'quiet' }, 'This comment was removed.'));
  else body.innerHTML = comment.html; // the contract: paragraphs and line breaks, safe as it stands
  return el('article', {},
    el('h3', {}, comment.name || 'Removed', comment.staff && ' ',
      comment.staff && el('span', { class: 'badge' }, 'Staff')),
    el('p', { class: 'quiet' }, time(comment.created_at)),
    body,
    !removed && el('button', {
      type: 'button',
      class: 'plain',
      'aria-label': `Reply to ${comment.name}`,
      onclick: () => onReply(comment),
    }, 'Reply'));
}

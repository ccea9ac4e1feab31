// The demo page: the thread, the comment form with replies, the contact form.

import { byId, el, helpLines } from './dom.js';
import { enhance } from './form.js';
import { startThread } from './thread.js';

const commentForm = byId('comment-form');
const parent = el('input', { type: 'hidden', name: 'parent_id', value: '' });
commentForm.append(parent);

function replyTo(comment) {
  parent.value = comment.id;
  byId('reply-to').textContent = `You are replying to ${comment.name}.`;
  byId('reply-note').hidden = false;
  byId('reply-note').focus();
}

function cancelReply() {
  parent.value = '';
  byId('reply-note').hidden = true;
}

byId('reply-cancel').addEventListener('click', () => {
  cancelReply();
  byId('comment-message').focus();
});

const thread = startThread('/demo', { onReply: replyTo });

enhance(commentForm, {
  kind: 'comment',
  onAccepted(answer) {
    cancelReply();
    if (answer.comment) thread.addPublished(answer.comment);
  },
});

enhance(byId('enquiry-form'), {
  kind: 'enquiry',
  onHelp: (help) => byId('help-lines').replaceChildren(...helpLines(help)),
});

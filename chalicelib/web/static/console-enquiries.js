// Enquiries: the list gives no more than is needed to pick one; opening one shows all of it.

import { el, time } from './dom.js';
import {
  choice, facts, field, heading, historyOf, listByStatus, mailLink, phoneLink, reasons, smallForm, urgent,
} from './console-parts.js';

export const path = '/v1/staff/enquiries';

const WAYS = { email: 'email', call: 'phone call', text: 'text message', voicemail: 'voicemail' };
const STATUS = { new: 'new', in_progress: 'in progress', closed: 'closed', spam: 'spam' };

const address = (reference) => `/v1/staff/enquiries/${encodeURIComponent(reference)}`;

export async function list(staff) {
  const shown = await listByStatus(staff, {
    statuses: STATUS,
    path,
    key: 'enquiries',
    none: 'There is no such enquiry.',
    draw,
  });
  return el('div', {}, heading('Enquiries'), shown);
}

function draw(enquiry) {
  return el('li', {},
    el('h2', { tabindex: '-1' }, urgent(enquiry), ' ',
      el('a', { href: `#/enquiries/${encodeURIComponent(enquiry.reference)}` }, enquiry.reference)),
    facts([
      ['Status', state(enquiry)],
      ['Topic', enquiry.topic],
      ['Received', time(enquiry.created_at)],
      ['Assigned to', enquiry.assignee],
    ]));
}

export async function one(staff, reference) {
  const { data: enquiry } = await staff.call(address(reference));
  const safe = enquiry.contact_by ?? [];
  const notes = notesOf(enquiry);
  return el('div', {},
    heading(`Enquiry ${enquiry.reference}`),
    urgent(enquiry) && el('p', {}, urgent(enquiry)),
    el('p', { class: 'note' }, safe.length
      ? `Safe ways to reach this person: ${safe.map((way) => WAYS[way] ?? way).join(', ')}.`
      : 'This person did not say which ways of reaching them are safe. Please be discreet.'),
    facts([
      ['Name', enquiry.name],
      ['Email', withCaution(enquiry.email && mailLink(enquiry.email), safe, ['email'])],
      ['Phone', withCaution(enquiry.phone && phoneLink(enquiry.phone), safe, ['call', 'text', 'voicemail'])],
      ['Topic', enquiry.topic],
      ['Status', state(enquiry)],
      ['Received', time(enquiry.created_at)],
      ['Page', enquiry.page],
      ['Assigned to', enquiry.assignee],
      ['Consent wording', enquiry.consent_version],
      ['Remarks', reasons(enquiry)],
    ]),
    el('h2', {}, 'Message'),
    el('p', { class: 'typed', dir: 'auto' }, enquiry.message),
    notes.length ? el('h2', {}, 'Notes') : null,
    notes.length ? el('ul', {}, ...notes) : null,
    el('h2', {}, 'Work on it'),
    change(staff, enquiry),
    ...historyOf(enquiry),
    el('p', {}, el('a', { href: '#/enquiries' }, 'All enquiries')));
}

// One form, one revision: only what was changed is sent.
function change(staff, enquiry) {
  const status = choice(STATUS, enquiry.status);
  const assignee = el('input', { maxlength: 80, autocomplete: 'off', value: enquiry.assignee ?? '' });
  const note = el('textarea', { rows: 3, maxlength: 2000 });

  async function send() {
    const body = {};
    if (status.value !== enquiry.status) body.status = status.value;
    const given = assignee.value.trim() || null;
    if (given !== enquiry.assignee) body.assignee = given;
    if (note.value.trim()) body.note = note.value;
    if (!Object.keys(body).length) {
      staff.say('There is nothing to save.');
      return;
    }
    await staff.call(address(enquiry.reference), {
      method: 'PATCH',
      headers: { 'If-Match': `"${enquiry.revision}"` },
      body,
    });
    staff.say('Saved.');
    staff.reload();
  }

  return smallForm(staff, 'Save', [
    field('Status', status),
    field('Assigned to', assignee),
    field('Add a note', note, 'Only staff read it.'),
  ], send);
}

function state(enquiry) {
  const words = STATUS[enquiry.status] ?? enquiry.status;
  return enquiry.overdue ? `${words}, overdue` : words;
}

function withCaution(link, safe, ways) {
  if (!link) return null;
  const named = !safe.length || ways.some((way) => safe.includes(way));
  return el('span', {}, link, named ? null : ' (not among the safe ways)');
}

// A note is a text, or an object with a text, a time and an author.
function notesOf(enquiry) {
  const notes = Array.isArray(enquiry.notes) ? enquiry.notes : [enquiry.notes].filter(Boolean);
  return notes.map((note) => {
    if (typeof note === 'string') return el('li', {}, note);
    return el('li', {}, note.text ?? note.note ?? '', ' ',
      el('span', { class: 'quiet' }, note.actor ?? note.by ?? '', note.at ? ', ' : null, note.at ? time(note.at) : null));
  });
}

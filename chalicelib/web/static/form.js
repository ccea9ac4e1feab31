// Sends a form of the page by fetch. Without this script the same form is a plain post.
// What was typed stays in the form until it has been accepted, and is stored nowhere else.

import { call, newKey } from './api.js';
import { el, helpLines } from './dom.js';
import { solve } from './proof.js';

const RENEW_MS = 10 * 60_000;

export function enhance(form, { kind, onHelp = () => {}, onAccepted = () => {} }) {
  const status = form.querySelector('.form-status');
  const button = form.querySelector('button[type="submit"]');
  const label = button.textContent;
  let tokenEnds = 0;
  let fetching = false;
  let attempt = null; // {content, body, key}: the same content is sent again with the same key
  let busy = false;
  let proof = null; // a promise, where the site asks for work: begun while people still type

  form.noValidate = true; // the API names every bad field at once, in words

  // A token must have some age when it is used, so it is fetched early and renewed at the first touch.
  async function renewToken() {
    if (fetching || Date.now() < tokenEnds - RENEW_MS) return;
    fetching = true;
    try {
      const { data } = await call(`/v1/form?kind=${kind}`);
      form.elements.form_token.value = data.form_token;
      // Without one the form works too: it is looked at twice.
      proof = data.altcha ? solve(data.altcha).catch(() => '') : null;
      tokenEnds = Date.parse(data.expires_at) || Date.now() + 2 * RENEW_MS;
      onHelp(data.help);
    } catch {
      // The form works without one.
    } finally {
      fetching = false;
    }
  }

  async function prepare() {
    const fields = valuesOf(form);
    const { form_token: token, ...typed } = fields;
    const content = JSON.stringify(typed);
    if (attempt?.content !== content) {
      const altcha = token ? await proof : null;
      const body = { ...typed, ...(token && { form_token: token }), ...(altcha && { altcha }) };
      attempt = { content, key: newKey(), body: JSON.stringify(body) };
    }
    return attempt;
  }

  function setBusy(on) {
    busy = on;
    button.setAttribute('aria-disabled', String(on));
    button.textContent = on ? 'Sending…' : label;
  }

  function say(failed, ...nodes) {
    status.replaceChildren(...nodes);
    status.classList.toggle('failed', failed);
    status.hidden = false;
  }

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    clearErrors(form);
    status.hidden = true;
    try {
      const { body, key } = await prepare();
      const path = form.getAttribute('action');
      const { data } = await call(path, { method: 'POST', body, headers: { 'Idempotency-Key': key } });
      accepted(data);
    } catch (error) {
      refused(error);
    } finally {
      setBusy(false);
    }
  }

  function accepted(data) {
    attempt = null;
    tokenEnds = 0;
    form.reset();
    renewToken();
    const reference = data.reference
      ? el('p', {}, 'Your reference: ', el('strong', {}, data.reference)) : null;
    say(false, ...[el('p', {}, data.message), reference, ...helpLines(data.help)].filter(Boolean));
    onAccepted(data);
    status.focus();
  }

  function refused(error) {
    if (error.code === 'idempotency_key_reused') attempt = null;
    const { first, rest } = showErrors(form, error.errors);
    const list = rest.length ? el('ul', {}, ...rest.map((text) => el('li', {}, text))) : null;
    say(true, ...[el('p', {}, words(error)), list].filter(Boolean));
    (first ?? status).focus();
  }

  form.addEventListener('submit', submit);
  form.addEventListener('focusin', renewToken);
  renewToken();
}

function words(error) {
  const kept = 'What you wrote is still here.';
  if (error.status === 0) return `No answer reached us. ${kept} Please try again: it will not be sent twice.`;
  if (error.status === 429) return `That was a lot in a short time. ${kept} Please try again ${error.wait}.`;
  if (error.isTemporary) return `We cannot take this just now. ${kept} Please try again ${error.wait}.`;
  if (error.status === 413) return `This is too long to send in one go. ${kept} Please shorten it a little.`;
  if (error.code === 'invalid_fields') return `Please look at this again. ${kept}`;
  return `${error.message || 'This could not be sent.'} ${kept}`;
}

// data-json: "skip" is for the plain form post alone, "list" gathers the ticked values.
function valuesOf(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.dataset.json === 'skip') continue;
    if (field.dataset.json === 'list') {
      if (field.checked) (values[field.name] ??= []).push(field.value);
    } else if (field.type === 'checkbox') {
      values[field.name] = field.checked;
    } else if (field.value !== '' || field.required) {
      values[field.name] = field.value;
    }
  }
  return values;
}

// Puts each message next to its field; those without a visible field come back as `rest`.
function showErrors(form, errors) {
  const rest = [];
  const bad = [];
  for (const error of errors) {
    const name = String(error.field ?? '').split(/[.[]/)[0];
    const field = Array.from(form.elements).find((each) => each.name === name && each.type !== 'hidden');
    const holder = field?.closest('.field');
    if (!holder) {
      rest.push(error.message);
      continue;
    }
    const id = `${field.id}-error-${bad.length}`;
    holder.append(el('p', { class: 'field-error', id }, error.message));
    field.dataset.describedBy ??= field.getAttribute('aria-describedby') ?? '';
    field.setAttribute('aria-describedby', `${field.getAttribute('aria-describedby') ?? ''} ${id}`.trim());
    field.setAttribute('aria-invalid', 'true');
    bad.push(field);
  }
  const first = Array.from(form.elements).find((field) => bad.includes(field)); // in the order of the page
  return { first, rest };
}

function clearErrors(form) {
  form.querySelectorAll('.field-error').forEach((node) => node.remove());
  form.querySelectorAll('[aria-invalid]').forEach((field) => {
    field.removeAttribute('aria-invalid');
    if (field.dataset.describedBy) field.setAttribute('aria-describedby', field.dataset.describedBy);
    else field.removeAttribute('aria-describedby');
    delete field.dataset.describedBy;
  });
}

// Talks to the API: one way to call, one kind of error.

const TIMEOUT_MS = 30_000; // a little more than the gateway's own 29 s

export class Refused extends Error {
  // status 0: no answer came, so we cannot know whether it arrived.
  constructor(status, problem = {}, retryAfter = null) {
    super(problem.detail || problem.title || '');
    this.status = status;
    this.code = problem.code ?? '';
    this.errors = Array.isArray(problem.errors) ? problem.errors : [];
    this.retryAfter = retryAfter;
  }

  get isTemporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get wait() {
    const seconds = Number(this.retryAfter);
    if (!(seconds > 0)) return 'in a little while';
    if (seconds < 90) return seconds <= 5 ? 'in a few seconds' : `in ${Math.ceil(seconds)} seconds`;
    const minutes = Math.ceil(seconds / 60);
    if (minutes < 90) return `in ${minutes} minutes`;
    return `in about ${Math.ceil(minutes / 60)} hours`;
  }
}

// `body` is an object, or a string that is JSON already (a retry sends the very same bytes).
export async function call(path, { method = 'GET', body, headers = {}, cache = 'no-store' } = {}) {
  const send = { Accept: 'application/json', ...headers };
  if (body !== undefined) send['Content-Type'] = 'application/json';
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const answer = await fetch(path, {
      method,
      cache,
      headers: send,
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      signal: stop.signal,
    });
    const text = await answer.text();
    if (answer.ok) return { status: answer.status, data: text ? JSON.parse(text) : null };
    throw new Refused(answer.status, parsed(text), answer.headers.get('Retry-After'));
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(0);
  } finally {
    clearTimeout(timer);
  }
}

export function withQuery(path, name, value) {
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // a gateway's own page, not ours
  }
}

// crypto.randomUUID is there in secure contexts only; getRandomValues everywhere.
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

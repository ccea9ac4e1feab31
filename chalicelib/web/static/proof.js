// ALTCHA's proof of work, version 1, where the site asks for one: the number that makes the challenge of the salt.
// In small portions, so that typing does not stutter meanwhile.

const PORTION = 500;

export async function solve({ algorithm, challenge, salt, maxnumber, signature }) {
  for (let first = 0; first <= maxnumber; first += PORTION) {
    const numbers = Array.from({ length: Math.min(PORTION, maxnumber - first + 1) }, (_, n) => first + n);
    const found = await Promise.all(numbers.map((number) => hash(algorithm, salt + number)));
    const number = numbers[found.indexOf(challenge)];
    if (number !== undefined) return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
  }
  return '';
}

async function hash(algorithm, text) {
  const digest = await crypto.subtle.digest(algorithm, new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

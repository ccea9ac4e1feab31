// Builds elements. Text always goes in as text; markup never does.

export const byId = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'onclick') node.addEventListener('click', value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
}

export function time(iso) {
  const when = new Date(iso);
  if (!iso || Number.isNaN(when.getTime())) return document.createTextNode('unknown');
  const shown = when.toLocaleString(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'short' });
  return el('time', { datetime: iso }, shown);
}

// The crisis lines that the API sends with its answers. Links say nothing about where they were followed from.
export function helpLines(help) {
  const lines = (help?.lines ?? []).map((line) => {
    const contact = /^(https?|tel|sms):/i.test(line.url ?? '')
      ? el('a', { href: line.url, rel: 'noopener noreferrer' }, line.contact || line.url)
      : line.contact;
    return el('li', {}, el('strong', {}, line.name), ': ', contact);
  });
  return [
    help?.text ? el('p', {}, help.text) : null,
    lines.length ? el('ul', { class: 'help-lines' }, ...lines) : null,
  ].filter(Boolean);
}

/** The page: what the request says, escaped. `std` is the standard module of QuickJS. */
const HTML = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };
const escape = (text) => text.replace(/[<>&"]/g, (char) => HTML[char]);

const query = Object.fromEntries(
  (std.getenv('QUERY_STRING') ?? '')
    .split('&')
    .filter((pair) => pair.includes('='))
    .map((pair) => pair.split('=', 2).map((part) => decodeURIComponent(part.replaceAll('+', ' ')))),
);
const body = std.in.readAsString();
const rows = [
  ['method', std.getenv('REQUEST_METHOD')],
  ['path', std.getenv('PATH_INFO')],
  ['body', `${body.length} characters`],
];

print('Content-Type: text/html; charset=utf-8\n');
print(`<!doctype html><title>Script page</title><h1>Hello, ${escape(query.name ?? 'stranger')}</h1>`);
print(`<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${escape(value)}</dd>`).join('')}</dl>`);

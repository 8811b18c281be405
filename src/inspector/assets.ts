/**
 * The files of the inspector's page, which hold no data. It promises that they come from this
 * package alone; a page that was not built is one sentence. It must never read a path that somebody
 * asks for.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
// by its whole name: bundles of Node programs begin with a createRequire of their own
import * as nodeModule from 'node:module';
import { HoldfastError } from '../errors.ts';
import { style } from './page/style.ts';
import type { Asset } from './server.ts';

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast inspector</title>
<link rel="stylesheet" href="/page.css">
<link rel="icon" href="data:,">
<script defer src="/elk-api.js"></script>
<script defer src="/page.js"></script>
<body></body>
</html>
`;

/** Beside this file where the package is built, and in its build where the sources are run. */
const scripts = ['./page/app.js', '../../dist/src/inspector/page/app.js'];

const javascript = 'text/javascript; charset=utf-8';

/** What the server of a page has. Throws `HF_INTERNAL` where the page was never built. */
export function assets(): Map<string, Asset> {
  return new Map<string, Asset>([
    ['/', { type: 'text/html; charset=utf-8', body: html }],
    ['/page.js', { type: javascript, body: script() }],
    ['/page.css', { type: 'text/css; charset=utf-8', body: style() }],
    ['/elk-api.js', { type: javascript, body: elk('elk-api.js') }],
    ['/elk.js', { type: javascript, body: elk('elk-worker.min.js') }],
  ]);
}

/**
 * One file that needs no server: the page, and a recording in it. Nothing runs in it but its own
 * scripts, by their hashes, and nothing is fetched. Throws `HF_INTERNAL` as `assets` does.
 */
export function standalone(recording: string): string {
  const scripts = [elk('elk-api.js'), script()].map(inScript);
  const look = style();
  // a last line that was cut off is no entry
  const whole = recording.slice(0, recording.lastIndexOf('\n') + 1);
  // JSON says the same with this sign written out, and no element ends within it
  const said = whole.replaceAll('<', '\\u003c');
  const hashes = scripts.map(hashOf).join(' ');
  const rules = [
    "default-src 'none'",
    `script-src ${hashes}`,
    `style-src ${hashOf(look)}`,
    'worker-src blob:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${rules.join('; ')}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Holdfast inspector</title>',
    '<link rel="icon" href="data:,">',
    `<style>${look}</style>`,
    '<body>',
    `<script type="application/x-ndjson" id="recording">${said}</script>`,
    `<script type="text/plain" id="elk">${inScript(elk('elk-worker.min.js'))}</script>`,
    ...scripts.map((text) => `<script>${text}</script>`),
    '</body>',
    '',
  ].join('\n');
}

function script(): string {
  const file = scripts.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
  if (file !== undefined) return readFileSync(file, 'utf8');
  throw new HoldfastError('HF_INTERNAL', "the inspector's page is not built: npm run page");
}

const { resolve } = nodeModule.createRequire(import.meta.url);
const elk = (name: string): string => readFileSync(resolve(`elkjs/lib/${name}`), 'utf8');

/** In a string or a pattern this is the same; elsewhere no script has it. */
const inScript = (text: string): string => text.replaceAll('</script', '<\\/script');

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

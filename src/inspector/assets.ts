/**
 * The files of the inspector's page, which hold no data. It promises that they come from this
 * package alone; a page that was not built is one sentence. It must never read a path that somebody
 * asks for.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
<script src="/elk-api.js"></script>
<script type="module" src="/page.js"></script>
<body></body>
</html>
`;

/** Beside this file where the package is built, and in its build where the sources are run. */
const scripts = ['./page/app.js', '../../dist/src/inspector/page/app.js'];

/** Throws `HF_INTERNAL` where the page was never built. */
export function assets(): Map<string, Asset> {
  const file = scripts.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
  if (file === undefined) {
    throw new HoldfastError('HF_INTERNAL', "the inspector's page is not built: npm run page");
  }
  const { resolve } = createRequire(import.meta.url);
  const elk = (name: string) => readFileSync(resolve(`elkjs/lib/${name}`));
  const javascript = 'text/javascript; charset=utf-8';
  return new Map<string, Asset>([
    ['/', { type: 'text/html; charset=utf-8', body: html }],
    ['/page.js', { type: javascript, body: readFileSync(file, 'utf8') }],
    ['/page.css', { type: 'text/css; charset=utf-8', body: style() }],
    ['/elk-api.js', { type: javascript, body: elk('elk-api.js') }],
    ['/elk.js', { type: javascript, body: elk('elk-worker.min.js') }],
  ]);
}

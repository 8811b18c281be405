/**
 * `npm run generate`: rewrites diagrams/ and the generated pages of docs/ from the code, and names
 * what it changed. `holdfast diagram --check` says what it would change. It must never remove a
 * file that it would not have written itself.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { elk } from '../diagram/elk.ts';
import { drawAll, modelsIn } from '../diagram/files.ts';
import { keep } from './diagram.ts';
import { stalePages } from './pages.ts';
import { diagrams, docs, ships } from './ships.ts';

for (const { line } of keep(diagrams, await drawAll(modelsIn(ships), await elk()))) {
  if (line !== '') console.log(line);
}
for (const [file, text] of await stalePages()) {
  writeFileSync(join(docs, file), text);
  console.log(`docs/${file}: written anew`);
}

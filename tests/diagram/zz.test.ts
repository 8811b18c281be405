import { expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { draw, readBack } from './real-mermaid.ts';
it('x', async () => {
  let t = performance.now();
  const r = await readBack(readFileSync('/tmp/mmd/connection.mmd', 'utf8'));
  const m = createRequire(import.meta.url)('mermaid').default;
  const { db } = await m.mermaidAPI.getDiagramFromText(readFileSync('/tmp/mmd/process.mmd', 'utf8').replace('after kill','after#58; kill'));
  console.log(JSON.stringify(db.getData().nodes.map((n:any)=>[n.id,n.parentId,n.label,n.description,n.shape, n.isGroup])), JSON.stringify(db.getData().edges.map((n:any)=>[n.start,n.end,n.label])));
  console.log('first', performance.now() - t);
  t = performance.now();
  expect((await draw(readFileSync('/tmp/mmd/gateway.mmd', 'utf8'))).length).toBeGreaterThan(100);
  console.log('draw', performance.now() - t);
}, 60000);
import { createRequire } from 'node:module';

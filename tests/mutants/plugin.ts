/**
 * What is changed while files are loaded, for scenarios under mutants: each machine is exported
 * through its stand-in, and the scenarios collect their tests. A machine that is not found is an
 * error, so that none is left as it ships unseen.
 */
import { fileURLToPath } from 'node:url';

const here = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
const machine = /\/machines\/(connection|gateway|heartbeat|process|reconnect|supervisor)\.ts$/;

export function standInPlugin() {
  return {
    name: 'stand-in',
    enforce: 'pre' as const,
    transform(text: string, id: string) {
      const path = id.split('?')[0] ?? '';
      if (/\/tests\/scenarios\/[^/]*\.ts$/.test(path)) {
        return {
          code: text.replace(/from 'vitest';/g, `from ${here('collector.ts')};`),
          map: null,
        };
      }
      const [, name = ''] = machine.exec(path) ?? [];
      return name === '' ? undefined : { code: standing(name, text), map: null };
    },
  };
}

function standing(name: string, text: string): string {
  const parts = text.split(`export const ${name} = setup(`);
  if (parts.length !== 2) throw new Error(`machines/${name}.ts does not export ${name} once`);
  const [before, after] = parts;
  return `import { standIn as $standIn } from ${here('stand-in.ts')};
${before}const $shipped = setup(${after}
export { $standing as ${name} };
const $standing = $standIn($shipped);
`;
}

/** A wrong line for each scenario of SE-files.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    // what the umask leaves is good enough
    ids: ['SE-06'],
    file: 'src/drivers/private-files.ts',
    find: `const file = await open(path, 'wx', 0o600);
  try {
    // The mode of \`open\` loses what the umask takes.
    if (process.platform !== 'win32') await file.chmod(0o600);`,
    instead: `const file = await open(path, 'wx');
  try {`,
  },
  {
    // a look that failed is passed over
    ids: ['SE-05'],
    file: 'src/runtime/link-leaves.ts',
    find: "        post({ type: 'credentials.failed', cause });",
    instead: "        post({ type: 'credentials.ready' });",
  },
];

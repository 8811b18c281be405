/** A wrong line for each scenario of RL-reload.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const ledger = 'machines/ledger.ts';
const reloading = 'machines/reloading.ts';
const leaf = 'src/runtime/reload.ts';
const ways = 'src/runtime/ways.ts';
const leaves = 'src/runtime/service-leaves.ts';

export const mutants: readonly Mutant[] = [
  {
    // what it says is believed, however it fares
    ids: ['RL-01'],
    file: reloading,
    find: "after: { watch: 'proving' },",
    instead: "always: 'proving',",
  },
  {
    // a reload that its process did not survive is done once more
    ids: ['RL-02'],
    file: ledger,
    find: "    'service.launching': { target: '.clear', actions: 'serve' },",
    instead: "    'service.launching': {},",
  },
  {
    ids: ['RL-03'],
    file: leaf,
    find: "const type = orElse === 'keep' ? 'reload.kept' : 'reload.failed';",
    instead: "const type = 'reload.kept';",
  },
  {
    ids: ['RL-04'],
    file: ways,
    find: 'host.driver.can?.signals === false || host.handle?.signal === undefined',
    instead: 'host.handle?.signal === undefined',
  },
  {
    ids: ['RL-05'],
    file: leaf,
    find: "const { reload = 'restart' } =",
    instead: "const { reload = 'off' } =",
  },
  {
    ids: ['RL-06'],
    file: leaf,
    find: "if (given === 'off') return { report: { type: 'reload.kept' },",
    instead: "if (given === 'off') return { report: { type: 'reload.failed' },",
  },
  {
    // what waits for a start is forgotten
    ids: ['RL-07'],
    file: gateway,
    find: "mildNow: and(['mild', 'serving']),",
    instead: "mildNow: and(['mild', 'starting']),",
  },
  {
    ids: ['RL-09'],
    file: ledger,
    find: "reload: { guard: 'later', target: 'settling', reenter: true, actions: 'ask' },\n",
    instead: '',
  },
  {
    // what cannot be had is as good as off
    ids: ['RL-10'],
    file: leaf,
    find: "let orElse: 'restart' | 'keep' = 'restart';",
    instead: "let orElse: 'restart' | 'keep' = 'keep';",
  },
  {
    ids: ['RL-12'],
    file: ledger,
    find: "reload: { guard: 'later', target: 'settling', reenter: true, actions: 'ask' },\n",
    instead: '',
  },
  {
    ids: ['RL-18'],
    file: leaf,
    find: "typeof reload === 'function'\n",
    instead: "typeof reload === 'function' && host.facts.reload !== null\n",
  },
  {
    ids: ['RL-19'],
    file: leaf,
    find: "    orElse = given.orElse ?? 'restart';\n",
    instead: '',
  },
  {
    ids: ['RL-20'],
    file: leaves,
    find: "const provable = ready !== undefined && !('line' in ready);",
    instead: "const provable = ready !== undefined && 'http' in ready;",
  },
  {
    ids: ['RL-21'],
    file: reloading,
    find: "states: { timed: { on: { 'host.resumed': again }, after: { reload: unapplied } } },",
    instead: "states: { timed: { on: { 'host.resumed': again } } },",
  },
  {
    // whoever asks while it reloads is told that it was done
    ids: ['RL-22'],
    file: ledger,
    find: 'begin: ({ asked }: Counts) => ({ begun: asked }),',
    instead: 'begin: ({ asked }: Counts) => ({ begun: asked + 1 }),',
  },
  {
    ids: ['RL-23'],
    file: ways,
    find: 'env: environment({ ...env, ...service })',
    instead: 'env: environment({ ...env })',
  },
  {
    ids: ['RS-23'],
    file: ledger,
    find: `  join: (counts: Counts, event: Asked) => ({
    asked: counts.asked + 1,
    doubted: counts.doubted && isDoubt(event),
    mild: isReload(event) && (counts.mild || !owed(counts)),`,
    instead: `  join: (counts: Counts, event: Asked) => ({
    asked: counts.asked + 1,
    doubted: counts.doubted && isDoubt(event),
    mild: counts.mild,`,
  },
  {
    ids: ['RL-24'],
    file: ledger,
    find: "          { target: 'due', actions: 'join' },\n",
    instead: "          { target: '.again', actions: 'join' },\n",
  },
  {
    ids: ['RL-25'],
    file: ledger,
    find: "    stop: { target: '.clear', actions: 'drop' },",
    instead: "    stop: '.clear',",
  },
  {
    // a reload starts what was stopped
    ids: ['RL-26'],
    file: gateway,
    find: "            dispose: 'disposed',\n",
    instead:
      "            dispose: 'disposed',\n" +
      "            reload: { target: 'wanted.raising', actions: 'raiseService' },\n",
  },
];

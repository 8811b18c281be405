/**
 * One process of `holdfast mutants`: judges the mutants that it is handed, one at a time. It must
 * never choose by itself, so that every mutant is judged once, and
 * never outlive the process that started it.
 */
import { Judge, mutantsIn } from '../verify/mutants.ts';
import { type Asked, judgedIn, layer, type Task } from './mutants.ts';

const task = JSON.parse(process.argv[2] ?? '{}') as Task;
const worlds = await judgedIn(task);
const judge = new Judge(worlds, { ...layer, whole: task.whole });
const mutants = new Map(mutantsIn(worlds).map((mutant) => [mutant.id, mutant]));

process.on('message', ({ id, first }: Asked) => {
  const mutant = mutants.get(id);
  if (mutant === undefined) throw new RangeError(`no mutant ${id}`);
  process.send?.(judge.judge(mutant, first));
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group: who is asked is the process that started this one
process.on('SIGINT', () => {});

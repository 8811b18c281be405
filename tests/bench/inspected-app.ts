/**
 * An app with an actor that takes 1,000 events a second, each a guarded step with a timer and a
 * changed context, for a while; inspected or not. Prints its URL, then what its event loop was
 * like: bench/inspector.ts runs it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { assign, createActor, setup } from 'xstate';
import { recorder } from '../../src/inspector/recorder.ts';
import { serve } from '../../src/inspector/server.ts';

const [how = 'bare', forMs = '10000'] = process.argv.slice(2);
const everyMs = 10;
const perTurn = 10;

const lamp = setup({
  guards: { isWired: () => true },
  delays: { dusk: 60_000 },
}).createMachine({
  id: 'lamp',
  context: { turns: 0, list: Array.from({ length: 50 }, (_, i) => i) },
  initial: 'off',
  states: {
    off: { on: { push: { guard: 'isWired', target: 'on' } }, after: { dusk: 'on' } },
    on: {
      entry: assign({ turns: ({ context }) => context.turns + 1 }),
      on: { push: 'off' },
    },
  },
});

const recording = recorder({ allow: { lamp: { context: ['turns', 'list'] } } });
const isInspected = how === 'inspected';
const served = isInspected ? await serve(recording, new Map()) : undefined;
const actor = createActor(isInspected ? recording.watch(lamp) : lamp, {
  ...(isInspected && { inspect: recording }),
});
actor.start();
process.stdout.write(`${served?.url ?? 'no URL'}\n`);

const delay = monitorEventLoopDelay({ resolution: 1 });
let turns = 0;
const pushing = setInterval(() => {
  for (let i = 0; i < perTurn; i += 1) actor.send({ type: 'push' });
  turns += 1;
}, everyMs);
// the first second is that of the compiler
setTimeout(() => delay.enable(), 1_000);
setTimeout(async () => {
  clearInterval(pushing);
  delay.disable();
  const [p50, p99] = [delay.percentile(50) / 1e6, delay.percentile(99) / 1e6];
  const { missing } = recording;
  const events = turns * perTurn;
  process.stdout.write(
    `${JSON.stringify({ p50, p99, events, missing, slow: served?.slow ?? 0 })}\n`,
  );
  await served?.close();
  process.exit();
}, Number(forMs));

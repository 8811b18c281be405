/** A thousand random sequences of commands, with what they came to, printed. */
import { expect, it } from 'vitest';
import { keepHouse } from './house.ts';
import { play, replayed, report } from './sequences.ts';

keepHouse();

it('of a thousand sequences of commands none has two processes or leaves anything', async () => {
  const tally = await play({ runs: 1_000, ...replayed() });
  console.info(report(tally));
  expect(tally).toMatchObject({ sequences: 1_000, aliveMax: 1 });
});

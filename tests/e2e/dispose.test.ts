/**
 * Dispose in each phase of a link and of a service, raced by whatever happens a turn before; and a
 * process that disposes ends by itself. `npm run verify` makes every other order too.
 */
import { describe, expect, it } from 'vitest';
import { disposedOnce } from './disposals.ts';
import { carriers, keepHouse, until, within } from './house.ts';
import { linkPhases, servicePhases } from './phases.ts';
import { bundled, program } from './servers.ts';
import { standIn } from './stand-in.ts';

keepHouse();

disposedOnce(['a turn before']);

describe('a process that disposes', () => {
  it('ends by itself, in every phase', async () => {
    const phases = [...linkPhases, ...servicePhases];
    const left: string[] = [];
    for (const { name, manner } of phases) {
      const server = await standIn(manner ?? 'mute');
      const run = program(`
        const { linkPhases, servicePhases } = await import('${bundled('tests/e2e/phases')}');
        const phase = [...linkPhases, ...servicePhases].find((one) => one.name === '${name}');
        const { gateway } = await phase.reach(${server.port});
        const outcome = await gateway.dispose();
        console.log(JSON.stringify([outcome.gone, gateway.status.state]));
      `);
      const code = await within(`the end in ${name}`, run.gone);
      if (code !== 0 || run.lines.join() !== '[true,"disposed"]') left.push(name, ...run.lines);
      for (const client of server.clients) {
        await until(`${name} to leave`, () => client.left !== null || client.socket.destroyed);
      }
      await server.close();
    }
    expect(left).toEqual([]);
    expect(carriers()).toEqual([]);
  }, 60_000);
});

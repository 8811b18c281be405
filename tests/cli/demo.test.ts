/** `holdfast demo`, that is `npm start`: it ends by itself, and its exit code says how it went. */
import { describe, expect, it } from 'vitest';
import { faults } from '../../src/cli/tour.ts';
import { holdfast, ndjson } from './house.ts';

const patienceMs = 120_000;
const line = /^(| {0,4}\d+\.\d\d s {2}[A-Za-z0-9 ]{13} \S.*|\S.*\.)$/;

describe('the demo', () => {
  it(
    'walks the whole tour once, and every step comes to the state it must',
    async () => {
      const running = holdfast(['demo', '--json']);
      const { code, stdout, stderr } = await running.ended(patienceMs);
      const events = ndjson(stdout.toString());
      expect(events.filter(({ is }) => is === 'failed')).toEqual([]);
      const passed = events.filter(({ event, is }) => event === 'step' && is === 'passed');
      expect(passed.map(({ name }) => name)).toEqual([
        'start',
        ...faults.map(({ name }) => name),
        'stop',
      ]);
      expect(events.filter(({ event }) => event === 'answered')).toHaveLength(faults.length + 1);
      expect(events.at(-1)).toMatchObject({ event: 'end', passed: passed.length, failed: 0 });
      expect({ code, stderr, left: running.left() }).toEqual({ code: 0, stderr: '', left: [] });
    },
    patienceMs,
  );

  it(
    'ends by itself when its time is over, in aligned lines, with nothing left',
    async () => {
      const running = holdfast(['demo', '--for', '5s']);
      const { code, stdout, stderr } = await running.ended(patienceMs);
      const lines = stdout.toString().trimEnd().split('\n');
      expect(lines.filter((one) => !line.test(one))).toEqual([]);
      expect(lines.at(-1)).toMatch(/^\d+ steps in \d+\.\d s: each came to the state it must\.$/);
      expect(stdout.toString()).not.toContain('\x1b');
      expect({ code, stderr, left: running.left() }).toEqual({ code: 0, stderr: '', left: [] });
    },
    patienceMs,
  );

  it(
    'stops on Ctrl-C, with 130 and nothing left',
    async () => {
      const running = holdfast(['demo']);
      await running.printed('stdout', 'fault 1 of');
      running.signal('SIGINT');
      const { code, stdout } = await running.ended(patienceMs);
      expect(code).toBe(130);
      expect(stdout.toString()).toMatch(/stopping +Ctrl-C; once more kills\n/);
      expect(stdout.toString()).toMatch(/passed +nothing is left running\n/);
      expect(running.left()).toEqual([]);
    },
    patienceMs,
  );

  it(
    'ends when nobody reads its log any more',
    async () => {
      const running = holdfast(['demo']);
      await running.printed('stdout', 'fault 1 of');
      running.child.stdout?.destroy();
      await running.ended(patienceMs);
      expect(running.left()).toEqual([]);
    },
    patienceMs,
  );
});

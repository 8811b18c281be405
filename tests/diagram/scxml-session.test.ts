/** What an interpreter of SCXML does with our texts is what XState does with the machines. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as shipped from '../../machines/index.ts';
import { machinesIn } from '../../src/diagram/files.ts';
import { modelOf } from '../../src/diagram/model.ts';
import { awkward, lone } from './charts.ts';
import { compare, type Move, Pair } from './scxml-pair.ts';

describe('a session of the SCXML of a machine', () => {
  const machines = [...machinesIn({ ...shipped, awkward, lone })];

  it.each(machines)('leaves, enters and does what %s does, in the same order', (_, machine) => {
    const pair = new Pair(machine);
    const { transitions } = modelOf(machine);
    // what it tells itself, and a failure that nobody handles, are not ours to send
    const heard = transitions.filter(({ event }) => !/^$|^xstate\.(done\.state|error)/.test(event));
    const met = new Set<string>();
    const guards = fc.subarray(Object.keys(machine.implementations.guards));
    const anyMove = fc.tuple(fc.nat(999), fc.nat(9), guards).map(([lot, far, holding]) => {
      return (active: Set<string>): Move => {
        const near = heard.filter(({ source }) => far === 0 || active.has(source));
        const { event } = near[lot % near.length] ?? { event: 'nobody.hears.it' };
        met.add(event);
        return [event, holding];
      };
    });
    fc.assert(
      fc.property(fc.array(anyMove, { minLength: 10, maxLength: 30 }), (moves) => {
        compare(pair, moves);
      }),
      { numRuns: 60, seed: 20261123 },
    );
    expect(met.size).toBeGreaterThan(new Set(heard.map(({ event }) => event)).size / 2);
  });
});

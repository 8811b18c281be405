/** The gateway by contracts, with more messages in flight than the whole can be explored with. */
import { describe, expect, it } from 'vitest';
import { anyone } from '../../machines/anyone.ts';
import { type Contract, linkContract, serviceContract } from '../../machines/automata.ts';
import {
  gatewayAboveContracts,
  linkBelowAnyone,
  parts,
  serviceBelowAnyone,
} from '../../machines/parts.ts';
import { both, serviceAlone } from '../../machines/world.ts';
import { explore, type World } from '../../src/verify/index.ts';
import { projected } from './projection.ts';
import { promisesWith, prove } from './worlds.ts';

describe.each(parts)('$name keeps every guarantee', ({ world, promised }) => {
  it('with two messages in flight, delivered in any order', () => {
    prove(world, { delivery: 'async', inFlight: 2 }, promised);
  });

  it('in the exact order of one process, with two posts of leaves queued', () => {
    prove(world, { delivery: 'rtc', posts: 2 }, promised);
  });
});

const contracts = { link: linkContract, service: serviceContract };

describe('what the gateway comes to', () => {
  it.each([
    ['above a real service', serviceAlone, Number.POSITIVE_INFINITY],
    ['above two real halves, in the first 500,000 states', both, 500_000],
  ])('%s it comes to above the contracts too', (_, world, maxStates) => {
    const { pairs, states } = projected(world, contracts, maxStates);
    const parted = projected(gatewayAboveContracts, contracts);
    console.info(`${pairs.size} pairs of ${states} states, among ${parted.pairs.size} pairs`);
    expect(pairs.size).toBeGreaterThan(100);
    expect([...pairs].filter((pair) => !parted.pairs.has(pair))).toEqual([]);
  });
});

/** Every report of a contract, and the contract without it. */
const shorter = (contract: Contract): [string, Contract][] =>
  Object.entries(contract.emits).flatMap(([state, all]) =>
    all.map(({ report }): [string, Contract] => {
      const rest = all.filter((one) => one.report !== report);
      const emits = { ...contract.emits, [state]: rest };
      return [`${state}: ${JSON.stringify(report)}`, { ...contract, emits }];
    }),
  );

const promises = { ...promisesWith(parts[0]?.promised ?? []), goals: {} };

function breaks(id: string, world: World, contract: Contract, input: object): boolean {
  const machine = anyone(id, contract, input);
  const roles = world.roles.map((role) =>
    role.name === 'gateway' ? { name: role.name, machine } : role,
  );
  const options = { delivery: 'async', inFlight: 1, promises } as const;
  return explore({ ...world, roles }, options).violation?.guarantee === 'inside-its-contract';
}

describe('no contract allows what its half never does', () => {
  it.each(shorter(linkContract))('of the link, %s', (_, contract) => {
    const input = { luck: 0.5, policy: both.input.link };
    expect(breaks('link', linkBelowAnyone, contract, input)).toBe(true);
  });

  it.each(shorter(serviceContract))('of the service, %s', (_, contract) => {
    const input = { luck: 0.5, policy: both.input.service };
    expect(breaks('service', serviceBelowAnyone, contract, input)).toBe(true);
  });
});

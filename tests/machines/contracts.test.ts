/** The gateway by contracts, in the layers that a push can wait for, and contracts that lie. */
import { describe, expect, it } from 'vitest';
import { anyone, asking } from '../../machines/anyone.ts';
import {
  absentServiceContract,
  linkContract,
  serviceContract,
  untaken,
} from '../../machines/automata.ts';
import { gatewayAboveContracts, linkBelowAnyone, parts } from '../../machines/parts.ts';
import { linkAlone } from '../../machines/world.ts';
import { explore, type Leaf, type World } from '../../src/verify/index.ts';
import { projected } from './projection.ts';
import { promisesWith, prove } from './worlds.ts';

/** Room for a loaded machine: how long a proof takes is printed, never asserted. */
const timeout = 120_000;
const part = (name: string) => {
  const found = parts.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`no part is called ${name}`);
  return found;
};

describe('by contracts every guarantee is kept', { timeout }, () => {
  it.each([
    ['link-below-anyone', 1],
    ['service-below-anyone', 1],
    ['absent-link-below-anyone', 3],
    ['absent-service-below-anyone', 3],
    ['gateway-above-contracts', 1],
    ['gateway-without-service', 1],
  ])('by %s, with up to %i messages in flight', (name, inFlight) => {
    const { world, promised } = part(name);
    prove(world, { delivery: 'async', inFlight }, promised);
  });
});

const broken = (world: World, name: string): string | undefined =>
  explore(world, {
    delivery: 'async',
    inFlight: 1,
    promises: { ...promisesWith(part(name).promised), goals: {} },
  }).violation?.guarantee;

/** A link below anyone who believes in another contract. */
const believed = (contract: typeof linkContract): World => {
  const { link: policy } = gatewayAboveContracts.input;
  const machine = anyone('link', contract, { luck: 0.5, policy });
  return {
    ...linkBelowAnyone,
    roles: linkBelowAnyone.roles.map((role) =>
      role.name === 'gateway' ? { name: role.name, machine } : role,
    ),
  };
};

const without = (state: string, type: string): typeof linkContract => ({
  ...linkContract,
  emits: {
    ...linkContract.emits,
    [state]: (linkContract.emits[state] ?? []).filter(({ report }) => report.type !== type),
  },
});

/** A gateway above a half that may do more, or takes less. */
const above = (name: string, leaf: Leaf): World => ({
  ...gatewayAboveContracts,
  roles: gatewayAboveContracts.roles.map((role) => (role.name === name ? { name, leaf } : role)),
});

describe('a contract that lies is found out', { timeout }, () => {
  it('when it leaves out a report that the half makes', () => {
    expect(broken(believed(without('open', 'link.lost')), 'link-below-anyone')).toBe(
      'inside-its-contract',
    );
  });

  it('when it says of a half that it rests, and it does not', () => {
    const { dialed, ...others } = linkContract.receives;
    const receives = { ...others, dialed: { ...dialed, 'link.rest': 'idle' } };
    const emits = { ...linkContract.emits, idle: linkContract.emits.rested ?? [] };
    const lie = { ...linkContract, emits, receives };
    expect(broken(believed(lie), 'link-below-anyone')).toBe('contract-means-it');
  });

  it('when it lets a half say that it rests while it does not', () => {
    const rested = { report: { type: 'service.rested' }, next: 'raised' };
    const emits = { ...serviceContract.emits, fallen: [rested] };
    expect(broken(above('service', { ...serviceContract, emits }), 'gateway-above-contracts')).toBe(
      'root-goes-by-what-is-said',
    );
  });

  it('when it does not take an order that the gateway gives', () => {
    const open = { ...linkContract.receives.open, 'link.retarget': untaken };
    const receives = { ...linkContract.receives, open };
    expect(broken(above('link', { ...linkContract, receives }), 'gateway-above-contracts')).toBe(
      'orders-are-taken',
    );
  });
});

describe('what the gateway comes to above a real link', { timeout }, () => {
  it('it comes to above the contract too, with all that was said until then', () => {
    const contracts = { link: linkContract, service: absentServiceContract };
    const { pairs, states } = projected(linkAlone, contracts);
    const parted = projected(part('gateway-without-service').world, contracts);
    console.info(`${pairs.size} pairs of ${states} states, among ${parted.pairs.size} pairs`);
    expect(pairs.size).toBeGreaterThan(25);
    expect([...pairs].filter((pair) => !parted.pairs.has(pair))).toEqual([]);
  });
});

describe('anyone', () => {
  it('gives exactly the orders that the contract takes, and every hint', () => {
    const machine = anyone('link', linkContract, {});
    const given = (state: string) =>
      [...new Set(machine.states[state]?.ownEvents)].filter((type) => type.startsWith('ask.'));
    expect(given('dialed').sort()).toEqual(['link.drop', 'link.rest', 'link.retarget'].map(asking));
    expect(given('idle').sort()).toEqual(['link.dial', 'link.drop', 'link.rest'].map(asking));
    expect(machine.root.ownEvents).toEqual(linkContract.hints.map(asking));
  });
});

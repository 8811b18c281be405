/**
 * The gateway by contracts: its world in parts, small enough for more messages in flight than the
 * whole. Each half, and what stands for one that is not there, lives under a parent that may be
 * anyone; the gateway lives above two contracts. It must never leave out anything that a part may
 * do in the whole, nor promise of a part less than the whole needs of it.
 */
import { disagreement, said as told } from './agreement.ts';
import { anyone, asking } from './anyone.ts';
import { absentServiceContract, type Contract, linkContract, serviceContract } from './automata.ts';
import type { Actor, Guarantee, View } from './guarantees.ts';
import { absentLink, absentService } from './leaves.ts';
import { both, linkAlone, linkRoles, serviceAlone, serviceRoles } from './world.ts';

// what is promised of a part, beyond what is promised of every world ----------

/** What a state of a contract says of the half itself; `idle` is where an absent one stays. */
const meaning: Readonly<Record<string, readonly string[]>> = {
  idle: ['resting', 'idle'],
  open: ['trying.up', 'idle'],
  up: ['owned.up', 'idle'],
  attached: ['attached'],
  reloading: ['owned.up.reloading'],
  failed: ['failed'],
  unkillable: ['owned.unkillable'],
};

const halfOf = (view: View): Actor | undefined =>
  view.at('gateway/link') ?? view.at('gateway/service');

const ofHalves: readonly Guarantee[] = [
  {
    id: 'inside-its-contract',
    sentence: 'Each half reports only what its contract allows, whoever gives the orders.',
    kind: 'always',
    forbids: [],
    check: (view) => {
      if (!view.at('gateway')?.matches('breach')) return undefined;
      return `the contract does not allow what ${halfOf(view)?.path} reported`;
    },
  },
  {
    id: 'contract-means-it',
    sentence: 'What the contract says of a half that is left in peace is true of it.',
    kind: 'atRest',
    forbids: [],
    check: (view) => {
      const state = Object.keys(meaning).find((one) => view.at('gateway')?.matches(one));
      const half = halfOf(view);
      if (state === undefined || half === undefined) return undefined;
      if (!meaning[state]?.some((one) => half.matches(one))) return `${half.path} is not ${state}`;
      const isLeft = state === 'idle' && view.liveLeaves + view.armedTimers > 0;
      return isLeft ? `${half.path} holds something, and nothing was asked of it` : undefined;
    },
  },
];

const said = (view: View, half: string, ...states: string[]): boolean =>
  states.some((state) => view.at(`gateway/${half}`)?.matches(state));
const wanted = (view: View, state: string): boolean =>
  view.at('gateway')?.matches(`life.wanted.${state}`) ?? false;

const ofGateway: readonly Guarantee[] = [
  {
    id: 'root-goes-by-what-is-said',
    sentence: 'The gateway is where the last order and the last word of each half lead.',
    kind: 'atRest',
    forbids: [],
    check: (view) => disagreement(told, view),
  },
  {
    id: 'orders-are-taken',
    sentence: 'The gateway gives no half an order that its contract does not take.',
    kind: 'always',
    forbids: [],
    check: (view) =>
      ['link', 'service'].some((half) => said(view, half, 'untaken'))
        ? 'an order came that the contract does not take'
        : undefined,
  },
  {
    id: 'running-is-said',
    sentence: 'The gateway runs only on what both halves have said: the one up, the other open.',
    kind: 'atRest',
    forbids: [],
    check: (view) =>
      wanted(view, 'running') &&
      !(said(view, 'link', 'open') && said(view, 'service', 'up', 'reloading', 'attached'))
        ? 'it runs, and a half has said something else'
        : undefined,
  },
  {
    id: 'reloads-are-awaited',
    sentence: 'A reload is waited for only while the service is at it, or is asked how it is.',
    kind: 'atRest',
    forbids: [],
    check: (view) =>
      view.at('gateway')?.matches('ledger.reloading') &&
      !said(view, 'service', 'reloading', 'raised', 'unlaunched')
        ? 'the gateway waits for a reload that nobody does'
        : undefined,
  },
  {
    id: 'replaced-at-rest',
    sentence: 'While a process is replaced or recovers the link has been told to rest.',
    kind: 'atRest',
    forbids: [],
    check: (view) =>
      ['cycling.down', 'cycling.up', 'recovering'].some((state) => wanted(view, state)) &&
      said(view, 'link', 'dialed', 'open', 'paused')
        ? 'the link of a process that is gone'
        : undefined,
  },
];

// the parts -----------------------------------------------------------------

/** A child below anyone, who stands where the gateway would. */
function below<R>(id: string, contract: Contract, roles: readonly R[], input: object) {
  const orders = Object.values(contract.receives).flatMap(Object.keys);
  const types = [...new Set([...orders, ...contract.hints])];
  return {
    root: 'gateway',
    roles: [{ name: 'gateway', machine: anyone(id, contract, input) }, ...roles],
    user: types.map((type) => ({ event: { type: asking(type) } })),
  };
}

const luck = 0.5;
const { link, service } = both.input;
const absent = <L>(id: string, contract: Contract, leaf: L) => ({
  ...below(id, contract, [{ name: id, leaf }], {}),
  counters: {},
});

export const linkBelowAnyone = {
  ...below('link', linkContract, linkRoles, { luck, policy: link }),
  counters: linkAlone.counters,
};

export const serviceBelowAnyone = {
  ...below('service', serviceContract, serviceRoles, { luck, policy: service }),
  counters: serviceAlone.counters,
};

const gatewayAbove = <W extends { roles: readonly { name: string }[] }>(
  world: W,
  ...halves: { name: string; leaf: Contract }[]
) => ({ ...world, roles: [...world.roles.filter(({ name }) => name === 'gateway'), ...halves] });

const byLink = { name: 'link', leaf: linkContract };

export const gatewayAboveContracts = gatewayAbove(both, byLink, {
  name: 'service',
  leaf: serviceContract,
});

/** An absent link stays inside the contract of a link, so that it needs no gateway of its own. */
const gatewayWithoutService = gatewayAbove(linkAlone, byLink, {
  name: 'service',
  leaf: absentServiceContract,
});

const anyoneAbove = { promised: ofHalves, standIns: ['gateway'] };
const gatewayAlone = { promised: ofGateway, standIns: [] };

/** Every part, what is promised of it beyond what holds of every world, and who is made up. */
export const parts = [
  { name: 'link-below-anyone', world: linkBelowAnyone, ...anyoneAbove },
  {
    name: 'absent-link-below-anyone',
    world: absent('link', linkContract, absentLink),
    ...anyoneAbove,
  },
  { name: 'service-below-anyone', world: serviceBelowAnyone, ...anyoneAbove },
  {
    name: 'absent-service-below-anyone',
    world: absent('service', absentServiceContract, absentService),
    ...anyoneAbove,
  },
  { name: 'gateway-above-contracts', world: gatewayAboveContracts, ...gatewayAlone },
  { name: 'gateway-without-service', world: gatewayWithoutService, ...gatewayAlone },
];

/** What the parts leave open of the whole. */
export const unproved: readonly string[] = [
  'the parts prove what holds in every state, not what can be reached or comes in the end',
  'a half below anyone takes orders only while fewer messages than the bound are in flight in it',
];

/** Every transition of every machine is taken in some world. */
import { describe, expect, it } from 'vitest';
import type { HeartbeatPolicy } from '../../machines/contracts.ts';
import {
  gatewayAboveContracts,
  linkBelowAnyone,
  serviceBelowAnyone,
} from '../../machines/parts.ts';
import { linkAlone, serviceAlone, serviceOnce } from '../../machines/world.ts';
import { explore, type Result } from '../../src/verify/index.ts';
import { prove } from './worlds.ts';

/** A link whose heartbeat is of another kind; the worlds that ship have one that probes twice. */
function beating(heartbeat: Partial<HeartbeatPolicy>): typeof linkAlone {
  const { link } = linkAlone.input;
  if (link === null) throw new Error('a link alone has a link');
  const connection = {
    ...link.connection,
    heartbeat: { ...link.connection.heartbeat, ...heartbeat },
  };
  return { ...linkAlone, input: { ...linkAlone.input, link: { ...link, connection } } };
}

const kinds = {
  'counts misses': beating({ mode: 'misses' }),
  'only observes': beating({ mode: 'observe' }),
  'is off': beating({ mode: 'off' }),
  'probes once': beating({ probes: 1 }),
};

/** By role: what no world has taken so far. */
const never = new Map<string, readonly string[]>();

function covers(coverage: Result['coverage']) {
  for (const [role, { never: now }] of Object.entries(coverage)) {
    const before = never.get(role);
    never.set(role, before?.filter((one) => now.includes(one)) ?? now);
  }
}

describe('a link whose heartbeat', () => {
  it.each(Object.entries(kinds))('%s keeps every guarantee', (_, world) => {
    covers(prove(world, { delivery: 'async', inFlight: 1 }));
    covers(prove(world, { delivery: 'rtc', posts: 1 }));
  });
});

describe('the worlds together', () => {
  it('take every transition of every machine', () => {
    const two = { delivery: 'async', inFlight: 2 } as const;
    for (const world of [linkAlone, linkBelowAnyone, serviceBelowAnyone, gatewayAboveContracts]) {
      covers(explore(world, two).coverage);
    }
    for (const world of [serviceAlone, serviceOnce]) {
      covers(explore(world, { delivery: 'async', inFlight: 1 }).coverage);
    }
    const roles = ['gateway', 'link', 'connection', 'heartbeat', 'service', 'process'];
    expect(roles.filter((role) => !never.has(role))).toEqual([]);
    const left = roles.flatMap((role) => (never.get(role) ?? []).map((one) => `${role}: ${one}`));
    expect(left).toEqual([]);
  });
});

/**
 * Dispose in each phase of a link and of a service, alone and with every event that can race it.
 * It is one outcome, for good: nothing is asked, dialed, started or said afterwards, and every
 * client has left the server. It must never race a phase that was not reached.
 */

import { describe, expect, it } from 'vitest';
import { carriers, keep, until, within } from './house.ts';
import { linkPhases, type Phase, type Reached, servicePhases } from './phases.ts';
import { closeFrame, frames, type StandIn, standIn, textFrame, upgradeOf } from './stand-in.ts';

/** What may happen in the same turn; a peer's doing needs a client that is there. */
type Race = (reached: Reached, server: StandIn) => unknown;

const settled = (promise: Promise<unknown>) =>
  promise.catch((error: { code?: string }) => {
    if (!String(error.code).startsWith('HF_')) throw error;
  });

const verbs: Record<string, Race> = {
  nothing: () => undefined,
  'a dispose': ({ gateway }) => gateway.dispose(),
  'a stop': ({ gateway }) => gateway.stop(),
  'a quit': ({ gateway }) => gateway.quit(),
  'a start': ({ gateway }) => gateway.start(),
  'a retry': ({ gateway }) => gateway.retryNow(),
  'the answer of the function': ({ answer }) => answer(),
};

const last = ({ clients }: StandIn) => clients.at(-1);
const next: Record<string, (heard: string) => Uint8Array> = {
  TLS: () => Buffer.from('no TLS at all'),
  upgrade: (heard) => upgradeOf(heard) ?? Buffer.alloc(0),
  challenge: () => textFrame('challenge'),
  credentials: () => textFrame('refused you'),
  hello: () => textFrame('welcome'),
  closing: () => closeFrame,
};
const peers = (phase: string): Record<string, Race> => ({
  'the next word of the peer': (_, server) => {
    const client = last(server);
    const word = next[phase] ?? (() => textFrame('hi'));
    client?.socket.write(word(client.heard));
  },
  "the peer's close": (_, server) => void last(server)?.socket.write(closeFrame),
  "the peer's end": (_, server) => void last(server)?.socket.end(),
  "the peer's reset": (_, server) => void last(server)?.socket.resetAndDestroy(),
});

const services: Record<string, Race> = {
  'a restart': ({ gateway }) => 'restart' in gateway && gateway.restart(),
  'the end of the process': ({ gateway }) => {
    const { process: own } = gateway.status;
    if (own?.pid !== undefined) process.kill(own.pid, 'SIGKILL');
  },
};

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
export type Order = 'before' | 'after' | 'a turn before';

/** Lets `race` happen around a dispose; all it leads to must settle. */
async function dispose(reached: Reached, server: StandIn, race: Race, order: Order) {
  const { gateway } = reached;
  const raced: unknown[] = [];
  if (order !== 'after') raced.push(race(reached, server));
  if (order === 'a turn before') await turn();
  const asked = reached.asked();
  const disposed = gateway.dispose();
  if (order === 'after') raced.push(race(reached, server));
  const all = raced.map((one) => (one instanceof Promise ? settled(one) : one));
  const outcome = await within('dispose', disposed);
  await within('what raced it', Promise.all(all));
  return { outcome, asked };
}

async function once(phase: Phase, race: Race, order: Order, what: string): Promise<void> {
  const server = await standIn(phase.manner ?? 'mute');
  try {
    const reached = await phase.reach(server.port);
    const gateway = keep(reached.gateway);
    const lines: string[] = [];
    gateway.on('status', ({ state }) => lines.push(state));
    const speaking = ['hello', 'closing'].includes(phase.name) ? 1 : 0;
    await until('its words', () => server.clients.flatMap(frames).length >= speaking);
    if (phase.manner === 'mute') {
      await until('the client', () => (last(server)?.heard ?? '') !== '');
    }
    const before = server.clients.flatMap(frames);
    const { outcome, asked } = await dispose(reached, server, race, order);
    reached.answer();
    for (let turns = 0; turns < 3; turns += 1) await turn();
    await until(`${what}: everybody to leave`, () =>
      server.clients.every(({ left, socket }) => left !== null || socket.destroyed),
    );
    const { status } = gateway;
    const said = server.clients.flatMap(frames).slice(before.length);
    // in the turn between, whatever it was waiting for may have been answered
    const rude = order === 'a turn before' ? [] : said.filter((word) => !word.startsWith('close'));
    expect([what, { ...outcome, how: '' }, status.state, status.intent, rude]).toEqual([
      what,
      { gone: true, how: '' },
      'disposed',
      'disposed',
      [],
    ]);
    expect([what, reached.asked()]).toEqual([what, asked]);
    const clients = ['mute', 'resets', 'upgrades', 'challenges'].includes(phase.manner ?? '');
    // in the turn between, it may have dialed for the first time, or again
    const most = Number(clients) + Number(order === 'a turn before');
    expect([what, server.clients.length <= most]).toEqual([what, true]);
    expect([what, lines.filter((state) => state === 'disposed').length <= 1]).toEqual([what, true]);
  } finally {
    await server.close();
  }
}

/** The races, each in these orders. */
export function disposedOnce(orders: readonly Order[]): void {
  describe('a link is disposed once and for good', () => {
    it.each(linkPhases)('in phase $name, whatever races it', async (phase) => {
      const hasClient = !['lookup', 'TCP', 'waiting'].includes(phase.name);
      const races = { ...verbs, ...(hasClient ? peers(phase.name) : {}) };
      for (const [name, race] of Object.entries(races)) {
        for (const order of orders) await once(phase, race, order, `${name} ${order}`);
      }
    });
  });

  describe('a service is disposed once and for good', () => {
    it.each(servicePhases)('in phase $name, whatever races it', async (phase) => {
      for (const [name, race] of Object.entries({ ...verbs, ...services })) {
        for (const order of orders) await once(phase, race, order, `${name} ${order}`);
      }
      expect(carriers()).toEqual([]);
    });
  });
}

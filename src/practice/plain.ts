/**
 * The plain dialect: echoes every frame, text as text and bytes as bytes. A text that starts with a
 * slash is an order instead. It must never answer anything but the frame it was sent or the order
 * it was given.
 *
 *   /send COUNT TEXT     sends COUNT frames of TEXT
 *   /info                sends one JSON frame { pid, bootId, protocol }
 *   /fault NAME[:k=v,…]  or a JSON object: sends the answer, then acts
 */

import type { Dialect, House } from './dialect.ts';
import type { Peer } from './peer.ts';

const framesMost = 100_000;

export function plainDialect(house: House): Dialect {
  const orders: Record<string, (peer: Peer, rest: string) => void> = {
    send: (peer, rest) => {
      const [, count = '1', text = ''] = /^(\d+)(?: ([\s\S]*))?$/.exec(rest) ?? [];
      const frames = Math.min(Number(count), framesMost);
      for (let n = 0; n < frames; n += 1) peer.push(text);
    },
    info: (peer) => {
      const { bootId } = house;
      peer.answer(JSON.stringify({ pid: process.pid, bootId, protocol: 'plain' }));
    },
    fault: (peer, rest) => {
      const { answer, run } = house.fault(peer, rest);
      peer.answer(JSON.stringify(answer), run);
    },
  };
  return {
    name: 'plain',
    opened: (peer) => house.greeted(peer),
    text(peer, text) {
      const [, name = '', rest = ''] = /^\/(\w+) ?([\s\S]*)$/.exec(text) ?? [];
      const order = Object.hasOwn(orders, name) ? orders[name] : undefined;
      if (order) order(peer, rest);
      else peer.answer(text);
    },
    binary: (peer, data) => peer.answer(data),
    closed: () => {},
    emit: (peer, name, payload) => peer.push(`${name} ${JSON.stringify(payload)}`),
    leaving: (_, __, expectedMs) =>
      expectedMs === null
        ? { code: 1001, reason: 'going away' }
        : { code: 1012, reason: 'service restart' },
    stats: () => ({}),
    effects: {},
  };
}

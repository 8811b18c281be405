/** The protocol plain: what the suite asks of all, and frames that nobody reads. */

import { expect, it } from 'vitest';
import { plain } from '../../src/protocols/index.ts';
import { Notes, protocolConformance, reach, strange } from './protocol-conformance.ts';

protocolConformance('plain', plain, {
  samples: [
    ['hello', { kind: 'message', data: 'hello' }],
    ['{"jsonrpc":"2.0"}', { kind: 'message', data: '{"jsonrpc":"2.0"}' }],
    [new Uint8Array([0, 255]), { kind: 'message', data: new Uint8Array([0, 255]) }],
  ],
});

it('is accepted as soon as it is opened, and states no rhythm', () => {
  const host = new Notes();
  plain().session(host).opened();
  expect(host.facts).toEqual([
    { type: 'socket.opened' },
    { type: 'socket.accepted', silenceMs: 0 },
  ]);
});

it('BI-01, BI-06: delivers every frame as the very value that came', async () => {
  const { host, session } = await reach('accepted', plain(), { samples: [['', never]] });
  for (const frame of strange) session.frame(frame);
  expect(host.delivered).toHaveLength(strange.length);
  host.delivered.forEach((inbound, n) => {
    expect(inbound.kind === 'message' && inbound.data).toBe(strange[n]);
  });
});

it('has no requests, asks for no credentials and knows nothing about its peer', async () => {
  const { session } = await reach('accepted', plain(), { samples: [['', never]] });
  expect(session.request).toBeUndefined();
  expect(session.probe()).toBeUndefined();
  expect(session.server).toEqual({});
  let asked = 0;
  await session.credentials(async () => (asked += 1));
  expect(asked).toBe(0);
});

it('asks a silent peer twice before it is taken for dead', () => {
  expect(plain()).toMatchObject({
    name: 'plain',
    heartbeat: { mode: 'probe', silenceMs: 15_000, waitMs: 5000, probeMs: 5000, probes: 2 },
  });
});

const never = { kind: 'message', data: undefined } as const;

/**
 * The proof that a process serves, by what it writes and by what the host finds: the first line
 * that matches, with its named groups, whatever flags the expression has and whatever position
 * it remembers; and a check of the host whose failure names it.
 */

import { describe, expect, it } from 'vitest';
import type { Host } from '../../src/runtime/host.ts';
import type { Found, Ready } from '../../src/runtime/options.ts';
import { OutputRing } from '../../src/runtime/output.ts';
import { type Proof, prove } from '../../src/runtime/readiness.ts';
import { turns } from '../fakes/clock.ts';

const nothing: Found = { pid: 1, port: undefined, groups: {} };

/** Only what a proof by line or by probe may touch. */
function make(ready: Ready | undefined) {
  const output = new OutputRing();
  const facts = { process: null };
  const host = { output, facts, settings: { process: { ready } } } as unknown as Host;
  const abort = new AbortController();
  const asking = { option: null as string | null };
  const proofs: Proof[] = [];
  const begin = () =>
    prove(host, nothing, abort.signal, asking, (proof) => {
      proofs.push(proof);
    });
  return { output, abort, asking, proofs, begin };
}

describe('by line', () => {
  it('is the first line that matches, on either stream, and no other one', () => {
    const { output, proofs, begin } = make({
      line: /listening on (?<port>\d+)(?: as (?<id>\w+))?/,
    });
    begin();
    output.push('stdout', 'starting');
    expect(proofs).toEqual([]);
    output.push('stderr', 'now listening on 8123 as me');
    output.push('stdout', 'listening on 9999');
    expect(proofs).toEqual([{ proved: true, groups: { port: '8123', id: 'me' } }]);
  });

  it('may have been written before anybody asked', () => {
    const { output, proofs, begin } = make({ line: /up/ });
    output.push('stdout', 'up');
    begin();
    output.push('stdout', 'up');
    expect(proofs).toEqual([{ proved: true, groups: {} }]);
  });

  it.each(['g', 'y', 'gy', 'gi', 'gimsuy'])(
    'finds the same with the flags %s, at any position',
    (flags) => {
      const line = new RegExp('ready (?<port>\\d+)', flags);
      line.lastIndex = 500;
      for (let start = 1; start <= 3; start += 1) {
        const { output, proofs, begin } = make({ line });
        begin();
        output.push('stdout', 'not yet');
        output.push('stdout', `it is ready ${start}`);
        expect(proofs).toEqual([{ proved: true, groups: { port: String(start) } }]);
      }
      expect(line.lastIndex).toBe(500);
    },
  );

  it('keeps its other flags', () => {
    const { output, proofs, begin } = make({ line: /^READY$/gi });
    begin();
    output.push('stdout', 'ready');
    expect(proofs).toHaveLength(1);
  });

  it('reads what is too secret to keep', () => {
    const { output, proofs, begin } = make({ line: /token=(?<token>\w+)/ });
    begin();
    output.push('stdout', 'open http://h/?token=abc123');
    expect(proofs).toEqual([{ proved: true, groups: { token: 'abc123' } }]);
    expect(output.lastWords).toEqual(['open http://h/?token=[redacted]']);
  });

  it('is not looked for any more once nobody asks', () => {
    const { output, abort, proofs, begin } = make({ line: /up/ });
    begin();
    abort.abort();
    output.push('stdout', 'up');
    expect(proofs).toEqual([]);
  });
});

describe('by a check of the host', () => {
  it.each([
    [true, { proved: true }],
    [false, { proved: false }],
    ['yes', { proved: false }],
  ])('that says %s', async (answer, proof) => {
    const { proofs, begin } = make({ probe: () => answer as boolean });
    begin();
    await turns(1);
    expect(proofs).toEqual([proof]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no')), 'process.ready.probe failed: no'],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
      'process.ready.probe failed: undefined',
    ],
  ])('that %s is no proof, and is named', async (_, probe, because) => {
    const { proofs, begin } = make({ probe });
    begin();
    await turns(1);
    expect(proofs).toEqual([{ proved: false, because }]);
  });

  it('that hangs is known by name until it answers', async () => {
    let answer: (is: boolean) => void = () => {};
    const { asking, begin } = make({
      probe: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    begin();
    expect(asking.option).toBe('process.ready.probe');
    answer(true);
    await turns(1);
    expect(asking.option).toBeNull();
  });

  it('of its HTTP address that throws is named', async () => {
    const http = () => {
      throw new Error('no port');
    };
    const { proofs, begin } = make({ http });
    begin();
    await turns(1);
    expect(proofs).toEqual([{ proved: false, because: 'process.ready.http failed: no port' }]);
  });
});

describe('by nothing', () => {
  it('is a proof at once', () => {
    const { proofs, begin } = make(undefined);
    begin();
    expect(proofs).toEqual([{ proved: true }]);
  });
});

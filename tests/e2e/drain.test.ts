/**
 * Processes that are asked to end in their own way, for real: over a link that stays open for that,
 * on a stdin that is ours, by a command; and what they get when they do not end.
 */
import { describe, expect, it } from 'vitest';
import { createGateway, type Graceful, supervise } from '../../src/index.ts';
import { carriers, keep, keepHouse, until, witness } from './house.ts';
import { listening, practice, urlOf } from './servers.ts';

keepHouse();

const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];

describe('a stop that asks first', () => {
  it('PO-28: ends a service by its own shutdown, and no signal is sent', async () => {
    const gateway = keep(
      createGateway({
        process: {
          command: practice(),
          ready: listening,
          stop: { graceful: { request: 'shutdown' }, drainMs: 10_000 },
        },
        link: { url: urlOf, protocol: 'jsonrpc' },
      }),
    );
    const seen = witness(gateway);
    await gateway.start();
    await gateway.ready();
    expect(await gateway.stop()).toMatchObject({ gone: true });
    expect(gateway.status.exit).toEqual({ code: 0, signal: null, expected: true });
    expect(gateway.status.because).toMatch(/^you asked; it exited with code 0, gone after/);
    expect(seen.lines.filter((line) => line.includes('SIGTERM sent'))).toEqual([]);
    expect(carriers()).toEqual([]);
  });

  async function stopped(command: [string, ...string[]], graceful: Graceful, drainMs = 10_000) {
    const stop = { graceful, drainMs, graceMs: 10_000 };
    const service = keep(supervise({ command, ready: { line: /up/ }, stop }));
    await service.start();
    await service.ready();
    expect(await service.stop()).toMatchObject({ gone: true });
    const said = service.diagnostics.output.map(({ text }) => text);
    return { exit: service.status.exit, said: said.filter((text) => text !== 'up') };
  }

  it('PO-32: by a word on its stdin, or its end', async () => {
    const reading = sh(`trap 'echo signalled' TERM; echo up; read word; echo "read $word"; exit 0`);
    const { exit, said } = await stopped(reading, { stdin: 'quit\n' });
    expect([exit?.code, said]).toEqual([0, ['read quit']]);
    const ended = await stopped(reading, { stdin: null });
    expect([ended.exit?.code, ended.said]).toEqual([0, ['read ']]);
  });

  it('PO-30: by a command that fails is a signal at once', async () => {
    const waiting = sh(`trap 'echo signalled; exit 0' TERM; echo up; while :; do sleep 0.02; done`);
    const begun = performance.now();
    const { said } = await stopped(waiting, { command: sh('exit 1') });
    expect(said).toContain('signalled');
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('PO-29: that it does not heed is a signal after its time', async () => {
    const waiting = sh(`trap 'echo signalled; exit 0' TERM; echo up; while :; do sleep 0.02; done`);
    const { said } = await stopped(waiting, { stdin: 'quit\n' }, 100);
    expect(said).toContain('signalled');
    await until('nobody', () => carriers().length === 0);
  });
});

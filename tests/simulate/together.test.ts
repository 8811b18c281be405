/**
 * The three fakes under the whole of Holdfast: a life that takes minutes, in no time at all. It
 * promises that a scenario needs nothing but them, and must never look at real time.
 */

import { expect, it, onTestFinished } from 'vitest';
import { createGateway } from '../../src/index.ts';
import { Network } from '../../src/simulate/network.ts';
import { ProcessTable } from '../../src/simulate/processes.ts';
import { FakeClock } from '../fakes/clock.ts';

const start = async () => {
  const [clock, network, table] = [new FakeClock(), new Network(), new ProcessTable()];
  const gateway = createGateway({
    clock,
    random: () => 0.5,
    process: { command: ['/bin/service'], port: 4000, driver: table.driver },
    link: { url: 'ws://127.0.0.1:4000/', protocol: 'plain', transport: network.transport },
  });
  clock.onStep = () => {
    expect(network.alive, 'sockets at once').toBeLessThanOrEqual(1);
    expect(table.alive, 'processes at once').toBeLessThanOrEqual(1);
  };
  onTestFinished(() => gateway.killNow());
  await gateway.start();
  await clock.until(() => gateway.status.state === 'running', 60_000);
  return { clock, network, table, gateway };
};

it('a process that exits is started again and found again', async () => {
  const { clock, network, table, gateway } = await start();
  network.calls[0]?.reset();
  table.children[0]?.exits(1);
  await clock.until(() => table.children.length === 2, 60_000);
  await clock.until(() => gateway.status.state === 'running', 60_000);
  expect(table.children.map(({ alive }) => alive)).toEqual([false, true]);
  expect(network.calls.filter(({ open }) => open)).toEqual([network.calls.at(-1)]);
});

it('a peer that answers no ping is given up and dialled again', async () => {
  const { clock, network, gateway } = await start();
  const [first] = network.calls;
  if (first !== undefined) first.pongs = false;
  await clock.until(() => first?.open === false, 300_000);
  await clock.until(() => gateway.status.state === 'running', 60_000);
  expect(first?.log.words[0]).toBe('ping');
  expect(first?.endedBy).toBe('client reset');
  expect(network.calls.at(-1)?.open).toBe(true);
});

it('a stop leaves no socket, no process and no timer', async () => {
  const { clock, network, table, gateway } = await start();
  let stopped = false;
  void gateway.stop().then(() => {
    stopped = true;
  });
  await clock.until(() => stopped, 60_000);
  expect([network.alive, table.alive, clock.armed]).toEqual([0, 0, 0]);
  expect(table.children[0]?.signals[0]).toBe('SIGTERM');
});

/** The record of what a host leaves running: whole or absent, in order, and only ever ours. */
import { describe, expect, it } from 'vitest';
import { Custody } from '../../src/runtime/custody.ts';
import { Outsiders } from '../../src/simulate/outsiders.ts';
import { ProcessTable } from '../../src/simulate/processes.ts';
import { turns } from '../fakes/clock.ts';

const folder = '/custody';
const file = 'the-service.custody.json';
const mark = { name: 'MARK', value: 'of the first' };
const other = { name: 'MARK', value: 'of the second' };

function keeping() {
  const outsiders = new Outsiders(new ProcessTable());
  /** As a host with this pid sees it; earlier ones are gone. */
  const host = (pid: number) => {
    outsiders.host = pid;
    const self = outsiders.census.self() ?? { pid, start: '' };
    return new Custody(outsiders.census, { folder, name: 'the service', self });
  };
  const records = () => outsiders.recordsIn(folder);
  return { outsiders, host, records };
}

describe('a custody record', () => {
  it('is found by the next host with all that was noted of it', async () => {
    const { outsiders, host } = keeping();
    const first = host(11);
    await first.intend(mark);
    const child = outsiders.add({ mark });
    await turns();
    await first.arrived(child.pid, 42);
    await first.proved(8080, { id: 'x' });
    expect(await host(12).find()).toEqual({
      claim: { identity: { pid: child.pid, start: `start of ${child.pid}` }, mark },
      ...{ ready: true, startedAt: 42, port: 8080, groups: { id: 'x' } },
    });
  });

  it('of what carries its mark, and was never confirmed, is not ready', async () => {
    const { outsiders, host } = keeping();
    await host(11).intend(mark);
    outsiders.add({ mark });
    await turns();
    const found = await host(12).find();
    expect(found).toMatchObject({ claim: { identity: null, mark }, ready: false });
  });

  it('is removed when nobody is left of it', async () => {
    const { host, records } = keeping();
    await host(11).intend(mark);
    expect(await host(12).find()).toBeNull();
    expect(records()).toEqual([]);
  });

  it('is removed by its own mark only', async () => {
    const { host, records } = keeping();
    const custody = host(11);
    await custody.intend(mark);
    await custody.intend(other);
    await custody.gone(mark);
    expect(records()).toEqual([file]);
    await custody.gone(other);
    expect(records()).toEqual([]);
  });

  it('of a living host keeps every other one from starting', async () => {
    const { outsiders, host } = keeping();
    await host(11).intend(mark);
    outsiders.hosts.add(11);
    const second = host(12);
    const why = 'the host with pid 11 supervises it already';
    await expect(second.find()).rejects.toThrow(why);
    await expect(second.intend(other)).rejects.toThrow(why);
  });

  it('is never written after the process is gone', async () => {
    const { host, records } = keeping();
    const custody = host(11);
    await custody.intend(mark);
    const writes = [custody.arrived(101, 1), custody.gone(mark), custody.proved(1, {})];
    await Promise.all(writes);
    expect(records()).toEqual([]);
  });

  it('that is no record of ours is left alone, and named', async () => {
    const { outsiders, host } = keeping();
    for (const contents of ['', '{}', '[]', '{"version":2}', 'null', '\u0000']) {
      outsiders.write(folder, file, contents);
      await expect(host(11).find()).rejects.toThrow(`${file} cannot be read: remove it`);
      await expect(host(11).intend(mark)).rejects.toThrow(file);
    }
  });
});

/**
 * The configuration of a real gateway, changed over requests while it serves and in its file once
 * it is gone. What it hides must come back whole, and nobody else's words may be overwritten.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, configDelivery } from '../../src/delivery/index.ts';
import { type Connection, connect, openclaw, openclawFiles } from '../../src/index.ts';
import {
  type PreparedGateway,
  prepareGateway,
  type RunningGateway,
  startGateway,
  sweep,
} from './harness.ts';
import { coldMs, Journal, measured } from './rig.ts';

const secret = 'remote-t0ken-that-is-hidden';

let prepared: PreparedGateway;
let started: RunningGateway;
let link: Connection;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-device-'));
  prepared = await prepareGateway({ config: { gateway: { remote: { token: secret } } } });
  started = startGateway(prepared);
  const scopes = ['operator.admin', 'operator.read', 'operator.write'];
  link = connect({
    url: prepared.url,
    protocol: openclaw({ ...openclawFiles(folder), scopes }),
    credentials: () => ({ token: prepared.token }),
  });
});

afterAll(async () => {
  await link?.dispose();
  sweep(prepared.mark);
  await started?.exited;
  prepared.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Written extends Config {
  ui?: { seamColor?: string };
  gateway?: { remote?: { token?: string } };
}

const written = () => JSON.parse(readFileSync(prepared.configFile, 'utf8')) as Written;
const colour = (seamColor: string) => (copy: Config) => ({ ...copy, ui: { seamColor } });

describe('the configuration of a real gateway', () => {
  it('is changed over requests, kept from a conflict, and then in its file', async () => {
    const journal = new Journal(link);
    journal.printIfFailed();
    await link.start();
    await link.ready({ timeoutMs: coldMs });
    const delivery = configDelivery({ gateway: link, file: prepared.configFile });

    const since = performance.now();
    const done = await delivery.change(colour('#112233'));
    measured('one change over requests', performance.now() - since);
    expect(done).toEqual({ committed: true, via: 'request', applied: true, reread: false });
    expect(written()).toMatchObject({
      ui: { seamColor: '#112233' },
      gateway: { remote: { token: secret } },
    });

    const inode = statSync(prepared.configFile).ino;
    expect(await delivery.change(colour('#112233'))).toMatchObject({ committed: false });
    expect(statSync(prepared.configFile).ino).toBe(inode);

    // somebody with an editor, between our reading and our writing
    const seen: unknown[] = [];
    const shown = new Set<unknown>();
    const contested = await delivery.change((copy) => {
      seen.push((copy as Written).ui?.seamColor);
      shown.add((copy as Written).gateway?.remote?.token);
      if (seen.length === 1) {
        const theirs = { ...written(), ui: { seamColor: '#445566' } };
        prepared.writeConfig(`${JSON.stringify(theirs, null, 2)}\n`);
      }
      return { ...copy, ui: { seamColor: '#778899' } };
    });
    expect(contested).toMatchObject({ committed: true, via: 'request' });
    expect(seen).toEqual(['#112233', '#445566']);
    expect(written()).toMatchObject({ ui: { seamColor: '#778899' } });
    expect([...shown]).toEqual(['__OPENCLAW_REDACTED__']);
    expect(written().gateway?.remote?.token).toBe(secret);

    await link.stop();
    started.child.kill('SIGTERM');
    await started.exited;
    const offline = await delivery.change(colour('#aabbcc'));
    expect(offline).toEqual({ committed: true, via: 'file', applied: false, reread: false });
    expect(written().ui?.seamColor).toBe('#aabbcc');
    expect(written().gateway?.remote?.token).toBe(secret);
    expect(statSync(prepared.configFile).mode & 0o777).toBe(0o600);
  });
});

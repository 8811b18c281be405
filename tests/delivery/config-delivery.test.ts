/**
 * Which way a change takes, in what order, and what functions of the host can do to it. The gateway
 * is a script that knows its state; the files are real. Whatever fails, the file is as it was.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ConfigDelivery, type ConfigDeliveryOptions } from '../../src/delivery/config-delivery.ts';
import { type Config, configDelivery } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/drivers/system-clock.ts';
import { type Delivery, HoldfastError } from '../../src/errors.ts';
import type { State } from '../../src/index.ts';

let file = '';

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
  file = join(folder, 'service.json');
  writeFileSync(file, '{"a":1}');
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const text = () => readFileSync(file, 'utf8');
const add = (copy: Config) => {
  copy.a = Number(copy.a) + 1;
};

function error(delivery: Delivery): HoldfastError {
  return new HoldfastError('HF_CONNECTION_LOST', 'lost', { delivery });
}

/** A service that keeps one value, and a gateway in that state in front of it. */
class Script {
  status: { state: State } = { state: 'running' };
  value: Config = { a: 1 };
  hash = 1;
  asked: string[] = [];
  /** what happens to the next requests instead, in this order */
  next: (() => unknown)[] = [];

  request = async <T>(method: string, params?: unknown): Promise<T> => {
    this.asked.push(method);
    const instead = this.next.shift();
    if (instead !== undefined) return (await instead()) as T;
    return this.answer(method, params) as T;
  };

  answer(method: string, params?: unknown): unknown {
    if (method === 'config.get') {
      return { exists: true, valid: true, hash: `${this.hash}`, parsed: this.value };
    }
    this.value = JSON.parse((params as { raw: string }).raw) as Config;
    this.hash += 1;
    return { ok: true };
  }
}

function made(options: Partial<ConfigDeliveryOptions> = {}, state: State = 'running') {
  const gateway = new Script();
  gateway.status = { state };
  return { gateway, delivery: configDelivery({ gateway, file, ...options }) };
}

describe('the way', () => {
  it.each<[State, string]>([
    ['running', 'request'],
    ['reconnecting', 'request'],
    ['restarting', 'request'],
    ['starting', 'file'],
    ['stopping', 'file'],
    ['stopped', 'file'],
    ['failed', 'file'],
    ['disposed', 'file'],
  ])('while it is %s is by %s', async (state, via) => {
    const { gateway, delivery } = made({}, state);
    const applied = via === 'request';
    expect(await delivery.change(add)).toEqual({ committed: true, via, applied, reread: false });
    expect(text() === '{"a":1}').toBe(applied);
    expect(gateway.asked).toEqual(applied ? ['config.get', 'config.set'] : []);
  });

  it('is over requests without a file, whatever the state', async () => {
    const gateway = new Script();
    gateway.status = { state: 'stopped' };
    gateway.next = [() => Promise.reject(error('not-sent'))];
    const change = configDelivery({ gateway }).change(add);
    await expect(change).rejects.toMatchObject({ delivery: 'not-sent' });
  });

  it('changes to requests when the service comes up before the file is replaced', async () => {
    const { gateway, delivery } = made({}, 'starting');
    const done = await delivery.change((copy) => {
      gateway.status = { state: 'running' };
      add(copy);
    });
    expect(done).toMatchObject({ committed: true, via: 'request' });
    expect([gateway.value, text()]).toEqual([{ a: 2 }, '{"a":1}']);
  });

  it.each([0, 1])('changes to the file when it stops before request %i is sent', async (at) => {
    const { gateway, delivery } = made();
    const stops = () => {
      gateway.status = { state: 'stopped' };
      throw error('not-sent');
    };
    gateway.next = [...Array(at).fill(() => gateway.answer('config.get')), stops];
    expect(await delivery.change(add)).toMatchObject({ committed: true, via: 'file' });
    expect([gateway.value, JSON.parse(text())]).toEqual([{ a: 1 }, { a: 2 }]);
  });
});

describe('a lost answer', () => {
  const lost = (gateway: Script, keeps: boolean) => [
    () => gateway.answer('config.get'),
    () => {
      if (keeps) gateway.answer('config.set', { raw: '{"a":2,"meta":{}}' });
      throw error('maybe-executed');
    },
  ];

  it('counts when the file shows the change after the service has stopped', async () => {
    const { gateway, delivery } = made();
    gateway.next = lost(gateway, false);
    gateway.next.push(() => {
      gateway.status = { state: 'stopped' };
      writeFileSync(file, '{"a":2}');
      throw error('not-sent');
    });
    const done = await delivery.change(add);
    expect(done).toEqual({ committed: true, via: 'request', applied: false, reread: true });
  });

  it('is read again through another lost answer', async () => {
    const { gateway, delivery } = made();
    gateway.next = [...lost(gateway, true), () => Promise.reject(error('maybe-executed'))];
    expect(await delivery.change(add)).toMatchObject({ committed: true, reread: true });
    expect(gateway.asked).toEqual(['config.get', 'config.set', 'config.get', 'config.get']);
  });

  it('is uncertain when nothing can be read, and when a secret hides it', async () => {
    const { gateway, delivery } = made();
    gateway.next = [
      ...lost(gateway, true),
      ...Array(3).fill(() => Promise.reject(error('not-sent'))),
    ];
    await expect(delivery.change(add)).rejects.toMatchObject({
      code: 'HF_CONFIG_UNCERTAIN',
      details: { seen: 'unread' },
    });
    gateway.next = lost(gateway, false);
    gateway.next.push(() => ({ valid: true, hash: '9', parsed: { a: '__OPENCLAW_REDACTED__' } }));
    const hidden = delivery.change(() => ({ a: 'new secret' }));
    await expect(hidden).rejects.toMatchObject({ details: { seen: 'hidden' } });
  });

  it('of a question is no doubt about the change, and a refusal is passed on', async () => {
    const { gateway, delivery } = made();
    gateway.next = [() => Promise.reject(error('maybe-executed'))];
    await expect(delivery.change(add)).rejects.toMatchObject({ delivery: 'not-sent' });
    gateway.next = [() => gateway.answer('config.get'), () => Promise.reject(error('answered'))];
    await expect(delivery.change(add)).rejects.toMatchObject({ delivery: 'answered' });
    expect(gateway.asked).toHaveLength(3);
  });
});

describe('changes', () => {
  it('are made one after another, in the order they were asked for', async () => {
    const { delivery } = made({}, 'stopped');
    const each = [2, 3, 4, 5].map((n) =>
      delivery.change(async (copy) => {
        expect(copy.a).toBe(n - 1);
        await new Promise((resolve) => setImmediate(resolve));
        copy.a = n;
      }),
    );
    expect((await Promise.all(each)).every(({ committed }) => committed)).toBe(true);
    expect(JSON.parse(text())).toEqual({ a: 5 });
  });

  it('after a failed one are made all the same, and an aborted one leaves its turn', async () => {
    const { delivery } = made({}, 'stopped');
    const abort = new AbortController();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = delivery.change(() => held.then(() => Promise.reject(new Error('no'))));
    const second = delivery.change(add, { signal: abort.signal });
    const third = delivery.change(add);
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: 'HF_ABORTED', delivery: 'not-sent' });
    expect(text()).toBe('{"a":1}');
    release();
    await expect(first).rejects.toMatchObject({ code: 'HF_USER_FUNCTION' });
    expect(await third).toMatchObject({ committed: true });
    expect(JSON.parse(text())).toEqual({ a: 2 });
  });

  it('that are aborted while the service has them say so', async () => {
    const { gateway, delivery } = made();
    const abort = new AbortController();
    gateway.next = [
      () => gateway.answer('config.get'),
      () => {
        abort.abort();
        return new Promise(() => {});
      },
    ];
    const change = delivery.change(add, { signal: abort.signal });
    await expect(change).rejects.toMatchObject({ code: 'HF_ABORTED', delivery: 'maybe-executed' });
  });

  it('of a file that somebody else wrote meanwhile are made again, once', async () => {
    const { delivery } = made({}, 'stopped');
    let others = 10;
    const change = (times: number) =>
      delivery.change((copy) => {
        if (others < 10 + times) {
          others += 1;
          writeFileSync(file, `{"a":1,"others":${others}}`);
        }
        add(copy);
      });
    expect(await change(1)).toMatchObject({ committed: true });
    expect(JSON.parse(text())).toEqual({ a: 2, others: 11 });
    others = 10;
    await expect(change(2)).rejects.toMatchObject({ code: 'HF_CONFIG_CONFLICT' });
    expect(text()).toBe('{"a":1,"others":12}');
  });
});

describe('functions of the host', () => {
  const secret = 'hunter2-secret';
  const boom = () => {
    throw new Error(`boom ${secret}`);
  };
  const hang = () => new Promise<never>(() => {});

  it.each<[string, Partial<ConfigDeliveryOptions>, (copy: Config) => unknown, State, string]>([
    ['mutate throws', {}, boom, 'stopped', 'HF_USER_FUNCTION'],
    ['mutate answers a list', {}, () => [], 'stopped', 'HF_USER_FUNCTION'],
    [
      'mutate answers a loop',
      {},
      (copy) => ({ copy: Object.assign(copy, { copy }) }),
      'stopped',
      'HF_USER_FUNCTION',
    ],
    [
      'mutate brings a redacted value',
      {},
      () => ({ t: '__OPENCLAW_REDACTED__' }),
      'stopped',
      'HF_USER_FUNCTION',
    ],
    ['mutate hangs', {}, hang, 'stopped', 'HF_TIMEOUT'],
    ['parse throws', { parse: boom }, add, 'stopped', 'HF_CONFIG_CORRUPT'],
    ['parse hangs', { parse: hang }, add, 'stopped', 'HF_TIMEOUT'],
    ['parse answers a list', { parse: () => [] }, add, 'stopped', 'HF_CONFIG_CORRUPT'],
    ['serialise throws', { serialise: boom }, add, 'stopped', 'HF_USER_FUNCTION'],
    ['serialise hangs', { serialise: hang }, add, 'stopped', 'HF_TIMEOUT'],
    ['serialise loses something', { serialise: () => '{}' }, add, 'stopped', 'HF_USER_FUNCTION'],
    ['get throws', { get: boom }, add, 'running', 'HF_USER_FUNCTION'],
    ['get hangs', { get: hang }, add, 'running', 'HF_TIMEOUT'],
    ['set throws', { set: boom }, add, 'running', 'HF_CONFIG_UNCERTAIN'],
    ['set hangs', { set: hang }, add, 'running', 'HF_TIMEOUT'],
  ])('%s', async (_, options, mutate, state, code) => {
    const { gateway, delivery } = made({ timeoutMs: 100, ...options }, state);
    await expect(delivery.change(mutate)).rejects.toMatchObject({ code });
    expect([gateway.value, text()]).toEqual([{ a: 1 }, '{"a":1}']);
    expect(readdirSync(join(file, '..'))).toEqual(['service.json']);
  });

  it('that quote what they cannot read are not quoted themselves', async () => {
    const { delivery } = made({}, 'stopped');
    writeFileSync(file, `{ "token": "${secret}", oops`);
    const failed = await delivery.change(add).catch((reason: HoldfastError) => reason);
    expect(failed).toMatchObject({ code: 'HF_CONFIG_CORRUPT' });
    expect(`${JSON.stringify(failed)} ${(failed as HoldfastError).stack}`).not.toContain(secret);
    expect((failed as HoldfastError).cause).toBeUndefined();
  });
});

describe('the options', () => {
  it.each([{ timeoutMs: 0 }, { requestMs: 1.5 }, { file: '' }])('%j is refused', (options) => {
    const clock = systemClock({ onResume: () => {} });
    const make = () => new ConfigDelivery({ gateway: new Script(), ...options }, clock);
    expect(make).toThrow(expect.objectContaining({ code: 'HF_OPTION_INVALID' }));
  });

  it('an invalid configuration of the service is left alone', async () => {
    const { gateway, delivery } = made();
    gateway.next = [() => ({ valid: false, exists: true, hash: '1', parsed: null })];
    await expect(delivery.change(add)).rejects.toMatchObject({ code: 'HF_CONFIG_CORRUPT' });
    expect(gateway.asked).toEqual(['config.get']);
  });
});

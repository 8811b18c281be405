/**
 * Options at the edge: what is wrong is refused with its name, the rule and the value, a misspelt
 * name is wrong at every depth, no secret travels in an error, and what is not said has the
 * default of the table.
 */

import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/errors.ts';
import { plain } from '../../src/protocols/index.ts';
import { type DefaultName, defaults } from '../../src/runtime/defaults.ts';
import type { GatewayOptions } from '../../src/runtime/options.ts';
import { settle } from '../../src/runtime/settings.ts';

/** What a host without types may say. */
const given = (options: unknown) => settle(options as GatewayOptions, () => 0.25);

const service = (more: object = {}) => ({ process: { command: ['x'], ...more } });
const graceful = (way: object) => service({ stop: { graceful: way } });
const link = (more: object = {}) => ({ link: { url: 'ws://h', protocol: plain(), ...more } });

function refusal(options: unknown): HoldfastError {
  try {
    given(options);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(options)}`);
}

const whole = (min: number, max: number) => `must be a whole number from ${min} to ${max}`;
const ms = whole(1, 2 ** 31 - 1);

const refused: [options: unknown, option: string, rule: string, value: string][] = [
  [5, 'options', 'must be an object', '5'],
  [{ name: '' }, 'name', 'must not be empty', 'an empty text'],
  [{ random: 4 }, 'random', 'must be a function', '4'],
  [{ logger: {} }, 'logger', 'must have debug, info, warn, error', 'an object'],
  [{ inspect: 4 }, 'inspect', 'must be a function or an observer', '4'],
  [
    { clock: { now: () => 0 } },
    'clock',
    'must have now, wallNow, setTimeout, clearTimeout',
    'an object',
  ],
  [{ cooldownMs: -1 }, 'cooldownMs', whole(0, 2 ** 31 - 1), '-1'],
  [{ arbitration: { verdictMs: '1s' } }, 'arbitration.verdictMs', ms, 'a text of 2'],
  [{ process: null }, 'process', 'must be an object', 'null'],
  [{ process: {} }, 'process.command', 'must be given unless process.plan is', 'undefined'],
  [service({ command: [] }), 'process.command', 'must name a program', 'an array of 0'],
  [service({ command: 'x' }), 'process.command', 'must be an array', 'a text of 1'],
  [service({ command: [''] }), 'process.command.0', 'must not be empty', 'an empty text'],
  [service({ env: { A: 3 } }), 'process.env.A', 'must be a text', '3'],
  [service({ plan: {} }), 'process.plan', 'must be a function', 'an object'],
  [service({ classify: 'warn' }), 'process.classify', 'must be a function', 'a text of 4'],
  [service({ ready: { line: 'up' } }), 'process.ready.line', 'must be a regular', 'a text of 2'],
  [service({ ready: { http: 80 } }), 'process.ready.http', 'must be a URL or a function', '80'],
  [service({ ready: { probe: 1 } }), 'process.ready.probe', 'must be a function', '1'],
  [service({ ready: { protocol: true } }), 'process.ready.protocol', 'needs a link', 'true'],
  [service({ ready: 5 }), 'process.ready', 'must be { line }, { http }', '5'],
  [service({ stop: { drainMs: 5 } }), 'process.stop.drainMs', 'needs process.stop.graceful', '5'],
  [graceful({ shout: 1 }), 'process.stop.graceful', 'must be { request }, { stdin }', 'an object'],
  [graceful({ request: 'x' }), 'process.stop.graceful.request', 'needs a link', 'a text of 1'],
  [graceful({ signal: 'SIGX' }), 'process.stop.graceful.signal', 'must be the name', 'a text of 4'],
  [
    graceful({ stdin: null, attached: true }),
    'process.stop.graceful.attached',
    'needs a request, a command or a function',
    'true',
  ],
  [service({ stop: { signal: 'SIGX' } }), 'process.stop.signal', 'must be the name of', 'a text'],
  [service({ stop: { graceMs: 1.5 } }), 'process.stop.graceMs', whole(0, 2 ** 31 - 1), '1.5'],
  [service({ budget: { of: 0 } }), 'process.budget.of', whole(1, 100), '0'],
  [service({ startsMax: null }), 'process.startsMax', whole(1, 100), 'null'],
  [service({ readyMs: 2 ** 31 }), 'process.readyMs', ms, '2147483648'],
  [service({ exitClasses: { 3: 'bad' } }), 'process.exitClasses.3', 'must be one of', 'a text'],
  [link({ url: 5 }), 'link.url', 'must be a URL or a function', '5'],
  [link({ url: '' }), 'link.url', 'must not be empty', 'an empty text'],
  [link({ protocol: 'nope' }), 'link.protocol', 'must be "plain", "jsonrpc"', 'a text of 4'],
  [link({ credentials: 'me' }), 'link.credentials', 'must be a function', 'a text of 2'],
  [link({ authorize: true }), 'link.authorize', 'must be a function', 'true'],
  [link({ tls: { fingerprint: 5 } }), 'link.tls.fingerprint', 'must be a text', '5'],
  [link({ heartbeat: { mode: 'x' } }), 'link.heartbeat.mode', 'must be probe, ', 'a text of 1'],
  [link({ heartbeat: { probes: 3 } }), 'link.heartbeat.probes', 'must be 1 or 2', '3'],
  [link({ heartbeat: { everyMs: 0 } }), 'link.heartbeat.everyMs', ms, '0'],
  [
    link({ heartbeat: { mode: 'misses', everyMs: 10, waitMs: 10 } }),
    'link.heartbeat.waitMs',
    'must be below everyMs (10)',
    '10',
  ],
  [link({ limits: { openMs: Number.NaN } }), 'link.limits.openMs', ms, 'NaN'],
  [link({ limits: { queueBytes: 1 } }), 'link.limits.queueBytes', whole(1_024, 2 ** 30), '1'],
];

describe('what is wrong', () => {
  const cases = refused.map(([options, ...texts]) => [...texts, options] as const);
  it.each(cases)('%s %s; refuses %s', (option, rule, value, options) => {
    const error = refusal(options);
    expect(error.code).toBe('HF_OPTION_INVALID');
    expect(error.details.option).toBe(option);
    expect(error.message).toContain(`${option} ${rule}`);
    expect(error.message.split('; got ')[1]).toContain(value);
  });

  const backoffs = [
    (backoff: object) => [service({ backoff }), 'process.backoff'] as const,
    (reconnect: object) => [link({ reconnect }), 'link.reconnect'] as const,
  ];
  const rules: [more: object, name: string, rule: string][] = [
    [{ firstMs: 0 }, 'firstMs', ms],
    [{ maxMs: -1 }, 'maxMs', ms],
    [{ maxMs: Number.NaN }, 'maxMs', ms],
    [{ firstMs: 50, maxMs: 49 }, 'maxMs', 'must not be below firstMs (50)'],
    [{ maxMs: 499 }, 'maxMs', 'must not be below firstMs (500)'],
    [{ factor: 0.5 }, 'factor', 'must be a number from 1 to 100'],
    [{ jitter: 1.01 }, 'jitter', 'must be a number from 0 to 1'],
  ];
  it.each(rules)('BI-05: a backoff of %o is refused', (more, name, rule) => {
    for (const make of backoffs) {
      const [options, path] = make(more);
      expect(refusal(options).message).toContain(`${path}.${name} ${rule}; got `);
    }
  });

  it.each([0, -1, Number.NaN, 1.5, Number.POSITIVE_INFINITY])(
    'BI-05: attemptsMax %d is refused',
    (attemptsMax) => {
      const { message } = refusal(link({ reconnect: { attemptsMax } }));
      expect(message).toBe(`link.reconnect.attemptsMax ${whole(1, 1e6)}; got ${attemptsMax}`);
    },
  );

  it.each([0, 70_000, Number.NaN, -1, 1.5])('BI-07: port %d is refused', (port) => {
    const { message } = refusal(service({ port }));
    expect(message).toBe(`process.port ${whole(1, 65_535)}; got ${port}`);
  });

  it('is never shown where it may be a secret', () => {
    const secret = 'hunter2-hunter2';
    const options = [
      link({ credentials: secret }),
      service({ env: { TOKEN: { secret } } }),
      service({ token: secret }),
    ];
    for (const option of options) {
      expect(JSON.stringify(refusal(option))).not.toContain(secret);
    }
  });
});

describe('a misspelt name', () => {
  const misspelt: [options: unknown, option: string][] = [
    [{ proces: {} }, 'proces'],
    [{ arbitration: { verdictms: 1 } }, 'arbitration.verdictms'],
    [service({ comand: [] }), 'process.comand'],
    [service({ stop: { gracems: 1 } }), 'process.stop.gracems'],
    [service({ budget: { off: 1 } }), 'process.budget.off'],
    [service({ backoff: { first: 1 } }), 'process.backoff.first'],
    [service({ ready: { line: /x/, timeoutMs: 1 } }), 'process.ready.timeoutMs'],
    [link({ uri: '' }), 'link.uri'],
    [link({ heartbeat: { intervalMs: 1 } }), 'link.heartbeat.intervalMs'],
    [link({ reconnect: { attempts: 1 } }), 'link.reconnect.attempts'],
    [link({ limits: { openms: 1 } }), 'link.limits.openms'],
    [link({ ws: { header: {} } }), 'link.ws.header'],
    [link({ tls: { fingerprints: '' } }), 'link.tls.fingerprints'],
  ];
  const cases = misspelt.map(([options, option]) => [option, options] as const);
  it.each(cases)('is an error that says where: %s', (option, options) => {
    expect(refusal(options).details.option).toBe(option);
  });
});

describe('what is not said', () => {
  it('has its default', () => {
    const { gateway, service: own, link: policy, linkOptions } = given({ ...service(), ...link() });
    const value = (name: DefaultName) => defaults[name].value;
    expect(gateway).toEqual({
      cooldownMs: value('cooldownMs'),
      verdictMs: value('arbitration.verdictMs'),
      expectMs: value('arbitration.expectMs'),
      serveMs: value('arbitration.serveMs'),
      drains: false,
    });
    const backoff = { firstMs: 500, maxMs: 30_000, factor: 2, jitter: 0.5 };
    expect(own).toMatchObject({
      backoff,
      budget: { of: 5, windowMs: 300_000 },
      startsMax: value('process.startsMax'),
      readyMs: value('process.readyMs'),
      drainMs: 0,
      process: { stop: { drainMs: 0, graceMs: 10_000, killMs: 2_000 } },
    });
    expect(policy).toMatchObject({
      backoff,
      attemptsMax: null,
      stableMs: value('link.reconnect.stableMs'),
      connection: {
        openMs: value('link.limits.openMs'),
        closeMs: 250,
        heartbeat: { mode: 'probe', silenceMs: 15_000, waitMs: 5_000, probeMs: 5_000 },
      },
    });
    expect(linkOptions).toMatchObject({ messageBytes: 26_214_400, queueBytes: 8_388_608 });
    expect(given(service()).process?.exitClasses).toEqual({ 78: 'configuration' });
    expect(given(link()).name).toBe('gateway');
  });

  it('comes from the protocol before the table, and the host wins over both', () => {
    const protocol = { ...plain(), heartbeat: { everyMs: 7_000 }, stopGraceMs: 3_000 };
    const both = (more: object, stop = {}) => given({ ...service({ stop }), ...link(more) });
    const own = both({ protocol });
    expect(own.link?.connection.heartbeat.everyMs).toBe(7_000);
    expect(own.service?.process.stop.graceMs).toBe(3_000);
    const told = both({ protocol, heartbeat: { everyMs: 9_000 } }, { graceMs: 0 });
    expect(told.link?.connection.heartbeat.everyMs).toBe(9_000);
    expect(told.service?.process.stop.graceMs).toBe(0);
  });

  it('each default obeys its own rule, and says why', () => {
    for (const [name, { value, min, max, why }] of Object.entries(defaults)) {
      if (value !== null) expect([name, value >= min && value <= max]).toEqual([name, true]);
      expect(why).not.toBe('');
    }
  });
});

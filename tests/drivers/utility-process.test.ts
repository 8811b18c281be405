/**
 * The driver for Electron's utility processes, around a stand-in with Electron's peculiarities and
 * real processes: the contract every driver keeps, then one test for each peculiarity. Electron
 * itself was not run; docs/platforms.md says what that leaves open.
 */

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eachCarrier } from '../../src/drivers/leftovers.ts';
import {
  type UtilityProcessOptions,
  utilityProcessDriver,
} from '../../src/drivers/utility-process.ts';
import { type LaunchPlan, supervise } from '../../src/index.ts';
import { StandInChild, standIn } from './electron-stand-in.ts';
import { type ProcessPlans, plan, processConformance, Witness } from './process-conformance.ts';

const fixture = fileURLToPath(new URL('fixtures/process/child.mjs', import.meta.url));

const module = (behaviour: string, argument: string | number = ''): LaunchPlan => ({
  ...plan(behaviour),
  command: fixture,
  args: [behaviour, String(argument)],
});

const plans: ProcessPlans = {
  talk: () => module('talk'),
  missing: () => ({ ...module('wait'), command: '/nowhere/at-all.mjs' }),
  wait: () => module('wait'),
  listen: (signal) => ({ ...module('listen', signal), stopSignal: signal }),
  deaf: () => module('deaf'),
  repeat: () => module('repeat'),
  leaveSomeone: () => module('leaveSomeone'),
  leaveSomeoneElsewhere: () => module('leaveSomeoneElsewhere'),
};

function run(launch: LaunchPlan, options: UtilityProcessOptions = {}) {
  const electron = standIn();
  const witness = new Witness(utilityProcessDriver(electron, options), launch);
  const [child] = electron.forked;
  return { witness, child };
}

/** The stand-in alone, as Electron would treat whoever has no driver. */
const bare = (behaviour: string) =>
  new StandInChild(fixture, [behaviour, ''], { env: module('').env as Record<string, string> });

processConformance('utilityProcessDriver', utilityProcessDriver(standIn()), plans);

describe('what Electron does differently', () => {
  it('pid: undefined before spawn and after exit, and told all the same', async () => {
    const { witness, child } = run(module('talk'));
    expect(child?.pid).toBeUndefined();
    await witness.until('exited 3');
    expect(child?.pid).toBeUndefined();
    expect(witness.pid).toBeGreaterThan(1);
    await witness.until('empty');
  });

  it('kill() does nothing before spawn: what was asked for then is done at spawn', async () => {
    for (const verb of ['terminate', 'kill'] as const) {
      const { witness, child } = run(module('wait'));
      expect(child?.kill()).toBe(false);
      witness.handle[verb]();
      await witness.until('empty');
      expect(witness.life[1]).toBe(`exited ${verb === 'kill' ? 'SIGKILL' : 'SIGTERM'}`);
    }
  });

  it('kill() before spawn: a release then leaves nobody either', async () => {
    const launch = module('wait');
    const { witness, child } = run(launch);
    witness.handle.release();
    if (child === undefined) throw new Error('nothing was forked');
    await once(child, 'exit');
    const left: number[] = [];
    eachCarrier(launch.mark, (pid) => left.push(pid));
    expect({ seen: witness.seen, left }).toEqual({ seen: [], left: [] });
  });

  it('exit code: 0 for whoever was killed, and never taken for a clean end', async () => {
    const alone = bare('wait');
    await once(alone, 'spawn');
    alone.kill();
    expect(await once(alone, 'exit')).toEqual([0]);
    for (const [verb, signal] of [
      ['terminate', 'SIGTERM'],
      ['kill', 'SIGKILL'],
    ] as const) {
      const { witness } = run(module('wait'));
      await witness.until('stdout ready');
      witness.handle[verb]();
      await witness.until('empty');
      expect(witness.life).toEqual(['spawned', `exited ${signal}`, 'empty']);
    }
  });

  it('output: its listeners are dropped at the exit, and every byte arrives', async () => {
    const alone = bare('lastWords');
    const { stdout } = alone;
    stdout?.on('data', () => {});
    await once(alone, 'exit');
    expect([alone.stdout, stdout?.listenerCount('data')]).toEqual([null, 0]);
    const { witness } = run(module('lastWords'));
    await witness.until('empty');
    const lines = witness.lines('stdout');
    expect([lines.length, lines.at(-1)]).toEqual([101, '5 €']);
  });

  it('postMessage: not from the exit on, whoever asks', async () => {
    const { witness, child } = run(module('talk'), { shutdownMessage: 'bye' });
    child?.on('exit', () => witness.handle.terminate());
    witness.onEvent = (event) => {
      if (event.startsWith('exited')) witness.handle.terminate();
    };
    await witness.until('empty');
    expect([child?.crashed, child?.posted]).toEqual([false, []]);
    child?.postMessage('too late');
    expect(child?.crashed).toBe(true);
  });

  it('error: a fatal error of V8 is a line on stderr, without its report', async () => {
    const { witness } = run(module('giveUp'));
    await witness.until('empty');
    expect(witness.life).toEqual(['spawned', 'exited 6', 'empty']);
    expect(witness.lines('stderr')).toEqual(['[FatalError] V8: v8::FromJust']);
  });

  it('exit before spawn: a failure to start, and not silence', async () => {
    const { witness, child } = run(module('wait'));
    child?.emit('exit', 1);
    witness.handle.kill(); // in truth it runs
    await witness.until('empty');
    expect(witness.life).toEqual(['failed UTILITY_LAUNCH_FAILED', 'empty']);
  });

  it('fork throws before app is ready: a failure to start', async () => {
    const message = 'utilityProcess cannot be created before app is ready.';
    const electron = {
      fork: () => {
        throw new TypeError(message);
      },
    };
    const witness = new Witness(utilityProcessDriver(electron), module('wait'));
    await witness.until('empty');
    expect([witness.life, witness.failure?.message]).toEqual([['failed EINVAL', 'empty'], message]);
  });

  it('no group, no signals, no stdin: said by the driver', () => {
    const { can } = utilityProcessDriver(standIn());
    expect(can).toEqual({ signals: false, stdin: false, group: false });
  });
});

describe('a stop', () => {
  it('posts the message that was agreed on, and takes the clean end for one', async () => {
    const { witness, child } = run(module('heed', 'bye'), { shutdownMessage: 'bye' });
    await witness.until('stdout ready');
    witness.handle.terminate();
    await witness.until('empty');
    expect(child?.posted).toEqual(['bye']);
    expect(witness.life).toEqual(['spawned', 'exited 0', 'empty']);
  });

  it('of a service says what was done, and that the end was ours', async () => {
    for (const [shutdownMessage, how] of [
      ['bye', /exited with code 0/],
      [undefined, /ended by our SIGTERM/],
    ] as const) {
      const driver = utilityProcessDriver(standIn(), { shutdownMessage });
      const command = [fixture, 'heed', 'bye'] as const;
      const service = supervise({ command, driver, ready: { line: /^ready$/ } });
      onTestFinished(async () => void (await service.dispose()));
      const lines: string[] = [];
      service.on('status', ({ because }) => lines.push(because));
      await service.start();
      await service.ready();
      const outcome = await service.stop();
      expect(outcome).toEqual({ gone: true, how: expect.stringMatching(how) });
      const ended = shutdownMessage ? { code: 0, signal: null } : { code: null, signal: 'SIGTERM' };
      expect(service.status.exit).toEqual({ ...ended, expected: true });
      expect(lines.join('; ')).toMatch(/pid \d+ was asked to end, it is killed in 10 s/);
    }
  });

  it('leaves a child that is deaf to the message to the kill', async () => {
    const { witness } = run(module('wait'), { shutdownMessage: 'bye' });
    await witness.until('stdout ready');
    witness.handle.terminate();
    witness.handle.kill();
    await witness.until('empty');
    expect(witness.life).toEqual(['spawned', 'exited SIGKILL', 'empty']);
  });
});

describe('a plan', () => {
  it.each(['node', 'service.mjs', process.execPath, '/bin/sh'])(
    'is refused for %s',
    async (command) => {
      const electron = standIn();
      const witness = new Witness(utilityProcessDriver(electron), { ...module('wait'), command });
      await witness.until('empty');
      expect(witness.life).toEqual(['failed HF_OPTION_INVALID', 'empty']);
      expect(witness.failure?.message).toContain(
        'process.command must begin with the absolute path',
      );
      expect(electron.forked).toEqual([]);
    },
  );

  it('names the working directory when that is what is missing', async () => {
    const { witness } = run({ ...module('wait'), cwd: '/nowhere/at-all' });
    await witness.until('empty');
    expect(witness.failure?.message).toContain('directory /nowhere/at-all does not exist');
  });

  it('reaches Electron whole: module, arguments, environment, directory, name, flags', async () => {
    const asked: unknown[] = [];
    const electron = standIn();
    const fork: typeof electron.fork = (...args) => {
      asked.push(...args);
      return electron.fork(...args);
    };
    const options = { serviceName: 'calc', execArgv: ['--no-warnings'] };
    const launch = { ...module('talk', 'x'), env: { ONE: '1' }, cwd: '/' };
    await new Witness(utilityProcessDriver({ fork }, options), launch).until('empty');
    const env = { ONE: '1', [launch.mark.name]: launch.mark.value };
    const forked = { env, stdio: 'pipe', cwd: '/', ...options };
    expect(asked).toEqual([fixture, ['talk', 'x'], forked]);
  });

  it('with a signal is refused when the gateway is made', () => {
    const driver = utilityProcessDriver(standIn());
    const stop = { signal: 'SIGINT' } as const;
    const make = () => supervise({ command: [fixture], driver, stop });
    expect(make).toThrow('process.stop.signal cannot be chosen: the driver has no signals');
  });
});

/** Who may carry a mark, and who cannot, though nothing of an environment can be seen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { beganAt, eachCarrier } from '../../src/drivers/leftovers.ts';

const mark = { name: 'HOLDFAST_MARK', value: 'nobody-has-this-one' };

async function sleeper(env: NodeJS.ProcessEnv): Promise<number> {
  const child: ChildProcess = spawn('/bin/sleep', ['60'], { env, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.once('spawn', resolve));
  return child.pid ?? 0;
}

/** Others come and go meanwhile, and each of them is a doubt for one look. */
async function isEverCertain(since: number): Promise<boolean> {
  for (let look = 0; look < 40; look += 1) {
    if (eachCarrier(mark, () => {}, since)) return true;
    await pause(50);
  }
  return false;
}

describe.runIf(process.platform === 'linux')('a process without an environment', () => {
  it('is a doubt only for who is older than it', async () => {
    const older = await sleeper({ HOLDFAST_OTHER: 'yes' });
    // what began in the same tick is not told apart
    await pause(30);
    const blank = await sleeper({});
    await pause(30);
    const younger = await sleeper({ HOLDFAST_OTHER: 'yes' });
    expect(beganAt(older)).toBeLessThan(beganAt(blank));
    expect(beganAt(blank)).toBeLessThan(beganAt(younger));
    expect(eachCarrier(mark, () => {}, beganAt(older))).toBe(false);
    expect(await isEverCertain(beganAt(younger))).toBe(true);
  });

  it('that is gone began at no time', () => {
    expect(beganAt(2 ** 22)).toBe(0);
  });
});

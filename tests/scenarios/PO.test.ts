/**
 * What a process is given: the environment of the host with the changes of the plan, and nothing
 * that would make it believe that somebody else supervises it.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { onStage } from './stage.ts';

const stage = onStage();
const traces = [
  'INVOCATION_ID',
  'JOURNAL_STREAM',
  'SYSTEMD_EXEC_PID',
  'NOTIFY_SOCKET',
  'XPC_SERVICE_NAME',
  'LAUNCH_JOB_LABEL',
];

const names = [...traces, 'HF_KEPT', 'HF_REMOVED'];
const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));

afterEach(() => {
  for (const name of names) delete process.env[name];
  for (const [name, value] of Object.entries(before)) {
    if (value !== undefined) process.env[name] = value;
  }
});

describe('the environment of a process', () => {
  it('PO-25: has no trace of our own supervisor, and what the plan says instead', async () => {
    for (const name of names) process.env[name] = 'of the host';
    const plan = () => ({
      command: ['serve'] as const,
      env: { OPENCLAW_NO_RESPAWN: '1', HF_REMOVED: undefined, NOTIFY_SOCKET: '/of/the/plan' },
    });
    const subject = stage().supervise({ plan, backoff: { firstMs: 1_000, jitter: 0 } });
    await subject.is.start();
    for (const start of [1, 2]) {
      await stage().until(() => stage().table.children.length === start);
      await stage().settle();
      const { env } = stage().child.plan;
      expect(traces.filter((name) => name in env)).toEqual(['NOTIFY_SOCKET']);
      expect(env).toMatchObject({
        OPENCLAW_NO_RESPAWN: '1',
        HF_KEPT: 'of the host',
        NOTIFY_SOCKET: '/of/the/plan',
      });
      expect('HF_REMOVED' in env).toBe(false);
      stage().child.exits(1);
    }
  });
});

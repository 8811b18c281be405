/** The verbs themselves: what they refuse before anything is asked of a machine. */
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/index.ts';

const link = () => connect({ url: 'ws://127.0.0.1:9', protocol: 'jsonrpc' });

describe('a verb', () => {
  it.each([Number.NaN, -1, 0.5, 2 ** 31])('BI-05: refuses %d milliseconds, by name', async (ms) => {
    const named = (option: string) => ({
      code: 'HF_OPTION_INVALID',
      message: expect.stringContaining(`${option} must be a whole number of milliseconds`),
    });
    await expect(link().ready({ timeoutMs: ms })).rejects.toMatchObject(named('ready.timeoutMs'));
    await expect(link().nextReady({ timeoutMs: ms })).rejects.toMatchObject(
      named('nextReady.timeoutMs'),
    );
    await expect(link().stop({ deadlineMs: ms })).rejects.toMatchObject(named('stop.deadlineMs'));
    await expect(link().quit({ withinMs: ms })).rejects.toMatchObject(named('quit.withinMs'));
    await expect(link().request('a', 1, { timeoutMs: ms })).rejects.toMatchObject(
      named('request.timeoutMs'),
    );
    await expect(link().probe({ timeoutMs: ms })).rejects.toMatchObject(named('probe.timeoutMs'));
  });

  it('is answered before the first start without making anything', async () => {
    const made = link();
    await expect(made.ready()).rejects.toMatchObject({ code: 'HF_STOPPED' });
    expect(made.send('x')).toBe('refused');
    expect(await made.probe()).toMatchObject({ ok: false, rttMs: null });
    expect(made.status).toMatchObject({ state: 'stopped', intent: 'unwanted', attempt: 0 });
  });
});

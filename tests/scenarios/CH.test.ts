/**
 * Connect and handshake: what may leave this side before the peer has spoken, which phase has
 * which deadline, and what a refusal leads to.
 */
import { describe, expect, it } from 'vitest';
import { onStage, secret } from './stage.ts';

const stage = onStage();

/** A link whose upgrade was answered and whose peer has said nothing yet. */
async function greeted(link: Parameters<ReturnType<typeof stage>['connect']>[0] = {}) {
  const subject = stage().connect(link);
  await subject.is.start();
  await stage().settle();
  return { subject, claw: stage().claw };
}

describe('before the challenge', () => {
  it('CH-01: no frame leaves the client', async () => {
    const { subject, claw } = await greeted();
    await stage().pass(9_000);
    expect(claw.call.log.words).toEqual([]);
    expect(subject.is.status.state).toBe('starting');
    claw.challenges();
    await stage().settle();
    expect(claw.connects).toHaveLength(1);
  });

  it('CH-03: silence for 10 s closes the socket with 1008, and is tried again', async () => {
    const { subject, claw } = await greeted();
    await stage().pass(9_999);
    expect(claw.call.endedBy).toBeUndefined();
    await stage().pass(1);
    expect(await claw.call.log.until('close')).toMatch(/^close 1008/);
    await stage().until(() => stage().calls.length === 2, 2_000);
    expect(subject.is.status).toMatchObject({ state: 'starting', attempt: 2 });
    expect(subject.is.diagnostics.lastEnd?.because).toMatch(/challenge/);
  });
});

describe('the connect request', () => {
  it('CH-02: is one frame that answers the challenge with its nonce and our token', async () => {
    const { claw } = await greeted();
    claw.challenges('nonce-of-this-socket');
    await stage().pass(5_000);
    expect(claw.frames).toHaveLength(1);
    expect(claw.connect).toMatchObject({
      type: 'req',
      params: { role: 'operator', scopes: ['operator.admin'], auth: { token: secret } },
    });
  });

  it('CH-08: is not repeated at a second challenge', async () => {
    const { subject, claw } = await greeted();
    claw.challenges('one').challenges('two');
    await stage().settle();
    claw.challenges('three');
    await stage().settle();
    expect(claw.connects).toHaveLength(1);
    claw.accepts();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
  });
});

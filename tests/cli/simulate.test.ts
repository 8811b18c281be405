/** `holdfast simulate` as it is installed: what it counts, that it repeats itself, how it ends. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readRecording } from '../../src/inspector/recording.ts';
import { holdfast, type Json } from './house.ts';

const slow = { timeout: 90_000 };

async function simulated(...argv: string[]) {
  const ended = await holdfast(['simulate', ...argv]).ended(85_000);
  return { ...ended, stdout: ended.stdout.toString() };
}

describe('holdfast simulate', () => {
  it('prints one JSON object, the same on any number of processes', slow, async () => {
    const plan = ['--seed', '4', '--hours', '0.6', '--runs', '3', '--json'];
    const [alone, shared] = await Promise.all([
      simulated(...plan, '--workers', '1'),
      simulated(...plan, '--workers', '2'),
    ]);
    const first = JSON.parse(alone.stdout) as Json;
    const second = JSON.parse(shared.stdout) as Json;
    expect({ codes: [alone.code, shared.code], digest: second.digest }).toEqual({
      codes: [0, 0],
      digest: first.digest,
    });
    expect(first).toMatchObject({ seed: 4, runs: 3, violations: 0 });
    const counted = ['simulatedHours', 'wallSeconds', 'faults', 'restarts', 'reconnects'];
    for (const name of counted) expect(first[name], name).toEqual(expect.any(Number));
    expect(Number(first.faults)).toBeGreaterThan(0);
  });

  it('plays one run again, with the acts that are named', slow, async () => {
    const plan = ['--seed', '4', '--hours', '0.6', '--runs', '3', '--run', '1', '--json'];
    const { code, stdout } = await simulated(...plan, '--keep', 'none');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runs: 1, faults: 0, violations: 0 });
  });

  it('writes what happened in a run, to be drawn', slow, async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'holdfast-')), 'run.ndjson');
    onTestFinished(() => rmSync(dirname(file), { recursive: true }));
    const plan = ['--seed', '4', '--hours', '0.6', '--runs', '3', '--run', '1'];
    expect((await simulated(...plan, '--record', file)).code).toBe(0);
    const { entries } = readRecording(readFileSync(file, 'utf8'));
    expect(new Set(entries.map(({ kind }) => kind))).toContain('fired');
    const { stdout, stderr } = await holdfast(['diagram', file, '--to', '40']).ended();
    expect(stdout.toString()).toMatch(/^<svg [\s\S]*>outside<[\s\S]*>start<[\s\S]*<\/svg>\n$/);
    const last = entries.at(-1)?.n;
    expect(stderr).toBe(`entries 1 to 40 of 1 to ${last}; --from and --to choose others\n`);
  });

  it('ends at Ctrl-C, says how far it came, and leaves nobody behind', slow, async () => {
    const command = holdfast(['simulate', '--hours', '500', '--runs', '50000']);
    await command.printed('stderr', 'simulated hours');
    command.signal('SIGINT');
    const { code, stdout } = await command.ended(20_000);
    expect(code).toBe(130);
    expect(stdout.toString()).toContain('cut short: nothing is broken in what was played');
    expect(command.left()).toEqual([]);
  });
});

/**
 * A host process of its own: for what would stop the tests with it (SIGSTOP), and for what only a
 * process with nothing else in it can count (sockets, timers). `tsx host.ts ACT`; the address and
 * the token come in the environment. It prints one line of JSON per finding. It must never use
 * anything of Holdfast but its public exports.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  connect,
  type Link,
  type ProcessOptions,
  type Status,
  supervise,
} from '../../src/index.ts';

const { OPENCLAW_TEST_URL: url = '', OPENCLAW_TEST_TOKEN: token = '' } = process.env;
const print = (finding: object) => process.stdout.write(`${JSON.stringify(finding)}\n`);

const make = (heartbeat: NonNullable<Link['heartbeat']>) =>
  connect({ url, protocol: 'openclaw', credentials: () => ({ token }), heartbeat });

/**
 * Two links with a beat of one second, each in its own way. Stops this very process at the worst
 * moment, with a question out and its deadline running; says every second how both are.
 */
async function beat() {
  const links = [
    make({ mode: 'misses', everyMs: 1000, waitMs: 900, missesMax: 1 }),
    make({ mode: 'probe', silenceMs: 1000, probes: 1, probeMs: 1000 }),
  ];
  const lost: string[] = [];
  for (const link of links) {
    link.on('status', ({ state, line }) => {
      if (state !== 'starting' && state !== 'running') lost.push(line);
    });
    await link.start();
    await link.ready();
  }
  setInterval(() => {
    print({ generations: links.map(({ status }) => status.connection?.generation ?? 0), lost });
  }, 1000);
  const stop = ({ phase }: Status) => {
    if (phase !== 'probing') return;
    links[1]?.off('status', stop);
    process.kill(process.pid, 'SIGSTOP');
  };
  links[1]?.on('status', stop);
}

/** Inodes of this process's sockets to that port, from the kernel's own table. */
function socketsTo(port: number): string[] {
  const ours = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return readFileSync('/proc/self/net/tcp', 'latin1')
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , remote, , , , , , , inode = '']) => remote?.endsWith(hex) && ours.includes(inode))
    .map(([, , , state]) => state ?? '?');
}

/** A closed handle is gone only after the closing phase of the event loop's next turn. */
async function turns() {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

async function cycles() {
  const port = Number(new URL(url).port);
  const link = make({});
  const resources = () => process.getActiveResourcesInfo().sort();
  const cycle = async () => {
    await link.start();
    await link.ready();
    const open = socketsTo(port).length;
    await link.stop();
    return open;
  };
  await cycle();
  await turns();
  const before = resources();
  const open = new Set<number>();
  for (let round = 0; round < 50; round += 1) open.add(await cycle());
  await turns();
  const { generation } = link.diagnostics;
  print({ before, after: resources(), open: [...open], left: socketsTo(port), generation });
  await link.dispose();
}

/** Supervises a gateway, says its pid once it serves, and lives until it is killed. */
async function keep() {
  const { OPENCLAW_TEST_PROCESS: given = '{}' } = process.env;
  const { http, ...options } = JSON.parse(given) as ProcessOptions & { http: string };
  const env = { OPENCLAW_TEST_PROCESS: undefined };
  const service = supervise({ ...options, env, ready: { http } }, { name: 'openclaw' });
  await service.start();
  const { process: own } = await service.ready();
  print({ pid: own?.pid });
  setInterval(() => {}, 60_000);
}

await ({ beat, cycles, keep }[process.argv[2] ?? ''] as () => Promise<void>)();

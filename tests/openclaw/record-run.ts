/**
 * Records one run of the real gateway under Holdfast, with Holdfast's own defaults, as
 * docs/openclaw-run.md: `npx tsx tests/openclaw/record-run.ts`. It takes about five minutes, most
 * of it silence. It promises to write nothing that holds a token or a path of this machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { createGateway } from '../../src/index.ts';
import { exposedIn, FaultProxy, leftovers, locateGateway, prepareGateway } from './harness.ts';
import { coldMs, launching, until } from './rig.ts';

const root = (path: string) => new URL(`../../${path}`, import.meta.url);
const limit = { timeoutMs: coldMs };

const prepared = await prepareGateway();
const proxy = new FaultProxy(prepared.port);
const port = await proxy.listen();
const { stop: _, ...plan } = launching(prepared);
const gateway = createGateway({
  name: 'openclaw',
  process: { ...plan, ready: { http: `${prepared.httpUrl}/readyz` } },
  link: {
    url: `ws://127.0.0.1:${port}`,
    protocol: 'openclaw',
    credentials: () => ({ token: prepared.token }),
  },
});

const lines: string[] = [];
const startedAt = performance.now();
const write = (text: string) => {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(2).padStart(7);
  lines.push(`${seconds}  ${text}`);
  process.stdout.write(`${lines.at(-1)}\n`);
};
gateway.on('status', ({ line }) => write(line));
gateway.on('diagnostic', ({ level, code, message }) => {
  if (level !== 'debug') write(`${level.padEnd(13)} ${code}: ${message}`);
});
gateway.on('exit', ({ pid, code, signal }) => {
  write(`exit          pid ${pid}, code ${code}, signal ${signal}`);
});

const pid = () => gateway.status.process?.pid ?? 0;
const boot = () => gateway.status.connection?.server.bootId?.slice(0, 8);

/** Says what is done, does it, and waits until it runs again. */
async function fault(what: string, act: () => Promise<unknown>): Promise<void> {
  lines.push('');
  write(`>>> ${what}`);
  await act();
  write(`    running: pid ${pid()}, boot ${boot()}`);
}

async function start(): Promise<void> {
  await gateway.start();
  await gateway.ready(limit);
}

async function swallow(): Promise<void> {
  const next = gateway.nextReady(limit);
  proxy.blackhole();
  await next;
}

const send = (signal: NodeJS.Signals) => async () => {
  const next = gateway.nextReady(limit);
  process.kill(pid(), signal);
  await next;
};

/** Frozen until Holdfast has found out and tries again. */
async function freeze(): Promise<void> {
  const { generation } = gateway.diagnostics;
  const { accepted } = proxy;
  process.kill(pid(), 'SIGSTOP');
  await until('the redial', () => proxy.accepted > accepted, coldMs);
  write('    a new connection is being tried: kill -CONT');
  process.kill(pid(), 'SIGCONT');
  await until('the next hello', () => gateway.diagnostics.generation > generation, coldMs);
}

try {
  await fault('start(): nothing runs', start);
  write(`    command lines that show the token: ${exposedIn(prepared.token).length}`);
  await fault('kill -USR2: the gateway restarts inside its process', send('SIGUSR2'));
  await fault('the line between us becomes a black hole', swallow);
  await fault('kill -STOP: the gateway freezes', freeze);
  await fault('kill -9', send('SIGKILL'));
  await fault('kill -TERM by somebody else', send('SIGTERM'));
  lines.push('');
  write('>>> stop()');
  const { gone, how } = await gateway.stop();
  const left = leftovers(prepared.mark).length;
  write(`    gone: ${gone}, ${how}; processes that carry its mark: ${left}`);
} finally {
  await gateway.dispose();
  await proxy.close();
  prepared.remove();
}

const log = lines.join('\n').replace(/^\n/, '');
for (const secret of [prepared.token, prepared.home, homedir(), process.cwd()]) {
  if (log.includes(secret)) throw new Error('the log holds a token or a path of this machine');
}
const { gatewayVersion, nodeVersion } = locateGateway();
const { version } = JSON.parse(readFileSync(root('package.json'), 'utf8'));
writeFileSync(
  root('docs/openclaw-run.md'),
  `# One run of the real OpenClaw gateway

Recorded by \`npx tsx tests/openclaw/record-run.ts\`:
OpenClaw ${gatewayVersion} on Node ${nodeVersion}
under Holdfast ${version}, with Holdfast's defaults (two ticks of silence, 60 s, then one probe of
5 s). The link goes through a TCP proxy on this machine that can swallow everything. Seconds since
the start; \`>>>\` is what was done to it, everything else is what Holdfast said.

\`\`\`text
${log}
\`\`\`
`,
);

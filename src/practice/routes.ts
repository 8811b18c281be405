/**
 * The HTTP half of the port: liveness, readiness, counters and the control channel. It promises one
 * small JSON answer per request and a closed connection after it; it must never obey a web page,
 * and never read a body without a bound.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultReply } from './dialect.ts';
import { parseJson } from './json.ts';

/** The server, seen from here. */
export interface Site {
  readonly bootId: string;
  readonly isReady: boolean;
  stats(): Record<string, unknown>;
  order(given: unknown): FaultReply;
}

const bodyMost = 64 * 1024;

/** The body as text, or undefined when it is too long or never ends. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > bodyMost) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  const headers = { 'content-type': 'application/json', connection: 'close' };
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}

async function orderFault(site: Site, request: IncomingMessage, response: ServerResponse) {
  if (request.headers.origin !== undefined) {
    const error = 'faults must be ordered by a program, got a web page (an Origin header)';
    return send(response, 403, { ok: false, error });
  }
  const body = await bodyOf(request);
  if (body === undefined) {
    return send(response, 413, { ok: false, error: `body must be at most ${bodyMost} bytes` });
  }
  const { answer, run } = site.order(parseJson(body) ?? body);
  send(response, answer.ok ? 200 : 400, answer);
  return run();
}

export async function answerHttp(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0];
  const { bootId, isReady } = site;
  if (path === '/fault' && request.method === 'POST') return orderFault(site, request, response);
  if (request.method !== 'GET') return send(response, 405, { ok: false, error: 'GET only' });
  if (path === '/healthz') return send(response, 200, { ok: true, pid: process.pid, bootId });
  if (path === '/readyz') return send(response, isReady ? 200 : 503, { ready: isReady, bootId });
  if (path === '/stats') return send(response, 200, site.stats());
  const error = 'GET /healthz, /readyz or /stats; POST /fault; a WebSocket anywhere';
  return send(response, 404, { ok: false, error });
}

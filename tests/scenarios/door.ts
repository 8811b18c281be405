/**
 * Both sides of an OpenClaw gateway's door, in memory: the folder in which a device keeps its
 * identity and its tokens, which counts what is written, and a gateway that judges each connect by
 * the rules of the practice gateway, which share no code with the client. It must never let
 * anybody in on the client's word alone.
 */
import { DeviceBook } from '../../src/practice/devices.ts';
import { judgeConnect, type Rules } from '../../src/practice/openclaw-connect.ts';
import {
  deviceTokenStore,
  identityStore,
  type OpenclawOptions,
  openclaw,
  type PrivateFiles,
} from '../../src/protocols/index.ts';
import type { Network } from '../../src/simulate/network.ts';
import { Claw } from './claw.ts';

type Verb = 'read' | 'create' | 'replace' | 'remove';

/** A folder of secrets that keeps the promises of the port, and breaks on request. */
export class Folder implements PrivateFiles {
  readonly files = new Map<string, string>();
  /** every change, as verb and name */
  readonly writes: string[] = [];
  failing: Verb | undefined;

  async read(name: string): Promise<string | null> {
    this.#fail('read');
    return this.files.get(name) ?? null;
  }

  async create(name: string, contents: string): Promise<boolean> {
    this.#fail('create');
    if (this.files.has(name)) return false;
    this.#write('create', name, contents);
    return true;
  }

  async replace(name: string, contents: string): Promise<void> {
    this.#fail('replace');
    this.#write('replace', name, contents);
  }

  async remove(name: string): Promise<void> {
    this.#fail('remove');
    if (this.files.delete(name)) this.writes.push(`remove ${name}`);
  }

  /** The device token that lies here. */
  get token(): string | undefined {
    const texts = [...this.files.values()].map((text) => JSON.parse(text) as { token?: string });
    return texts.find(({ token }) => token !== undefined)?.token;
  }

  /** What was changed, by verb and kind of file. */
  get changes(): string[] {
    return this.writes.map((write) => write.replace(/-[0-9a-f]+/, '').replace('.json', ''));
  }

  #write(verb: Verb, name: string, contents: string): void {
    this.writes.push(`${verb} ${name}`);
    this.files.set(name, contents);
  }

  #fail(verb: Verb): void {
    if (this.failing === verb) throw new Error(`EACCES: permission denied, ${verb}`);
  }
}

/** The protocol of a device whose secrets lie in this folder; each call is another app start. */
export function deviceOf(folder: Folder, more: OpenclawOptions = {}) {
  return openclaw({
    identity: identityStore(folder),
    deviceTokens: deviceTokenStore(folder),
    ...more,
  });
}

/** A gateway that looks at every connect for itself; it outlives its own restarts. */
export class Gate {
  readonly book = new DeviceBook();
  readonly rules: Rules;
  isReady = true;
  /** the codes of its refusals, in order */
  readonly refused: string[] = [];
  /** the codes with which it closed */
  readonly closes: number[] = [];
  /** the credential of each connect: the name of its field */
  readonly shown: string[] = [];
  #challenges = 0;

  constructor(token: string) {
    this.rules = {
      token,
      expectedProtocol: 4,
      accept: ['v2', 'v3'],
      pairing: { required: false, wait: false, requestId: undefined },
      denial: { code: '', closeCode: 1008, retryAfterMs: undefined, left: 0 },
      rateLimitedUntil: 0,
      rateLimitHintMs: 0,
    };
  }

  /** Answers every call from now on. */
  guards(network: Network): void {
    network.onCall = (call) => {
      this.#challenges += 1;
      const nonce = `nonce-${this.#challenges}`;
      // the rules compare with the wall clock, as the signature does with the challenge
      const claw = new Claw(call).challenges(nonce, Date.now());
      const look = () => {
        if (!call.open) return;
        if (claw.connects.length > 0) this.#judge(claw, nonce);
        else setImmediate(look);
      };
      setImmediate(look);
    };
  }

  #judge(claw: Claw, nonce: string): void {
    const { params } = claw.connect;
    this.shown.push(Object.keys(params.auth ?? {}).join());
    const verdict = judgeConnect(this, params, nonce);
    if (verdict.ok) {
      const { role, scopes, grant } = verdict;
      const issued = grant && { deviceToken: grant.token, issuedAtMs: grant.issuedAtMs };
      claw.accepts({ auth: { role, scopes, ...issued } });
      return;
    }
    const { error, close } = verdict;
    this.closes.push(close.code);
    this.refused.push(String(error.details?.code ?? error.code));
    claw.refuses({ ...error }).call.close(close.code, close.reason);
  }
}

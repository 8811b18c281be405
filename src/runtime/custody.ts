/**
 * What is written down so that the next host finds what this one leaves running when it is killed:
 * the mark before a spawn, the identity after it, and that it was ready. Promises that a record is
 * whole or absent, that writes keep their order, and that only a process which is proved to be
 * ours is ever found. It must never decide whether it is adopted or ended, and never hold a secret.
 */
import { z } from 'zod';
import type { Census, Claim, Identity, PrivateFolder } from '../ports.ts';

const identity = z.object({ pid: z.int().min(2), start: z.string().min(1) });
const record = z.object({
  version: z.literal(1),
  host: identity,
  mark: z.object({ name: z.string().min(1), value: z.string().min(8) }),
  process: identity.nullable(),
  ready: z.boolean(),
  startedAt: z.number(),
  port: z.number().nullable(),
  groups: z.record(z.string(), z.string()),
});
type CustodyRecord = z.infer<typeof record>;

/** What an earlier host has left. */
export interface Left {
  claim: Claim;
  /** it had been ready: it may be adopted */
  ready: boolean;
  startedAt: number;
  port: number | undefined;
  groups: Readonly<Record<string, string>>;
}

export class Custody {
  readonly #files: PrivateFolder;
  readonly #census: Census;
  readonly #name: string;
  readonly #self: Identity;
  #record: CustodyRecord | null = null;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(
    census: Census,
    { folder, name, self }: { folder: string; name: string; self: Identity },
  ) {
    this.#files = census.records(folder);
    this.#census = census;
    this.#name = `${name.replaceAll(/[^A-Za-z0-9.-]/g, '-')}.custody.json`;
    this.#self = self;
  }

  /** Null: nothing is left. Throws when another living host has it, or nobody can read it. */
  async find(): Promise<Left | null> {
    const found = await this.#read();
    if (found === null) return null;
    const { host, mark, process, ready, startedAt, port, groups } = found;
    if (this.#isOther(host)) throw new Error(`the host with pid ${host.pid} supervises it already`);
    const isAlive = process !== null && this.#is(process);
    if (!isAlive && !this.#census.carries(mark)) {
      await this.#files.remove(this.#name);
      return null;
    }
    this.#record = { ...found, host: this.#self };
    await this.#write();
    const claim = { identity: isAlive ? process : null, mark };
    return { claim, ready: ready && isAlive, startedAt, port: port ?? undefined, groups };
  }

  /** Before a spawn. Throws when another host was faster. */
  async intend(mark: CustodyRecord['mark']): Promise<void> {
    const found = await this.#read();
    if (found !== null && this.#isOther(found.host)) {
      throw new Error(`the host with pid ${found.host.pid} supervises it already`);
    }
    this.#record = {
      ...{ version: 1, host: this.#self, mark, process: null },
      ...{ ready: false, startedAt: 0, port: null, groups: {} },
    };
    const contents = this.#contents();
    if (found !== null) await this.#files.replace(this.#name, contents);
    else if (!(await this.#files.create(this.#name, contents))) {
      throw new Error('another host has begun to supervise it');
    }
  }

  /** It runs. */
  arrived(pid: number, startedAt: number): Promise<void> {
    return this.#note({ process: this.#census.identify(pid) ?? null, startedAt });
  }

  /** It was ready, with what its start has shown. */
  proved(port: number | undefined, groups: Readonly<Record<string, string>>): Promise<void> {
    return this.#note({ ready: true, port: port ?? null, groups: { ...groups } });
  }

  /** Nothing of what carries this mark is left, or will come. */
  gone({ value }: CustodyRecord['mark']): Promise<void> {
    if (this.#record?.mark.value !== value) return Promise.resolve();
    this.#record = null;
    return this.#inOrder(() => this.#files.remove(this.#name));
  }

  async #read(): Promise<CustodyRecord | null> {
    await this.#writing;
    const text = await this.#files.read(this.#name);
    if (text === null) return null;
    try {
      return record.parse(JSON.parse(text));
    } catch {
      const rule = 'remove it when nothing of the service runs any more';
      throw new Error(`the custody record ${this.#name} cannot be read: ${rule}`);
    }
  }

  #is = ({ pid, start }: Identity): boolean => this.#census.identify(pid)?.start === start;

  #isOther(host: Identity): boolean {
    const isUs = host.pid === this.#self.pid && host.start === this.#self.start;
    return !isUs && this.#is(host);
  }

  #note(more: Partial<CustodyRecord>): Promise<void> {
    if (this.#record === null) return Promise.resolve();
    this.#record = { ...this.#record, ...more };
    return this.#write();
  }

  #contents = (): string => `${JSON.stringify(this.#record)}\n`;

  #write(): Promise<void> {
    const contents = this.#contents();
    return this.#inOrder(() => this.#files.replace(this.#name, contents));
  }

  #inOrder(write: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(write);
    this.#writing = done.catch(() => {});
    return done;
  }
}

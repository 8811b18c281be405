/**
 * What one protocol remembers of a gateway from one socket to the next: which of our two remedies
 * it has used up (the older signature, the shared credential instead of a dead device token), how
 * often it turned us away for coming too often, and which of its words were passed on already. It
 * promises that each remedy is used once until a hello, and that writes to the token store happen
 * one after the other and before the next read. It must never keep a credential, and never grow
 * with the number of gateways met.
 */
import type { ProofVersion } from './device.ts';

export class GatewayMemory {
  /** the form of signature to send next */
  proof: ProofVersion = 'v3';
  /** the stored device token was refused: it is not sent again before a hello */
  hasDroppedToken = false;
  /** how often in a row it said that we come too often, and not when we may come again */
  limits = 0;
  #said = new Set<string>();
  #stored: Promise<void> = Promise.resolve();

  /** A hello: every remedy is available again, and another pairing is news. */
  greeted(): void {
    this.proof = 'v3';
    this.hasDroppedToken = false;
    this.limits = 0;
    for (const word of this.#said) {
      if (word.startsWith('pairing ')) this.#said.delete(word);
    }
  }

  /** True the first time: the same news is told once, not at every attempt. */
  isNews(word: string): boolean {
    if (this.#said.has(word)) return false;
    if (this.#said.size >= wordsMost) this.#said.clear();
    this.#said.add(word);
    return true;
  }

  /** Settles when every write asked for so far is done, well or badly. */
  get stored(): Promise<void> {
    return this.#stored;
  }

  /** Writes after what is being written; `failed` hears of trouble, who waits for it does not. */
  write(work: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
    this.#stored = this.#stored.then(work).catch(failed);
    return this.#stored;
  }
}

const wordsMost = 32;
const gatewaysMost = 64;

/** One memory per gateway; of many, those met last. */
export class Memories {
  #known = new Map<string, GatewayMemory>();

  /** `gateway`: see `gatewayName`; what has no name is never the same twice. */
  of(gateway: string | null): GatewayMemory {
    const found = gateway === null ? undefined : this.#known.get(gateway);
    const memory = found ?? new GatewayMemory();
    if (gateway === null) return memory;
    this.#known.delete(gateway);
    this.#known.set(gateway, memory);
    const [oldest] = this.#known.keys();
    if (this.#known.size > gatewaysMost && oldest !== undefined) this.#known.delete(oldest);
    return memory;
  }
}

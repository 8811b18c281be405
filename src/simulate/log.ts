/**
 * What one end of a connection heard, as words in order. It promises that whoever waits for a word
 * gets the first that begins so; it must never wait by a clock, and never forget a word.
 */

/** `opened`, `text hello`, `bytes 00ff`, `closed 1006`. */
export class Log {
  readonly words: string[] = [];
  readonly #waiting = new Set<() => void>();

  say(word: string): void {
    this.words.push(word);
    for (const look of [...this.#waiting]) look();
  }

  count(start: string): number {
    return this.words.filter((word) => word.startsWith(start)).length;
  }

  /** Resolves with the first word that begins so, whenever that comes. */
  until(start: string): Promise<string> {
    return new Promise((resolve) => {
      const look = () => {
        const word = this.words.find((one) => one.startsWith(start));
        if (word === undefined) return;
        this.#waiting.delete(look);
        resolve(word);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
export const spell = (data: string | Uint8Array) =>
  typeof data === 'string' ? `text ${data}` : `bytes ${hex(data)}`;

/** Secrets by their kind, and every form in which one of them may turn up again. */
import { randomBytes } from 'node:crypto';

/** Each with signs that JSON, a URL and a shell write in their own way. */
export class Planted {
  readonly #all = new Map<string, string>();

  of(kind: string): string {
    const secret = `s"${randomBytes(9).toString('base64url')}+/é`;
    this.#all.set(kind, secret);
    return secret;
  }

  /** One that may stand in a URL, a header or a close frame. */
  plain(kind: string): string {
    const secret = `s-${randomBytes(12).toString('hex')}`;
    this.#all.set(kind, secret);
    return secret;
  }

  get size(): number {
    return this.#all.size;
  }

  foundIn(text: string): string[] {
    const kinds = [...this.#all].filter(([, secret]) =>
      formsOf(secret).some((one) => text.includes(one)),
    );
    return kinds.map(([kind]) => kind);
  }
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  return [
    ...[secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret)],
    ...[base64, bytes.toString('base64url'), bytes.toString('hex')],
  ];
}

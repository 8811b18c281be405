/** The line splitter, byte by byte: what the child-process driver promises about output. */

import { describe, expect, it } from 'vitest';
import { lineBytesMax, splitLines } from '../../src/drivers/lines.ts';

describe('splitLines', () => {
  const split = (...chunks: (string | Uint8Array)[]) => {
    const lines: string[] = [];
    const splitter = splitLines((text) => lines.push(text));
    for (const chunk of chunks) splitter.push(Buffer.from(chunk));
    splitter.end();
    splitter.end();
    return lines;
  };
  const cut = (text: string) => `${text} [line cut at 16 KiB]`;

  it('gives the same lines however the bytes are cut into chunks', () => {
    const bytes = Buffer.from('plain\r\nGrüße, 世界 😀\n\n\r\na\rb\nunfinished');
    const lines = ['plain', 'Grüße, 世界 😀', '', '', 'a\rb', 'unfinished'];
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(split(...chunks), `chunks of ${size}`).toEqual(lines);
    }
  });

  it('passes a line of exactly 16 KiB and cuts one that is a byte longer', () => {
    const full = 'x'.repeat(lineBytesMax);
    for (const end of ['', '\n', '\r\n']) expect(split(full, end)).toEqual([full]);
    const [text, ...more] = split(full, 'y\nnext\n');
    expect(text).toMatch(/^x+ \[line cut at 16 KiB\]$/);
    expect(text).toHaveLength(lineBytesMax);
    expect(more).toEqual(['next']);
    expect(split(full, '\ry\n')).toEqual([text]);
  });

  it('delivers an endless line once, as soon as it is too long, and drops the rest', () => {
    const lines: string[] = [];
    const splitter = splitLines((text) => lines.push(text));
    const chunk = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent < 128; sent += 1) splitter.push(chunk);
    expect(lines).toHaveLength(1);
    splitter.push(Buffer.from('end\nnext'));
    splitter.end();
    expect(lines.slice(1)).toEqual(['next']);
  });

  it('cuts between characters', () => {
    for (const character of ['é', '世', '😀']) {
      const [text = ''] = split(character.repeat(lineBytesMax));
      const kept = text.slice(0, text.indexOf(' ['));
      expect(text).toBe(cut(kept));
      expect(new Set(kept)).toEqual(new Set([character]));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(lineBytesMax);
    }
  });

  it('replaces what is not UTF-8, and stays within the limit', () => {
    expect(split(Uint8Array.of(0x61, 0xff, 0x62, 0x0a))).toEqual(['a\ufffdb']);
    const [text] = split(Buffer.alloc(lineBytesMax * 2, 0x80));
    expect(text?.length).toBeLessThanOrEqual(lineBytesMax);
  });
});

/**
 * Cuts a byte stream into lines of text. It promises whole characters however the bytes were cut
 * into chunks (lines are found in the bytes, and only whole lines are decoded), LF and CR LF as
 * ends, and the last unfinished line at the end. It must never hold more than one line of 16 KiB,
 * whatever arrives: a longer line is delivered cut, says so, and its rest is dropped.
 */

export const lineBytesMax = 16 * 1024;
const cutMark = ' [line cut at 16 KiB]';
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** delivers the unfinished line, if there is one */
  end(): void;
}

export function splitLines(deliver: (text: string) => void): LineSplitter {
  // One byte more than a line, for the CR whose LF has not come yet.
  const held = Buffer.allocUnsafeSlow(lineBytesMax + 1);
  let size = 0;
  let skipping = false;

  const cut = () => {
    const end = characterStart(held, lineBytesMax - Buffer.byteLength(cutMark));
    skipping = true;
    deliver(held.toString('utf8', 0, end) + cutMark);
  };

  const take = (part: Uint8Array) => {
    if (skipping) return;
    const fitting = part.subarray(0, held.length - size);
    held.set(fitting, size);
    size += fitting.length;
    const mayBeWhole = size <= lineBytesMax || held[size - 1] === carriageReturn;
    if (fitting.length < part.length || !mayBeWhole) cut();
  };

  const finish = () => {
    const whole = !skipping;
    const length = size > 0 && held[size - 1] === carriageReturn ? size - 1 : size;
    size = 0;
    skipping = false;
    if (whole) deliver(held.toString('utf8', 0, length));
  };

  return {
    push(chunk) {
      let from = 0;
      for (let to = chunk.indexOf(lineFeed); to !== -1; to = chunk.indexOf(lineFeed, from)) {
        take(chunk.subarray(from, to));
        finish();
        from = to + 1;
      }
      take(chunk.subarray(from));
    },
    end() {
      if (size > 0) finish();
    },
  };
}

/** The last index up to `index` at which a character starts; broken UTF-8 moves it 3 at most. */
function characterStart(bytes: Uint8Array, index: number): number {
  for (let at = index; at > index - 4; at -= 1) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  }
  return index;
}

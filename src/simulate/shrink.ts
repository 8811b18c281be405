/**
 * Makes a list that breaks something as short as it can (delta debugging). It promises that what
 * it answers breaks it still, and that no single element of that could be left out, unless it ran
 * out of tries. It must never try the same part twice in a row.
 */

/** Each try is a run of hours; past this many the rest is no longer worth them. */
const triesMost = 300;

export async function shortest<T>(
  items: readonly T[],
  breaks: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items;
  let tries = 0;
  let parts = 2;
  while (left.length > 0 && tries < triesMost) {
    const size = Math.ceil(left.length / parts);
    const shorter = await withoutAPart(left, size, async (candidate) => {
      tries += 1;
      return tries <= triesMost && (await breaks(candidate));
    });
    if (shorter !== undefined) {
      left = shorter;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}

/** The latest parts first: what came after the break cannot have led to it. */
async function withoutAPart<T>(
  items: readonly T[],
  size: number,
  breaks: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | undefined> {
  const from = Math.floor((items.length - 1) / size) * size;
  for (let at = from; at >= 0; at -= size) {
    const candidate = [...items.slice(0, at), ...items.slice(at + size)];
    if (await breaks(candidate)) return candidate;
  }
  return undefined;
}

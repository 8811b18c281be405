/**
 * Watches promises that a test does not await, because time must pass first. It promises to keep
 * the order in which they settled; it must never leave a rejection unhandled.
 */

export function outcomes(promises: Record<string, Promise<unknown>>): [string, unknown][] {
  const seen: [string, unknown][] = [];
  for (const [name, promise] of Object.entries(promises)) {
    promise.then(
      (value) => seen.push([name, value]),
      (error) => seen.push([name, error]),
    );
  }
  return seen;
}

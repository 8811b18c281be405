/**
 * One wrong line for each scenario: a change of a machine or of the runtime that the scenario's
 * test must notice. A mutant is applied while the file is loaded and nothing is written; one whose
 * text is no longer found, or found twice, is an error, so that none goes stale unseen.
 */
export interface Mutant {
  /** the scenarios whose tests must fail under it */
  ids: readonly string[];
  /** from the root of the repository */
  file: string;
  find: string;
  instead: string;
  /** a second layer of the same file that would catch what the first lets through */
  also?: { find: string; instead: string };
}

/** Throws unless the text to replace is there exactly once. */
export function mutate({ file, find, instead, also }: Mutant, text: string): string {
  if (also !== undefined)
    return mutate({ ids: [], file, find, instead }, replaced(file, also, text));
  return replaced(file, { find, instead }, text);
}

function replaced(file: string, { find, instead }: Omit<Mutant, 'ids' | 'file'>, text: string) {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`${file} holds ${parts.length - 1} times, not once: ${find}`);
  }
  return parts.join(instead);
}

/** Applies the mutant that the audit names in the environment; without one it does nothing. */
export function mutantPlugin(given: string | undefined) {
  const mutant = given === undefined ? undefined : (JSON.parse(given) as Mutant);
  return {
    name: 'mutant',
    enforce: 'pre' as const,
    transform(text: string, id: string) {
      if (mutant === undefined || !id.split('?')[0]?.endsWith(`/${mutant.file}`)) return undefined;
      return { code: mutate(mutant, text), map: null };
    },
  };
}

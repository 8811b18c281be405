/**
 * What changed between two mermaid texts of one machine, in words: states, arrows and rows that
 * came or went, as `+ open → closing on \`link.retire\``. It reads only what mermaid.ts writes,
 * line by line, and must never report two texts as equal that are not.
 */

const shape = {
  arrow: /^(\S+) --> (\S+)(?: : (.*))?$/,
  state: /^state "(.*)" as (\S+)(?: \{)?$/,
  row: /^(\S+) : (.*)$/,
};

/** One line for all of it, removals first, at most `most` of each; '' when the texts are equal. */
export function difference(before: string, after: string, most = 3): string {
  if (before === after) return '';
  const old = sentences(before);
  const young = sentences(after);
  const gone = missing(old, young).map((sentence) => `- ${sentence}`);
  const come = missing(young, old).map((sentence) => `+ ${sentence}`);
  if (gone.length + come.length === 0) return 'same states and transitions, written differently';
  const said = [...gone.slice(0, most), ...come.slice(0, most)];
  const rest = gone.length + come.length - said.length;
  return [...said, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}

/** Those of `some` that `others` lacks, counting repetitions. */
function missing(some: string[], others: string[]): string[] {
  const left = [...others];
  return some.filter((sentence) => {
    const at = left.indexOf(sentence);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function sentences(text: string): string[] {
  const boxes = new Map<string, string>();
  return text.split('\n').flatMap((raw) => {
    const line = raw.trim();
    const said = arrowWords(line) ?? stateWords(line, boxes) ?? rowWords(line, boxes);
    return said ? [unescaped(said)] : [];
  });
}

function arrowWords(line: string): string | undefined {
  const [, from, to, label] = shape.arrow.exec(line) ?? [];
  if (!from || !to) return undefined;
  const on = label ? ` on \`${label}\`` : '';
  if (from === '[*]') return `start in ${to}${on}`;
  return to === '[*]' ? `end in ${from}` : `${from} → ${to}${on}`;
}

/** The box of a composite's rows is no state: it is remembered, and silent. */
function stateWords(line: string, boxes: Map<string, string>): string | undefined {
  const [, title, id] = shape.state.exec(line) ?? [];
  if (title === undefined || !id) return undefined;
  const box = /^(?:(.*)\.)?any_*$/.exec(id);
  if (!box || !/^(any state|throughout .*)$/.test(title)) return `state ${id}`;
  boxes.set(id, box[1] ? `throughout ${box[1]}` : 'in any state');
  return undefined;
}

function rowWords(line: string, boxes: Map<string, string>): string | undefined {
  const [, id, row] = shape.row.exec(line) ?? [];
  return id && row ? `${boxes.get(id) ?? `in ${id}`} \`${row}\`` : undefined;
}

const unescaped = (text: string): string =>
  text.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));

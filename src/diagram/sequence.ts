/**
 * What happened, as a sequence diagram: who was there, and what passed between them, in order. A
 * plain model, whoever has recorded it, and mermaid's text of it. It must never leave out a
 * message, an actor that came or went, or a state that changed.
 */

export interface Lane {
  id: string;
  title: string;
  /** there before anything is told; else its line begins where it is spawned */
  before: boolean;
}

export type Event =
  /** `dropped`: whoever sent it is gone, or whoever should hear it */
  | { kind: 'message'; from: string; to: string; words: string; dropped?: boolean }
  /** sent, and on its way: it arrives later, or never */
  | { kind: 'post'; from: string; to: string; words: string }
  | { kind: 'spawn'; from: string; to: string }
  | { kind: 'stop'; at: string }
  /** something of its own: a timer that ended, a report of the outside */
  | { kind: 'self'; at: string; words: string }
  | { kind: 'state'; at: string; words: string };

/** `number` is that of the step which it is the first of. */
export type Told = Event & { number?: number };

export interface Sequence {
  id: string;
  description?: string;
  lanes: readonly Lane[];
  events: readonly Told[];
  /** what it came to, such as the promise that broke */
  verdict?: string;
}

/** Marks a file as ours. */
const mark = '%% Drawn from a trace by holdfast diagram.';

export function sequenceToMermaid({ lanes, events, verdict, id, description }: Sequence): string {
  const names = new Map(lanes.map(({ id: lane }, i) => [lane, `p${i}`]));
  const name = (lane: string): string => names.get(lane) ?? 'p0';
  const [first, last] = [names.get(lanes[0]?.id ?? ''), names.get(lanes.at(-1)?.id ?? '')];
  const lines = [
    'sequenceDiagram',
    `  ${mark}`,
    `  accTitle: ${safe(id)}`,
    ...(description ? [`  accDescr: ${safe(description)}`] : []),
    ...lanes.map((lane) => `  participant ${name(lane.id)} as ${safe(lane.title)}`),
    ...events.map((event) => `  ${sentenceOf(event, name)}`),
    ...(verdict && first && last ? [`  Note over ${first},${last}: ${safe(verdict)}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function sentenceOf(event: Told, name: (lane: string) => string): string {
  const step = event.number === undefined ? '' : `${event.number}. `;
  const said = (words: string) => safe(`${step}${words}`);
  switch (event.kind) {
    case 'message': {
      const arrow = event.dropped ? '-x' : '->>';
      return `${name(event.from)}${arrow}${name(event.to)}: ${said(event.words)}`;
    }
    case 'post':
      return `${name(event.from)}-)${name(event.to)}: ${said(event.words)}`;
    case 'spawn':
      return `${name(event.from)}-->>${name(event.to)}: ${said('«spawn»')}`;
    case 'stop':
      return `Note over ${name(event.at)}: ${said('stopped')}`;
    case 'self':
      return `${name(event.at)}->>${name(event.at)}: ${said(event.words)}`;
    case 'state':
      return `Note over ${name(event.at)}: ${said(event.words)}`;
  }
}

/** What mermaid's lexer would take for its own. */
const safe = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^$/, '…')
    .replace(/[#;<>"&\\`%:]/g, (char) => `#${char.codePointAt(0)};`)
    .replace(/\bend\b/gi, (word) => `${word.slice(0, 1)}#${word.codePointAt(1)};${word.slice(2)}`);

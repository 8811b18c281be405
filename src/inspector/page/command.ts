/**
 * What may be asked for here, as buttons: verbs of the app, and events of the chosen actor. It
 * promises that nothing is asked for twice by one click, and to say when it was refused. It must
 * never show a button for what the app did not offer.
 */
import { type ComponentChild, h } from 'preact';
import { useState } from 'preact/hooks';
import type { ActorState } from '../recording.ts';
import type { Feed } from './feed.ts';

type What = Parameters<Feed['ask']>[0];

function useAsking(feed: Feed): [string, (what: What) => void] {
  const [said, say] = useState('');
  const ask = (what: What): void => {
    const name = 'verb' in what ? what.verb : String(Reflect.get(what.event, 'type'));
    say(`${name} …`);
    void feed.ask(what).then((taken) => say(`${name}: ${taken ? 'taken' : 'refused'}`));
  };
  return [said, ask];
}

export function Verbs({ feed }: { feed: Feed }): ComponentChild {
  const [said, ask] = useAsking(feed);
  if (feed.offer.verbs.length === 0 || feed.reading !== 'live') return null;
  return h('fieldset', { 'aria-label': 'Commands' }, [
    ...feed.offer.verbs.map((verb) =>
      h('button', { key: verb, class: 'command', onClick: () => ask({ verb }) }, verb),
    ),
    h('output', {}, said),
  ]);
}

/** Their fields as JSON: those that the machine wants. */
export function Events({ feed, actor }: { feed: Feed; actor: ActorState }): ComponentChild {
  const [said, ask] = useAsking(feed);
  const [fields, write] = useState('');
  const types = feed.offer.events[actor.machine?.split('~')[0] ?? ''] ?? [];
  if (types.length === 0 || feed.reading !== 'live') return null;
  const more = fieldsIn(fields);
  return h('fieldset', { 'aria-label': `Send to ${actor.path}`, class: 'events' }, [
    ...types.map((type) => {
      const onClick = () => ask({ to: actor.actor, event: { ...more, type } });
      return h('button', { key: type, class: 'command', disabled: !more, onClick }, type);
    }),
    h('input', {
      'aria-label': 'Fields of the event, as JSON',
      'aria-invalid': more === undefined,
      placeholder: '{"field": 1}',
      value: fields,
      onInput: (event: Event) => write((event.currentTarget as HTMLInputElement).value),
    }),
    h('output', {}, said),
  ]);
}

function fieldsIn(text: string): object | undefined {
  if (text.trim() === '') return {};
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null ? fields : undefined;
  } catch {
    return undefined;
  }
}

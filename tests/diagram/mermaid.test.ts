import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { difference } from '../../src/diagram/difference.ts';
import { toMermaid } from '../../src/diagram/mermaid.ts';
import { modelOf } from '../../src/diagram/model.ts';
import { player } from './charts.ts';
import { changed, door as doorWith, type More } from './door.ts';

const door = (more?: More): string => toMermaid(modelOf(doorWith(more)));

const plain = door();

describe('the mermaid text of a machine', () => {
  it('declares states in place, in document order, and arrows last', () => {
    expect(plain.split('\n')).toEqual([
      'stateDiagram-v2',
      '  %% Drawn from the machine by holdfast diagram.',
      '  accTitle: door',
      '  state "any state" as any',
      '  any : ring / chime',
      '  state "shut" as shut',
      '  [*] --> shut',
      '  state "open" as open {',
      '    state "throughout open" as open.any',
      '    open.any : entry / creak',
      '    state "ajar" as open.ajar',
      '    [*] --> open.ajar',
      '    state "wide" as open.wide',
      '  }',
      '  state "gone" as gone',
      '  shut --> open : push',
      '  open --> shut : pull',
      '  open.ajar --> open.wide : push',
      '',
    ]);
  });

  it('says what mermaid has no sign for in rows', () => {
    const lines = toMermaid(modelOf(player))
      .split('\n')
      .map((line) => line.trim());
    for (const line of [
      'accDescr: Plays#59; stops#59; remembers.',
      'any : fail → broken',
      'any : takes orders',
      'any : hears decoder, buffer',
      'off : tagged quiet',
      'on.any : runs buffer',
      'on.any : shift → sound.loud anew',
      'on.any : buffer changed / note',
      '--',
      'on.picture.lit --> [*]',
      'on.picture.dark : after 250 ms / note',
      'on.sound.loud : ignores #42;',
      'on.sound.loud : again → itself',
      'state "H#42;" as on.sound.memory',
      'on.sound.memory --> on.sound.loud : at first',
      'broken : runs repair (decoder)',
      'broken --> off : repair failed [isAt(3)]',
      'on --> off : done',
    ]) {
      expect(lines).toContain(line);
    }
  });

  const additions: [what: string, after: string, line: string, words: string][] = [
    [
      'an arrow',
      door({
        ajar: { slam: { target: '#door.shut', guard: 'strong', actions: ['creak', 'log'] } },
      }),
      '  open.ajar --> shut : slam [strong] / creak, log',
      '+ open.ajar → shut on `slam [strong] / creak, log`',
    ],
    ['an arrow between composites', door({ open: { burn: 'gone' } }), '  open --> gone : burn', ''],
    [
      'a handler in place',
      door({ ajar: { wind: { actions: 'creak' } } }),
      '    open.ajar : wind / creak',
      '',
    ],
    ['a forbidden event', door({ ajar: { pull: {} } }), '    open.ajar : ignores pull', ''],
    [
      'a transition into a descendant',
      door({ open: { kick: '.wide' } }),
      '    open.any : kick → wide',
      '+ throughout open `kick → wide`',
    ],
    [
      'a transition from any state',
      door({ root: { burn: '.gone' } }),
      '  any : burn → gone',
      '+ in any state `burn → gone`',
    ],
    ['a timer', door({ shut: { after: { NIGHT: 'gone' } } }), '  shut --> gone : after NIGHT', ''],
    [
      'an eventless transition',
      door({ shut: { always: { guard: 'old', target: 'gone' } } }),
      '  shut --> gone : always [old]',
      '',
    ],
  ];

  for (const [what, after, line, words] of additions) {
    it(`changes by one line when the machine gains ${what}`, () => {
      expect(changed(plain, after)).toEqual({ gone: [], come: [line] });
      expect(changed(after, plain)).toEqual({ gone: [line], come: [] });
      expect(difference(plain, after)).toContain(words);
    });
  }

  it('gives a state the name of its machine when it has it', () => {
    const lamp = createMachine({ id: 'lamp', initial: 'lamp', states: { lamp: {} } });
    expect(toMermaid(modelOf(lamp))).toContain('state "lamp" as lamp\n');
  });

  it('brings the title of its box with the first row of a composite, and says so only once', () => {
    const bare = createMachine({
      initial: 'a',
      states: { a: { initial: 'b', states: { b: {} } } },
    });
    const more = createMachine({
      initial: 'a',
      states: { a: { initial: 'b', on: { e: '.b' }, states: { b: {} } } },
    });
    const [before, after] = [toMermaid(modelOf(bare)), toMermaid(modelOf(more))];
    expect(changed(before, after).come).toHaveLength(2);
    expect(difference(before, after)).toBe('+ throughout a `e → b`');
  });
});

describe('the difference between two texts', () => {
  it('is silent about equal ones', () => {
    expect(difference(plain, plain)).toBe('');
  });

  it('names what came and what went', () => {
    const after = plain
      .replace('open --> shut : pull', 'open --> shut : draw')
      .replace('  [*] --> shut\n', '  [*] --> gone\n')
      .replace('ring', 'knock#58;twice')
      .replace('    state "wide" as open.wide\n', '');
    expect(difference(plain, after)).toBe(
      '- in any state `ring / chime`; - start in shut; - state open.wide; ' +
        '+ in any state `knock:twice / chime`; + start in gone; ' +
        '+ open → shut on `draw`; and 1 more',
    );
  });

  it('counts repetitions', () => {
    expect(difference(plain, `${plain}  shut --> open : push\n`)).toBe('+ shut → open on `push`');
  });

  it('never takes a moved or reworded line for equality', () => {
    const lines = plain.split('\n');
    const moved = [...lines.slice(0, -4), ...lines.slice(-4).reverse()].join('\n');
    expect(difference(plain, moved)).toBe('same states and transitions, written differently');
    expect(difference(plain, plain.replace('Drawn', 'drawn'))).not.toBe('');
  });
});

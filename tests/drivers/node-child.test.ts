/** Who is told to keep its debugger shut: a child on the Node of its host, where Node knows how. */
import { describe, expect, it } from 'vitest';
import { withoutDebugger } from '../../src/drivers/node-child.ts';

const flag = '--disable-sigusr1';
const node = {
  execPath: '/opt/node',
  versions: {},
  allowedNodeEnvironmentFlags: new Set([flag, '--inspect']),
};

describe('a child', () => {
  it('on the Node of its host opens no debugger when it is signalled', () => {
    expect(withoutDebugger('/opt/node', ['serve.js', '--port=1'], node)).toEqual([
      flag,
      'serve.js',
      '--port=1',
    ]);
  });

  it.each<[what: string, command: string, more: object]>([
    ['another program', '/usr/bin/python3', {}],
    ['another Node', 'node', {}],
    ['a Node that does not know the flag', '/opt/node', { allowedNodeEnvironmentFlags: new Set() }],
    ['Electron', '/opt/node', { versions: { electron: '40.0.0' } }],
  ])('that is %s keeps its arguments as they are', (_, command, more) => {
    expect(withoutDebugger(command, ['serve.js'], { ...node, ...more })).toEqual(['serve.js']);
  });
});

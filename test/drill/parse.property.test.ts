// SPDX-License-Identifier: GPL-2.0-only

import { fc, test } from '@fast-check/jest'
import type { Kernel } from '../../lib/base/kernel'
import { DrillError } from '../../lib/drill/errors'
import { parseDrill } from '../../lib/drill/parse'

const source = (text: string) => ({ name: 'x', file: 'x.drill', firstLine: 1, text })

/** Words that occur in drills, and some that do not. */
const word = fc.oneof(
  fc.constantFrom(
    'A',
    'B2',
    'buf',
    'buf[3]',
    'buf[2-5]',
    'map',
    'anon',
    '4',
    'ro',
    'thp',
    'read',
    'write',
    '0x1f',
    'pin',
    'as',
    'h',
  ),
  fc.constantFrom(
    'migrate',
    'to',
    'dev',
    'sys',
    'skip=1,3-5',
    'error=',
    'fork',
    'exit',
    'drop',
    'devmem',
    'remap',
    'advise',
    'cold',
    'mirror',
    'fault',
    'exclusive',
    'evict',
    'all',
    'D[1-2]',
    'select=system,private',
    'owner=other',
    'task',
    'cpus',
    'swap',
    'memcg',
    'cpu=0',
    'proc=A',
    'expect',
    'finds',
    'no-livelock',
    'livelock',
    'with',
    'reclaim',
    'oom-reap',
    '@alloc',
    '@final',
    '#',
  ),
  fc.string({ maxLength: 6 }),
)
const line = fc
  .tuple(fc.constantFrom('', '  ', '\t'), fc.array(word, { maxLength: 8 }), fc.constantFrom(' ', '  '))
  .map(([indent, words, space]) => indent + words.join(space))
const text = fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n'))

const kernel = fc.constantFrom<Kernel>('linux-4.14', 'linux-6.12')

test.prop([text, kernel])('any text is a drill, or an error at a place in it', (drill, kernel) => {
  try {
    parseDrill(source(drill), kernel)
  } catch (error) {
    expect(error).toBeInstanceOf(DrillError)
    const { line, column } = (error as DrillError).position!
    const at = drill.split('\n')[line - 1]
    expect(at).toBeDefined()
    expect(column).toBeGreaterThanOrEqual(1)
    expect(column).toBeLessThanOrEqual(at!.length + 1)
  }
})

test.prop([text, kernel])('what was parsed parses again from its echoes, to the same', (drill, kernel) => {
  let first: ReturnType<typeof parseDrill>
  try {
    first = parseDrill(source(drill), kernel)
  } catch {
    return
  }
  const lines = first.head.map((command) => command.text)
  for (const command of first.commands) {
    lines.push(command.text)
    if (!('interleaved' in command)) continue
    for (const inner of command.interleaved) lines.push(`  @${inner.callback} ${inner.command.text}`)
  }
  for (const task of first.tasks) {
    lines.push(task.text)
    for (const command of task.commands) lines.push(`  ${command.text}`)
  }
  for (const expectation of first.expectations) lines.push(expectation.text)
  const again = parseDrill(source(lines.join('\n')), kernel)
  const withoutPositions = (value: unknown) =>
    JSON.stringify(value, (key, part) => (key === 'position' ? undefined : part))
  expect(withoutPositions(again)).toBe(withoutPositions(first))
})

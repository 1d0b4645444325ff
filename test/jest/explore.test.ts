// SPDX-License-Identifier: GPL-2.0-only

import { scenario } from '../../lib'
import '../../lib/jest'

const DRILL = `devmem 4
A map buf anon 1
A write buf 1
task mover
  A clear
  A migrate buf to dev
task writer
  A write buf 2
`
/** The message of what must not match. */
const message = (run: () => void): string => {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

test('a drill holds in all interleavings, or not', () => {
  expect(DRILL).toHoldInAllInterleavings({ profile: 'linux-6.12' })
  expect(DRILL).not.toHoldInAllInterleavings()
  expect(`${DRILL}expect finds soft-dirty-lost\n`).toHoldInAllInterleavings()
  const text = message(() => expect(DRILL).toHoldInAllInterleavings())
  expect(text).toContain("Not as expected: soft-dirty-lost: A's buf[0] was written to")
  expect(text).toContain('  writer: A write buf 2')
})

test('a search that was cut off holds nothing', () => {
  const text = message(() => expect(DRILL).toHoldInAllInterleavings({ profile: 'linux-6.12', states: 5 }))
  expect(text).toContain('5 states; cut off by states')
})

test('what is found', () => {
  expect(DRILL).toFind('soft-dirty-lost')
  expect(DRILL).not.toFind('livelock')
  expect(DRILL).not.toFind('soft-dirty-lost', { profile: 'linux-4.14-fixed' })
  expect(message(() => expect(DRILL).toFind('deadlock'))).toContain('all orders were tried')
  expect(message(() => expect(DRILL).toFind('luck' as 'leak'))).toContain('luck')
})

test('what is reached', () => {
  expect(DRILL).toReach('mover 1 moved; writer -')
  expect(DRILL).not.toReach('mover 2 moved; writer -')
  expect(message(() => expect(DRILL).toReach('x'))).toContain('  mover 1 moved; writer -')
})

test('something else than a drill', () => {
  expect(message(() => expect(1).toFind('leak'))).toContain('the text of a drill with tasks, or a scenario')
  expect(message(() => expect('A clear').toFind('leak'))).toContain('the drill has no task')
})

test('a scenario', () => {
  const race = scenario({
    machine: { devicePages: 4 },
    setup(machine) {
      const a = machine.process()
      const buf = a.map()
      buf.write(0, Uint8Array.of(1))
      return { a, buf }
    },
    tasks: {
      mover(task, { buf }) {
        task.clearSoftDirty()
        task.migrate(buf)
      },
      writer: (task, { buf }) => task.write(buf, 0, 2),
    },
  })
  expect(race).toHoldInAllInterleavings({ profile: 'linux-6.12' })
  expect(race).toFind('soft-dirty-lost')
  expect(race).toReach('mover 1 moved; writer -')
  const text = message(() => expect(race).toHoldInAllInterleavings())
  expect(text).toContain('expect(scenario).toHoldInAllInterleavings()')
  expect(text).toContain('  writer: write buf[0] 2')
  expect(text).toMatch(/ {2}id: 1:linux-4\.14:6000ffe:1:[0-9a-f]{8}:[ab0-9]+$/m)
})

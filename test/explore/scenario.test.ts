// SPDX-License-Identifier: GPL-2.0-only

import {
  type ExploreOptions,
  explore,
  type Machine,
  replay,
  type Scenario,
  scenario,
  type TaskRecorder,
} from '../../lib'

/** A process with a buffer of 4 pages, of which the first ones have 1. */
function setup(machine: Machine) {
  const a = machine.process()
  const buf = a.map({ pages: 4 })
  for (let page = 0; page < 2; page++) buf.write(page * 4096, Uint8Array.of(1))
  return { a, buf }
}
const machine = { devicePages: 16, cpus: 2 }
const soft = scenario({
  machine,
  setup,
  tasks: {
    mover(task, { buf }) {
      task.clearSoftDirty()
      task.migrate(buf.range(0), { to: 'device' })
    },
    writer: (task, { buf }) => task.write(buf, 0, 2),
  },
})
const one = (run: (task: TaskRecorder, context: ReturnType<typeof setup>) => void) =>
  scenario({ machine, setup, tasks: { one: run } })
const failure = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return `${code}: ${message}`
  }
  return undefined
}

test('a scenario has the orders of the drill that does the same', () => {
  const drill = explore(`devmem 16
cpus 2
A map buf anon 4
A write buf[0-1] 1
task mover
  A clear
  A migrate buf[0] to dev
task writer
  A write buf[0] 2
`)
  const explored = explore(soft)
  const counts = ({ states, steps, schedules, outcomes }: typeof drill) => [states, steps, schedules, outcomes.length]
  expect(counts(explored)).toEqual(counts(drill))
  expect(explored.name).toBe('scenario')
  expect(explored.findings.map(({ judge, sentence }) => [judge, sentence])).toEqual([
    ['soft-dirty-lost', "a's buf[0] was written to since its soft-dirty bit was cleared, and is clean"],
  ])
  expect(explored.unmet).toEqual([`soft-dirty-lost: ${explored.findings[0]!.sentence}`])
})

test('a finding is made again by its id', () => {
  const [finding] = explore(soft).findings
  expect(replay(soft, finding!.id).trace).toEqual(finding!.trace)
  expect(finding!.trace).toContain('writer: write buf[0] 2')
  expect(finding!.trace.at(-1)).toBe('mover: migrate buf[0] to device -> 1 moved')
})

test('an id of something else says so', () => {
  const { id } = explore(soft).findings[0]!
  const message = (given: Scenario, options?: ExploreOptions) => failure(() => replay(given, id, options))
  const changed = 'HMMU_INVALID_ARGUMENT: setup or tasks have changed since the id was made'
  expect(message(one((task, { buf }) => task.read(buf)) as Scenario)).toBe(changed)
  const other = (m: Machine) => {
    const made = setup(m)
    made.buf.read(3 * 4096, 1)
    return made
  }
  expect(message({ ...soft, setup: other } as Scenario)).toBe(changed)
  expect(message(soft as Scenario, { profile: 'linux-6.12' })).toContain('the id is of the profile linux-4.14')
  expect(message(soft as Scenario, { points: [] })).toContain('other switching points')
})

test('options come before those of the scenario', () => {
  const fixed = { ...soft, profile: 'linux-4.14-fixed' } as const
  expect(explore(fixed).findings).toEqual([])
  expect(explore(fixed, { profile: 'linux-4.14' }).findings).toHaveLength(1)
  expect(explore(soft, { quirks: { 'device-soft-dirty': false } }).findings).toEqual([])
  expect(explore(soft, { states: 10 })).toMatchObject({ states: 10, cutOff: 'states' })
})

test('all actions are recorded', () => {
  const { outcomes, tasks } = explore({
    profile: 'linux-6.12',
    machine: { ...machine, swapPages: 4 },
    setup(m) {
      const { a, buf } = setup(m)
      return { a, buf, other: m.process() }
    },
    tasks: {
      parent(task, { buf, other }) {
        task.read(buf, 1)
        task.lock(buf.range(1))
        task.unlock(buf.range(1))
        task.advise(buf.range(1), 'cold')
        for (const ref of [task.pin(buf, 0, { write: true, dma: true }), task.hold(buf), task.isolate(buf)])
          task.drop(ref)
        task.migrate(buf, { to: 'device', skip: [1], error: [99] })
        task.protect(buf.range(2), 'r')
        task.reclaim(buf, 1)
        task.unmap(buf.range(3))
        task.oomReap()
        task.fork('child')
        task.exit(other)
        task.exit()
      },
      child: {
        process: 'child',
        cpu: 1,
        run(task, { buf }) {
          task.read(buf, 1)
          task.exit()
        },
      },
    },
  })
  expect(tasks).toEqual(['parent', 'child'])
  expect(outcomes.map(({ sentence }) => sentence)).toMatchInlineSnapshot(`
[
  "parent 0x01 3 moved, no_page; child 0x00",
]
`)
})

test('tasks of other processes', () => {
  const { outcomes } = explore({
    machine,
    setup(m) {
      const { a, buf } = setup(m)
      const b = a.fork()
      return { b, theirs: buf.in(b) }
    },
    tasks: { second: { process: ({ b }) => b, run: (task, { theirs }) => task.read(theirs) } },
  })
  expect(outcomes.map(({ sentence }) => sentence)).toEqual(['second 0x01'])
})

test.each<[string, Scenario]>([
  ['source must be a text or a DrillSource, not 1', 1 as never],
  ["scenario has no property 'taks'", { setup, tasks: {}, taks: {} } as never],
  ['tasks must have 1 to 16 properties, not 0', { setup, tasks: {} }],
  ["a task's name must be a letter", { setup, tasks: { '1': () => undefined } }],
  ['run of task x must be a function', { setup, tasks: { x: {} as never } }],
  ['setup has made no process', { setup: () => undefined, tasks: { x: () => undefined } }],
  ['setup must not be asynchronous', { setup: async () => undefined, tasks: { x: () => undefined } }],
  [
    'there is no process child, and no task forks it',
    { setup, tasks: { x: { process: 'child', run: () => undefined } } },
  ],
  ['task 0: there is no CPU 3', { setup, tasks: { x: { cpu: 3, run: () => undefined } } }],
])('%s', (message, given) => {
  expect(failure(() => explore(given))).toContain(`HMMU_INVALID_ARGUMENT: ${message}`)
})

test('what a task can not do is refused where it is recorded', () => {
  const message = (run: (task: TaskRecorder, context: ReturnType<typeof setup>) => void) =>
    failure(() => explore(one(run)))
  let kept: TaskRecorder | undefined
  expect(message((task, { buf }) => task.read(buf, 4))).toBe(
    'HMMU_INVALID_ARGUMENT: page must be an integer from 0 to 3, not 4',
  )
  expect(message((task) => task.migrate({ start: 2 ** 32, pages: 65 }))).toContain("a migration of 65 pages can't be")
  expect(message((task) => task.unmap({ start: 1, pages: 1 }))).toContain('start must be a multiple of 4096')
  expect(message((task, { a, buf }) => task.migrate(buf, { to: 'device', device: a.machine.devices[0] }))).toBe(
    "HMMU_UNSUPPORTED: driver.device can't be explored with the built-in driver",
  )
  expect(message((task, { buf }) => task.migrate(buf, { to: 'moon' as 'device' }))).toContain(
    'driver.to must be one of',
  )
  expect(message((task) => task.fork('a'))).toContain('there is a process a already')
  expect(message((task) => task.exit('nobody'))).toContain('there is no process nobody, and no task forks it')
  expect(message((task) => task.drop(1 as never))).toContain('ref must be what pin(), hold() or isolate()')
  expect(message((task, { buf }) => task.migrate(buf.in(buf.process.fork())))).toContain(
    'HMMU_INVALID_ARGUMENT: the mapping is of process 2, and the task of a; mapping.in(process)',
  )
  expect(
    message((task) => {
      kept = task
    }),
  ).toBeUndefined()
  expect(failure(() => kept!.read({ start: 0, pages: 1 }))).toContain('HMMU_ORDER: the task has been recorded')
})

test('a setup that leaves something under way', () => {
  const open = scenario({
    setup: (m) => setup(m).a.beginMigration({ start: 0x100100000, pages: 1 }),
    tasks: { one: (task) => task.clearSoftDirty() },
  })
  expect(failure(() => explore(open))).toContain('HMMU_BUSY')
})

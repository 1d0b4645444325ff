// SPDX-License-Identifier: GPL-2.0-only
//
// Scenarios with callbacks in TypeScript, which are explored by replay.

import {
  type CustomDriver,
  type Driver,
  type Exploration,
  explore,
  type Machine,
  type MigrationEntries,
  replay,
  type Scenario,
  scenario,
} from '../../lib'

function setup(machine: Machine) {
  const a = machine.process()
  const buf = a.map({ pages: 2 })
  buf.write(0, Uint8Array.of(1))
  return { a, buf }
}
const machine = { devicePages: 4, hugetlbPages: 0 }
/** The driver of a task is made anew for each machine. */
const race = (driver: () => Driver, more: Partial<Scenario<ReturnType<typeof setup>>> = {}) =>
  scenario({
    machine,
    setup,
    tasks: {
      mover: (task, { buf }) => task.migrate(buf.range(0), driver()),
      writer: (task, { buf }) => task.write(buf, 0, 2),
    },
    ...more,
  })
const move: CustomDriver['allocAndCopy'] = (entries, driver) => {
  for (const entry of entries) if (entry.migrate) driver.moveToDevice(entry)
}
const counts = ({ states, steps, schedules, ends, outcomes, findings }: Exploration) => ({
  ...{ states, steps, schedules, ends },
  outcomes: outcomes.map(({ sentence }) => sentence),
  findings: findings.map(({ judge }) => judge),
})
const failure = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`
  }
  return undefined
}

test('a driver that does what the built-in one does has its orders', () => {
  const inC = race(() => ({ to: 'device' }), { points: [] })
  const byReplay = race(() => ({ allocAndCopy: move }), { state: () => null })
  expect(counts(explore(byReplay))).toEqual(counts(explore(inC)))
})

test('pages that are held excuse the tasks that wait for them, unless a task would give them back', () => {
  const judged = (held: boolean, crosswise: boolean, driver: Driver) => {
    const { findings } = explore({
      profile: 'linux-4.14-fixed',
      machine,
      setup(m: Machine) {
        const { a, buf } = setup(m)
        buf.write(4096, Uint8Array.of(1))
        a.fork()
        if (held) a.hold(buf.address)
        return { buf }
      },
      tasks: {
        m(task, { buf }) {
          const ref = crosswise ? task.hold(buf) : undefined
          task.write(buf, crosswise ? 1 : 0, 2)
          if (ref) task.drop(ref)
        },
        n(task, { buf }) {
          const ref = task.hold(buf, 1)
          if (crosswise) task.write(buf, 0, 2)
          task.drop(ref)
          task.migrate({ start: 0x10000000, pages: 1 }, driver)
        },
      },
      state: () => null,
    })
    return findings.map(({ judge }) => judge)
  }
  for (const driver of [{ to: 'device' }, { allocAndCopy: move }] as const) {
    expect(judged(false, true, driver)).toEqual(['deadlock'])
    expect(judged(true, false, driver)).toEqual([])
  }
})

test('other tasks, too', () => {
  const tasks = (driver: () => Driver): Scenario<ReturnType<typeof setup>>['tasks'] => ({
    parent(task, { buf }) {
      task.migrate(buf.range(0), driver())
      task.fork('child')
      task.drop(task.pin(buf))
    },
    child: {
      process: 'child',
      run(task, { buf }) {
        task.write(buf, 0, 3)
        task.exit()
      },
    },
    other(task, { buf }) {
      task.advise(buf, 'dontneed')
      task.read(buf)
    },
  })
  const inC = scenario({ machine, setup, tasks: tasks(() => ({ to: 'device' })), points: [] })
  const byReplay = scenario({ machine, setup, tasks: tasks(() => ({ allocAndCopy: move })), state: () => null })
  const [one, two] = [explore(inC), explore(byReplay)]
  expect(two.outcomes.map(({ sentence }) => sentence).sort()).toEqual(
    one.outcomes.map(({ sentence }) => sentence).sort(),
  )
  expect([two.states, two.schedules]).toEqual([one.states, one.schedules])
})

test('without state(), orders in which callbacks ran in other states are tried apart', () => {
  const driver = () => ({ allocAndCopy: move })
  const [known, unknown] = [explore(race(driver, { state: () => null })), explore(race(driver))]
  expect(unknown.states).toBeGreaterThan(known.states)
  expect(unknown.schedules).toBe(known.schedules)
})

/** It gives back the page of an entry that did not move: the kernel has done that. */
const early = (): Driver => ({
  allocAndCopy: move,
  finalizeAndMap(entries, driver) {
    for (const { migrate, destination } of entries) if (!migrate && destination !== undefined) driver.put(destination)
  },
})

test('a mistake of a driver that only some orders show', () => {
  const wrong = race(early)
  const { findings } = explore(wrong)
  expect(findings.map(({ judge, sentence }) => [judge, sentence])).toEqual([
    ['driver', expect.stringMatching(/^mover: 'migrate buf\[0\] by a driver': HmmuError: page \d+ is not a driver's$/)],
  ])
  const [finding] = findings
  expect(finding!.trace).toContain('writer: write buf[0] 2 waits for a page lock')
  expect(finding!.trace.at(-1)).toBe('mover: migrate buf[0] by a driver -> threw')
  expect(replay(wrong, finding!.id).trace).toEqual(finding!.trace)
})

test('a driver that loses a page, one that copies nothing, and a fault handler that gives up', () => {
  const forgetful = race(() => ({
    allocAndCopy(entries: MigrationEntries, driver) {
      driver.allocDevicePage()
      move(entries, driver)
    },
  }))
  const judges = (given: Scenario<ReturnType<typeof setup>>) =>
    new Set(explore(given).findings.map(({ judge }) => judge))
  expect(judges(forgetful)).toEqual(new Set(['leak']))
  const lazy = race(() => ({
    allocAndCopy(entries, driver) {
      for (const entry of entries) {
        const page = entry.migrate ? driver.allocDevicePage() : undefined
        if (page === undefined) continue
        driver.zeroPage(page)
        driver.lock(page)
        driver.setDestination(entry, page)
      }
    },
  }))
  expect(judges(lazy)).toEqual(new Set(['lost-write']))
  const refusing = race(() => ({ to: 'device' }), {
    setup(m) {
      m.onDeviceFault(() => false)
      return setup(m)
    },
  })
  expect(judges(refusing)).toEqual(new Set(['stuck-page']))
})

test('what is not deterministic is noticed', () => {
  let calls = 0
  const moody = race(() => ({
    allocAndCopy(entries, driver) {
      if (calls++ % 3 !== 2) move(entries, driver)
    },
  }))
  expect(failure(() => explore(moody))).toContain('HMMU_NOT_DETERMINISTIC: a replay went another way')
  let setups = 0
  const drifting = race(() => ({ allocAndCopy: move }), {
    setup(m) {
      const made = setup(m)
      if (setups++ > 1) made.a.map()
      return made
    },
  })
  expect(failure(() => explore(drifting))).toContain(
    'HMMU_NOT_DETERMINISTIC: a replay went another way: setup or a task',
  )
})

test('limits and options', () => {
  const driver = () => ({ allocAndCopy: move })
  expect(explore(race(driver), { states: 10 })).toMatchObject({ states: 10, cutOff: 'states' })
  expect(explore(race(driver), { time: 0 }).cutOff).toBe('time')
  expect(explore(race(driver), { onProgress: () => false }).cutOff).toBe('stopped')
  expect(explore(race(driver), { preemptions: 0 }).schedules).toBe(2)
  expect(explore(race(driver), { profile: 'linux-6.12', verify: true }).findings).toEqual([])
  expect(failure(() => explore(race(driver), { points: ['fault'] }))).toContain('HMMU_UNSUPPORTED: switching points')
  expect(failure(() => explore(race(driver), { handlerRetries: true }))).toContain('HMMU_UNSUPPORTED: the option')
})

test('an error of hmmu that a callback throws is a finding, and no outcome of the call', () => {
  for (const body of [
    (machine: Machine) => machine.dispose(),
    (machine: Machine) => machine.processes[0]!.load(0, 1),
    (machine: Machine) => machine.processes[0]!.exit(),
  ]) {
    const allocAndCopy = (_entries: MigrationEntries, driver: { machine: Machine }) => body(driver.machine)
    const { findings } = explore(race(() => ({ allocAndCopy })))
    expect(findings.map(({ judge }) => judge)).toEqual(['driver'])
  }
})

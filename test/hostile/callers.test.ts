// SPDX-License-Identifier: GPL-2.0-only
//
// Callers that break every rule: each member of each class that is exported, found by looking, is called with garbage, on the
// right object and on wrong ones. A call returns, or throws an HmmuError, or what its arguments threw; the machine keeps its
// balance.

import { inspect } from 'node:util'
import fc from 'fast-check'
import * as library from '../../lib'
import {
  CStruct,
  DrillError,
  type DriverContext,
  type DriverMigration,
  errorCodeNames,
  explore,
  HmmuError,
  Machine,
  type MigrationEntries,
  scenario,
  type TaskRecorder,
} from '../../lib'
import { garbage, Thrown, type World } from './garbage'

type Any = (...args: unknown[]) => unknown

/** Members that are the library's own, which trusts itself, but are seen at run time. */
const INTERNAL: readonly string[] = [
  'SystemCalls.settle',
  'Process.adopt',
  'DriverContext.call',
  'DriverContext.open',
  'DriverContext.close',
  'MigrationEntry.moveTo',
  'PageRef.expect',
  'Mapping.Symbol(hmmu.heldPages)',
  'MigrationResult.Symbol(hmmu.heldPages)',
]

/** Classes whose objects need a compiled driver: test/kernel-driver/ has their tests. */
const ELSEWHERE: readonly string[] = ['DriverFile', 'KernelDriver']

/** Codes of TypeScript alone. */
const MORE_CODES: readonly string[] = ['HMMU_DRIVER_FILE', 'HMMU_UNSUPPORTED']

/** Lists of arguments that each member is called with. HMMU_HOSTILE_RUNS asks for more, HMMU_HOSTILE_SEED for others. */
const numRuns = Number(process.env.HMMU_HOSTILE_RUNS ?? 25)
const seed = Number(process.env.HMMU_HOSTILE_SEED ?? 1)

interface Scene extends World {
  /** A machine of Linux 6.12. */
  readonly later: Machine
  /** An object of each class. */
  readonly objects: ReadonlyMap<string, object>
  dispose(): void
}

/** One whose task was recorded: it refuses all that comes later. */
const recorder = (() => {
  const kept: TaskRecorder[] = []
  const setup = (machine: Machine) => machine.process().map()
  explore(scenario({ setup, tasks: { one: (task, buf) => kept.push(task) && task.read(buf) } }))
  return kept[0]!
})()

/** One that stands between setup and pages. */
function driverMigration(machine: Machine): DriverMigration {
  const buf = machine.process().map({ pages: 2 })
  buf.touch([0])
  return buf.process.migrateVma({ range: buf, select: ['system'] })
}

function makeScene(): Scene {
  const machine = new Machine({ ramPages: 256, devicePages: 8, swapPages: 4, cpus: 2 })
  const other = new Machine({ ramPages: 64, devicePages: 0 })
  const later = new Machine({ ramPages: 64, devicePages: 4, profile: 'linux-6.12' })
  const process = machine.process()
  const buf = process.map({ pages: 4 })
  buf.write(0, new Uint8Array(3 * 4096).fill(1))
  machine.drainPagevecs()
  const task = process.newTask()
  const kept: { entries?: MigrationEntries; driver?: DriverContext } = {}
  const result = process.migrate(buf.range(1), {
    allocAndCopy(entries, driver) {
      Object.assign(kept, { entries, driver })
      driver.moveToDevice(entries.at(0))
    },
  })
  const all: object[] = [
    machine,
    later.devices[0]!,
    driverMigration(later),
    later.process().intervalNotifier({ start: 4096, pages: 1 }),
    later.process().mmapReadLock(),
    process,
    buf,
    task,
    result,
    result.entries[0]!,
    kept.entries!,
    kept.driver!,
    machine.stats(),
  ]
  all.push(
    buf.dump()[0]!,
    process.pin(buf.address),
    task.beginMigration(buf.range(2)),
    new HmmuError('HMMU_BUSY', 'text'),
    new CStruct({ byte: 'u8', word: 's64' }),
    recorder,
  )
  const copy = machine.fork()
  all.push(copy.restoredMigrations[0]!)
  const objects = new Map(all.map((object) => [object.constructor.name, object]))
  const foreign = other.process().map()
  const dispose = () => {
    machine.dispose()
    other.dispose()
    later.dispose()
    copy.dispose()
  }
  return { later, machine, process, task, buf, foreign, objects, dispose }
}

type Class = Any & { readonly prototype: object }
const isClass = (value: unknown): value is Class =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

/** Classes of the library by name. */
const classes = Object.entries<unknown>(library).flatMap(([name, value]) =>
  isClass(value) && !ELSEWHERE.includes(name) ? [[name, value] as const] : [],
)
const functions = Object.entries(library).filter(([, value]) => typeof value === 'function' && !isClass(value))

/** The functions of a property: a method, or a getter and a setter. */
function callables(holder: object, key: PropertyKey): Any[] {
  const { value, get, set } = Object.getOwnPropertyDescriptor(holder, key) ?? {}
  return [value, get, set].filter((each): each is Any => typeof each === 'function')
}

const ownKeys = (holder: object) => Reflect.ownKeys(holder).filter((key) => key !== 'constructor')

/** Methods, getters and setters of instances: [class, member, function]. */
const members = classes.flatMap(([name, { prototype }]) =>
  ownKeys(prototype).flatMap((key) => callables(prototype, key).map((call) => [name, String(key), call] as const)),
)
/** Static methods. */
const statics = classes.flatMap(([name, Class]) =>
  ownKeys(Class)
    .filter((key) => key !== 'prototype')
    .flatMap((key) => callables(Class, key).map((call) => [`${name}.${String(key)}`, call] as const)),
)

/** Whether an error is one that a caller may see. */
function isDocumented(error: unknown): boolean {
  if (error instanceof Thrown) return true
  // What the language itself throws where such an argument is looked at.
  if (isTypeError(error) && /proxy that has been revoked|detached ArrayBuffer/.test((error as Error).message))
    return true
  // A text is a drill: what is wrong with it has a place in it.
  if (error instanceof DrillError) return /^HMMU_DRILL_[A-Z]+$/.test(error.code)
  const codes: readonly string[] = [...errorCodeNames, ...MORE_CODES]
  return error instanceof HmmuError && codes.includes(error.code)
}

/** Calls, consumes what is lazy, and shows what comes. Only documented errors get away. */
function attempt(call: () => unknown, alsoAllowed: (error: unknown) => boolean = () => false): void {
  try {
    const result = call()
    if (result instanceof Machine) result.dispose()
    else if (typeof result === 'object' && result !== null && Symbol.iterator in result) inspect([...(result as [])])
    else inspect(result)
  } catch (error) {
    if (!isDocumented(error) && !alsoAllowed(error)) throw error
  }
}

/** Also one that V8 or Node made, outside of the realm of this test. */
const isTypeError = (error: unknown) => (error as Error | undefined)?.name === 'TypeError'

let scene: Scene

/** A scene in which everything is alive. */
function freshScene(): Scene {
  if (scene === undefined || scene.machine.disposed || !scene.process.alive) {
    scene?.dispose()
    scene = makeScene()
  }
  return scene
}

function checkBalance(): void {
  for (const machine of [scene.machine, scene.later]) if (!machine.disposed) expect(machine.verify()).toEqual([])
}

afterAll(() => scene.dispose())
beforeEach(freshScene)

test('every class that has members has an object here', () => {
  const missing = classes.filter(
    ([name, { prototype }]) => ownKeys(prototype).length > 0 && !scene.objects.has(name) && name !== 'SystemCalls',
  )
  expect(missing.map(([name]) => name)).toEqual([])
  expect(members.length).toBeGreaterThan(150)
  expect(INTERNAL.filter((name) => !members.some(([Class, key]) => `${Class}.${key}` === name))).toEqual([])
})

describe('with garbage', () => {
  test.each(members)('%s.%s', (name, key, call) => {
    if (INTERNAL.includes(`${name}.${key}`)) return
    const property = fc.property(garbage, (makers) => {
      const world = freshScene()
      const self = name === 'SystemCalls' ? world.task : world.objects.get(name)
      attempt(() =>
        call.apply(
          self,
          makers.map((make) => make(world)),
        ),
      )
      checkBalance()
    })
    fc.assert(property, { numRuns, seed })
  })

  test.each([...statics, ...functions.map(([name, call]) => [name, call as Any] as const)])('%s()', (name, call) => {
    const [Class] = name.split('.')
    const self = (library as unknown as Record<string, unknown>)[Class ?? '']
    const property = fc.property(garbage, (makers) => {
      const world = freshScene()
      attempt(() =>
        call.apply(
          self,
          makers.map((make) => make(world)),
        ),
      )
      checkBalance()
    })
    fc.assert(property, { numRuns, seed })
  })

  test.each(classes)('new %s()', (name, Class) => {
    // An error is made as any other is.
    const alsoAllowed = (error: unknown) => ['HmmuError', 'DrillError'].includes(name) && isTypeError(error)
    const property = fc.property(garbage, (makers) => {
      const world = freshScene()
      attempt(
        () =>
          Reflect.construct(
            Class,
            makers.map((make) => make(world)),
          ),
        alsoAllowed,
      )
      checkBalance()
    })
    fc.assert(property, { numRuns, seed })
  })
})

describe('on a wrong object', () => {
  test.each(members)('%s.%s', (name, _, call) => {
    const { objects } = scene
    const wrong = [undefined, null, 5, 'x', {}, [], Object.create(objects.get(name) ?? null), new Proxy({}, {}), call]
    for (const self of [...wrong, ...objects.values()]) {
      if (freshScene().objects.get(name) === self) continue
      attempt(() => call.call(self), isTypeError)
    }
    checkBalance()
  })

  test.each(classes)('%s, called without new', (_, Class) => {
    expect(() => (Class as Any)()).toThrow(TypeError)
    expect(() => (Class as Any).call(Object.create(Class.prototype))).toThrow(TypeError)
  })
})

describe('on a machine that is gone', () => {
  test.each(members)('%s.%s', (name, key, call) => {
    if (INTERNAL.includes(`${name}.${key}`)) return
    const gone = makeScene()
    gone.dispose()
    const self = name === 'SystemCalls' ? gone.task : gone.objects.get(name)
    const property = fc.property(garbage, (makers) => {
      attempt(() =>
        call.apply(
          self,
          makers.map((make) => make(gone)),
        ),
      )
    })
    fc.assert(property, { numRuns: Math.ceil(numRuns / 10), seed })
  })
})

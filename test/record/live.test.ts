// SPDX-License-Identifier: GPL-2.0-only
//
// Records of machines that TypeScript drives.

import { HmmuError, Machine } from '../../lib'
import { type Recording, recorderOf, recordMachine, recordMachines, type Step, viewMachine } from '../../lib/record'
import { Book } from '../../lib/view/book'
import { sentenceOf } from '../../lib/view/sentence'
import { type MachineState, migrationOf, wordAt } from '../../lib/view/state'
import { plain } from '../../lib/view/words'

const PROFILES = ['linux-4.14', 'linux-6.12'] as const
const OPTIONS = { ramPages: 1024, devicePages: 64 }

/** What two recordings of one machine have in common: which command has begun a migration is told by one of them. */
const factsOf = ({ entries, migrations, ...state }: MachineState) => ({
  ...state,
  entries: [...entries],
  migrations: migrations.filter(({ over }) => !over).map(({ command: _, ...each }) => each),
})

const bookOf = (recording: Recording): Book => new Book(recording, viewMachine(new Machine(OPTIONS)).terms)

/** What the replay ends at is what the machine looks like. */
function expectTrue(machine: Machine, recording: Recording): Book {
  const book = bookOf(recording)
  const now = bookOf(viewMachine(machine).recordings[0]!)
  expect(factsOf(book.replay.at(book.last))).toEqual(factsOf(now.replay.at(0)))
  for (let n = 0; n <= book.last; n++) expect(plain(sentenceOf(book, n))).toMatch(/^[^?]{3,}$/)
  return book
}

const kinds = (steps: readonly Step[]) =>
  steps.map(({ kind, stage, index }) => [kind, stage, index].filter((x) => x !== undefined).join(' '))

describe.each(PROFILES)('%s', (profile) => {
  test('a step for each call that changes something, with its line', () => {
    using machine = new Machine({ ...OPTIONS, profile })
    const recorder = recordMachine(machine)
    expect(recordMachine(machine)).toBe(recorder)
    expect(recorderOf(machine)).toBe(recorder)
    const a = machine.process()
    const buf = a.map({ pages: 4 })
    buf.write(0, new Uint8Array(4 * 4096).fill(0x41))
    machine.counters()
    machine.holders()
    buf.read(0, 2)
    const pin = a.pin(buf.address + 2 * 4096)
    expect(a.migrate(buf, { to: 'device' }).moved).toBe(3)
    pin.drop()
    const recording = recorder.recording('mine')
    expect(recording.name).toBe('mine')
    expect(recording.transcript.filter((line) => !line.startsWith(' '))).toEqual([
      'process',
      'p1.1 map anon 4',
      'p1.1 store m1[0] 41 41 41 41 41 41 41 41 … (16384 bytes)',
      'p1.1 pin m1[2] 0',
      'p1.1 migrate m1[0-3] to device',
      expect.stringMatching(/^#\d+ unpin/),
    ])
    expect(recording.steps.map(({ command, kind }) => [command, kind])).toEqual([
      [0, 'start'],
      [1, 'command'],
      [2, 'command'],
      [3, 'command'],
      [4, 'command'],
      [5, 'end'],
      [6, 'command'],
    ])
    const book = expectTrue(machine, recording)
    const why = 'pinned'
    expect(book.stops).toMatchObject([{ step: 5, at: 'p1/m1', first: 2, count: 1, why, fault: false }])
    expect(recording.steps[5]).toMatchObject({ migration: 0, moved: 3, collected: 4 })
    expect(wordAt(migrationOf(book.replay.at(5), 'p1/m1'), 2)).toMatchObject({ why })
  })

  test('sentences say why pages did not move in one call, and that a driver threw', () => {
    using machine = new Machine({ ...OPTIONS, profile })
    const recorder = recordMachine(machine)
    const a = machine.process()
    const buf = a.map({ pages: 2 })
    buf.write(0, new Uint8Array(2 * 4096).fill(1))
    a.pin(buf.address)
    a.migrate(buf, { to: 'device' })
    const allocAndCopy = () => {
      throw new Error('not today')
    }
    expect(() => a.migrate(buf, { allocAndCopy })).toThrow('not today')
    const own = new Book(recorder.recording(), recorder.document().terms)
    const said = [own.last - 1, own.last].map((n) => plain(sentenceOf(own, n)))
    expect(said[0]).toMatch(
      /1 of 2 pages moved\. Page 0 did not move: pinned\. Pin live\.test\.ts:\d+ is a reference to #\d+/,
    )
    expect(said[1]).toMatch(/: a callback of the driver threw an exception, and the call with it\.$/)
  })

  test('a machine that is recorded does what another one does', () => {
    const drive = (recorded: boolean) => {
      using machine = new Machine({ ...OPTIONS, profile })
      if (recorded) recordMachine(machine, 4)
      machine.recordEvents(['give_up', 'page_fault'])
      const a = machine.process()
      const buf = a.map({ pages: 8 })
      buf.write(0, new Uint8Array(8 * 4096).fill(7))
      const pin = a.pin(buf.address)
      const results = [a.migrate(buf, { to: 'device' }).toJSON()]
      const errors: unknown[] = []
      const caught = (call: () => unknown) => {
        try {
          call()
        } catch (error) {
          errors.push((error as HmmuError).code, (error as HmmuError).message, (error as HmmuError).errno)
        }
      }
      caught(() => a.store(0x1000, Uint8Array.of(1)))
      caught(() =>
        a.migrate(buf, {
          allocAndCopy: () => {
            throw new HmmuError('HMMU_ORDER', 'mine')
          },
        } as never),
      )
      const b = a.fork()
      results.push(b.migrate(buf, { to: 'system' }).toJSON())
      pin.drop()
      return {
        results,
        errors,
        events: machine.takeEvents().map((each) => ({ ...each })),
        hash: machine.hash(),
        verify: machine.verify(),
      }
    }
    expect(drive(true)).toEqual(drive(false))
  })

  test('a migration in steps, a task that waits for it, several at once', () => {
    using machine = new Machine({ ...OPTIONS, profile })
    const recorder = recordMachine(machine)
    const [a, b] = [machine.process(), machine.process()]
    const [one, two] = [a.map({ pages: 2 }), b.map({ pages: 2 })]
    one.write(0, new Uint8Array(2 * 4096).fill(1))
    two.write(0, new Uint8Array(2 * 4096).fill(2))
    const from = recorder.recording().steps.length
    const first = a.beginMigration(one, { to: 'device' })
    first.runTo('alloc_and_copy')
    const second = b.beginMigration(two, { to: 'device' })
    second.step()
    const task = a.newTask()
    expect(() => task.store(one.address, Uint8Array.of(9))).toThrow(expect.objectContaining({ code: 'HMMU_BLOCKED' }))
    const during = expectTrue(machine, recorder.recording())
    expect(during.replay.at(during.last).migrations.map(({ id, process, over }) => [id, process, over])).toEqual([
      [0, 'p1', false],
      [1, 'p2', false],
    ])
    second.finish()
    first.abandon()
    task.store(one.address, Uint8Array.of(9))
    const { steps } = recorder.recording()
    const book = expectTrue(machine, recorder.recording())
    expect(book.replay.at(book.last).migrations.filter(({ over }) => !over)).toEqual([])
    expect(kinds(steps.slice(from))).toContain('stage alloc_and_copy')
    expect(steps.filter(({ kind }) => kind === 'end').map(({ migration }) => migration)).toEqual([1, 0])
    expect(steps.filter(({ blocked }) => blocked)).toHaveLength(1)
    expect(book.tasks.map(({ task: name }) => name)).toEqual([`p1.${task.tid}`])
  })

  test('the last steps are kept, and begin with the whole machine', () => {
    using machine = new Machine({ ...OPTIONS, profile })
    const recorder = recordMachine(machine, 8)
    const a = machine.process()
    const buf = a.map({ pages: 64 })
    for (let i = 0; i < 30; i++) {
      buf.write(i * 4096, Uint8Array.of(i))
      const { steps } = recorder.recording()
      expect(steps[0]).toMatchObject({ n: 0, kind: 'start', full: true })
      expect(steps.length).toBeLessThanOrEqual(1 + 16)
      expect(steps.map(({ n }) => n)).toEqual(steps.map((_, n) => n))
    }
    expect(recorder.recording().steps.length).toBeGreaterThan(8)
    expectTrue(machine, recorder.recording())
    recorder.stop()
    const { length } = recorder.recording().steps
    a.unmap(buf)
    expect(recorder.recording().steps).toHaveLength(length)
    expect(recorderOf(machine)).toBeUndefined()
  })

  test('all machines that are made from now on', () => {
    recordMachines(4)
    using machine = new Machine({ ...OPTIONS, profile })
    recordMachines(0)
    using other = new Machine({ ...OPTIONS, profile })
    expect(recorderOf(machine)).toBeDefined()
    expect(recorderOf(other)).toBeUndefined()
    using copy = machine.fork()
    expect(copy.hash()).toBe(machine.hash())
    machine.process()
    expect(recorderOf(machine)!.document().recordings[0]!.steps).toHaveLength(2)
    machine.dispose()
    expect(recorderOf(machine)!.document().recordings[0]!.transcript).toEqual(['process', '  p1'])
  })
})

test('what is no machine, or gone', () => {
  const machine = new Machine(OPTIONS)
  machine.dispose()
  for (const call of [recordMachine, viewMachine]) {
    for (const wrong of [{}, null, undefined, 7, Object.create(Machine.prototype), new Proxy(machine, {})])
      expect(() => call(wrong as Machine)).toThrow(expect.objectContaining({ code: 'HMMU_INVALID_ARGUMENT' }))
    expect(() => call(machine)).toThrow(expect.objectContaining({ code: 'HMMU_DISPOSED' }))
  }
  expect(() => recordMachines(-1)).toThrow(expect.objectContaining({ code: 'HMMU_INVALID_ARGUMENT' }))
})

test('the name of a recording is a string', () => {
  using machine = new Machine(OPTIONS)
  const recorder = recordMachine(machine)
  expect(recorder.document('mine').recordings[0]!.name).toBe('mine')
  for (const wrong of [{ a: 1 }, null, 7, ['a']]) {
    const refused = expect.objectContaining({ code: 'HMMU_INVALID_ARGUMENT' })
    expect(() => recorder.document(wrong as unknown as string)).toThrow(refused)
    expect(() => recorder.recording(wrong as unknown as string)).toThrow(refused)
  }
})

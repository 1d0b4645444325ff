// SPDX-License-Identifier: GPL-2.0-only

import { inspect } from 'node:util'
import { Machine, type MachineOptions, type Mapping, type Process } from '../../lib'
import { codeOf, errorOf, firstBytes, kinds, makeBuffer, makeMachine } from './helpers'

/** The same process in a copy, and the same mapping. */
function twins(copy: Machine, buf: Mapping): { a: Process; buf: Mapping } {
  const a = copy.processes.find(({ pid }) => pid === buf.process.pid)!
  return { a, buf: a.mapping(buf) }
}

const ways: [string, (machine: Machine) => Machine][] = [
  ['restore()', (machine) => Machine.restore(machine.snapshot())],
  ['fork()', (machine) => machine.fork()],
]

describe.each(ways)('%s', (_, copyOf) => {
  test('makes a machine that has everything, and goes its own way', () => {
    const { machine, a, buf } = makeBuffer(4, 3)
    a.migrate(buf.range(1))
    using copy = copyOf(machine)
    expect(copy).not.toBe(machine)
    expect(copy.hash()).toBe(machine.hash())
    expect(copy.counters()).toEqual(machine.counters())
    const other = twins(copy, buf)
    expect(other.buf.dump()).toEqual(buf.dump())
    expect(other.a.mappings()).toEqual(a.mappings())
    expect(firstBytes(other.buf)).toEqual([1, 2, 3, 0])
    other.buf.write(0, Uint8Array.of(99))
    expect(firstBytes(buf)[0]).toBe(1)
    expect(copy.hash()).not.toBe(machine.hash())
    expect(copy.verify()).toEqual([])
  })

  test('keeps the options', () => {
    const options: MachineOptions = {
      ramPages: 1000,
      devicePages: 7,
      cpus: 3,
      profile: 'hmm-v25',
      quirks: { 'wait-pins-page': false },
      memcgLimit: 50,
      swapPages: 9,
      contents: false,
    }
    const machine = makeMachine(options)
    using copy = copyOf(machine)
    expect([copy.profile, copy.cpus, copy.quirks]).toEqual(['hmm-v25', 3, machine.quirks])
    expect(copy.counters()).toMatchObject({ ramPages: 1000, devicePages: 7, swapPages: 9 })
    const buf = copy.process().map({ pages: 60 })
    expect(codeOf(() => buf.write(0, new Uint8Array(60 * 4096)))).toBe('HMMU_MEMCG_LIMIT')
  })

  test('keeps processes and tasks, in the order of their numbers', () => {
    const { machine, a } = makeBuffer(1)
    const b = a.fork()
    const tasks = [a.newTask(), b.newTask(), a.newTask()]
    tasks[2]!.setCpu(0)
    a.newTask().destroy()
    const c = machine.process()
    b.exit()
    const d = machine.process()
    using copy = copyOf(machine)
    const numbers = (each: Machine) => each.processes.map(({ pid, tasks: all }) => [pid, all.map(({ tid }) => tid)])
    expect(numbers(copy)).toEqual(numbers(machine))
    expect(copy.processes.map(({ pid }) => pid)).toEqual([a.pid, d.pid, c.pid])
    for (const process of copy.processes) expect(process.tasks[0]).toBe(process.mainTask)
  })

  test('keeps a task that waits', () => {
    const { machine, a, buf } = makeBuffer(1)
    a.lock(buf)
    const hold = a.hold(buf.address)
    const task = a.newTask()
    expect(codeOf(() => task.unlock(buf))).toBe('HMMU_BLOCKED')
    using copy = copyOf(machine)
    const other = twins(copy, buf)
    const waiter = other.a.tasks[1]!
    expect(waiter.state()).toEqual(task.state())
    expect(codeOf(() => waiter.load(buf.address, 1))).toBe('HMMU_BUSY')
    copy.pageRef(hold).drop()
    expect(waiter.state().ready).toBe(true)
    waiter.unlock(other.buf)
    expect(copy.verify()).toEqual([])
    expect(task.state().ready).toBe(false)
    task.cancel()
    hold.drop()
  })

  test('keeps references, which pageRef() makes handles to', () => {
    const { machine, a, buf } = makeBuffer(3)
    const refs = [a.pin(buf.address), a.hold(buf.pageAddress(1)), a.isolate(buf.pageAddress(2))]
    using copy = copyOf(machine)
    const others = refs.map((ref) => copy.pageRef(ref))
    expect(twins(copy, buf).a.migrate(buf.range(0, 3)).moved).toBe(0)
    for (const ref of others) ref.drop()
    expect(codeOf(() => others[0]!.drop())).toBe('HMMU_REFERENCE')
    expect(codeOf(() => copy.pageRef(refs[0]!).drop())).toBe('HMMU_REFERENCE')
    copy.drainPagevecs()
    expect(twins(copy, buf).a.migrate(buf.range(0, 3)).moved).toBe(3)
    expect(copy.verify()).toEqual([])
    for (const ref of refs) ref.drop()
    machine.drainPagevecs()
  })

  test('keeps events, and which are recorded', () => {
    const { machine, a, buf } = makeBuffer(1)
    machine.recordEvents(['page_fault'])
    a.map().write(0, Uint8Array.of(1))
    using copy = copyOf(machine)
    const other = twins(copy, buf)
    other.a.watch()
    other.a.migrate(other.buf)
    const types = copy.takeEvents().map(({ type }) => type)
    expect(types).toEqual(['page_fault', 'invalidate_start'])
    expect(machine.takeEvents().map(({ type }) => type)).toEqual(['page_fault'])
  })

  test('keeps injected failures', () => {
    const { machine, buf } = makeBuffer(2, 1)
    machine.inject('frame', 1)
    using copy = copyOf(machine)
    expect(codeOf(() => twins(copy, buf).buf.write(4096, Uint8Array.of(1)))).toBe('HMMU_OUT_OF_FRAMES')
    expect(copy.injectionPasses('frame')).toBe(machine.injectionPasses('frame') + 1)
    machine.inject('frame', 0)
  })

  test('is refused within callbacks', () => {
    const { machine, a, buf } = makeBuffer(2)
    const codes: string[] = []
    const attempt = () =>
      codes.push(
        codeOf(() => machine.snapshot()),
        codeOf(() => copyOf(machine)),
      )
    a.migrate(buf.range(0), { to: 'device' })
    a.migrate(buf.range(1), { allocAndCopy: attempt })
    machine.onDeviceFault(() => {
      attempt()
      return false
    })
    expect(a.tryLoad(buf.address).outcome).toBe('SIGBUS')
    expect(codes).toEqual(Array(4).fill('HMMU_BUSY'))
    machine.drainPagevecs()
  })

  test('a machine that is gone has no copies, and a copy outlives it', () => {
    const { machine, buf } = makeBuffer(1)
    using copy = copyOf(machine)
    machine.dispose()
    expect(codeOf(() => copyOf(machine))).toBe('HMMU_DISPOSED')
    expect(codeOf(() => machine.hash())).toBe('HMMU_DISPOSED')
    expect(firstBytes(twins(copy, buf).buf)).toEqual([1])
  })

  test('a copy does not take handles of the original', () => {
    const { machine, a, buf } = makeBuffer(1)
    using copy = copyOf(machine)
    const other = twins(copy, buf)
    expect(codeOf(() => other.a.migrate(buf))).toBe('HMMU_WRONG_MACHINE')
    expect(codeOf(() => other.buf.in(a))).toBe('HMMU_WRONG_MACHINE')
    const pin = a.pin(buf.address)
    expect(codeOf(() => copy.unpin(pin))).toBe('HMMU_WRONG_MACHINE')
    pin.drop()
  })

  test('shows itself like the original', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf.range(0))
    using copy = copyOf(machine)
    const other = twins(copy, buf)
    expect(inspect(copy)).toBe(inspect(machine))
    expect(inspect(other.a)).toBe(inspect(a))
    expect(inspect(other.buf)).toBe(inspect(buf))
    expect(inspect(other.a.mainTask)).toBe(inspect(a.mainTask))
  })
})

describe('a handler of device faults', () => {
  test('goes along with fork(), and is given the tasks of the copy', () => {
    const { machine, a, buf } = makeBuffer(1)
    const seen: unknown[] = []
    machine.onDeviceFault(({ task, address }) => {
      seen.push(task)
      return task.migrate({ start: address, pages: 1 }, { to: 'system' }).moved === 1
    })
    a.migrate(buf)
    using copy = machine.fork()
    const other = twins(copy, buf)
    machine.onDeviceFault(undefined)
    expect(firstBytes(other.buf)).toEqual([1])
    expect(seen).toEqual([other.a.mainTask])
    expect(kinds(buf)).toEqual(['dev'])
  })

  test('is no part of a snapshot', () => {
    const { machine, a, buf } = makeBuffer(1)
    a.migrate(buf)
    machine.onDeviceFault(() => false)
    using copy = Machine.restore(machine.snapshot())
    expect(firstBytes(twins(copy, buf).buf)).toEqual([1])
    expect(a.tryLoad(buf.address).outcome).toBe('SIGBUS')
  })
})

describe('snapshots', () => {
  test('of a machine are the same bytes each time, and of its copy', () => {
    const { machine } = makeBuffer(3)
    const bytes = machine.snapshot()
    using copy = Machine.restore(bytes)
    expect(Buffer.compare(machine.snapshot(), bytes)).toBe(0)
    expect(Buffer.compare(copy.snapshot(), bytes)).toBe(0)
  })

  test('may lie anywhere in memory, shared or not', () => {
    const { machine } = makeBuffer(2)
    const bytes = machine.snapshot()
    const memory = [new ArrayBuffer(bytes.length + 8), new SharedArrayBuffer(bytes.length + 8)]
    for (const buffer of memory) {
      for (const offset of [0, 1, 8]) {
        const view = new Uint8Array(buffer, offset, bytes.length)
        view.set(bytes)
        using copy = Machine.restore(view)
        expect(copy.hash()).toBe(machine.hash())
      }
    }
    using fromBuffer = Machine.restore(Buffer.from(bytes))
    expect(fromBuffer.hash()).toBe(machine.hash())
  })

  test('that are none are refused', () => {
    const none: unknown[] = [new Uint8Array(0), new Uint8Array(4096), Buffer.from('HMUSNP01'), new Uint8Array(32)]
    expect(none.map((bytes) => codeOf(() => Machine.restore(bytes as Uint8Array)))).toEqual(
      none.map(() => 'HMMU_SNAPSHOT'),
    )
    const wrong: unknown[] = [undefined, null, 'bytes', [1], new ArrayBuffer(8), new Uint16Array(8), {}, makeMachine()]
    expect(wrong.map((bytes) => codeOf(() => Machine.restore(bytes as Uint8Array)))).toEqual(
      wrong.map(() => 'HMMU_INVALID_ARGUMENT'),
    )
  })

  test('with a byte changed, cut short or prolonged are refused', () => {
    const { machine } = makeBuffer(1, 1, { ramPages: 64, devicePages: 1 })
    const bytes = machine.snapshot()
    const damaged = (change: (copy: Uint8Array) => Uint8Array) => errorOf(() => Machine.restore(change(bytes.slice())))
    // Each byte of the header and of the first piece's begin, then a sample of the rest.
    const places = [
      ...Array(64).keys(),
      ...Array.from({ length: 100 }, (_, i) => 64 + ((i * 7919) % (bytes.length - 64))),
    ]
    for (const [i, place] of places.entries()) {
      const error = damaged((copy) => {
        copy[place]! ^= 1 << (i % 8)
        return copy
      })
      expect(error).toMatchObject({ code: 'HMMU_SNAPSHOT', errno: 'EINVAL' })
    }
    for (const length of [bytes.length - 1, bytes.length - 4104, 4136, 31, 8]) {
      expect(damaged((copy) => copy.subarray(0, length)).code).toBe('HMMU_SNAPSHOT')
    }
    expect(damaged((copy) => Uint8Array.from([...copy, 0])).code).toBe('HMMU_SNAPSHOT')
  })
})

describe('pageRef() and mapping()', () => {
  test('check what they are given', () => {
    const { machine, a } = makeBuffer(1)
    const refs = [undefined, null, 5, {}, { kind: 'pin' }, { kind: 'lock', pfn: 1 }, { kind: 'pin', pfn: -1 }]
    for (const ref of refs) expect(codeOf(() => machine.pageRef(ref as never))).toBe('HMMU_INVALID_ARGUMENT')
    const ranges = [undefined, 5, {}, { start: 1, pages: 1 }, { start: 4096 }, { start: 0, pages: -1 }]
    for (const range of ranges) expect(codeOf(() => a.mapping(range as never))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('a reference that is not there is found out when it is dropped', () => {
    const { machine, a, buf } = makeBuffer(1)
    const { pfn } = a.dump(buf)[0]!
    for (const kind of ['pin', 'dma_pin', 'hold', 'isolation'] as const) {
      expect(codeOf(() => machine.pageRef({ kind, pfn }).drop())).toBe('HMMU_REFERENCE')
    }
    expect(codeOf(() => machine.pageRef({ kind: 'pin', pfn: 2 ** 32 - 1 }).drop())).toMatch(/HMMU_(REFERENCE|NO_PAGE)/)
  })
})

describe('numbers are given anew', () => {
  test('a process that is gone is not the next one of its number', () => {
    const machine = makeMachine()
    const old = machine.process()
    const task = old.newTask()
    old.exit()
    const next = machine.process()
    const newTask = next.newTask()
    expect([next.pid, newTask.tid]).toEqual([old.pid, task.tid])
    expect([old.alive, task.alive, old.mainTask.alive, next.alive]).toEqual([false, false, false, true])
    const calls = [() => old.map(), () => old.exit(), () => old.counters(), () => old.tasks, () => old.newTask()]
    expect(calls.map(codeOf)).toEqual(calls.map(() => 'HMMU_NO_PROCESS'))
    const taskCalls = [() => task.map(), () => task.state(), () => task.destroy(), () => task.cancel()]
    expect(taskCalls.map(codeOf)).toEqual(taskCalls.map(() => 'HMMU_NO_TASK'))
    expect(inspect([old, task])).toBe(`[ Process ${old.pid} (gone), Task ${task.tid} of process ${old.pid} (gone) ]`)
    expect(next.alive).toBe(true)
  })

  test('a task that has ended is not the next one of its number', () => {
    const { a } = makeBuffer(1)
    const old = a.newTask()
    old.destroy()
    const next = a.newTask()
    expect(next.tid).toBe(old.tid)
    expect(codeOf(() => old.destroy())).toBe('HMMU_NO_TASK')
    expect(a.tasks).toEqual([a.mainTask, next])
  })
})

test('a state hash does not tell which of the free frames were taken', () => {
  const filled = (order: readonly number[]) => {
    const machine = new Machine({ ramPages: 1024, devicePages: 4 })
    const a = machine.process()
    const buf = a.map({ pages: 2 })
    for (const page of order) buf.write(page * 4096, Uint8Array.of(7))
    machine.drainPagevecs()
    return { machine, buf, pages: buf.dump().map(({ pfn }) => pfn) }
  }
  const [one, two] = [filled([0, 1]), filled([1, 0])]
  expect(one.pages).toEqual([...two.pages].reverse())
  expect(one.machine.hash()).not.toBe(two.machine.hash())
  expect(one.machine.stateHash()).toBe(two.machine.stateHash())
  expect(one.machine.stateHash([one.pages[0]!])).toBe(two.machine.stateHash([two.pages[0]!]))
  expect(one.machine.stateHash([one.pages[0]!])).not.toBe(two.machine.stateHash([two.pages[1]!]))
  one.buf.write(0, Uint8Array.of(8))
  expect(one.machine.stateHash()).not.toBe(two.machine.stateHash())
  expect(() => one.machine.stateHash([2 ** 31])).toThrow('there is no page')
})

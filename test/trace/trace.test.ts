// SPDX-License-Identifier: GPL-2.0-only
//
// Traces of drills. waiting-store.json is the expected trace of its drill, event by event.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addonInfo } from '../../lib'
import { type DrillSource, findDrillFiles, readDrills, runSource } from '../../lib/drill'
import { chromeTrace, foldedStacks, Trace, traceDrill } from '../../lib/trace'

const CONFORMANCE = join(__dirname, '../conformance/linux-4.14')

function drill(text: string): DrillSource {
  return { name: 'test', file: 'test.drill', firstLine: 1, text }
}

function waitingStore(): DrillSource {
  return readDrills(join(__dirname, 'waiting-store.drill'))[0] as DrillSource
}

/** Slices and instants, indented as they nest. */
function outline(trace: Trace): string[] {
  const depths = new Map<unknown, number>()
  return trace.records.flatMap(({ kind, thread, name }) => {
    const depth = (depths.get(thread) ?? 0) - (kind === 'end' ? 1 : 0)
    depths.set(thread, depth + (kind === 'begin' ? 1 : 0))
    return kind === 'end' ? [] : [`${'  '.repeat(depth)}${name}`]
  })
}

/** Whether every slice ends, within the one around it, and time never goes back. */
function complaints(trace: Trace): string[] {
  const open = new Map<unknown, string[]>()
  let time = 0
  const found: string[] = []
  for (const record of trace.records) {
    const stack = open.get(record.thread) ?? []
    open.set(record.thread, stack)
    if (record.time < time) found.push(`time goes back at ${record.name}`)
    time = record.time
    if (record.kind === 'begin') stack.push(record.name)
    if (record.kind === 'end' && stack.pop() !== record.name) found.push(`${record.name} ends out of order`)
  }
  return found
}

describe('of a store that waits while its page migrates', () => {
  test('the JSON is this, in every run', () => {
    const { trace } = traceDrill(waitingStore(), 'events', { profile: 'linux-4.14' })
    const about = { drill: 'waiting-store', profile: 'linux-4.14' }
    const expected = JSON.parse(readFileSync(join(__dirname, 'waiting-store.json'), 'utf8'))
    expect(chromeTrace(trace, about)).toEqual(expected)
  })

  test('the folded stacks weigh events', () => {
    const { trace } = traceDrill(waitingStore(), 'events')
    const lines = foldedStacks(trace).trimEnd().split('\n')
    expect(lines).toContain('A;A migrate buf to dev;migrate_vma;migrate_vma_collect;mmu_notifier range 3')
    expect(lines).toContain('A;A write buf[0] 0x42;blocked 1')
    const sum = lines.map((line) => Number(line.slice(line.lastIndexOf(' ')))).reduce((a, b) => a + b, 0)
    expect(sum).toBe(trace.records.filter(({ kind }) => kind !== 'end').length)
  })

  test('in cycles, the same slices have times of the host', () => {
    const { trace } = traceDrill(waitingStore(), 'cycles')
    expect(outline(trace)).toEqual(outline(traceDrill(waitingStore(), 'events').trace))
    expect(complaints(trace)).toEqual([])
    expect(chromeTrace(trace).otherData).toEqual({ microsecond: '1000 cycles' })
    if (process.arch === 'x64' && addonInfo.backend === 'native') expect(trace.records.at(-1)?.time).toBeGreaterThan(0)
  })
})

test('a fault on a device page is around the migration back', () => {
  const { trace } = traceDrill(drill('A map buf anon 1\nA write buf 1\nA migrate buf to dev\nA read buf\n'), 'events')
  const lines = outline(trace)
  expect(lines.slice(lines.indexOf('A read buf'))).toEqual([
    'A read buf',
    '  exceptions:page_fault_user',
    '  device_private_entry_fault',
    '    migrate_vma',
    '      migrate_vma_collect',
    '        mmu_notifier range',
    '          mmu_notifier_invalidate_range',
    '      migrate_vma_prepare',
    '      migrate_vma_unmap',
    '      alloc_and_copy',
    '      migrate_vma_pages',
    '      finalize_and_map',
    '      migrate_vma_finalize',
  ])
})

test('processes have their names, and threads', () => {
  const { trace } = traceDrill(drill('A map buf anon 1\nfork A B\nB write buf 1\nA hold buf as h\ndrop h\n'), 'events')
  expect(trace.threads.map(({ pid, tid, process, name }) => [pid, tid, process, name])).toEqual([
    [1, 1, 'A', 'main'],
    [2, 1, 'B', 'main'],
    [0, 1, 'drill', 'main'],
  ])
})

test('why an entry does not move is told', () => {
  const { trace } = traceDrill(
    drill('A map buf anon 1\nA write buf 1\nA pin buf as p\nA migrate buf to dev\n'),
    'events',
  )
  const reasons = trace.records.filter(({ name }) => name === 'give_up').map(({ args }) => args)
  expect(reasons).toEqual([{ address: '0x10000100000', reason: 'pinned' }])
})

test('a drill that fails is traced up to there', () => {
  const { trace, run } = traceDrill(drill('A map buf anon 1\nA map buf anon 1\n'), 'events')
  expect(run.failure?.code).toBe('HMMU_DRILL_RUN')
  expect(outline(trace)).toEqual(['A map buf anon 1', 'A map buf anon 1'])
})

test('all drills of a real kernel print the same when they are traced, and their slices nest', () => {
  for (const source of findDrillFiles(CONFORMANCE)
    .filter((file) => file.endsWith('.drill'))
    .flatMap(readDrills)) {
    const { trace, run } = traceDrill(source, 'events')
    expect([source.name, run.transcript]).toEqual([source.name, runSource(source).transcript])
    expect([source.name, complaints(trace)]).toEqual([source.name, []])
  }
})

test('a trace ends what is open within a slice', () => {
  const trace = new Trace('events')
  const thread = trace.thread(1, 'A', 'main')
  for (const name of ['a', 'b', 'c']) trace.begin(thread, 'test', name)
  trace.end(thread, 'b', { result: 1 })
  trace.end(thread, 'z')
  expect(trace.open(thread)).toEqual(['a'])
  expect(trace.records.slice(3).map(({ name, args }) => [name, args])).toEqual([
    ['c', {}],
    ['b', { result: 1 }],
  ])
})

// SPDX-License-Identifier: GPL-2.0-only
//
// Records of drills: they say what the machine looks like at each step, and do not change what a drill does.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Profile } from '../../lib'
import { readDrills, runSource } from '../../lib/drill'
import type { World } from '../../lib/drill/world'
import { type Recording, recordDocument, recordDrill, type Step } from '../../lib/record'
import { limits } from '../../lib/record/limits'
import { look } from '../../lib/record/look'
import { recordPieces } from '../../lib/record/pieces'
import { Replay } from '../../lib/view/replay'
import type { MachineState } from '../../lib/view/state'

const ROOT = join(__dirname, '../..')
const PROFILES = ['linux-4.14', 'linux-6.12'] as const

const sourceOf = (text: string) => ({ name: 'drill', file: 'drill', text, firstLine: 1 })

function record(text: string, profile: Profile = 'linux-4.14'): Recording {
  const { recording, failure } = recordDrill(sourceOf(text), { profile, ramPages: 4096, strict: true })
  expect(failure).toBeUndefined()
  return recording!
}

const drillsOf = (folder: string, every: number) =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith('.drill'))
    .filter((_, i) => i % every === 0)
    .map((file) => join(ROOT, folder, file))

/** Frames that the steps add up to, as the page and others do it. */
function framesAfter(steps: readonly Step[]): Map<number, object> {
  const frames = new Map<number, object>()
  for (const { pfn, count, ...frame } of steps.flatMap((step) => step.frames ?? []))
    for (let i = 0; i < count; i++)
      if (frame.gone) frames.delete(pfn + i)
      else frames.set(pfn + i, { ...frame, ...(frame.index !== undefined && { index: frame.index + i }) })
  return frames
}

const signed = (text: string): bigint => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text))

/** Entries of regions that the steps add up to. */
function entriesAfter(steps: readonly Step[]): Map<string, object[]> {
  const entries = new Map<string, object[]>()
  for (const { at, first, count, pfn, raw, rawStep = '0x0', ...entry } of steps.flatMap((step) => step.entries ?? [])) {
    const list = entries.get(at) ?? []
    entries.set(at, list)
    const words = (i: number) => (raw === undefined ? {} : { raw: `${BigInt(raw) + signed(rawStep) * BigInt(i)}` })
    for (let i = 0; i < count; i++)
      list[first + i] = { ...entry, ...(pfn !== undefined && { pfn: pfn + i }), ...words(i) }
  }
  return entries
}

/** Lists as texts, since a runner takes long to compare long ones. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each))
const byNumber = (frames: ReadonlyMap<number, object>): string =>
  [...frames]
    .sort(([a], [b]) => a - b)
    .map(([pfn, frame]) => `${pfn} ${text(frame)}`)
    .join('\n')

/** Parts with names: what they add up to. */
function named(steps: readonly Step[], part: 'tasks' | 'tables' | 'tlb' | 'handles' | 'processes' | 'lists'): object {
  const all: Record<string, unknown> = {}
  for (const step of steps)
    for (const [name, value] of Object.entries(step[part] ?? {})) {
      if (value === null) delete all[name]
      else all[name] = value
    }
  return all
}

describe.each([
  ...drillsOf('examples', 1).map((file) => [file, 'linux-4.14'] as const),
  ...drillsOf('test/conformance/linux-4.14', 20).map((file) => [file, 'linux-4.14'] as const),
  ...drillsOf('test/conformance/linux-6.12', 30).map((file) => [file, 'linux-6.12'] as const),
])('%s on %s', (file, profile) => {
  test('the transcript is the same, and the steps add up to what the machine looks like', () => {
    const [source] = readDrills(file)
    const plain = runSource(source!, { profile })
    let last: ReturnType<typeof look> | undefined
    const keep = (world: World) => {
      last = look(world)
      world.machine.dispose()
    }
    const { recording, transcript, failure } = recordDrill(source!, { profile, keep })
    expect([transcript, failure?.message]).toEqual([plain.transcript, plain.failure?.message])
    const { steps } = recording!
    expect(steps.map(({ n }) => n)).toEqual(steps.map((_, i) => i))
    expect(steps.every(({ line, kind }) => kind === 'start' || recording!.transcript[line!] !== undefined)).toBe(true)
    if (last === undefined) return
    expect(byNumber(framesAfter(steps)) === byNumber(last.frames)).toBe(true)
    const entries = entriesAfter(steps)
    for (const [at, list] of last.entries) expect([at, text(entries.get(at)) === text(list)]).toEqual([at, true])
    for (const part of ['tasks', 'tables', 'tlb', 'handles', 'processes', 'lists'] as const)
      expect(named(steps, part)).toEqual(Object.fromEntries(last[part]))
  })
})

test('a record is JSON, and the same each time', () => {
  const make = () =>
    JSON.stringify(recordDocument([record(readFileSync(join(ROOT, 'examples/racing-store.drill'), 'utf8'))]))
  const text = make()
  expect(make()).toBe(text)
  const document = JSON.parse(text)
  expect(document).toMatchObject({ format: 'hmmu-record', version: 1 })
  expect(document.terms.whys.references).toMatch(/\w/)
  expect(document.terms.flags.lru).toMatch(/\w/)
})

test('why page 0 of racing-store did not move: a task that waits has a reference too many', () => {
  const { steps } = record(readFileSync(join(ROOT, 'examples/racing-store.drill'), 'utf8'))
  const stopped = steps.find(({ events }) => events?.some(({ type }) => type === 'give_up'))!
  expect(stopped).toMatchObject({ kind: 'entry', stage: 'pages', index: 0 })
  expect(stopped.events).toContainEqual(expect.objectContaining({ type: 'references', expected: 1, found: 2 }))
  expect(stopped.migrations).toMatchObject([{ id: stopped.migration, entries: [{ first: 0, why: 'references' }] }])
  const held = steps.slice(0, stopped.n).flatMap(({ frames = [] }) => frames.filter(({ pfn }) => pfn === 6))
  expect(held.at(-1)?.held).toEqual(['migration', 'wait:A.2'])
})

describe.each(PROFILES)('%s', (profile) => {
  test('a migration has a step for each stage and entry', () => {
    const { steps } = record('A map buf anon 2\nA write buf 0x41\nA migrate buf to dev\n', profile)
    const ours = steps.filter(({ command, kind }) => command === 3 && kind !== 'command')
    const stages = ours.map(({ kind, stage, index }) => `${kind} ${stage ?? ''} ${index ?? ''}`.trim())
    expect(stages).toContain('stage alloc_and_copy')
    expect(stages).toContain('entry pages 1')
    expect(stages).toContain('entry finalize 0')
    expect(ours.at(-1)).toMatchObject({ kind: 'end', moved: 2, collected: 2, whys: ['none', 'none'] })
    expect(ours.map(({ migration }) => migration)).toEqual(ours.map(() => 0))
    expect(ours.at(-1)!.migrations).toEqual([{ id: 0, gone: true }])
  })

  test('a fault on a device page is a migration, too', () => {
    const { steps } = record('A map buf anon 1\nA write buf 0x41\nA migrate buf to dev\nA read buf\n', profile)
    const ours = steps.filter(({ fault }) => fault)
    expect(ours.map(({ command }) => command)).toEqual(ours.map(() => 4))
    expect(ours.map(({ stage }) => stage)).toContain('finalize')
    expect(ours[0]!.migrations).toMatchObject([{ id: 1, fault: true, process: 'A', region: 'buf', first: 0 }])
    expect(ours.at(-1)).toMatchObject({ kind: 'end', moved: 1, migration: 1, migrations: [{ id: 1, gone: true }] })
  })

  test('several migrations at once: a fault of another process within one', () => {
    const recording = record(
      'A map buf anon 2\nA write buf 0x41\nA migrate buf to dev\nfork A B\nB map own anon 1\nB write own 0x42\nB migrate own to dev\n' +
        'A map more anon 1\nA write more 0x43\nA migrate more to dev\n  @alloc B read own\n',
      profile,
    )
    const { steps } = recording
    const within = steps.filter(({ command }) => command === 10)
    const begun = within.flatMap(({ migrations = [] }) => migrations).filter((each) => 'process' in each)
    expect([...new Map(begun.map(({ id, process, region, fault }) => [id, { process, region, fault }]))]).toEqual([
      [2, { process: 'A', region: 'more' }],
      [3, { process: 'B', region: 'own', fault: true }],
    ])
    const ends = within.filter(({ kind }) => kind === 'end').map(({ migration, fault = false }) => [migration, fault])
    expect(ends).toEqual([
      [3, true],
      [2, false],
    ])
    const states = new Replay(recording)
    const inner = within.find(({ migration }) => migration === 3)!.n
    expect(
      states
        .at(inner)
        .migrations.filter(({ over }) => !over)
        .map(({ id }) => id),
    ).toEqual([2, 3])
    expect(states.at(steps.length - 1).migrations.filter(({ over }) => !over)).toEqual([])
  })

  test('a frame says to what it belongs, a list its order, a task the call that waits', () => {
    const { steps } = record(
      'A map buf anon 3\nA write buf 0x41\nA migrate buf to dev\n  @alloc A write buf[1] 0x42\n',
      profile,
    )
    const filled = steps.find(({ command }) => command === 2)!
    expect(filled.frames).toContainEqual(
      expect.objectContaining({ count: 3, kind: 'anon', mapping: 1, index: expect.any(Number) }),
    )
    const [first] = filled.frames!.filter(({ kind }) => kind === 'anon')
    const list = profile === 'linux-4.14' ? 'active_anon' : 'inactive_anon'
    const lists = steps.flatMap((step) => Object.entries(step.lists ?? {}))
    expect(lists).toContainEqual(['0/lru_add', { pages: 3, runs: [[first!.pfn, first!.pfn + 2]] }])
    // The page that came last is the first.
    expect(lists).toContainEqual([list, { pages: 3, runs: [[first!.pfn + 2, first!.pfn]] }])
    expect(steps.flatMap(({ tasks = {} }) => Object.values(tasks))).toContainEqual(
      expect.objectContaining({ wait: 'page_lock', call: 'store' }),
    )
  })

  test('pins have the names of their handles', () => {
    const dma = profile === 'linux-6.12' ? ' dma' : ''
    const { steps } = record(`A map buf anon 1\nA write buf 0x41\nA pin buf[0] as p${dma}\n`, profile)
    expect(steps.at(-1)!.frames?.flatMap(({ held = [] }) => held)).toContain('pin:p')
    expect(steps.at(-1)!.handles).toMatchObject({ p: { pfns: [expect.any(Number)] } })
  })

  test('what is no more: regions stay, frames and processes go', () => {
    const { steps } = record('A map buf anon 2\nA write buf 0x41\nfork A B\nexit B\nA unmap buf\n', profile)
    const gone = steps.filter(({ processes }) => processes && 'B' in processes && processes.B === null)
    expect(gone.map(({ command }) => command)).toEqual([4])
    expect(steps.at(-1)!.frames?.some(({ gone: isGone }) => isGone)).toBe(true)
    expect(steps.at(-1)!.entries).toMatchObject([{ at: 'A/buf', first: 0, count: 2, kind: 'nomap' }])
  })
})

test('many pages are a few runs, and a long migration is recorded by stage', () => {
  const text = 'devmem 4096\nA map buf anon 3000\nA write buf 0x41\nA migrate buf to dev\nA read buf\n'
  const { recording } = recordDrill(sourceOf(text), { ramPages: 8192 })
  const steps = recording!.steps.filter(({ command }) => command === 4)
  expect(steps.length).toBeLessThan(12)
  for (const { entries = [], frames = [] } of steps) expect(entries.length + frames.length).toBeLessThan(40)
  // 3,000 faults are one step.
  const faults = recording!.steps.filter(({ command }) => command === 5)
  expect(faults).toMatchObject([{ kind: 'command' }])
  expect(faults[0]!.events).toContainEqual(expect.objectContaining({ type: 'device_fault', count: 3000 }))
})

describe.each(['examples/racing-store.drill', 'test/view/drills/four-reasons.drill'])('%s, cut anywhere', (file) => {
  test('is replayed as the whole is', () => {
    const source = sourceOf(readFileSync(join(ROOT, file), 'utf8'))
    const whole = recordDrill(source, { ramPages: 4096 }).recording!
    const replay = new Replay(whole)
    const facts = (state: MachineState) => ({
      ...state,
      entries: [...state.entries],
      migrations: state.migrations.filter(({ over }) => !over),
    })
    for (let from = 1; from < whole.steps.length; from += 13) {
      const to = Math.min(from + 9, whole.steps.length)
      const cut = recordDrill(source, { ramPages: 4096, from, to }).recording!
      expect(cut).toMatchObject({ from, transcript: whole.transcript })
      expect(cut.steps[0]).toMatchObject({ n: 0, full: true })
      expect(cut.steps.slice(1)).toEqual(whole.steps.slice(from + 1, to).map((step, i) => ({ ...step, n: i + 1 })))
      const own = new Replay(cut)
      for (const n of cut.steps.keys()) expect(facts(own.at(n))).toEqual(facts(replay.at(from + n)))
    }
  })

  test('two parts one behind the other are the whole: a full step forgets what was before it', () => {
    const source = sourceOf(readFileSync(join(ROOT, file), 'utf8'))
    const whole = recordDrill(source, { ramPages: 4096 }).recording!
    const cut = recordDrill(source, { ramPages: 4096, from: 7 }).recording!
    const joined = new Replay({ ...whole, steps: [...whole.steps.slice(0, 7), ...cut.steps] })
    const last = whole.steps.length - 1
    expect(joined.at(last).frames).toEqual(new Replay(whole).at(last).frames)
    expect(joined.at(last).tlb).toEqual(new Replay(whole).at(last).tlb)
  })
})

test('a drill that fails is recorded up to there', () => {
  const { recording, failure } = recordDrill(sourceOf('A map buf anon 1\nA map buf anon 1\n'))
  expect(failure?.code).toBe('HMMU_DRILL_RUN')
  expect(recording?.failure).toBe(failure?.message)
  expect(recording?.steps.length).toBeGreaterThan(1)
  expect(recordDrill(sourceOf('A nonsense\n')).recording).toBeUndefined()
})

test('hmmu drill run --json prints a document', () => {
  const main = join(ROOT, 'dist/cli/main.js')
  const files = drillsOf('examples', 1).slice(0, 2)
  const text = execFileSync(process.execPath, [main, 'drill', 'run', '--json', ...files], { encoding: 'utf8' })
  const { recordings } = JSON.parse(text)
  expect(recordings.map(({ name }: { name: string }) => name)).toEqual(files.map((file) => basename(file, '.drill')))
})

test('a drill may be a text; anything else is refused', () => {
  const { recording, name } = recordDrill('A map buf anon 1\n')
  expect([name, recording?.steps.length]).toEqual(['drill', 2])
  expect(recordDrill('A mop\n').failure?.message).toMatch(/^drill:1:3: /)
  for (const wrong of [undefined, null, 7, {}, { name: 'a', file: 'a', text: 'A map b anon 1', firstLine: 0 }]) {
    const call = () => recordDrill(wrong as unknown as string)
    expect(call).toThrow(expect.objectContaining({ code: 'HMMU_INVALID_ARGUMENT' }))
  }
})

test.each([
  { from: 3, to: 3 },
  { from: 3, to: 1 },
  { to: 0 },
  { from: -1 },
  { from: 1.5 },
  { from: 2 },
  { from: 1e9 },
  { from: Number.MAX_SAFE_INTEGER },
])('%j of two steps keeps none, and is refused', (options) => {
  const call = () => recordDrill('A map buf anon 1\n', options)
  expect(call).toThrow(expect.objectContaining({ code: 'HMMU_INVALID_ARGUMENT' }))
})

test('a drill that fails before the first step that is kept has no recording', () => {
  const { recording, failure } = recordDrill('A map buf anon 1\nA map buf anon 1\n', { from: 100 })
  expect([recording, failure?.code]).toEqual([undefined, 'HMMU_DRILL_RUN'])
})

test('the pieces of a document are its JSON', () => {
  const recordings = [
    'A map buf anon 1\n',
    'A map buf anon 1\nA map buf anon 1\n',
    'A map a anon 1\nA write a 0x41\n',
  ].map((text) => recordDrill(text).recording!)
  for (const some of [recordings, recordings.slice(0, 1)]) {
    expect([...recordPieces(some)].join('')).toBe(JSON.stringify(recordDocument(some)))
  }
  expect([...recordPieces([])]).toEqual([])
})

describe('a recording with too many items', () => {
  // Each step says all mappings of A anew: their sum grows with the square of their number.
  const names = Array.from({ length: 40 }, (_, i) => `r${String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))}`)
  const text = names.map((name) => `A map ${name} anon 1\n`).join('')

  test('is refused with a stable code, and a part of its steps can be kept', () => {
    const whole = recordDrill(text)
    expect(whole.recording?.steps).toHaveLength(names.length + 1)
    using _ = replaced(limits, 1000)
    const { recording, transcript, failure } = recordDrill(text)
    expect([recording, failure?.code, transcript]).toEqual([undefined, 'HMMU_DRILL_LARGE', whole.transcript])
    expect(failure?.message).toBe(
      'drill: its recording has more than 1000 items; a part of its steps can be kept with from and to of recordDrill()',
    )
    expect(recordDrill(text, { from: 30, to: 35 }).recording?.steps).toHaveLength(5)
  })

  function replaced(object: typeof limits, items: number): Disposable {
    const old = object.items
    object.items = items
    return {
      [Symbol.dispose]: () => {
        object.items = old
      },
    }
  }

  test('the limit is the documented one', () => {
    expect(limits.items).toBe(2 ** 21)
  })
})

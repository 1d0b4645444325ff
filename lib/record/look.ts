// SPDX-License-Identifier: GPL-2.0-only
//
// What a machine looks like at one moment, in the words of a record. Takes time in proportion to what is in use.

import {
  type Holder,
  type Machine,
  PAGE_SIZE,
  type PageEntry,
  PageFlag,
  type PageInfo,
  type PageRef,
  type Process,
  pageFlagNames,
  type Task,
} from '../api'
import type {
  RecordedHandle,
  RecordedList,
  RecordedProcess,
  RecordedTable,
  RecordedTask,
  RecordedTranslation,
} from './types'

/** Pages of a process, by a name. */
export interface NamedRegion {
  readonly name: string
  readonly address: number
  readonly pages: number
}

/** A process, by a name. */
export interface NamedProcess {
  readonly name: string
  readonly process: Process
  readonly regions: { all(): readonly NamedRegion[] }
}

/** A machine, and the names of what is in it. That of a drill has those that the drill gives. */
export interface Scene {
  readonly machine: Machine
  readonly actors: ReadonlyMap<string, NamedProcess>
  /** Page references by name. */
  readonly handles: ReadonlyMap<string, readonly PageRef[]>
}

/** An entry of a region; what is absent does not apply. */
export interface EntryView {
  readonly kind: string
  readonly bits?: string
  readonly pfn?: number
  readonly raw?: bigint
}

/** A frame in use. */
export interface FrameView {
  readonly kind: string
  readonly ref: number
  readonly map: number
  readonly flags: string
  readonly mapping?: number
  readonly index?: number
  readonly byte?: number
  readonly held?: readonly string[]
}

/** All of it. Named parts are compared by their JSON. */
export interface View {
  readonly processes: ReadonlyMap<string, RecordedProcess>
  readonly tasks: ReadonlyMap<string, RecordedTask>
  readonly handles: ReadonlyMap<string, RecordedHandle>
  readonly tables: ReadonlyMap<string, RecordedTable>
  readonly tlb: ReadonlyMap<string, RecordedTranslation>
  readonly lists: ReadonlyMap<string, RecordedList>
  readonly counters: ReadonlyMap<string, number>
  /** By `A/buf`. */
  readonly entries: ReadonlyMap<string, readonly EntryView[]>
  readonly frames: ReadonlyMap<number, FrameView>
}

export const NOTHING: View = {
  processes: new Map(),
  tasks: new Map(),
  handles: new Map(),
  tables: new Map(),
  tlb: new Map(),
  lists: new Map(),
  counters: new Map(),
  entries: new Map(),
  frames: new Map(),
}

export const hex = (value: number | bigint): string => `0x${value.toString(16)}`

const WITHOUT_BITS: ReadonlySet<string> = new Set(['nomap', 'none', 'special', 'marker'])
const WITH_PAGE: ReadonlySet<string> = new Set(['sys', 'huge', 'dev', 'coh', 'mig', 'excl'])

/** What a machine looks like. */
export function look(scene: Scene): View {
  const { machine } = scene
  const alive = [...scene.actors.values()].filter(({ process }) => process.alive)
  const names = taskNames(alive)
  const entries = new Map(alive.flatMap(entriesOf))
  return {
    processes: new Map(alive.map((actor) => [actor.name, processView(actor, names)])),
    tasks: new Map(
      alive.flatMap(({ process }) => process.tasks).map((task) => [nameOf(names, task.tid), taskView(task)]),
    ),
    handles: new Map(
      [...scene.handles].map(([name, refs]) => [
        name,
        { kind: refs[0]?.kind ?? 'pin', pfns: refs.map(({ pfn }) => pfn) },
      ]),
    ),
    tables: new Map(alive.flatMap((actor) => tablesOf(actor, entries))),
    tlb: translationsOf(machine),
    lists: listsOf(machine),
    counters: new Map(Object.entries(machine.counters())),
    entries,
    frames: framesOf(scene, names),
  }
}

/** Tasks as `A.2`. */
function taskNames(actors: readonly NamedProcess[]): Map<number, string> {
  return new Map(
    actors.flatMap(({ name, process }) => process.tasks.map(({ tid }) => [tid, `${name}.${tid}`] as const)),
  )
}

const nameOf = (names: ReadonlyMap<number, string>, tid: number): string => names.get(tid) ?? `.${tid}`

const VMA_FLAGS = ['locked', 'softDirty', 'huge', 'noHuge', 'dontFork', 'userfault'] as const

function processView({ process, regions }: NamedProcess, names: ReadonlyMap<number, string>): RecordedProcess {
  const { readers, writer, waiting } = process.mmapLock()
  const isTaken = readers.length > 0 || writer !== undefined || waiting.length > 0
  const pgd = process.tables()[0]?.pfn
  return {
    pid: process.pid,
    ...(pgd === undefined ? {} : { pgd }),
    vmas: process.mappings().map((vma) => ({
      start: hex(vma.start),
      pages: vma.pages,
      kind: vma.kind,
      prot: vma.prot,
      flags: VMA_FLAGS.filter((flag) => vma[flag]).join(' '),
    })),
    regions: regions.all().map(({ name, address, pages }) => ({ name, start: hex(address), pages })),
    rss: { ...process.counters() },
    ...(isTaken && {
      mmapLock: {
        readers: readers.map(({ tid }) => nameOf(names, tid)),
        ...(writer && { writer: nameOf(names, writer.tid) }),
        waiting: waiting.map(({ tid }) => nameOf(names, tid)),
      },
    }),
  }
}

function taskView(task: Task): RecordedTask {
  const { wait, call, pfn, ready, cpu } = task.state()
  if (wait === 'nothing') return { wait }
  return { wait, call, ...(wait === 'page_lock' && { pfn }), ready, cpu }
}

function entriesOf({ name, process, regions }: NamedProcess): [string, EntryView[]][] {
  return regions
    .all()
    .map((region) => [
      `${name}/${region.name}`,
      process.dump({ start: region.address, pages: region.pages }).map((entry) => entryView(entry)),
    ])
}

function entryView({ kind, bits, pfn, raw }: PageEntry): EntryView {
  return {
    kind,
    ...(!WITHOUT_BITS.has(kind) && { bits }),
    ...(WITH_PAGE.has(kind) && { pfn }),
    ...(raw !== 0n && { raw }),
  }
}

/** Bits of an address below an entry of a table of a level. */
const SHIFTS = { pud: 30, pmd: 21, pte: 12 } as const

/** Tables below the pgd. An upper table has the entries of the tables below it, and huge pmds. */
function tablesOf(actor: NamedProcess, entries: ReadonlyMap<string, readonly EntryView[]>): [string, RecordedTable][] {
  const all = actor.process.tables()
  const words = new Map(
    all.filter(({ level }) => level !== 'pte').map(({ pfn }) => [pfn, {} as Record<string, string>]),
  )
  const pmds = new Map(all.filter(({ level }) => level === 'pmd').map(({ base, pfn }) => [base, pfn]))
  const put = (table: number | undefined, index: number, word: bigint) => {
    const own = table === undefined ? undefined : words.get(table)
    if (own) own[index] = hex(word)
  }
  for (const { level, base, parent, entry } of all) {
    put(parent, indexAt(base, level === 'pte' ? SHIFTS.pmd : SHIFTS.pud), entry)
  }
  for (const [address, word] of hugeEntries(actor, entries)) {
    put(pmds.get(address - (address % 2 ** SHIFTS.pud)), indexAt(address, SHIFTS.pmd), word)
  }
  return all.flatMap(({ pfn, level, base, entry, used }) => {
    if (level === 'pgd') return []
    const own = level === 'pte' ? undefined : words.get(pfn)
    const table = { process: actor.name, level, base: hex(base), entry: hex(entry), used, ...(own && { entries: own }) }
    return [[String(pfn), table] as const]
  }) as [string, RecordedTable][]
}

/** Huge pmds by their addresses. */
function hugeEntries(
  { name, regions }: NamedProcess,
  entries: ReadonlyMap<string, readonly EntryView[]>,
): [number, bigint][] {
  return regions.all().flatMap((region) =>
    (entries.get(`${name}/${region.name}`) ?? []).flatMap(({ kind, raw }, page): [number, bigint][] => {
      const address = region.address + page * PAGE_SIZE
      const isHuge = kind === 'huge' || kind === 'hzero'
      return isHuge && raw !== undefined && address % 2 ** SHIFTS.pmd === 0 ? [[address, raw]] : []
    }),
  )
}

const indexAt = (address: number, shift: number): number => Math.floor(address / 2 ** shift) % 512

function translationsOf(machine: Machine): Map<string, RecordedTranslation> {
  const all = new Map<string, RecordedTranslation>()
  for (let cpu = 0; cpu < machine.cpus; cpu++) {
    for (const { pid, address, pfn, write, stale } of machine.translations(cpu)) {
      all.set(`${cpu}/${pid}/${hex(address)}`, { pfn, ...(write && { write }), ...(stale && { stale }) })
    }
  }
  return all
}

/** The most runs of a list that are told. */
const MOST_RUNS = 64

function listsOf(machine: Machine): Map<string, RecordedList> {
  const pages = new Map<string, number[]>()
  for (const { pfn, list, cpu, pagevec } of machine.lru()) {
    const name = pagevec === undefined ? list : `${cpu}/${pagevec}`
    const known = pages.get(name)
    if (known) known.push(pfn)
    else pages.set(name, [pfn])
  }
  return new Map([...pages].map(([name, pfns]) => [name, { pages: pfns.length, runs: listRuns(pfns) }]))
}

/** Neighbours that rise or fall by 1, as first and last. */
function listRuns(pfns: readonly number[]): [number, number][] {
  const runs: [number, number][] = []
  for (const pfn of pfns) {
    const run = runs.at(-1)
    if (run && goesOnBy(run, pfn)) run[1] = pfn
    else if (runs.length < MOST_RUNS) runs.push([pfn, pfn])
    else break
  }
  return runs
}

const goesOnBy = ([first, last]: readonly [number, number], pfn: number): boolean =>
  Math.abs(pfn - last) === 1 && (first === last || Math.sign(last - first) === pfn - last)

function framesOf(scene: Scene, names: ReadonlyMap<number, string>): Map<number, FrameView> {
  const held = new Map<number, string[]>()
  const handles = handleNames(scene)
  for (const holder of scene.machine.holders()) {
    const words = heldWords(holder, names, handles)
    if (words.length > 0) held.set(holder.pfn, [...(held.get(holder.pfn) ?? []), ...words])
  }
  return new Map(scene.machine.pages().map((page) => [page.pfn, frameView(page, held.get(page.pfn))]))
}

function frameView(page: PageInfo, held: readonly string[] | undefined): FrameView {
  const kind = kindOf(page)
  return {
    kind,
    ref: page.refCount,
    map: page.mapCount,
    flags: pageFlagNames(page.flags).join(' '),
    // A part of a huge page has its place from the first part.
    ...(page.mapping !== 0 && !(page.flags & PageFlag.TAIL) && { mapping: page.mapping, index: page.index }),
    ...(kind !== 'table' && kind !== 'other' && { byte: page.byte }),
    ...(held && kind !== 'table' && { held }),
  }
}

function kindOf({ device, flags, anon, hasMapping }: PageInfo): string {
  if (device) return 'device'
  if (flags & PageFlag.TABLE) return 'table'
  if (anon) return 'anon'
  return hasMapping ? 'cache' : 'other'
}

/** Handles by what they hold: names by kind and page, one for each reference. */
function handleNames({ handles }: Scene): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const [name, refs] of handles) {
    for (const { kind, pfn } of refs) {
      const key = `${kind} ${pfn}`
      const list = names.get(key)
      if (list) list.push(name)
      else names.set(key, [name])
    }
  }
  return names
}

/** The words of a record for kinds of holders that are named otherwise by the machine. */
const HELD: Readonly<Partial<Record<Holder['kind'], string>>> = {
  pagemap: 'device',
  page_cache: 'cache',
  swap_cache: 'swap',
  destination: 'migration',
  dma_pin: 'pin',
  isolation: 'isolate',
}
/** The most references of one holder that are listed. */
const MOST_LISTED = 16

function heldWords(
  holder: Holder,
  names: ReadonlyMap<number, string>,
  handles: ReadonlyMap<string, readonly string[]>,
): string[] {
  const { kind, count, refs, tid, pfn } = holder
  if (kind === 'mapping' || refs === 0) return []
  const word = HELD[kind] ?? kind
  if ((kind === 'wait' || kind === 'fault') && tid !== undefined) return [`${word}:${nameOf(names, tid)}`]
  const owners = handles.get(`${kind} ${pfn}`) ?? []
  return Array.from({ length: Math.min(count, MOST_LISTED) }, (_, i) =>
    owners[i] === undefined ? word : `${word}:${owners[i]}`,
  )
}

// SPDX-License-Identifier: GPL-2.0-only
//
// Plays the commands of a drill on one side, and prints what the model claims to know: an exact transcript, or one in the
// form to which claims.ts reduces the transcript of a kernel.

import type { Command, EvictCommand, MigrateCommand, Migration, PageRange, Place } from '../../lib/drill'
import { Declined } from './declined'
import { dumpLines } from './dump-lines'
import { type Layout, SPACIOUS } from './layout'
import { pageRange, runs } from './runs'
import type { DriverChoice, Errno, MirrorHow, Outcome, PinHow, Seen, Side, SideMigration } from './side'
import { Job, type Steps } from './steps'

type Simple = Exclude<Command, Migration>
type Verb<V> = Extract<Command, { verb: V }>
type AtPlace = Extract<Simple, { place: Place }>

export interface Region {
  readonly name: string
  readonly start: number
  readonly pages: number
}

export interface Actor<Process> {
  readonly process: Process
  readonly regions: Map<string, Region>
  /** The page number at which the search for the next region starts. */
  next: number
}

interface Located<Process> {
  readonly actor: Actor<Process>
  readonly region: Region
  readonly start: number
  readonly end: number
}

const MEMORIES = { dev: 'private', coh: 'coherent', sys: 'system' } as const

/** A blocked command of an interleaving. */
interface Waiting {
  /** Its place among the interleaved lines. */
  readonly line: number
  readonly echo: string
  readonly job: Job<string[]>
}

/** The output of a command; `ended`: nothing can be played after it. */
export interface Played {
  readonly lines: readonly string[]
  readonly ended: boolean
}

export class Player<Process, Thread, Handle> {
  readonly actors = new Map<string, Actor<Process>>()
  readonly handles = new Map<string, readonly Handle[]>()
  readonly #side: Side<Process, Thread, Handle>
  readonly #layout: Layout
  readonly #exact: boolean
  /** The watched processes; their names and regions are known to the end. */
  readonly #watched = new Map<Process, { name: string; actor: Actor<Process> }>()
  /** Numbers of frames, in the order in which dumps met them. */
  readonly #numbers = new Map<object | string, number>()
  #lines: string[] = []
  #waiting: Waiting[] = []

  /** `exact`: print transcripts with page flags and invalidations. */
  constructor(side: Side<Process, Thread, Handle>, layout: Layout = SPACIOUS, exact = false) {
    this.#side = side
    this.#layout = layout
    this.#exact = exact
    this.actors.set('A', { process: side.process(), regions: new Map(), next: layout.first })
  }

  play(command: Command): Played {
    this.#lines = []
    const ended = this.#play(command)
    if (!ended) this.#print('  ', this.#invalidations())
    return { lines: [command.text, ...this.#lines], ended }
  }

  /** True if nothing can be played after it. */
  #play(command: Command): boolean {
    this.#side.before()
    if (command.verb === 'migrate') return this.#migrate(command)
    return command.verb === 'evict' ? this.#evict(command) : this.#single(command)
  }

  /** What watchers were told during the command. */
  #invalidations(): string[] {
    const lines: string[] = []
    for (const { process, start, end } of this.#side.takeInvalidations?.() ?? []) {
      const watched = this.#watched.get(process)
      const regions = [...(watched?.actor.regions.values() ?? [])].sort((a, b) => a.start - b.start)
      for (const region of regions) {
        const first = Math.max(start, region.start) - region.start
        const last = Math.min(end, region.start + region.pages) - region.start - 1
        if (first <= last) lines.push(`inv ${watched?.name} ${region.name}${pageRange(first, last)}`)
      }
    }
    return lines
  }

  #print(indent: string, lines: readonly string[]): void {
    this.#lines.push(...lines.map((line) => indent + line))
  }

  /** True if it blocks. */
  #single(command: Simple): boolean {
    const job = new Job(this.#run(command, true))
    const done = job.run()
    if (!done) job.cancel()
    this.#print('  ', job.result?.value ?? ['blocked'])
    return !done
  }

  #migrate(command: MigrateCommand): boolean {
    const located = this.#locate(command.process, command.place)
    if (located === undefined) return this.#skipAll(command)
    const { actor, region, start, end } = located
    const among = (ranges: readonly PageRange[]) => (page: number) =>
      ranges.some(({ first, last }) => page - region.start >= first && page - region.start <= last)
    const { select, owner } = command
    const choice: DriverChoice = {
      to: MEMORIES[command.to],
      skip: among(command.skip),
      error: among(command.error),
      select: select && {
        system: select.includes('system'),
        private: select.includes('private'),
        coherent: select.includes('coherent'),
      },
      owner,
    }
    const migration = this.#side.migrate(this.#side.thread(actor.process, true), start, end, choice)
    const ran = migration !== undefined && this.#callbacks(command, migration, start - region.start)
    this.#lines.push(migration === undefined ? '  ret -EINVAL' : '  ret 0')
    if (!ran) this.#skip(command)
    return this.#finishWaiting()
  }

  #evict(command: EvictCommand): boolean {
    if (this.#side.evict === undefined) throw new Declined('an eviction')
    const { first, last } = command.pages ?? { first: 0, last: Number.POSITIVE_INFINITY }
    const migration = this.#side.evict(command.kind, first, last)
    if (migration === undefined) return this.#skipAll(command)
    this.#callbacks(command, migration, first)
    return this.#finishWaiting()
  }

  #skipAll(command: Migration): boolean {
    this.#lines.push('  skipped')
    this.#skip(command)
    return false
  }

  #skip(command: Migration): void {
    for (const inner of command.interleaved)
      this.#lines.push(`  @${inner.callback} ${inner.command.text}`, '    skipped')
  }

  #callbacks(command: Migration, migration: SideMigration, first: number): boolean {
    const words = (all: string[]) => runs(all.map((word, i) => [first + i, word]))
    const filled = migration.alloc()
    if (filled === undefined) return false
    if (command.verb === 'evict') this.#lines.push(`  src ${words(filled.src)}`)
    else this.#lines.push(`  alloc ${words(filled.src)}`, `  dst ${words(filled.dst)}`)
    this.#interleave(command, 'alloc')
    this.#lines.push(`  final ${words(migration.final().src)}`)
    this.#interleave(command, 'final')
    migration.finish()
    return true
  }

  #interleave(command: Migration, callback: string): void {
    for (const [line, inner] of command.interleaved.entries()) {
      if (inner.callback !== callback) continue
      this.#side.before()
      this.#resume()
      const echo = `@${callback} ${inner.command.text}`
      this.#lines.push(`  ${echo}`)
      const job = new Job(this.#run(inner.command, false))
      if (!job.run()) this.#waiting.push({ line, echo, job })
      this.#print('    ', job.result?.value ?? ['blocked'])
      this.#resume()
    }
  }

  /** Commands whose wait is over go on. */
  #resume(): void {
    const progress = () => this.#waiting.reduce((sum, { job }) => sum + job.progress, 0)
    for (let before = -1; before < progress(); ) {
      before = progress()
      for (const { job } of this.#waiting) job.run()
    }
  }

  /** True if one of the blocked commands can't end. */
  #finishWaiting(): boolean {
    this.#resume()
    const waiting = this.#waiting.sort((a, b) => a.line - b.line)
    this.#waiting = []
    for (const { echo, job } of waiting) {
      this.#lines.push(`  done ${echo}`)
      this.#print('    ', job.result?.value ?? ['blocked'])
    }
    const stuck = waiting.filter(({ job }) => job.result === undefined)
    for (const { job } of stuck) job.cancel()
    return stuck.length > 0
  }

  #locate(name: string, place: Place): Located<Process> | undefined {
    const actor = this.actors.get(name)
    const region = actor?.regions.get(place.region)
    if (actor === undefined || region === undefined) return undefined
    const start = region.start + (place.first ?? 0)
    const end = region.start + (place.last ?? region.pages - 1) + 1
    return { actor, region, start, end }
  }

  *#run(command: Simple, main: boolean): Steps<string[]> {
    if (command.verb === 'drop') return this.#drop(command.handle)
    const actor = this.actors.get(command.process)
    if (actor === undefined) return ['skipped']
    if (command.verb === 'exit') return yield* this.#exit(actor, command.process)
    if (command.verb === 'count') return this.#count(actor.process)
    const thread = this.#side.thread(actor.process, main)
    try {
      if ('place' in command) return yield* this.#runAt(command, thread)
      if (command.verb === 'map') return errno(yield* this.#map(actor, thread, command))
      if (command.verb === 'fork') return yield* this.#fork(actor, thread, command.child)
      if (command.verb === 'truncate') return yield* this.#truncate(actor, thread, command)
      if (command.verb === 'clear') return errno(yield* this.#side.clear(thread))
      this.#watch(actor, command.process)
      return []
    } finally {
      if (!main) this.#side.endThread(thread)
    }
  }

  *#runAt(command: AtPlace, thread: Thread): Steps<string[]> {
    const located = this.#locate(command.process, command.place)
    if (located === undefined) return ['skipped']
    const { start, end } = located
    switch (command.verb) {
      case 'unmap':
      case 'lock':
      case 'unlock':
        return errno(yield* this.#side[command.verb](thread, start, end))
      case 'uffd':
        return errno(yield* this.#side.uffd(thread, start, end, command.wp))
      case 'remap':
        return errno(yield* this.#remap(thread, located, command.region))
      case 'reclaim':
        if (this.#side.reclaim === undefined) throw new Declined('reclaim')
        return errno(yield* this.#side.reclaim(thread, start, end))
      case 'protect':
        return errno(yield* this.#side.protect(thread, start, end, command.prot))
      case 'advise':
        return errno(yield* this.#side.advise(thread, start, end, command.advice))
      case 'write':
        return yield* this.#write(thread, located, command.value)
      case 'read':
        return yield* this.#read(thread, located)
      case 'pin':
        return yield* this.#pin(thread, located, command.handle, command)
      case 'hold':
      case 'isolate':
        return this.#take(command.verb, located, command.handle)
      case 'dump':
        return this.#dump(located)
      case 'mirror':
        return yield* this.#mirror(thread, located, command)
      case 'exclusive':
        return yield* this.#exclusive(thread, located)
    }
  }

  *#map(actor: Actor<Process>, thread: Thread, command: Extract<Command, { verb: 'map' }>): Steps<Errno> {
    const { region, kind, pages, readOnly, at2m, thp } = command
    const { start, next } = this.#layout.place(actor.next, pages, at2m || kind === 'hugetlb')
    actor.next = next
    actor.regions.set(region, { name: region, start, pages })
    const result = yield* this.#side.map(thread, { start, pages, kind, prot: readOnly ? 'r' : 'rw' })
    if (kind === 'hugetlb' || kind === 'special') return result
    return yield* this.#side.advise(thread, start, start + pages, thp ? 'hugepage' : 'nohugepage')
  }

  *#truncate({ regions }: Actor<Process>, thread: Thread, command: Verb<'truncate'>): Steps<string[]> {
    const region = regions.get(command.region)
    if (region === undefined) return ['skipped']
    if (this.#side.truncate === undefined) throw new Declined('ftruncate()')
    const { start, pages } = region
    return errno(yield* this.#side.truncate(thread, start, start + pages, command.pages))
  }

  /** The new region exists even if the call fails. */
  *#remap(thread: Thread, { actor, start, end }: Located<Process>, name: string): Steps<Errno> {
    if (this.#side.remap === undefined) throw new Declined('mremap()')
    const pages = end - start
    const { start: to, next } = this.#layout.place(actor.next, pages, false)
    actor.next = next
    actor.regions.set(name, { name, start: to, pages })
    return yield* this.#side.remap(thread, start, end, to)
  }

  /** The child knows the regions that its parent had when the call began. */
  *#fork({ regions, next }: Actor<Process>, thread: Thread, name: string): Steps<string[]> {
    const known = { regions: new Map(regions), next }
    const process = yield* this.#side.fork(thread)
    if (typeof process === 'string') return errno(process)
    this.actors.set(name, { process, ...known })
    return []
  }

  *#mirror(thread: Thread, { region, start, end }: Located<Process>, how: MirrorHow): Steps<string[]> {
    if (this.#side.mirror === undefined) throw new Declined('hmm_range_fault()')
    const words = yield* this.#side.mirror(thread, start, end, how)
    if (typeof words === 'string') return [words]
    return [runs(words.map((word, i) => [start + i - region.start, word]))]
  }

  *#exclusive(thread: Thread, { region, start, end }: Located<Process>): Steps<string[]> {
    if (this.#side.exclusive === undefined) throw new Declined('make_device_exclusive_range()')
    const results: [number, string][] = []
    for (let page = start; page < end; page++)
      results.push([page - region.start, yield* this.#side.exclusive(thread, page)])
    return [runs(results)]
  }

  *#exit(actor: Actor<Process>, name: string): Steps<string[]> {
    this.actors.delete(name)
    return errno(yield* this.#side.exit(actor.process))
  }

  *#write(thread: Thread, { region, start, end }: Located<Process>, value: number): Steps<string[]> {
    const outcomes: [number, Outcome][] = []
    for (let page = start; page < end; page++) {
      outcomes.push([page - region.start, yield* this.#side.store(thread, page, value)])
    }
    return outcomes.every(([, outcome]) => outcome === 'ok') ? [] : [runs(outcomes)]
  }

  *#read(thread: Thread, { region, start, end }: Located<Process>): Steps<string[]> {
    const outcomes: [number, string][] = []
    for (let page = start; page < end; page++) {
      const { outcome, value } = yield* this.#side.load(thread, page)
      const byte = `0x${value.toString(16).padStart(2, '0')}`
      outcomes.push([page - region.start, outcome === 'ok' ? byte : outcome])
    }
    return [runs(outcomes)]
  }

  /** If one pin fails, or its wait is cancelled, all pins taken so far are given back. */
  *#pin(
    thread: Thread,
    { start, end }: Located<Process>,
    name: string,
    { write, dma, longterm }: PinHow,
  ): Steps<string[]> {
    const taken: Handle[] = []
    let complete = false
    try {
      for (let page = start; page < end; page++) {
        const one = yield* this.#side.pin(thread, page, { write, dma, longterm })
        if (typeof one === 'string') return [one]
        taken.push(one)
      }
      complete = true
    } finally {
      if (!complete) for (const one of taken) this.#side.drop(one)
    }
    this.handles.set(name, taken)
    return []
  }

  #take(kind: 'hold' | 'isolate', { actor, start }: Located<Process>, name: string): string[] {
    const taken = this.#side[kind](actor.process, start)
    if (typeof taken === 'string') return [taken]
    this.handles.set(name, [taken])
    return []
  }

  #drop(name: string): string[] {
    const handle = this.handles.get(name)
    if (handle === undefined) return ['skipped']
    for (const one of handle) this.#side.drop(one)
    this.handles.delete(name)
    return []
  }

  #watch(actor: Actor<Process>, name: string): void {
    this.#watched.set(actor.process, { name, actor })
    this.#side.watch?.(actor.process)
  }

  #count(process: Process): string[] {
    const { anon, file, shmem, swap, deviceFree, coherentFree, swapFree } = this.#side.count(process)
    const coherent = coherentFree === undefined ? '' : ` cohfree=${coherentFree}`
    const slots = swapFree === undefined ? '' : ` swapfree=${swapFree}`
    return [`anon=${anon} file=${file} shmem=${shmem} swap=${swap}`, `devfree=${deviceFree}${coherent}${slots}`]
  }

  #dump({ actor, region, start, end }: Located<Process>): string[] {
    const pages = this.#side.see(actor.process, start, end)
    if (this.#exact) return dumpLines(start - region.start, pages, (frame) => this.#name(frame))
    return pages.map((seen, i) => `${pageRange(start + i - region.start)} ${this.#describe(seen)}`.trimEnd())
  }

  #describe({ kind, bits, frame, refCount, mapCount }: Seen): string {
    if (frame === undefined) return `${kind} ${bits}`
    return `${kind} ${bits} ${this.#name(frame)} ref=${refCount} map=${mapCount}`
  }

  #name(frame: object | string): string {
    if (typeof frame === 'string' && /^[CD]/.test(frame)) return frame
    const number = this.#numbers.get(frame) ?? this.#numbers.size
    this.#numbers.set(frame, number)
    return `P${number}`
  }
}

function errno(error: Errno): string[] {
  return error === 'ok' ? [] : [error]
}

// SPDX-License-Identifier: GPL-2.0-only
//
// Writes down, while a drill runs, what each step has changed: commands, and in migrations each stage and entry.

import {
  type DeviceFault,
  eventNames,
  HmmuError,
  type MachineEvent,
  type Migration,
  type StageName,
  stageNames,
} from '../api'
import { kernelOf } from '../base/kernel'
import type { Command, InnerCommand } from '../drill/ast'
import type { DrillObserver, MigratedPages } from '../drill/observer'
import type { World } from '../drill/world'
import type { MigrationView } from './delta'
import { eventPart } from './event-part'
import { limits } from './limits'
import { look } from './look'
import { changesSince, MOST_ENTRIES, type Moment, NO_MOMENT, setupOf, wholeOf, wordsOf } from './steps'
import type { Setup, Step } from './types'

/** A command with more faults on device pages is one step: each step looks at the whole machine. */
const MOST_FAULTS = 16
/** How many frames the faults of a command may look at: in a large machine, fewer faults have steps. One always has. */
const MOST_LOOKS = 32_768

type AnyCommand = Command | InnerCommand
type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
type Described = ReturnType<typeof changesSince>
type Kind = Pick<Step, 'kind' | 'stage' | 'index' | 'blocked' | 'moved' | 'collected' | 'whys' | 'migration' | 'fault'>

/** A migration under way. */
interface Live {
  readonly id: number
  readonly migration: Migration
  readonly pages: MigratedPages
  readonly isFault: boolean
}

/** A part of a command that runs, and what the record was before it. */
interface Part {
  readonly command: AnyCommand
  readonly steps: number
  readonly last: Moment
  readonly migrations: number
  /** The events that its steps have. */
  readonly events: MachineEvent[]
  /** How many faults on device pages it has met. */
  faults: number
  /** With more of them, it is one step. */
  readonly mostFaults: number
}

export class Recorder implements DrillObserver {
  readonly steps: Writable<Step>[] = []
  readonly #from: number
  readonly #to: number
  /** How many steps there were, also those that are not kept. */
  #count = 0
  /** How many items the kept steps describe. */
  #items = 0
  setup: Setup | undefined
  #world: World | undefined
  /** As the last step has it. */
  #last = NO_MOMENT
  /** The commands that run, the innermost last. */
  readonly #running: Part[] = []
  /** Events of steps that were folded. */
  #folded: MachineEvent[] = []
  /** Interleaved commands that have begun. */
  readonly #begun = new Set<AnyCommand>()
  /** The innermost last: a command within a migration may fault on a device page. */
  readonly #live: Live[] = []
  /** How many migrations have begun. */
  #migrations = 0
  #firstOfCommand = 0

  /** Keeps the steps from one on, and those before another one. */
  constructor(from = 0, to = Number.POSITIVE_INFINITY) {
    this.#from = from
    this.#to = to
  }

  /** How many steps the drill has. */
  get count(): number {
    return this.#count
  }

  /** Whether the steps describe too much for a recording. Then none is kept. */
  get isTooLarge(): boolean {
    return this.#items > limits.items
  }

  start(world: World): void {
    const { machine } = world
    this.#world = world
    machine.recordEvents(eventNames)
    this.#meet(world)
    this.setup = setupOf(machine)
    for (const device of machine.devices) device.onFault((fault) => this.#fault(world, fault))
    this.#step({ kind: 'start' }, true)
  }

  /** Processes are watched, so that the ranges of notifiers are recorded. */
  #meet(world: World): void {
    for (const { process } of world.newActors.splice(0)) if (process.alive) process.watch()
  }

  part(command: AnyCommand, call: () => boolean): boolean {
    const isInner = this.#running.length > 0
    if (!isInner) this.#firstOfCommand = this.#count
    const kind = this.#begun.has(command) ? 'resume' : 'command'
    if (isInner) this.#begun.add(command)
    this.#running.push({
      command,
      steps: this.#count,
      last: this.#last,
      migrations: this.#migrations,
      events: [],
      faults: 0,
      mostFaults: this.#mostFaults(),
    })
    let ended = false
    try {
      ended = call()
      if (this.#world) this.#meet(this.#world)
      if (!isInner) this.#live.length = 0
      const isMigration = command.verb === 'migrate' || command.verb === 'evict'
      this.#step({ kind, ...(!ended && { blocked: true }) }, !isMigration)
    } finally {
      this.#running.pop()
    }
    return ended
  }

  advance(migration: Migration, pages: MigratedPages, stage: StageName): void {
    const known = this.#live.at(-1)
    const live = known?.migration === migration ? known : this.#begin(migration, pages, false)
    this.#advance(live, stage)
    if (stage === 'done') this.#end(live)
  }

  #begin(migration: Migration, pages: MigratedPages, isFault: boolean): Live {
    const live = { id: this.#migrations++, migration, pages, isFault }
    this.#live.push(live)
    return live
  }

  #advance({ id, migration, pages: { count }, isFault }: Live, limit: StageName): void {
    const last = stageNames.indexOf(limit)
    const own = { migration: id, ...(isFault && { fault: true as const }) }
    while (migration.stage !== 'done' && stageNames.indexOf(migration.stage) <= last) {
      const { stage } = migration
      const isCallback = stage === 'alloc_and_copy' || stage === 'finalize_and_map'
      if (isCallback || count > MOST_ENTRIES) {
        migration.runTo(stage)
        this.#step({ kind: 'stage', stage, ...own }, isCallback)
        if (stage === limit) return
        if (migration.stage === stage) migration.step()
      } else {
        const { position: index } = migration
        migration.step()
        this.#step({ kind: 'entry', stage, index, ...own })
      }
    }
  }

  /** The migration is done; its caller has still to finish it. */
  #end({ id, migration, pages, isFault }: Live): void {
    const entries = [...migration.entries]
    const moved = migration.callbacksRan ? entries.filter(({ migrate }) => migrate).length : 0
    const whys = pages.count <= MOST_ENTRIES ? { whys: entries.map(({ why }) => why) } : {}
    const { collected } = migration
    this.#live.pop()
    const fault = isFault && ({ fault: true } as const)
    this.#step({ kind: 'end', migration: id, ...fault, moved, collected, ...whys }, true)
  }

  /** As the built-in handler does it, in steps. */
  #fault(world: World, { task, address, pfn, device }: DeviceFault): boolean {
    const start = address - (address % 4096)
    const is612 = kernelOf(world.machine.profile) !== 'linux-4.14'
    const select = is612 ? { select: ['private'] as const, owner: device.owner, faultPage: pfn } : {}
    const depth = this.#live.length
    try {
      const migration = task.beginMigration({ start, pages: 1 }, { to: 'system', ...select })
      if (this.#hasSteps()) {
        const live = this.#begin(migration, placeOf(world, task.process, start), true)
        this.#advance(live, 'done')
        this.#end(live)
      }
      return migration.finish().entries[0]?.migrate === true
    } catch (error) {
      if (error instanceof HmmuError) return false
      throw error
    } finally {
      this.#live.length = depth
    }
  }

  /** Whether a fault of the command that runs has steps. One too many takes back the steps of those before it. */
  #hasSteps(): boolean {
    const part = this.#running.at(-1)
    if (!part) return true
    part.faults++
    if (part.faults === part.mostFaults + 1) {
      this.#count = part.steps
      this.steps.length = this.#indexOf(part.steps)
      this.#last = part.last
      this.#migrations = part.migrations
      this.#folded = part.events.splice(0)
    }
    return part.faults <= part.mostFaults
  }

  #mostFaults(): number {
    const frames = this.#last.view.frames.size
    return Math.max(1, Math.min(MOST_FAULTS, Math.floor(MOST_LOOKS / frames)))
  }

  /** Writes a step down if something has changed, or in any case. */
  #step(kind: Kind, anyhow = false): void {
    const world = this.#world
    if (!world) return
    const all = world.machine.takeEvents()
    // The drill prints events of processes that it watches itself.
    for (const event of all) if (world.watched.has(event.pid)) world.seen.push(event)
    if (this.isTooLarge) return
    const now = { view: look(world), migrations: new Map(this.#live.map((live) => [live.id, viewOf(live)])) }
    const parts = changesSince(this.#last, now)
    const events = [...this.#folded.splice(0), ...all.filter(({ type }) => type !== 'stage')]
    const { migrations = [], ...others } = parts
    const isAhead = migrations.every((each) => 'entries' in each && each.entries.length === 0)
    if (Object.keys(others).length === 0 && events.length === 0 && isAhead && !anyhow) return
    this.#last = now
    this.#running.at(-1)?.events.push(...events)
    const place = this.#count++
    if (place < this.#from || place >= this.#to) return
    const n = this.steps.length
    const described = n === 0 ? wholeOf(now) : parts
    this.#items += itemsOf(described)
    if (this.isTooLarge) {
      // The drill goes on without a record.
      this.steps.length = 0
      this.#last = NO_MOMENT
      return
    }
    this.steps.push({
      n,
      command: this.#running[0]?.command.position.line ?? 0,
      ...kind,
      ...this.#interleaved(),
      ...described,
      ...eventPart(events),
    })
  }

  /** Where a step is in the list of those that are kept. */
  #indexOf(place: number): number {
    return Math.min(Math.max(place - this.#from, 0), this.steps.length)
  }

  #interleaved(): Pick<Step, 'task' | 'taskLine'> {
    const inner = this.#running.length > 1 ? this.#running.at(-1)?.command : undefined
    return inner ? { task: inner.text, taskLine: inner.position.line } : {}
  }

  ended(_: Command, transcript: readonly string[], firstLine: number): void {
    const lines = transcript.slice(firstLine)
    const find = (start: string): number | undefined => {
      const found = lines.findIndex((line) => line.startsWith(start))
      return found < 0 ? undefined : firstLine + found
    }
    for (const step of this.steps.slice(this.#indexOf(this.#firstOfCommand)))
      step.line = lineOf(step, find) ?? firstLine
  }
}

/** The line of the transcript that belongs to a step; undefined: that of its command. */
function lineOf({ kind, stage, task }: Step, find: (start: string) => number | undefined): number | undefined {
  const either = (start: string) => find(`  ${start}@alloc ${task}`) ?? find(`  ${start}@final ${task}`)
  if (kind === 'resume') return either('done ')
  if (task !== undefined) return either('')
  if (kind === 'end' || stage === 'finalize') return find('  ret ')
  if (stage === 'alloc_and_copy') return find('  dst ') ?? find('  src ')
  return stage === 'pages' || stage === 'finalize_and_map' ? find('  final ') : undefined
}

/** The region that has an address. */
function placeOf(world: World, process: unknown, address: number): MigratedPages {
  for (const actor of world.actors.values()) {
    if (actor.process !== process) continue
    const [region] = actor.regions.touching(address, address + 1)
    const first = region ? (address - region.address) / 4096 : 0
    return { process: actor.name, region: region?.name ?? '', first, count: 1 }
  }
  return { process: '', region: '', first: 0, count: 1 }
}

function viewOf({ id, migration, pages, isFault }: Live): MigrationView {
  const { src, dst, stage, position, collected, remaining, entries } = migration
  const { process, region, first } = pages
  const list = wordsOf(
    src,
    dst,
    Array.from(entries, ({ why }) => why),
  )
  const fault = isFault && ({ fault: true } as const)
  return { id, ...fault, process, region, first, stage, position, collected, remaining, entries: list }
}

/** How many things a step describes. Of processes all is said anew when something has changed. */
function itemsOf({
  entries,
  frames,
  tables,
  processes,
  tasks,
  handles,
  tlb,
  lists,
  counters,
  migrations,
}: Described): number {
  const lengths = [entries, frames, migrations].map((list) => list?.length ?? 0)
  const named = [tables, tasks, handles, tlb, lists, counters].map((part) => (part ? Object.keys(part).length : 0))
  const all = Object.values(processes ?? {})
  const mappings = all.map((each) => 1 + (each ? each.vmas.length + each.regions.length : 0))
  return [...lengths, ...named, ...mappings].reduce((sum, count) => sum + count, 0)
}

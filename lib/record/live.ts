// SPDX-License-Identifier: GPL-2.0-only
//
// Records of machines that TypeScript drives: a step for each call that changes something.

import { Machine, PAGE_SIZE, type PageRef, PfnFlag, type Process, stageNames } from '../api'
import {
  type Core,
  coreOf,
  type EntryArrays,
  type NativeCall,
  type NativeOutcome,
  newMachines,
  type OpenMigration,
  pageCell,
  peekAt,
  STATE,
} from '../api/observe'
import { integer, invalid } from '../base/validate'
import { type CallNames, callText, outcomeText } from './call-text'
import { type MigrationView, migrationChanges } from './delta'
import { look, type NamedProcess, type NamedRegion, type Scene } from './look'
import { changesSince, MOST_ENTRIES, type Moment, setupOf, wholeOf, whysOf, wordsOf } from './steps'
import { terms } from './terms'
import type { RecordDocument, Recording, Setup, Step } from './types'

/** Of longer mappings the first pages are recorded. */
const MOST_PAGES = 2 ** 16
const DEFAULT_STEPS = 64

/** Calls of a migration in steps, and those of them that end it. */
const OF_OPEN: ReadonlySet<string> = new Set([
  'migrateStep',
  'migrateRun',
  'migratePages',
  'migrateFinalize',
  'migrateEnd',
  'migrateAbandon',
])
const ENDS: ReadonlySet<string> = new Set(['migrateFinalize', 'migrateEnd', 'migrateAbandon'])

/** A step without what comes from its place. */
type StepOfCall = Omit<Step, 'n' | 'command' | 'line'>

/** A step, and what its call looks like. */
interface Kept {
  readonly text: string
  readonly outcome: readonly string[]
  readonly step: StepOfCall
}

/** Steps, and the machine before them. */
interface Chunk {
  readonly before: Moment
  readonly steps: Kept[]
}

type Progress = Pick<MigrationView, 'stage' | 'position' | 'collected' | 'remaining'>

/** Looks at a machine, and names what is in it. */
class Eye {
  readonly names: MachineNames
  readonly #core: Core
  readonly #ids = new Map<object, number>()

  constructor(readonly machine: Machine) {
    this.#core = machine[coreOf]()
    this.names = new MachineNames(machine, this.#core, (migration) => this.#idOf(migration))
  }

  look(): Moment {
    const open = [...this.#core.migrations.values()]
    return {
      view: look(this.names.scene()),
      migrations: new Map(open.map((each) => [this.#idOf(each), this.openView(each)])),
    }
  }

  openView(open: OpenMigration): MigrationView {
    const [position, collected, remaining] = [open.field('position'), open.field('collected'), open.field('remaining')]
    return this.migrationView(open, open.request.arrays, { stage: open.stage, position, collected, remaining })
  }

  migrationView(migration: object, arrays: EntryArrays, progress: Progress): MigrationView {
    const { src, dst, why } = peekAt(arrays)
    const place = this.names.placeOf(arrays)
    return { id: this.#idOf(migration), ...place, ...progress, entries: wordsOf(src, dst, whysOf(why)) }
  }

  /** The number of a migration: they are counted as they are met. */
  #idOf(migration: object): number {
    const id = this.#ids.get(migration) ?? this.#ids.size
    this.#ids.set(migration, id)
    return id
  }
}

/**
 * Records a machine: {@link recordMachine} makes it. It keeps the last steps: as many as were asked for at least, at most twice as
 * many. Each call that may change the machine takes time in proportion to what is in use.
 */
export class MachineRecorder {
  readonly #eye: Eye
  readonly #core: Core
  readonly #most: number
  readonly #setup: Setup
  #older: Chunk | undefined
  #chunk: Chunk
  #last: Moment
  #text = ''
  /** The last call, until its changes are looked at. */
  #pending: { readonly call: NativeCall; readonly outcome: NativeOutcome; readonly kind: StepOfCall } | undefined
  /** The migration in steps that a call is about, and how far it was before. */
  #at: { readonly open: OpenMigration; readonly view: MigrationView; readonly callbacksRan: boolean } | undefined

  /** @internal */
  static make(machine: Machine, steps: number): MachineRecorder {
    return new MachineRecorder(machine, steps)
  }

  private constructor(machine: Machine, steps: number) {
    this.#eye = new Eye(machine)
    this.#core = machine[coreOf]()
    this.#most = steps
    this.#setup = setupOf(machine)
    this.#last = this.#eye.look()
    this.#chunk = { before: this.#last, steps: [] }
    this.#core.observe({
      settle: () => this.#settle(),
      before: (call) => this.#before(call),
      after: (call, outcome) => this.#after(call, outcome),
    })
  }

  /**
   * The last steps. The first one is the whole machine before them.
   * @throws HmmuError HMMU_INVALID_ARGUMENT: the name is no string
   */
  recording(name = 'machine'): Recording {
    if (typeof name !== 'string') throw invalid('name', 'a string', name)
    this.#settle()
    const first = this.#older ?? this.#chunk
    const { profile } = this.#eye.machine
    const head = { name, profile, machine: this.#setup }
    return recordingOf(head, first.before, [...(this.#older?.steps ?? []), ...this.#chunk.steps])
  }

  /**
   * {@link MachineRecorder.recording} as a document, such as `hmmu view` shows.
   * @throws HmmuError HMMU_INVALID_ARGUMENT: the name is no string
   */
  document(name?: string): RecordDocument {
    return documentOf(this.recording(name))
  }

  /** Records no more calls. What was recorded stays. */
  stop(): void {
    if (recorders.get(this.#eye.machine) !== this) return
    this.#settle()
    recorders.delete(this.#eye.machine)
    this.#core.observe(undefined)
  }

  #before(call: NativeCall): void {
    this.#text = callText(call, this.#eye.names)
    const open = OF_OPEN.has(call.name) ? this.#core.migrations.get(Number(call.args[0])) : undefined
    this.#at = open && { open, view: this.#eye.openView(open), callbacksRan: open.field('callbacksRan') === 1 }
  }

  #after(call: NativeCall, outcome: NativeOutcome): void {
    const isDone = outcome.failure === undefined
    const kind = (call.name === 'migrate' && isDone && this.#oneCall(call)) || this.#kindOf(call, isDone)
    const blocked = outcome.failure === 'HMMU_BLOCKED' && ({ blocked: true } as const)
    this.#pending = { call, outcome, kind: { ...kind, ...blocked } }
  }

  /** Writes the last call down. */
  #settle(): void {
    if (!this.#pending) return
    const { call, outcome, kind } = this.#pending
    this.#pending = undefined
    const before = this.#last
    this.#last = this.#eye.look()
    const { migrations = [], ...parts } = changesSince(before, this.#last)
    const all = [...migrations, ...(kind.migrations ?? [])]
    const isQuiet = Object.keys(parts).length + all.length === 0 && kind.kind === 'command'
    if (isQuiet && outcome.failure === undefined) return
    const step = { ...kind, ...parts, ...(all.length > 0 && { migrations: all }) }
    this.#keep(before, { text: this.#text, outcome: outcomeText(call, outcome, this.#eye.names), step })
  }

  /** Of a migration in steps: the stage or entry that the call has done. */
  #kindOf({ name, args }: NativeCall, isDone: boolean): StepOfCall {
    if (!this.#at) return { kind: 'command' }
    const { view, callbacksRan, open } = this.#at
    const migration = view.id
    if (isDone && ENDS.has(name))
      return { kind: 'end', migration, ...resultOf(open.request.arrays, callbacksRan, view.collected) }
    if (name === 'migrateStep') return { kind: 'entry', stage: view.stage, index: view.position, migration }
    const limit = name === 'migrateRun' ? stageNames[Number(args[2])] : view.stage
    return { kind: 'stage', stage: limit === 'done' ? 'finalize' : (limit ?? view.stage), migration }
  }

  /** A migration in one call: its entries as it has left them. */
  #oneCall({ args }: NativeCall): StepOfCall | undefined {
    const { request } = this.#core
    const state = args.at(-1)
    if (!request || !(state instanceof Float64Array)) return undefined
    const { arrays } = request
    const collected = state[STATE.collected] ?? 0
    const view = this.#eye.migrationView(request, arrays, { stage: 'done', position: 0, collected, remaining: 0 })
    const { id } = view
    const migrations = [...migrationChanges(new Map(), new Map([[id, view]])), { id, gone: true } as const]
    const result = resultOf(arrays, state[STATE.callbacksRan] === 1, collected)
    return { kind: 'end', migration: id, ...result, migrations }
  }

  #keep(before: Moment, kept: Kept): void {
    if (this.#chunk.steps.length >= this.#most) {
      this.#older = this.#chunk
      this.#chunk = { before, steps: [] }
    }
    this.#chunk.steps.push(kept)
  }
}

/** What a migration has come to. */
function resultOf(arrays: EntryArrays, callbacksRan: boolean, collected: number): Partial<StepOfCall> {
  const { src, why } = peekAt(arrays)
  const moved = callbacksRan ? src.filter((word) => word & BigInt(PfnFlag.MIGRATE)).length : 0
  return { moved, collected, ...(src.length <= MOST_ENTRIES && { whys: whysOf(why) }) }
}

const documentOf = (recording: Recording): RecordDocument => ({
  format: 'hmmu-record',
  version: 1,
  terms,
  recordings: [recording],
})

type Head = Pick<Recording, 'name' | 'profile' | 'machine'>

function recordingOf(head: Head, before: Moment, kept: readonly Kept[]): Recording {
  const transcript: string[] = []
  const start: Step = { n: 0, command: 0, kind: 'start', ...wholeOf(before) }
  const steps = kept.map(({ text, outcome, step }, i): Step => {
    const line = transcript.length
    transcript.push(text, ...outcome.map((each) => `  ${each}`))
    return { n: i + 1, command: i + 1, line, ...step }
  })
  return { ...head, script: '', transcript, steps: [start, ...steps] }
}

/** Names for what has none in TypeScript: processes p1, p2 …, by their numbers; their mappings m1, m2 …, as they come to be. */
class MachineNames implements CallNames {
  readonly #machine: Machine
  readonly #core: Core
  readonly #idOf: (migration: object) => number
  readonly #regions = new WeakMap<Process, Map<number, string>>()
  #scene: Scene

  constructor(machine: Machine, core: Core, idOf: (migration: object) => number) {
    this.#machine = machine
    this.#core = core
    this.#idOf = idOf
    this.#scene = this.scene()
  }

  scene(): Scene {
    const actors = new Map(
      this.#machine.processes.map((process): [string, NamedProcess] => {
        const name = this.process(process.pid)
        const regions = this.#regionsOf(process)
        return [name, { name, process, regions: { all: () => regions } }]
      }),
    )
    this.#scene = { machine: this.#machine, actors, handles: handlesOf(this.#core) }
    return this.#scene
  }

  #regionsOf(process: Process): NamedRegion[] {
    const names = this.#regions.get(process) ?? new Map<number, string>()
    this.#regions.set(process, names)
    return process.mappings().map(({ start: address, pages }) => {
      const name = names.get(address) ?? `m${names.size + 1}`
      names.set(address, name)
      return { name, address, pages: Math.min(pages, MOST_PAGES) }
    })
  }

  process(pid: number): string {
    return `p${pid}`
  }

  task(tid: number): string {
    const process = this.#core.tasks.get(tid)?.process
    return process ? `${this.process(process.pid)}.${tid}` : `.${tid}`
  }

  frame(pfn: number): string {
    const { prefix, number } = pageCell(pfn, this.#core)
    return `${prefix}${number}`
  }

  migration(number: number): string {
    const open = this.#core.migrations.get(number)
    return open ? `${this.#idOf(open)}` : ''
  }

  page(process: string, address: number): string | undefined {
    const place = this.#place(process, address)
    return place && `${place.region}[${place.first}]${address % PAGE_SIZE ? `+${address % PAGE_SIZE}` : ''}`
  }

  /** Where the first entry of a migration is. */
  placeOf({ tid, start }: EntryArrays): Pick<MigrationView, 'process' | 'region' | 'first'> {
    const owner = tid === undefined ? undefined : this.#core.tasks.get(tid)?.process
    if (!owner) return { process: '', region: '', first: pageCell(start / PAGE_SIZE, this.#core).number }
    const process = this.process(owner.pid)
    return { process, ...(this.#place(process, start) ?? { region: '', first: 0 }) }
  }

  #place(process: string, address: number): { region: string; first: number } | undefined {
    const regions = this.#scene.actors.get(process)?.regions.all() ?? []
    const region = regions.find(({ address: start, pages }) => start <= address && address < start + pages * PAGE_SIZE)
    return region && { region: region.name, first: Math.floor((address - region.address) / PAGE_SIZE) }
  }
}

/** Page references by the line of the test that took them, or by what they are. */
function handlesOf({ pageRefs }: Core): Map<string, PageRef[]> {
  const handles = new Map<string, PageRef[]>()
  for (const ref of [...pageRefs.values()].flatMap((refs) => [...refs])) {
    const name = ref.since ?? ref.kind
    const list = handles.get(name)
    if (list) list.push(ref)
    else handles.set(name, [ref])
  }
  return handles
}

const recorders = new WeakMap<Machine, MachineRecorder>()

/** An object with a machine's prototype alone has no emulator. */
function requireMachine(machine: unknown): void {
  if (!Machine.isMachine(machine)) throw invalid('machine', 'a Machine', machine)
}

/**
 * Records a machine from now on: a step for each call that changes something.
 * @param steps so many of the last steps are kept at least, at most twice as many
 * @returns the recorder that the machine has already, if there is one
 * @throws HmmuError HMMU_INVALID_ARGUMENT: it is no machine; HMMU_DISPOSED: the machine is gone
 *
 * @example
 * ```ts
 * const recorder = recordMachine(machine)
 * buf.write(0, Uint8Array.of(1))
 * task.migrate(buf, { to: 'device' })
 * writeFileSync('machine.json', JSON.stringify(recorder.document()))
 * // hmmu view machine.json
 * ```
 */
export function recordMachine(machine: Machine, steps = DEFAULT_STEPS): MachineRecorder {
  requireMachine(machine)
  integer('steps', steps, 1, 2 ** 20)
  const known = recorders.get(machine)
  if (known) return known
  const recorder = MachineRecorder.make(machine, steps)
  recorders.set(machine, recorder)
  return recorder
}

/** Records all machines that are made from now on, as {@link recordMachine}; 0: those that are made later no more. */
export function recordMachines(steps = DEFAULT_STEPS): void {
  integer('steps', steps, 0, 2 ** 20)
  newMachines.met = steps === 0 ? undefined : (machine) => void recordMachine(machine, steps)
}

/** The recorder of a machine; undefined: nobody records it. */
export const recorderOf = (machine: Machine): MachineRecorder | undefined => recorders.get(machine)

/**
 * A machine as it is now: a document of one step, which says all of it.
 * @throws HmmuError HMMU_DISPOSED: the machine is gone
 */
export function viewMachine(machine: Machine): RecordDocument {
  requireMachine(machine)
  const head = { name: 'machine', profile: machine.profile, machine: setupOf(machine) }
  return documentOf(recordingOf(head, new Eye(machine).look(), []))
}

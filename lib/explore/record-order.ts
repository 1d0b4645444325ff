// SPDX-License-Identifier: GPL-2.0-only
//
// The record of an order: the commands before the tasks as the record of their drill has them, then each step of the order with
// those who could have made it, and what was found.

import { eventNames } from '../api'
import type { Order, OrderMigration } from '../api/order'
import { DrillError } from '../drill/errors'
import type { DrillSource } from '../drill/parse'
import { Regions } from '../drill/regions'
import type { World } from '../drill/world'
import { type Recording, recordDrill, type Step } from '../record'
import type { MigrationView } from '../record/delta'
import { eventPart } from '../record/event-part'
import { look, type NamedProcess, type Scene } from '../record/look'
import { changesSince, type Moment, wholeOf, wordsOf } from '../record/steps'
import { type ExploreOptions, RAM_PAGES } from './explore'
import type { Onlooker, PlayedStep } from './play'
import { playBefore } from './play-drill'
import type { DrillAction } from './program'
import type { Program } from './program-words'

/** Longer orders are not recorded: each step looks at the whole machine. */
const MOST_STEPS = 4096

/**
 * Record the order of a finding or outcome.
 * @throws DrillError as replayDrill(); HMMU_DRILL_LARGE: the order is too long
 */
export function recordOrder(source: DrillSource, id: string, options: ExploreOptions = {}): Recording {
  const recorder = new OrderRecorder(source)
  const { drill, profile, quirks } = playBefore(source, id, options, recorder)
  const line = (drill.tasks[0]?.position.line ?? source.firstLine) - source.firstLine
  const text = source.text.split('\n').slice(0, line).join('\n')
  const { recording, failure } = recordDrill(
    { ...source, text },
    { profile, quirks: options.quirks, ramPages: RAM_PAGES, strict: true },
  )
  if (recording === undefined) throw failure ?? new DrillError('HMMU_DRILL_RUN', source.file, 'there is no recording')
  const { steps, transcript } = recorder.after(recording, drill.tasks[0]?.position.line ?? 0)
  return { ...recording, script: source.text, machine: { ...recording.machine, quirks }, steps, transcript }
}

type OrderStep = Omit<Step, 'n' | 'line'> & { readonly text: string }

/** Looks at the machine at each step of an order. */
class OrderRecorder implements Onlooker {
  readonly #source: DrillSource
  readonly #steps: OrderStep[] = []
  #eye: OrderEye | undefined
  #first: Moment | undefined
  #last: Moment | undefined
  /** Actions that have begun. */
  readonly #begun = new Set<number>()

  constructor(source: DrillSource) {
    this.#source = source
  }

  begins(order: Order, program: Program<DrillAction>, world: World): void {
    world.machine.recordEvents(eventNames)
    this.#eye = new OrderEye(order, program, world)
    this.#first = this.#eye.look()
    this.#last = this.#first
  }

  stepped(played: PlayedStep): void {
    const [eye, before] = [this.#eye, this.#last]
    if (eye === undefined || before === undefined) return
    if (this.#steps.length === MOST_STEPS)
      throw new DrillError(
        'HMMU_DRILL_LARGE',
        this.#source.file,
        `orders of more than ${MOST_STEPS} steps are not recorded`,
      )
    const { step, task, text, could, found } = played
    const own = before.migrations.get(eye.idOf(step.task, step.event === 'handler') ?? -1)
    const events = eye.events()
    this.#last = eye.look()
    const wasBegun = this.#begun.has(step.action)
    this.#begun.add(step.action)
    this.#steps.push({
      text: `${task}: ${text}`,
      command: eye.lineOf(step.action),
      ...kindOf(played, wasBegun, own, this.#last.migrations),
      order: {
        task,
        text,
        could,
        ...(found.length > 0 && { found: found.map(({ judge, sentence }) => ({ judge, sentence })) }),
      },
      ...changesSince(before, this.#last),
      ...eventPart(events),
    })
  }

  /** The steps behind those of another recording, and the lines of both. */
  after({ steps, transcript }: Recording, line: number): Pick<Recording, 'steps' | 'transcript'> {
    const lines = [...transcript]
    const all = [...steps]
    const add = (step: Omit<Step, 'n' | 'line'>, text: string) => {
      if (lines.at(-1) !== text) lines.push(text)
      all.push({ n: all.length, ...step, line: lines.length - 1 })
    }
    if (this.#first) add({ command: line, kind: 'start', ...wholeOf(this.#first) }, 'the tasks begin')
    for (const { text, ...step } of this.#steps) add(step, text)
    return { steps: all, transcript: lines }
  }
}

/** Looks at a machine in the middle of an order. */
class OrderEye {
  readonly #order: Order
  readonly #program: Program<DrillAction>
  readonly #world: World
  /** Names by pid. */
  readonly #names: Map<number, string>
  /** Numbers of the migrations under way, by task and whether a fault handler's. */
  #ids = new Map<string, number>()
  #nextId = 0

  constructor(order: Order, program: Program<DrillAction>, world: World) {
    this.#order = order
    this.#program = program
    this.#world = world
    this.#names = new Map([...world.actors].map(([name, { process }]) => [process.pid, name]))
  }

  look(): Moment {
    return { view: look(this.#scene()), migrations: this.#migrations() }
  }

  events() {
    return this.#world.machine.takeEvents().filter(({ type }) => type !== 'stage')
  }

  /** The number of a migration under way. */
  idOf(task: number, isHandler: boolean): number | undefined {
    return this.#ids.get(`${task}/${isHandler}`)
  }

  /** The line of an action's command. */
  lineOf(action: number): number {
    return this.#program.actions[action]?.command.position.line ?? 0
  }

  #scene(): Scene {
    const { machine } = this.#world
    const actors = new Map(
      this.#order.processes().map((process): [string, NamedProcess] => {
        const name = this.#nameOf(process.pid)
        return [name, { name, process, regions: this.#regionsOf(name) }]
      }),
    )
    return { machine, actors, handles: new Map() }
  }

  /** Processes that tasks fork get their names in the order in which they come to be. */
  #nameOf(pid: number): string {
    const known = this.#names.get(pid)
    if (known !== undefined) return known
    const taken = new Set(this.#names.values())
    const name = this.#program.processes.find((each) => !taken.has(each)) ?? `P${pid}`
    this.#names.set(pid, name)
    return name
  }

  #regionsOf(process: string): Regions {
    const own = this.#world.actors.get(process)?.regions
    if (own) return own
    const fork = this.#program.actions.find(
      ({ kind, words }) => kind === 'fork' && this.#program.processes[words.value] === process,
    )
    const parent = this.#program.tasks.find(({ actions }) => fork !== undefined && actions.includes(fork))?.process
    return parent === undefined ? new Regions() : this.#regionsOf(this.#program.processes[parent] ?? '')
  }

  #migrations(): ReadonlyMap<number, MigrationView> {
    const ids = new Map<string, number>()
    const views = this.#order.migrations.map((migration): [number, MigrationView] => {
      const key = `${migration.task}/${migration.isHandler}`
      const id = this.#ids.get(key) ?? this.#nextId++
      ids.set(key, id)
      return [id, this.#viewOf(id, migration)]
    })
    this.#ids = ids
    return new Map(views)
  }

  #viewOf(id: number, { task, isHandler, start, src, dst, whys, ...state }: OrderMigration): MigrationView {
    const process = this.#program.processes[this.#program.tasks[task]?.process ?? 0] ?? ''
    const [region] = this.#regionsOf(process).touching(start, start + 1)
    const { stage, position, collected, remaining } = state
    return {
      id,
      ...(isHandler && ({ fault: true } as const)),
      process,
      region: region?.name ?? '',
      first: region ? (start - region.address) / 4096 : 0,
      stage,
      position,
      collected,
      remaining,
      entries: wordsOf(src, dst, whys),
    }
  }
}

type Kind = Pick<Step, 'kind' | 'stage' | 'index' | 'migration' | 'fault' | 'moved' | 'collected' | 'whys' | 'blocked'>

/** @param own the migration of the step, as it was before it */
function kindOf(
  { step }: PlayedStep,
  wasBegun: boolean,
  own: MigrationView | undefined,
  now: ReadonlyMap<number, MigrationView>,
): Kind {
  const isHandler = step.event === 'handler'
  const fault = isHandler && ({ fault: true } as const)
  if (own === undefined || (step.event !== 'step' && !isHandler && step.event !== 'ends'))
    return {
      kind: wasBegun ? 'resume' : 'command',
      ...((step.event === 'waits' || step.event === 'stops') && { blocked: true }),
    }
  const { id: migration, collected, entries } = own
  if (now.has(migration)) return { kind: 'entry', stage: step.stage, index: step.position, migration, ...fault }
  const moved = entries.filter(({ src, dst }) => src.includes('M') && dst.includes('V')).length
  return { kind: 'end', migration, ...fault, moved, collected, whys: entries.map(({ why }) => why) }
}

// SPDX-License-Identifier: GPL-2.0-only
//
// The program of a drill.

import { type ActionKind, adviceValues, type Machine, selectValues, targetValues } from '../api'
import { pinFlags } from '../api/scenes'
import { kernelOf } from '../base/kernel'
import type { Command, Drill, DrillTask, ForkCommand, MigrateCommand, PageRange, TruncateCommand } from '../drill/ast'
import { DrillError } from '../drill/errors'
import { PAGE_BYTES, type Region } from '../drill/layout'
import type { World } from '../drill/world'
import {
  type ActionWords,
  DEVICE_SHIFT,
  MOST_ACTIONS,
  MOST_ENTRIES,
  makeAction,
  makeProgram,
  NO_DEVICE,
  PROT,
  type Program,
  type ProgramAction,
  type ProgramPage,
  type ProgramTask,
} from './program-words'

/** The most pages that a command may take one by one. */
const MOST_PAGES = 512
/** The most references that tasks take: HMMU_PROGRAM_HANDLES. */
const MOST_HANDLES = 64
/** HMMU_PROGRAM_TASKS, HMMU_PROGRAM_PROCESSES, and the judged pages of a program. */
const MOST_TASKS = 16
const MOST_PROCESSES = 16
const MOST_WATCHED = 4096

/** An action of a drill: a command, or what it does to one page. */
export interface DrillAction extends ProgramAction {
  readonly command: Command
}

/** The program of a drill on the machine on which its other commands have run. @throws DrillError HMMU_DRILL_RUN */
export function programOf(drill: Drill, world: World): Program<DrillAction> {
  return new Compiler(drill, world).program()
}

class Compiler {
  readonly #drill: Drill
  readonly #world: World
  readonly #machine: Machine
  readonly #processes: string[]
  /** Handles by their names. */
  readonly #handles = new Map<string, number[]>()
  /** The process whose regions a process knows. */
  readonly #parents = new Map<string, string>()
  #nextHandle = 0
  #actionCount = 0

  constructor(drill: Drill, world: World) {
    this.#drill = drill
    this.#world = world
    this.#machine = world.machine
    for (const { commands } of drill.tasks)
      for (const command of commands) if (command.verb === 'fork') this.#forks(command)
    this.#processes = [...world.actors.keys(), ...this.#parents.keys()]
    const tooMany = drill.tasks[MOST_TASKS]
    if (tooMany !== undefined) throw fail(tooMany, `tasks can be ${MOST_TASKS} at most`)
    if (this.#processes.length > MOST_PROCESSES)
      throw new DrillError('HMMU_DRILL_RUN', drill.file, `a drill with tasks has at most ${MOST_PROCESSES} processes`)
  }

  #forks(command: ForkCommand): void {
    const { process, child } = command
    if (this.#world.actors.has(child)) throw fail(command, `there is a process ${child} already`)
    if (this.#parents.has(child)) throw fail(command, `another command forks ${child}; the child needs another name`)
    this.#parents.set(child, process)
  }

  program(): Program<DrillAction> {
    const tasks = this.#drill.tasks.map((task) => this.#task(task))
    const pids = this.#processes.map((name) => this.#world.actors.get(name)?.process.pid ?? 0)
    return makeProgram({ processes: this.#processes, pids, tasks, pages: this.#pages() })
  }

  #task(task: DrillTask): ProgramTask<DrillAction> {
    const process = this.#processes.indexOf(task.process)
    if (process < 0) throw fail(task, `there is no process ${task.process}, and no task forks it`)
    const actions = task.commands.flatMap((command) => this.#counted(command))
    return { name: task.name, process, cpu: task.cpu, actions }
  }

  #counted(command: Command): DrillAction[] {
    const actions = this.#actions(command)
    this.#actionCount += actions.length
    if (this.#actionCount > MOST_ACTIONS)
      throw fail(command, `tasks can have ${MOST_ACTIONS} actions at most (a load or store has one for each page)`)
    return actions
  }

  #actions(command: Command): DrillAction[] {
    switch (command.verb) {
      case 'read':
      case 'write':
      case 'reclaim':
      case 'pin':
      case 'hold':
      case 'isolate':
        return this.#byPage(command)
      case 'unmap':
      case 'lock':
      case 'unlock':
        return [this.#ranged(command, command.verb, 0)]
      case 'protect':
        return [this.#ranged(command, 'protect', PROT[command.prot])]
      case 'advise':
        return [this.#ranged(command, 'advise', adviceValues[command.advice])]
      case 'truncate':
        return [this.#truncate(command)]
      case 'migrate':
        return [this.#migrate(command)]
      case 'clear':
      case 'oom-reap':
        return [action(command, command.verb, {})]
      case 'fork':
        return [action(command, 'fork', { value: this.#processes.indexOf(command.child) })]
      case 'exit':
        return [action(command, 'exit', { value: this.#process(command) })]
      case 'drop':
        return this.#handle(command.handle).map((handle) => action(command, 'drop', { handle }))
      default:
        throw fail(command, `${command.verb} can't be explored yet`)
    }
  }

  #process(command: Command & { process: string }): number {
    const number = this.#processes.indexOf(command.process)
    if (number < 0) throw fail(command, `there is no process ${command.process}, and no task forks it`)
    return number
  }

  #byPage(command: Extract<Command, { verb: 'read' | 'write' | 'reclaim' | 'pin' | 'hold' | 'isolate' }>) {
    const { region, first, count } = this.#place(command)
    if (count > MOST_PAGES) throw fail(command, `${count} pages are too many (at most ${MOST_PAGES})`)
    const takes = command.verb === 'pin' || command.verb === 'hold' || command.verb === 'isolate'
    if (takes && this.#nextHandle + count > MOST_HANDLES)
      throw fail(command, `tasks can take at most ${MOST_HANDLES} pages (by pin, hold, isolate)`)
    if (takes) this.#handles.set(command.handle, [])
    return Array.from({ length: count }, (_, i) => {
      const page = first + i
      const handle = takes ? this.#nextHandle++ : 0
      if (takes) this.#handle(command.handle).push(handle)
      const at = region.address + page * PAGE_BYTES
      const words = { at, pages: 1, value: valueFor(command), handle }
      return action(command, command.verb, words, count === 1 ? command.text : pageText(command, page))
    })
  }

  #handle(name: string): number[] {
    return this.#handles.get(name) ?? []
  }

  #ranged(command: Extract<Command, { place: unknown }>, kind: ActionKind, value: number): DrillAction {
    const { region, first, count } = this.#place(command)
    return action(command, kind, { at: region.address + first * PAGE_BYTES, pages: count, value })
  }

  /** The region maps its file from the beginning on, unless it was moved there in parts. */
  #truncate(command: TruncateCommand): DrillAction {
    const region = this.#regionOf(command, command.region)
    return action(command, 'truncate', { at: region.address, pages: region.pages, value: command.pages })
  }

  #migrate(command: MigrateCommand): DrillAction {
    const { region, first, count } = this.#place(command)
    if (count > MOST_ENTRIES)
      throw fail(command, `a migration of ${count} pages can't be explored (at most ${MOST_ENTRIES})`)
    if (command.owner === 'other') throw fail(command, "owner=other can't be explored yet")
    const to = command.to === 'sys' ? 'system' : 'device'
    const has612 = kernelOf(this.#machine.profile) !== 'linux-4.14'
    const kinds = command.select ?? (to === 'device' ? ['system' as const] : ['private' as const])
    const select = has612 ? kinds.reduce((bits, kind) => bits | selectValues[kind], 0) : 0
    const at = region.address + first * PAGE_BYTES
    const words = { at, pages: count, value: targetValues[to] | (this.#device(command) << DEVICE_SHIFT), select }
    const masks = [mask(command.skip, first, count), mask(command.error, first, count)] as const
    return { ...action(command, 'migrate', words), masks }
  }

  /** The number of the device to which pages go. One that is not there has no page. */
  #device({ to }: MigrateCommand): number {
    const device = this.#machine.devices.find(({ kind }) => kind === 'coherent')
    return to === 'coh' ? (device?.number ?? NO_DEVICE) : 0
  }

  /** The pages of a place, in the names of the process or of the one that forks it. */
  #place(command: Extract<Command, { place: unknown }>): { region: Region; first: number; count: number } {
    const region = this.#regionOf(command, command.place.region)
    const first = command.place.first ?? 0
    const last = command.place.last ?? region.pages - 1
    return { region, first, count: last - first + 1 }
  }

  #regionOf(command: Command & { process: string }, name: string): Region {
    const region = this.#region(command.process, name, new Set())
    if (region === undefined) throw fail(command, `there is no region ${name} before the tasks begin`)
    return region
  }

  /** @param children who was asked before: of processes that fork each other none ever lives */
  #region(process: string | undefined, name: string, children: Set<string>): Region | undefined {
    if (process === undefined || children.has(process)) return undefined
    const actor = this.#world.actors.get(process)
    return actor ? actor.regions.get(name) : this.#region(this.#parents.get(process), name, children.add(process))
  }

  /** The pages of all regions, a few of each large one: those that the tasks name. */
  #pages(): ProgramPage[] {
    const pages = new Map<number, ProgramPage>()
    for (const { process, regions } of this.#world.actors.values()) {
      const shared = new Set(
        process.mappings().flatMap(({ kind, start }) => (kind === 'shmem' || kind === 'sharedfile' ? [start] : [])),
      )
      for (const region of regions.all()) {
        const isShared = shared.has(region.address)
        for (let page = 0; page < Math.min(region.pages, MOST_ENTRIES); page++) {
          const address = region.address + page * PAGE_BYTES
          pages.set(address, { region: region.name, page, address, shared: isShared })
        }
      }
    }
    if (pages.size > MOST_WATCHED)
      throw new DrillError(
        'HMMU_DRILL_RUN',
        this.#drill.file,
        `${pages.size} pages are too many to be judged (at most ${MOST_WATCHED}; ${MOST_ENTRIES} of each region count)`,
      )
    return [...pages.values()].sort((a, b) => a.address - b.address)
  }
}

function action(command: Command, kind: ActionKind, words: ActionWords, text = command.text): DrillAction {
  return { ...makeAction(kind, text, words), command }
}

function valueFor(command: Command): number {
  if (command.verb === 'write') return command.value
  if (command.verb !== 'pin') return 0
  return pinFlags({ write: command.write, dma: command.dma, longterm: command.longterm })
}

/** The command for one page of its place, which is its third word. */
function pageText(command: Extract<Command, { place: unknown }>, page: number): string {
  const [process, verb, , ...rest] = command.text.split(' ')
  return [process, verb, `${command.place.region}[${page}]`, ...rest].join(' ')
}

function mask(ranges: readonly PageRange[], first: number, count: number): bigint {
  let bits = 0n
  for (const range of ranges)
    for (let page = Math.max(range.first, first); page <= Math.min(range.last, first + count - 1); page++)
      bits |= 1n << BigInt(page - first)
  return bits
}

function fail(where: Command | DrillTask, reason: string): DrillError {
  return new DrillError('HMMU_DRILL_RUN', where.position, reason)
}

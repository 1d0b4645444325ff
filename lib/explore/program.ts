// SPDX-License-Identifier: GPL-2.0-only
//
// The program of a drill: its tasks as numbers, for the search in C.

import {
  type ActionKind,
  actionValues,
  adviceValues,
  type Machine,
  PinBit,
  ProtBit,
  selectValues,
  targetValues,
} from '../api'
import { kernelOf } from '../base/kernel'
import type { Command, Drill, DrillTask, MigrateCommand, PageRange } from '../drill/ast'
import { DrillError } from '../drill/errors'
import { PAGE_BYTES, type Region } from '../drill/layout'
import type { World } from '../drill/world'

const PROT = { r: ProtBit.READ, rw: ProtBit.READ | ProtBit.WRITE, none: 0 } as const
/** The most entries of a migration that is explored. */
const MOST_ENTRIES = 64
/** The most pages that are watched, and that a command may take one by one. */
const MOST_PAGES = 512

/** A page of the program. */
export interface ProgramPage {
  readonly region: string
  readonly page: number
  readonly address: number
  readonly shared: boolean
}

/** One action of a task: a command, or what it does to one page. */
export interface ProgramAction {
  readonly command: Command
  /** As a step of the drill: `A write buf[1] 2`. */
  readonly text: string
  readonly kind: ActionKind
  readonly words: readonly number[]
  /** skip and error of a migration, as bits. */
  readonly masks: readonly [skip: bigint, error: bigint]
}

/** A task's part of the program. */
export interface ProgramTask {
  readonly name: string
  readonly process: number
  readonly cpu: number
  readonly actions: readonly ProgramAction[]
}

/** A drill's tasks, in the numbers of a machine on which its other commands have run. */
export interface Program {
  /** Names of processes; those that a task forks are behind the others. */
  readonly processes: readonly string[]
  readonly tasks: readonly ProgramTask[]
  /** Of all tasks. */
  readonly actions: readonly ProgramAction[]
  readonly pages: readonly ProgramPage[]
  readonly words: BigUint64Array
}

/** The program of a drill on the machine on which its other commands have run. @throws DrillError HMMU_DRILL_RUN */
export function programOf(drill: Drill, world: World): Program {
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

  constructor(drill: Drill, world: World) {
    this.#drill = drill
    this.#world = world
    this.#machine = world.machine
    const forks = drill.tasks.flatMap((task) => task.commands.filter((command) => command.verb === 'fork'))
    for (const { process, child } of forks) this.#parents.set(child, process)
    this.#processes = [...world.actors.keys(), ...new Set(forks.map(({ child }) => child))]
  }

  program(): Program {
    const tasks = this.#drill.tasks.map((task) => this.#task(task))
    const actions = tasks.flatMap((task) => task.actions)
    const pages = this.#pages()
    const words = this.#words(tasks, actions, pages)
    return { processes: this.#processes, tasks, actions, pages, words }
  }

  #task(task: DrillTask): ProgramTask {
    const process = this.#processes.indexOf(task.process)
    if (process < 0) throw fail(task, `there is no process ${task.process}, and no task forks it`)
    const actions = task.commands.flatMap((command) => this.#actions(command))
    return { name: task.name, process, cpu: task.cpu, actions }
  }

  #actions(command: Command): ProgramAction[] {
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

  #ranged(command: Extract<Command, { place: unknown }>, kind: ActionKind, value: number): ProgramAction {
    const { region, first, count } = this.#place(command)
    return action(command, kind, { at: region.address + first * PAGE_BYTES, pages: count, value })
  }

  #migrate(command: MigrateCommand): ProgramAction {
    const { region, first, count } = this.#place(command)
    if (count > MOST_ENTRIES)
      throw fail(command, `a migration of ${count} pages can't be explored (at most ${MOST_ENTRIES})`)
    if (command.owner === 'other') throw fail(command, "owner=other can't be explored yet")
    const to = command.to === 'dev' ? 'device' : 'system'
    const has612 = kernelOf(this.#machine.profile) !== 'linux-4.14'
    const kinds = command.select ?? (to === 'device' ? ['system' as const] : ['private' as const])
    const select = has612 ? kinds.reduce((bits, kind) => bits | selectValues[kind], 0) : 0
    const at = region.address + first * PAGE_BYTES
    const words = { at, pages: count, value: targetValues[to], select }
    const masks = [mask(command.skip, first, count), mask(command.error, first, count)] as const
    return { ...action(command, 'migrate', words), masks }
  }

  /** The pages of a place, in the names of the process or of the one that forks it. */
  #place(command: Extract<Command, { place: unknown }>): { region: Region; first: number; count: number } {
    const region = this.#region(command.process, command.place.region)
    if (region === undefined) throw fail(command, `there is no region ${command.place.region} before the tasks begin`)
    const first = command.place.first ?? 0
    const last = command.place.last ?? region.pages - 1
    return { region, first, count: last - first + 1 }
  }

  #region(process: string | undefined, name: string): Region | undefined {
    if (process === undefined) return undefined
    const actor = this.#world.actors.get(process)
    return actor ? actor.regions.get(name) : this.#region(this.#parents.get(process), name)
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
    return [...pages.values()].sort((a, b) => a.address - b.address)
  }

  #words(tasks: readonly ProgramTask[], actions: readonly ProgramAction[], pages: readonly ProgramPage[]) {
    const pids = this.#processes.map((name) => this.#world.actors.get(name)?.process.pid ?? 0)
    const words: (number | bigint)[] = [pids.length, tasks.length, actions.length, pages.length, ...pids]
    let first = 0
    for (const { process, cpu, actions: own } of tasks) {
      words.push(process, cpu, first, own.length)
      first += own.length
    }
    for (const {
      words: [kind = 0, at = 0, count = 0, value = 0, handle = 0, select = 0],
      masks,
    } of actions) {
      words.push(kind, at, count, value, handle, ...masks, select)
    }
    for (const { address, shared } of pages) words.push(address, shared ? 1 : 0)
    return BigUint64Array.from(words, BigInt)
  }
}

interface ActionWords {
  readonly at?: number
  readonly pages?: number
  readonly value?: number
  readonly handle?: number
  readonly select?: number
}

function action(command: Command, kind: ActionKind, words: ActionWords, text = command.text): ProgramAction {
  const { at = 0, pages = 0, value = 0, handle = 0, select = 0 } = words
  return { command, text, kind, words: [actionValues[kind], at, pages, value, handle, select], masks: [0n, 0n] }
}

function valueFor(command: Command): number {
  if (command.verb === 'write') return command.value
  if (command.verb !== 'pin') return 0
  return (command.write ? PinBit.WRITE : 0) | (command.dma ? PinBit.DMA : 0)
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

// SPDX-License-Identifier: GPL-2.0-only
//
// One order of a program's steps, made step by step. The machine stands in its middle, and can be looked at between the steps.

import { type StageName, stageNames, type WhyName, whyNames } from '../base/defs.generated'
import { ORDER_MIGRATION, ORDER_MIGRATION_WORDS, RECORD_WORDS } from '../native/layout'
import { type Core, coreOf } from './core'
import type { Machine } from './machine'
import { Process } from './process'
import { decodeFindings, decodeStep, type Finding, optionNumbers, type SearchOptions, type TraceStep } from './search'
import { Task } from './task'

/** @internal A migration under way in an order. */
export interface OrderMigration {
  /** The task, of the program. */
  readonly task: number
  /** It is that of the handler of the task's fault on a device page. */
  readonly isHandler: boolean
  readonly stage: StageName
  readonly position: number
  readonly collected: number
  readonly remaining: number
  readonly callbacksRan: boolean
  /** Address of the first page. */
  readonly start: number
  readonly src: BigUint64Array
  readonly dst: BigUint64Array
  readonly whys: readonly WhyName[]
}

/** @internal Meanwhile nobody may do anything to the machine but look. */
export class Order {
  readonly #core: Core
  readonly #tasks: number
  readonly #choices: number[] = []

  /** @throws HmmuError the program is wrong, or the machine is busy */
  constructor(machine: Machine, program: BigUint64Array, options: SearchOptions) {
    this.#core = machine[coreOf]()
    this.#tasks = Number(program[1] ?? 0n)
    this.#core.check(this.#core.native.orderBegin(program, optionNumbers(options)))
  }

  /** The tasks that can make the next step, ascending. */
  get enabled(): number[] {
    const bits = this.#core.native.orderEnabled()
    return Array.from({ length: this.#tasks }, (_, task) => task).filter((task) => (bits >>> task) & 1)
  }

  /** @throws HmmuError HMMU_INVALID_ARGUMENT: the task can't run */
  step(task: number): TraceStep {
    const words = new BigUint64Array(RECORD_WORDS.step)
    this.#core.check(this.#core.native.orderStep(task, words))
    this.#choices.push(task)
    return decodeStep(new DataView(words.buffer), 0)
  }

  /** Judge the state as the end of the order. */
  judge(): void {
    this.#core.check(this.#core.native.orderJudge())
  }

  /** What was found so far. `choices` are the steps up to where it was found. */
  get findings(): Finding[] {
    const records = this.#core.native.orderFindings() ?? new ArrayBuffer(0)
    return decodeFindings(records, Uint8Array.from(this.#choices))
  }

  /** The migrations under way. */
  get migrations(): OrderMigration[] {
    const tasks = Array.from({ length: this.#tasks }, (_, task) => task)
    return tasks.flatMap((task) => [false, true].flatMap((isHandler) => this.#migration(task, isHandler) ?? []))
  }

  #migration(task: number, isHandler: boolean): OrderMigration | undefined {
    const words = new BigUint64Array(ORDER_MIGRATION_WORDS)
    const count = this.#core.check(this.#core.native.orderMigration(task, isHandler, words))
    if (count === 0) return undefined
    const number = (place: number) => Number(words[place] ?? 0n)
    const pages = Array.from(
      { length: (count - ORDER_MIGRATION.entries) / 3 },
      (_, i) => ORDER_MIGRATION.entries + 3 * i,
    )
    return {
      task,
      isHandler,
      stage: stageNames[number(ORDER_MIGRATION.stage)] ?? 'done',
      position: number(ORDER_MIGRATION.position),
      collected: number(ORDER_MIGRATION.collected),
      remaining: number(ORDER_MIGRATION.remaining),
      callbacksRan: number(ORDER_MIGRATION.callbacksRan) !== 0,
      start: number(ORDER_MIGRATION.start),
      src: BigUint64Array.from(pages, (at) => words[at] ?? 0n),
      dst: BigUint64Array.from(pages, (at) => words[at + 1] ?? 0n),
      whys: pages.map((at) => whyNames[number(at + 2)] ?? 'none'),
    }
  }

  /** Handles of the living processes, also of those that the order has forked, with all their tasks. */
  processes(): Process[] {
    const { native, processes, tasks } = this.#core
    const pids = numbers((out) => native.processes(out))
    for (const pid of [...processes.keys()]) if (!pids.includes(pid)) this.#forget(pid)
    return pids.map((pid) => {
      const process = processes.get(pid) ?? Process.make(this.#core, pid)
      for (const tid of numbers((out) => native.tasks(pid, out)))
        if (!tasks.has(tid)) Task.make(this.#core, process, tid)
      return process
    })
  }

  #forget(pid: number): void {
    const { processes, tasks } = this.#core
    for (const [tid, task] of tasks) if (task.process.pid === pid) tasks.delete(tid)
    processes.delete(pid)
  }

  /** Go back to where the machine was. */
  end(): void {
    this.#core.native.orderEnd()
  }
}

function numbers(list: (out: Uint32Array) => number): number[] {
  const out = new Uint32Array(Math.max(list(new Uint32Array(0)), 0))
  list(out)
  return [...out]
}

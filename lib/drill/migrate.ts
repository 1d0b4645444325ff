// SPDX-License-Identifier: GPL-2.0-only
//
// `migrate`, with the commands that run while it stands in a callback.

import type { BuiltinDriver, Migration, Task } from '../index'
import type { Callback, InnerCommand, Interleaved, MigrateCommand, PageRange } from './ast'
import { execute } from './commands'
import { Execution, refusal, untilDone } from './execution'
import { migrateWords } from './migrate-words'
import { type Actor, Missing, type Pages, type World } from './world'

/** What a top-level command has printed, and whether the transcript ends behind it. */
export interface Outcome {
  readonly lines: readonly string[]
  readonly ended: boolean
}

/** What the runner does around every interleaved command. */
export interface Hooks {
  before(): void
  /** Carry out a part of a command, which tells whether it has ended; what goes wrong is told with its place. */
  within(command: InnerCommand, part: () => boolean): boolean
  after(command: InnerCommand): void
}

/** An interleaved command that was begun. */
interface Begun {
  readonly execution: Execution
  readonly tasks: readonly Task[]
}

/** Carry out a `migrate`. */
export function migrate(world: World, command: MigrateCommand, hooks: Hooks): Outcome {
  let pages: Pages
  try {
    pages = world.pages(command.process, command.place)
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    return { lines: ['skipped', ...command.interleaved.flatMap(skippedLines)], ended: false }
  }
  return new MigrateRun(world, command, pages, hooks).run()
}

function skippedLines(line: Interleaved): string[] {
  return [`@${line.callback} ${line.command.text}`, '  skipped']
}

class MigrateRun {
  readonly #world: World
  readonly #command: MigrateCommand
  readonly #pages: Pages
  readonly #hooks: Hooks
  readonly #lines: string[] = []
  readonly #begun = new Map<Interleaved, Begun>()
  /** The commands that had to wait. */
  readonly #waited = new Set<Interleaved>()

  constructor(world: World, command: MigrateCommand, pages: Pages, hooks: Hooks) {
    this.#world = world
    this.#command = command
    this.#pages = pages
    this.#hooks = hooks
  }

  run(): Outcome {
    const result = this.#migrate()
    if (result === undefined) return { lines: ['blocked'], ended: true }
    this.#lines.push(result)
    const open = this.#command.interleaved.filter((line) => !this.#begun.has(line) || this.#waited.has(line))
    this.#finishAll(open)
    for (const line of open) this.#lines.push(...this.#afterwards(line))
    for (const begun of this.#begun.values()) destroyTasks(begun)
    return {
      lines: this.#lines,
      ended: [...this.#begun.values()].some((begun) => begun.execution.results === undefined),
    }
  }

  /** The `ret` line; undefined if it can't even begin. */
  #migrate(): string | undefined {
    const { actor, address, count } = this.#pages
    const begin = untilDone(() =>
      actor.process.mainTask.beginMigration({ start: address, pages: count }, this.#driver()),
    )
    try {
      const next = begin.next()
      if (!next.done) return undefined
      const migration = next.value
      this.#callbacks(migration)
      migration.finish()
      return 'ret 0'
    } catch (error) {
      const errno = refusal(error)
      if (errno === undefined) throw error
      return `ret -${errno}`
    }
  }

  #driver(): BuiltinDriver {
    const { to, skip, error } = this.#command
    return { to: to === 'dev' ? 'device' : 'system', skip: this.#indexes(skip), error: this.#indexes(error) }
  }

  /** The drill lists page numbers of the region, the driver takes indexes of src. */
  #indexes(ranges: readonly PageRange[]): number[] {
    const { first, last } = this.#pages
    const indexes: number[] = []
    for (const range of ranges) {
      const end = Math.min(range.last, last)
      for (let page = Math.max(range.first, first); page <= end; page++) indexes.push(page - first)
    }
    return indexes
  }

  /** Go through the callbacks, if there is anything to migrate. */
  #callbacks(migration: Migration): void {
    const { first } = this.#pages
    try {
      migration.runTo('alloc_and_copy')
      if (!migration.callbacksRan) return
      this.#lines.push(`alloc ${migrateWords(migration.src, first)}`, `dst ${migrateWords(migration.dst, first)}`)
      this.#interleave('alloc')
      migration.runTo('finalize_and_map')
      this.#lines.push(`final ${migrateWords(migration.src, first)}`)
      this.#interleave('final')
    } catch (error) {
      migration.abandon()
      throw error
    }
  }

  #interleave(callback: Callback): void {
    for (const line of this.#command.interleaved) {
      if (line.callback !== callback) continue
      this.#hooks.before()
      this.#lines.push(`@${callback} ${line.command.text}`)
      this.#lines.push(...this.#begin(line).map((result) => `  ${result}`))
      this.#hooks.after(line.command)
      // A thread that waits for what the command gave up runs now; what it prints comes after the migration.
      this.#finishAll([...this.#waited])
    }
  }

  /** Run an interleaved command on a thread of its own, until it ends or waits. */
  #begin(line: Interleaved): readonly string[] {
    const tasks: Task[] = []
    const taskOf = (actor: Actor) => {
      const task = actor.process.newTask()
      tasks.push(task)
      return task
    }
    const execution = new Execution(execute(this.#world, line.command, taskOf))
    this.#begun.set(line, { execution, tasks })
    this.#hooks.within(line.command, () => execution.resume())
    if (execution.results === undefined) this.#waited.add(line)
    return execution.results ?? ['blocked']
  }

  /** Resume the commands that wait, in turn, until none of them gets any further. */
  #finishAll(open: readonly Interleaved[]): void {
    let goesOn = true
    while (goesOn) {
      goesOn = false
      for (const line of open) {
        const execution = this.#begun.get(line)?.execution
        if (execution === undefined || execution.results !== undefined) continue
        const before = execution.position
        const ended = this.#hooks.within(line.command, () => execution.resume())
        goesOn ||= ended || execution.position > before
      }
    }
  }

  /** What is printed behind `ret` for a command that did not run, or waited. */
  #afterwards(line: Interleaved): string[] {
    const begun = this.#begun.get(line)
    if (begun === undefined) return skippedLines(line)
    const { results } = begun.execution
    if (results === undefined) return []
    return [`done @${line.callback} ${line.command.text}`, ...results.map((result) => `  ${result}`)]
  }
}

/** The threads of commands that have ended are gone; those of a dead process went with it. */
function destroyTasks(begun: Begun): void {
  if (begun.execution.results === undefined) return
  for (const task of begun.tasks) if (task.process.alive) task.destroy()
}

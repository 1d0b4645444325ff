// SPDX-License-Identifier: GPL-2.0-only
//
// `migrate`, with the commands that run while it stands in a callback.

import type { BuiltinDriver, Migration, Task } from '../index'
import type { Callback, InnerCommand, Interleaved, MigrateCommand, PageRange } from './ast'
import { execute } from './commands'
import { Execution, refusal, untilDone } from './execution'
import { migrateWords } from './migrate-words'
import { type Begun, Waiting } from './waiting'
import { type Actor, Missing, Misuse, notYet, type Pages, type World } from './world'

/** The output of a top-level command, and whether the transcript ends after it. */
export interface Outcome {
  readonly lines: readonly string[]
  readonly ended: boolean
}

/** Functions of the runner for every interleaved command. */
interface Hooks {
  before(): void
  /** Carry out a part of a command. Returns whether the command has ended; errors get its place. */
  within(command: InnerCommand, part: () => boolean): boolean
  after(command: InnerCommand): void
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
  readonly #waiting = new Waiting(({ line, execution }) => {
    this.#hooks.within(line.command, () => execution.resume())
  })

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
    this.#waiting.resumeAll()
    for (const line of open) this.#print(this.#afterwards(line))
    for (const begun of this.#begun.values()) destroyTasks(begun)
    return {
      lines: this.#lines,
      ended: [...this.#begun.values()].some((begun) => begun.execution.results === undefined),
    }
  }

  #print(lines: readonly string[], indent = ''): void {
    for (const line of lines) this.#lines.push(indent + line)
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
    const { to, skip, error, select, owner } = this.#command
    if (select !== undefined) throw notYet('select=')
    if (owner === 'other') throw notYet('owner=')
    return { to: to === 'dev' ? 'device' : 'system', skip: this.#indexes(skip), error: this.#indexes(error) }
  }

  /**
   * The drill lists page numbers of the region, the driver takes indexes of src. Each is there once, however often it
   * is listed.
   */
  #indexes(ranges: readonly PageRange[]): number[] {
    const { first, last } = this.#pages
    const indexes: number[] = []
    let next = first
    for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
      const end = Math.min(range.last, last)
      for (let page = Math.max(range.first, next); page <= end; page++) indexes.push(page - first)
      next = Math.max(next, end + 1)
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
    let first = true
    for (const line of this.#command.interleaved) {
      if (line.callback !== callback) continue
      this.#hooks.before()
      this.#lines.push(`@${callback} ${line.command.text}`)
      const dropped = line.command.verb === 'drop' ? this.#world.handles.get(line.command.handle) : undefined
      this.#print(this.#begin(line), '  ')
      this.#hooks.after(line.command)
      // A thread that waits for what was given up runs now; what it prints comes after the migration. Of commands that
      // do not wait only drop gives anything up; the migration may have before the first one.
      if (first) this.#waiting.resumeAll()
      else if (dropped !== undefined) this.#waiting.resumeFor(dropped)
      first = false
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
    const begun: Begun = { line, number: this.#begun.size, execution, tasks }
    this.#begun.set(line, begun)
    this.#hooks.within(line.command, () => execution.resume())
    if (execution.results === undefined) {
      this.#waited.add(line)
      this.#waiting.add(begun)
    }
    return execution.results ?? ['blocked']
  }

  /** The lines of a command whose callback did not run. */
  #skipped(line: Interleaved): string[] {
    if (this.#world.strict) {
      this.#hooks.within(line.command, () => {
        throw new Misuse(
          `the migration did not run ${line.callback === 'alloc' ? 'alloc_and_copy' : 'finalize_and_map'}`,
        )
      })
    }
    return skippedLines(line)
  }

  /** The lines after `ret` for a command that did not run, or waited. */
  #afterwards(line: Interleaved): string[] {
    const begun = this.#begun.get(line)
    if (begun === undefined) return this.#skipped(line)
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

// SPDX-License-Identifier: GPL-2.0-only
//
// The commands that run while a migration stands between two of its steps.

import type { Migration, StageName, Task } from '../api'
import type { Callback, InnerCommand, Interleaved } from './ast'
import { execute } from './commands'
import { Execution } from './execution'
import type { MigratedPages } from './observer'
import { type Begun, Waiting } from './waiting'
import { type Actor, Misuse, type World } from './world'

/** Functions of the runner for every interleaved command. */
export interface Hooks {
  before(): void
  /** Carry out a part of a command. Returns whether the command has ended; errors get its place. */
  within(command: InnerCommand, part: () => boolean): boolean
  after(command: InnerCommand): void
  /** as DrillObserver.advance(). */
  advance?(migration: Migration, pages: MigratedPages, stage: StageName): void
}

/** Has a migration go on to the end of a stage. All that is left after the last one is for its end. */
export function advance(hooks: Hooks, migration: Migration, pages: MigratedPages, stage: StageName): void {
  if (hooks.advance) hooks.advance(migration, pages, stage)
  else if (stage !== 'done') migration.runTo(stage)
}

/** The output of a top-level command, and whether the transcript ends after it. */
export interface Outcome {
  readonly lines: readonly string[]
  readonly ended: boolean
}

/** The lines of a migration that does not begin. */
export function skipped(interleaved: readonly Interleaved[]): Outcome {
  return { lines: ['skipped', ...interleaved.flatMap(skippedLines)], ended: false }
}

function skippedLines(line: Interleaved): string[] {
  return [`@${line.callback} ${line.command.text}`, '  skipped']
}

export class Interleaving {
  readonly #world: World
  readonly #interleaved: readonly Interleaved[]
  readonly #hooks: Hooks
  readonly #begun = new Map<Interleaved, Begun>()
  /** The commands that had to wait. */
  readonly #waited = new Set<Interleaved>()
  readonly #waiting = new Waiting(({ line, execution }) => {
    this.#hooks.within(line.command, () => execution.resume())
  })

  constructor(world: World, interleaved: readonly Interleaved[], hooks: Hooks) {
    this.#world = world
    this.#interleaved = interleaved
    this.#hooks = hooks
  }

  /** The migration stands here: run the commands that are for this place. Returns their lines. */
  run(callback: Callback): string[] {
    const lines: string[] = []
    let first = true
    for (const line of this.#interleaved) {
      if (line.callback !== callback) continue
      this.#hooks.before()
      lines.push(`@${callback} ${line.command.text}`)
      const dropped = line.command.verb === 'drop' ? this.#world.handles.get(line.command.handle) : undefined
      lines.push(...this.#begin(line).map((result) => `  ${result}`))
      this.#hooks.after(line.command)
      // A thread that waits for what was given up runs now; what it prints comes after the migration. Of commands that
      // do not wait only drop gives a lock up, and any may give memory up; the migration may have before the first one.
      if (first) this.#waiting.resumeAll()
      else this.#waiting.resumeFor(dropped ?? [])
      first = false
    }
    return lines
  }

  /** Run an interleaved command on a thread of its own, until it ends or waits. */
  #begin(line: Interleaved): readonly string[] {
    const tasks = this.#exiting(line.command)
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

  /** The task in which a process waits that ends. */
  #exiting(command: InnerCommand): Task[] {
    const actor = command.verb === 'exit' ? this.#world.actors.get(command.process) : undefined
    return actor === undefined ? [] : [actor.process.mainTask]
  }

  /** The migration is over: commands that have waited go on. @param lines those of the migration itself */
  end(lines: readonly string[]): Outcome {
    const open = this.#interleaved.filter((line) => !this.#begun.has(line) || this.#waited.has(line))
    this.#waiting.resumeAll()
    const later = open.flatMap((line) => this.#afterwards(line))
    for (const begun of this.#begun.values()) destroyTasks(begun)
    return {
      lines: [...lines, ...later],
      ended: [...this.#begun.values()].some((begun) => begun.execution.results === undefined),
    }
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

  /** The lines behind the migration's for a command that did not run, or waited. */
  #afterwards(line: Interleaved): string[] {
    const begun = this.#begun.get(line)
    if (begun === undefined) return this.#skipped(line)
    const results = begun.execution.results ?? ['blocked']
    return [`done @${line.callback} ${line.command.text}`, ...results.map((result) => `  ${result}`)]
  }
}

/** The threads of commands that have ended are gone; those of a dead process went with it. */
function destroyTasks(begun: Begun): void {
  if (begun.execution.results === undefined) return
  for (const task of begun.tasks) if (task.process.alive) task.destroy()
}

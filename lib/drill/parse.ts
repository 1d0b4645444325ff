// SPDX-License-Identifier: GPL-2.0-only

import type { Kernel } from '../base/kernel'
import { excerpt } from '../base/visible'
import type {
  Callback,
  Command,
  Drill,
  DrillOrder,
  Expectation,
  HeadCommand,
  InnerCommand,
  Interleaved,
  Migration,
} from './ast'
import { type DrillSource, drillSource } from './drill-source'
import { kernelOfProfile, type Vocabulary, wordsOf } from './language'
import { parseCommand } from './parse-commands'
import { checkInTask, type OpenTask, parseExpect, parseOrder, parseTask } from './parse-tasks'
import { oneOf, splitLine, type Word, type Words } from './words'

/** The commands under which interleaved lines may stand, and those that can't be interleaved. */
const MIGRATIONS = { 'linux-4.14': ['migrate'], 'linux-6.12': ['evict'] } as const
const NOT_INTERLEAVED: Vocabulary = {
  'linux-4.14': ['devmem', 'swap', 'cpus', 'migrate', 'watch'],
  'linux-6.12': ['memcg', 'evict'],
}

/** The commands that describe the machine before it exists. */
const HEADS: ReadonlySet<string> = new Set(['devmem', 'swap', 'memcg', 'cpus'] satisfies HeadCommand['verb'][])

/** A migration whose interleaved lines are still being read. */
type OpenMigration = Migration & { readonly interleaved: Interleaved[] }

export type { DrillSource } from './drill-source'

/**
 * Parse a drill that is for some kernel; its text alone will do. Throws a DrillError (HMMU_DRILL_SYNTAX) at the first mistake.
 * @throws HmmuError HMMU_INVALID_ARGUMENT: `source` is neither a text nor a DrillSource
 */
export function parseDrill(from: DrillSource | string, kernel: Kernel = kernelOfProfile()): Drill {
  const source = drillSource(from)
  const parser = new DrillParser()
  let line = source.firstLine
  for (const text of source.text.split('\n')) {
    const words = splitLine(kernel, source.file, line++, text.endsWith('\r') ? text.slice(0, -1) : text)
    const first = words.peek()
    if (first !== undefined) parser.line(words, first)
  }
  const { head, commands, tasks, expectations, order } = parser
  return { name: source.name, file: source.file, head, commands, tasks, expectations, order }
}

class DrillParser {
  readonly head: HeadCommand[] = []
  readonly commands: Command[] = []
  readonly tasks: OpenTask[] = []
  readonly expectations: Expectation[] = []
  order: DrillOrder | undefined
  readonly #taskNames = new Set<string>()

  /** Read a line that has words. */
  line(words: Words, first: Word): void {
    const task = this.tasks.at(-1)
    if (first.text.startsWith('@')) parseInterleaved(words, this.#openMigration(words, first.column))
    else if (first.text === 'task') this.#task(words)
    else if (first.text === 'expect') this.expectations.push(parseExpect(words))
    else if (first.text === 'order') this.#order(words, first)
    else if (task === undefined) this.#command(words, first)
    else if (first.column === 1) throw words.error(1, 'commands behind a task belong to it, and start with white space')
    else task.commands.push(checkInTask(task, parseCommand(words), words, first.column))
  }

  #task(words: Words): void {
    const cpus = this.head.find((command) => command.verb === 'cpus')?.count ?? 1
    const task = parseTask(words, cpus)
    if (this.#taskNames.has(task.name))
      throw words.error(task.position.column, `there is a task ${excerpt(task.name)} already`)
    this.#taskNames.add(task.name)
    this.tasks.push(task)
  }

  #order(words: Words, first: Word): void {
    if (this.tasks.length === 0) throw words.error(first.column, 'the order of tasks stands behind them')
    if (this.order !== undefined) throw words.error(first.column, 'there is an order already')
    this.order = parseOrder(words)
  }

  #command(words: Words, first: Word): void {
    const command = parseCommand(words)
    if (!isHead(command)) {
      this.commands.push(command)
      return
    }
    if (this.commands.length > 0)
      throw words.error(first.column, `${command.verb} is only allowed as the first command`)
    if (this.head.some((other) => sameHead(other, command)))
      throw words.error(first.column, `${command.verb} stands there twice`)
    if (command.verb === 'memcg' || command.verb === 'swap') this.#checkLimit(words, first, command)
    this.head.push(command)
  }

  /** A kernel with a limit would swap out what is over it; no transcript has that. */
  #checkLimit(words: Words, { column }: Word, { verb }: HeadCommand): void {
    const other = verb === 'memcg' ? 'swap' : 'memcg'
    if (this.head.some((command) => command.verb === other))
      throw words.error(column, `${verb} can't stand with ${other}`)
  }

  /** The migration to which an interleaved line belongs: the command above it. */
  #openMigration(words: Words, column: number): OpenMigration {
    if (this.tasks.length > 0)
      throw words.error(column, 'there are no interleaved lines in a task: other tasks run in between')
    return openMigration(this.commands, words, column)
  }
}

/** Whether two commands describe the same of the machine: each kind of device has a line of its own. */
function sameHead(a: HeadCommand, b: HeadCommand): boolean {
  if (a.verb === 'devmem' && b.verb === 'devmem') return a.coherent === b.coherent
  return a.verb === b.verb
}

/** Whether a command describes the machine before it exists. */
function isHead(command: Command | HeadCommand): command is HeadCommand {
  return HEADS.has(command.verb)
}

/** The migration to which an interleaved line belongs: the command above it. */
function openMigration(commands: readonly Command[], words: Words, column: number): OpenMigration {
  if (column === 1) throw words.error(column, 'interleaved lines (@alloc, @final) start with white space')
  const last = commands.at(-1)
  if (last === undefined || !isMigration(last))
    throw words.error(column, `interleaved lines belong under a ${oneOf(wordsOf(MIGRATIONS, words.kernel))}`)
  return last as OpenMigration
}

/** Whether other commands may run within a command. */
export function isMigration(command: Command): command is Migration {
  return command.verb === 'migrate' || command.verb === 'evict'
}

function parseInterleaved(words: Words, migration: OpenMigration): void {
  const at = words.take('')
  if (at.text !== '@alloc' && at.text !== '@final') throw words.unexpected(at, '@alloc or @final')
  const callback: Callback = at.text === '@alloc' ? 'alloc' : 'final'
  const column = words.peek()?.column ?? 1
  const command = parseCommand(words)
  if (!mayInterleave(command)) {
    const others = wordsOf(NOT_INTERLEAVED, words.kernel)
    throw words.error(column, `${command.verb} can't be interleaved (all but ${others.join(', ')} can)`)
  }
  if (command.verb === 'exit' && migration.verb === 'migrate' && command.process === migration.process) {
    throw words.error(column, `process ${excerpt(command.process)} migrates and can't exit meanwhile (others can)`)
  }
  migration.interleaved.push({ callback, command })
}

function mayInterleave(command: Command | HeadCommand): command is InnerCommand {
  return !isHead(command) && command.verb !== 'watch' && !isMigration(command)
}

// SPDX-License-Identifier: GPL-2.0-only

import type { Kernel } from '../base/kernel'
import { excerpt } from '../base/visible'
import type { Callback, Command, DevmemCommand, Drill, InnerCommand, Interleaved, Migration } from './ast'
import { kernelOfProfile, type Vocabulary, wordsOf } from './language'
import { parseCommand } from './parse-commands'
import { oneOf, splitLine, type Words } from './words'

/** The text of one drill and where it was found. */
export interface DrillSource {
  /** The name of the drill. */
  readonly name: string
  /** The name of the file in errors. */
  readonly file: string
  /** Line of the file on which the text begins, 1 for a file of its own. */
  readonly firstLine: number
  /** The drill itself. */
  readonly text: string
}

/** The commands under which interleaved lines may stand, and those that can't be interleaved. */
const MIGRATIONS = { 'linux-4.14': ['migrate'], 'linux-6.12': ['evict'] } as const
const NOT_INTERLEAVED: Vocabulary = { 'linux-4.14': ['devmem', 'migrate', 'watch'], 'linux-6.12': ['evict'] }

/** A migration whose interleaved lines are still being read. */
type OpenMigration = Migration & { readonly interleaved: Interleaved[] }

/** Parse a drill that is for some kernel. Throws a DrillError (HMMU_DRILL_SYNTAX) at the first mistake. */
export function parseDrill(source: DrillSource, kernel: Kernel = kernelOfProfile()): Drill {
  const commands: Command[] = []
  let devmem: DevmemCommand | undefined
  let line = source.firstLine
  for (const text of source.text.split('\n')) {
    const words = splitLine(kernel, source.file, line++, text.endsWith('\r') ? text.slice(0, -1) : text)
    const first = words.peek()
    if (first === undefined) continue
    if (first.text.startsWith('@')) {
      parseInterleaved(words, openMigration(commands, words, first.column))
      continue
    }
    const command = parseCommand(words)
    if (command.verb !== 'devmem') {
      commands.push(command)
    } else if (devmem === undefined && commands.length === 0) {
      devmem = command
    } else {
      throw words.error(first.column, 'devmem is only allowed as the first command')
    }
  }
  return { name: source.name, file: source.file, devmem, commands }
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

function mayInterleave(command: Command | DevmemCommand): command is InnerCommand {
  return command.verb !== 'devmem' && command.verb !== 'watch' && !isMigration(command)
}

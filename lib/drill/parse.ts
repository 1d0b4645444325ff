// SPDX-License-Identifier: GPL-2.0-only

import { excerpt } from '../base/visible'
import type { Callback, Command, DevmemCommand, Drill, InnerCommand, Interleaved, MigrateCommand } from './ast'
import { type Kernel, kernelOfProfile } from './language'
import { parseCommand } from './parse-commands'
import { splitLine, type Words } from './words'

/** The text of one drill and where it was found. */
export interface DrillSource {
  readonly name: string
  /** The name of the file in errors. */
  readonly file: string
  /** Line of the file on which the text begins, 1 for a file of its own. */
  readonly firstLine: number
  readonly text: string
}

/** A migrate whose interleaved lines are still being read. */
interface OpenMigrate extends MigrateCommand {
  readonly interleaved: Interleaved[]
}

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
      parseInterleaved(words, openMigrate(commands, words, first.column))
      continue
    }
    const command = parseCommand(words)
    if (command.verb !== 'devmem') {
      commands.push(command.verb === 'migrate' ? { ...command, interleaved: [] } : command)
    } else if (devmem === undefined && commands.length === 0) {
      devmem = command
    } else {
      throw words.error(first.column, 'devmem is only allowed as the first command')
    }
  }
  return { name: source.name, file: source.file, devmem, commands }
}

/** The migrate to which an interleaved line belongs: the command above it. */
function openMigrate(commands: readonly Command[], words: Words, column: number): OpenMigrate {
  if (column === 1) throw words.error(column, 'interleaved lines (@alloc, @final) start with white space')
  const last = commands.at(-1)
  if (last?.verb !== 'migrate') throw words.error(column, 'interleaved lines belong under a migrate')
  return last as OpenMigrate
}

function parseInterleaved(words: Words, migrate: OpenMigrate): void {
  const at = words.take('')
  if (at.text !== '@alloc' && at.text !== '@final') throw words.unexpected(at, '@alloc or @final')
  const callback: Callback = at.text === '@alloc' ? 'alloc' : 'final'
  const column = words.peek()?.column ?? 1
  const command = parseCommand(words)
  if (!mayInterleave(command))
    throw words.error(column, `${command.verb} can't be interleaved (all but devmem, migrate and watch can)`)
  if (command.verb === 'exit' && command.process === migrate.process) {
    throw words.error(column, `process ${excerpt(command.process)} migrates and can't exit meanwhile (others can)`)
  }
  migrate.interleaved.push({ callback, command })
}

function mayInterleave(command: Command | DevmemCommand): command is InnerCommand {
  return command.verb !== 'devmem' && command.verb !== 'migrate' && command.verb !== 'watch'
}

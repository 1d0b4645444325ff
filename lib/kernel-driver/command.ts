// SPDX-License-Identifier: GPL-2.0-only

import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'

/** How cmake compiles a source. */
export interface CompileCommand {
  readonly compiler: string
  /** Without input and output. */
  readonly flags: readonly string[]
  /** What is compiled: the source, or a link to it (hmmu_kernel_driver() of cmake/hmmuDrivers.cmake). */
  readonly path: string
}

/** Whether a path leads to a file. */
const leadsTo = (path: string, file: string) =>
  path === file || (basename(path) === basename(file) && existsSync(path) && realpathSync(path) === realpathSync(file))

/** How a source is compiled in a folder that cmake has made. */
export function compileCommand(build: string, file: string): CompileCommand {
  const database = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8')) as {
    file: string
    command: string
  }[]
  const entry = database.find(({ file: path }) => leadsTo(path, file))
  if (entry === undefined) throw new Error(`${build} does not compile ${file}`)
  const { command, file: path } = entry
  const words = [...command.matchAll(/(?:[^\s"\\]|\\.|"(?:[^"\\]|\\.)*")+/g)].map(([word]) =>
    word.replace(/\\(.)|"/g, '$1'),
  )
  return { compiler: words[0] ?? '', flags: words.slice(1, words.indexOf('-o')), path }
}

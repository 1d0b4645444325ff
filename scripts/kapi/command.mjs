// SPDX-License-Identifier: GPL-2.0-only
//
// How cmake compiles a source.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The compiler of a source, and its flags without input and output. */
export function commandOf(build, file) {
  const database = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8'))
  const { command } = database.find((entry) => entry.file === file)
  const words = [...command.matchAll(/(?:[^\s"\\]|\\.|"(?:[^"\\]|\\.)*")+/g)].map(([word]) =>
    word.replace(/\\(.)/g, '$1'),
  )
  const end = words.indexOf('-o')
  return { compiler: words[0], flags: words.slice(1, end) }
}

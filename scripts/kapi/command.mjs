// SPDX-License-Identifier: GPL-2.0-only
//
// How cmake compiles a source.
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'

const isLink = (link, file) =>
  basename(link) === basename(file) && existsSync(link) && realpathSync(link) === realpathSync(file)

/** The compiler of a source, its flags without input and output, and the path that is compiled: it may be a link. */
export function commandOf(build, file) {
  const database = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8'))
  const { command, file: path } = database.find((entry) => entry.file === file || isLink(entry.file, file))
  const words = [...command.matchAll(/(?:[^\s"\\]|\\.|"(?:[^"\\]|\\.)*")+/g)].map(([word]) =>
    word.replace(/\\(.)/g, '$1'),
  )
  const end = words.indexOf('-o')
  return { compiler: words[0], flags: words.slice(1, end), path }
}

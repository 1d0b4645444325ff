// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver's source asks for and native/kapi does not have: a list with header or name, and line.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../lib/run.mjs'

const HEADERS = join(root, 'native/kapi/include')

/** Headers that the source includes and that are in none of the folders. */
function missingHeaders(file, flags) {
  const lines = readFileSync(file, 'utf8').split('\n')
  const own = flags.filter((flag) => flag.startsWith('-I')).map((flag) => flag.slice(2))
  return lines.flatMap((line, i) => {
    const [, system, name] = /^\s*#\s*include\s+([<"])([^>"]+)[>"]/.exec(line) ?? []
    const folders = [HEADERS, ...own, ...(system === '"' ? [dirname(file)] : [])]
    if (!name || folders.some((folder) => existsSync(join(folder, name)))) return []
    return [{ line: i + 1, text: `header <${name}>` }]
  })
}

/** How gcc tells that a name is unknown. */
const COMPLAINTS = [
  /implicit declaration of function ‘(\w+)’/,
  /‘(\w+)’ undeclared/,
  /unknown type name ‘(\w+)’/,
  /has no member named ‘(\w+)’/,
  /invalid use of undefined type ‘(\w+ \w+)’/,
  /storage size of ‘\w+’ isn’t known/,
  /field ‘(\w+)’ has incomplete type/,
]

/** Names that the compiler does not know, each at its first line. */
function missingNames(file, compiler, flags) {
  const options = [...flags, '-fsyntax-only', '-fdiagnostics-color=never', '-Wno-error', file]
  const { stderr } = spawnSync(compiler, options, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  const found = new Map()
  for (const [, path, line, text] of stderr.matchAll(/^(.+?):(\d+):\d+: (?:error|warning): (.*)$/gm)) {
    const name = COMPLAINTS.map((pattern) => pattern.exec(text)).find((match) => match)
    if (name && path === file && !found.has(name[1] ?? text)) found.set(name[1] ?? text, Number(line))
  }
  return [...found].map(([name, line]) => ({ line, text: name }))
}

/**
 * What a source of a driver needs and does not find, by line.
 * @param file its path
 * @param compiler a gcc
 * @param flags those that the driver is compiled with
 */
export function missing(file, compiler, flags) {
  const headers = missingHeaders(file, flags)
  // A missing header ends the compiler's work, so its names are unknown.
  return headers.length > 0 ? headers : missingNames(file, compiler, flags)
}

// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver's source asks for and native/kapi does not have: a list with header or name, and line.

import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { runTool } from './tools'

/** A header or a name that is not there. */
export interface Missing {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** How gcc and clang tell that a name is unknown. */
const COMPLAINTS = [
  /implicit declaration of function ‘(\w+)’/,
  /‘(\w+)’ undeclared/,
  /unknown type name ‘(\w+)’/,
  /has no member named ‘(\w+)’/,
  /invalid use of undefined type ‘(\w+ \w+)’/,
  /‘\w+’ has an incomplete type ‘(\w+ \w+)’/,
  /storage size of ‘(\w+)’ isn’t known/,
  /field ‘(\w+)’ has incomplete type/,
  /call to undeclared function '(\w+)'/,
  /implicit declaration of function '(\w+)'/,
  /use of undeclared identifier '(\w+)'/,
  /unknown type name '(\w+)'/,
  /no member named '(\w+)' in/,
  /incomplete (?:definition of )?type '(\w+ \w+)'/,
]

/** The words of a dependency file behind its target; those without `/` in front are headers that are not there. */
function headersWithoutFile(file: string, compiler: string, flags: readonly string[]): Set<string> {
  const { stdout } = runTool(compiler, [...flags, '-w', '-M', '-MG', file])
  const words = stdout
    .replace(/^.*?:/, '')
    .split(/(?<!\\)\s+|\\\n/)
    .map((word) => word.replaceAll('\\ ', ' ').trim())
  return new Set(words.filter((word) => word !== '' && word !== file && !isAbsolute(word)))
}

/** The files that the compiler reads, without those of the system and of hmmu. */
function ownFiles(file: string, compiler: string, flags: readonly string[]): string[] {
  const { stdout } = runTool(compiler, [...flags, '-w', '-MM', '-MG', file])
  const words = stdout.replace(/^.*?:/, '').split(/(?<!\\)\s+|\\\n/)
  const ours = join('native', 'kapi', 'include')
  return words.filter((word) => isAbsolute(word) && !word.includes(ours) && !word.includes('/hmmu-kapi/'))
}

/** Headers that are included and not there, at the lines that include them. */
function missingHeaders(file: string, compiler: string, flags: readonly string[]): Missing[] {
  const names = headersWithoutFile(file, compiler, flags)
  if (names.size === 0) return []
  return ownFiles(file, compiler, flags).flatMap((source) =>
    readFileSync(source, 'utf8')
      .split('\n')
      .flatMap((text, i) => {
        const name = /^\s*#\s*include\s+[<"]([^>"]+)[>"]/.exec(text)?.[1]
        return name === undefined || !names.has(name) ? [] : [{ file: source, line: i + 1, text: `header <${name}>` }]
      }),
  )
}

/** The first place of each name of which a compiler complains. */
function namesIn(messages: string): Missing[] {
  const found = new Map<string, Missing>()
  for (const [, file = '', line, text = ''] of messages.matchAll(/^(.+?):(\d+):\d+: (?:error|warning): (.*)$/gm)) {
    const name = COMPLAINTS.map((pattern) => pattern.exec(text)?.[1]).find((match) => match !== undefined)
    if (name !== undefined && !found.has(name)) found.set(name, { file, line: Number(line), text: name })
  }
  return [...found.values()]
}

/** The first place of each function or variable that a linker does not find, with the line if the driver has debug information. */
export function undefinedIn(messages: string): Missing[] {
  const found = new Map<string, Missing>()
  for (const [, file = '', line, name = ''] of messages.matchAll(
    /([^\s:]+):(\d+): undefined reference to [`'‘](\w+)['’]/g,
  ))
    if (!found.has(name)) found.set(name, { file, line: Number(line), text: name })
  return [...found.values()].sort(byPlace)
}

function byPlace(a: Missing, b: Missing): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.text < b.text ? -1 : 1)
}

/**
 * What a source of a driver needs and does not find, by file and line. While a header is missing, names are not listed: the
 * header may have them.
 * @param file its absolute path
 * @param compiler a gcc or clang
 * @param flags those that the driver is compiled with, without input and output
 */
export function missing(file: string, compiler: string, flags: readonly string[]): Missing[] {
  const headers = missingHeaders(file, compiler, flags)
  if (headers.length > 0) return headers.sort(byPlace)
  const options = [...flags, '-fsyntax-only', '-fdiagnostics-color=never', '-fno-diagnostics-show-caret', '-Wno-error']
  return namesIn(runTool(compiler, [...options, file]).stderr).sort(byPlace)
}

// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver's source asks for and native/kapi does not have: a list with header or name, and line.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { headerOf } from './own-headers'
import { runTool } from './tools'

/**
 * What is wrong at a line:
 * - `header`, `name`: hmmu does not have it.
 * - `include`: hmmu has the name, in a header that the source does not include.
 * - `error`: anything else, in the compiler's own words.
 */
export interface Missing {
  readonly kind: 'header' | 'name' | 'include' | 'error'
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
function missingHeaders(file: string, compiler: string, flags: readonly string[], names: Set<string>): Missing[] {
  if (names.size === 0) return []
  return ownFiles(file, compiler, flags).flatMap((source) =>
    readFileSync(source, 'utf8')
      .split('\n')
      .flatMap((text, i) => {
        const name = /^\s*#\s*include\s+[<"]([^>"]+)[>"]/.exec(text)?.[1]
        if (name === undefined || !names.has(name)) return []
        return [{ kind: 'header' as const, file: source, line: i + 1, text: `header <${name}>` }]
      }),
  )
}

/**
 * Empty headers of these names: with them a compiler goes on to the names that are missing. Without the odd ones it stops there.
 * The caller removes the folder.
 */
function emptyHeaders(names: Set<string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hmmu-headers-'))
  for (const name of names) {
    if (!/^(?:[\w-]+\/)*[\w-][\w.-]*\.h$/.test(name)) continue
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), '')
  }
  return folder
}

/** These name a variable or a field, and not its type. */
const WITHOUT_TYPE = /storage size of ‘\w+’ isn’t known|‘\w+’ has (?:an )?incomplete type$/

/** The structure that a line names first. */
function structureAt(file: string, line: number): string | undefined {
  return /\b(?:struct|union) \w+/.exec(readFileSync(file, 'utf8').split('\n')[line - 1] ?? '')?.[0]
}

function isMisspelled({ kind, text }: Pick<Missing, 'kind' | 'text'>): boolean {
  return kind === 'error' && MISSPELLED.test(text)
}

const MISSPELLED = /; did you mean [‘']/

/** The name of which a message complains. */
function nameIn(message: string, file: string, line: number): string | undefined {
  if (WITHOUT_TYPE.test(message)) return structureAt(file, line)
  return COMPLAINTS.map((pattern) => pattern.exec(message)?.[1]).find((match) => match !== undefined)
}

/** What a compiler means by a message. The name is unknown because it is misspelled if the compiler has a better one. */
function meaning(message: string, name: string | undefined, flags: readonly string[]): Pick<Missing, 'kind' | 'text'> {
  const header = name === undefined ? undefined : headerOf(name, flags)
  if (header !== undefined) return { kind: 'include', text: `${name}: in <${header}>, which is not included` }
  if (name === undefined || MISSPELLED.test(message)) return { kind: 'error', text: message }
  return { kind: 'name', text: name }
}

/** What a compiler complains of. A warning of an unknown name is an error of a kernel's build. */
function complaintsIn(messages: string, flags: readonly string[]): Missing[] {
  return [...messages.matchAll(/^(.+?):(\d+):\d+: (fatal error|error|warning): (.*?)(?: \[-W[^\]]*\])?$/gm)].flatMap(
    ([, file = '', digits, severity, message = '']) => {
      const line = Number(digits)
      const name = nameIn(message, file, line)
      return severity === 'warning' && name === undefined ? [] : [{ file, line, ...meaning(message, name, flags) }]
    },
  )
}

/** The first place of each text. */
export function once(list: readonly Missing[]): Missing[] {
  const found = new Map<string, Missing>()
  for (const missing of list) {
    const key = missing.kind === 'error' ? `${missing.file}:${missing.line}: ${missing.text}` : missing.text
    if (!found.has(key)) found.set(key, missing)
  }
  return [...found.values()]
}

/** The first place of each function or variable that a linker does not find, with the line if the driver has debug information. */
export function undefinedIn(messages: string): Missing[] {
  const found = new Map<string, Missing>()
  for (const [, file = '', line, name = ''] of messages.matchAll(
    /([^\s:]+):(\d+): undefined reference to [`'‘](\w+)['’]/g,
  ))
    if (!found.has(name)) found.set(name, { kind: 'name', file, line: Number(line), text: name })
  return [...found.values()].sort(byPlace)
}

function byPlace(a: Missing, b: Missing): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.text < b.text ? -1 : 1)
}

/**
 * What a source of a driver needs and does not find, by file and line, with names that the compiler takes for misspelled. Without
 * any of that: other errors, which else may come from it.
 * @param file its absolute path
 * @param compiler a gcc or clang
 * @param flags those that the driver is compiled with, without input and output
 */
export function missing(file: string, compiler: string, flags: readonly string[]): Missing[] {
  const absent = headersWithoutFile(file, compiler, flags)
  const headers = missingHeaders(file, compiler, flags, absent)
  const empty = emptyHeaders(absent)
  try {
    const options = ['-fsyntax-only', '-fdiagnostics-color=never', '-fno-diagnostics-show-caret', '-Wno-error']
    const { stderr } = runTool(compiler, [...flags, ...options, '-idirafter', empty, file])
    const all = once([...headers, ...complaintsIn(stderr, flags)].sort(byPlace))
    const needed = all.filter((entry) => entry.kind !== 'error' || isMisspelled(entry))
    return needed.length > 0 ? needed : all
  } finally {
    rmSync(empty, { recursive: true })
  }
}

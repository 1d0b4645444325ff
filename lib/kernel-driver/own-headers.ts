// SPDX-License-Identifier: GPL-2.0-only
//
// Which of hmmu's headers declares a name of the kernel.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The folder of hmmu's headers: in a checkout, or where it is installed. */
const FOLDER = /^(?:-I)?(.*\/(?:native\/kapi|hmmu-kapi)\/include)\/?$/

function headersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? headersIn(path) : path.endsWith('.h') ? [path] : []
  })
}

/** How a header declares a name: a macro, a function, a type, or a constant of an enum. */
function declares(name: string): RegExp {
  const declarations = [
    `#define ${name}\\b`,
    `[a-z_][\\w \\t*]*[ *]${name}\\(`,
    `typedef .*\\b${name}(?:;|\\)\\()`,
    `\\} ${name};`,
    `(?:enum \\w+ \\{.*|enum \\{.*|\\t)\\b${name}(?: = [^;]*)?(?:,.*| \\};?)?$`,
    `extern .*\\b${name};`,
  ]
  return new RegExp(`^(?:${declarations.join('|')})`, 'm')
}

/**
 * The header of hmmu that has a name, such as `linux/bitops.h`; undefined: none.
 * @param name a word, or `struct` and a word
 * @param flags of the compiler; one of them names the folder of hmmu's headers
 */
export function headerOf(name: string, flags: readonly string[]): string | undefined {
  const folder = flags.map((flag) => FOLDER.exec(flag)?.[1]).find((found) => found !== undefined)
  if (folder === undefined) return undefined
  const pattern = name.includes(' ') ? new RegExp(`^${name} \\{`, 'm') : declares(name)
  const found = headersIn(join(folder, 'linux')).find((path) => pattern.test(readFileSync(path, 'utf8')))
  return found === undefined ? undefined : relative(folder, found)
}

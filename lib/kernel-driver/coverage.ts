// SPDX-License-Identifier: GPL-2.0-only
//
// What gcov has counted in a driver's sources.

import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { BuiltDriver } from './build'
import { runTool } from './tools'

/** Lines of a source. */
export interface SourceCoverage {
  /** Absolute path. */
  readonly source: string
  readonly lines: number
  readonly executed: number
  /** Lines with code that were not executed: first and last of each row without another executed line between them. */
  readonly missed: readonly (readonly [number, number])[]
  /** The file with the count of each line. */
  readonly gcov: string
}

/** The files of counts of the driver. */
function countsOf({ folder }: BuiltDriver): string[] {
  const objects = join(folder, 'CMakeFiles')
  const names = readdirSync(objects, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => /^driver_.*\.gcda$/.test(name)).map((name) => join(objects, name))
}

/** Counts begin at 0. */
export function forgetCoverage(driver: BuiltDriver): void {
  for (const file of countsOf(driver)) rmSync(file)
}

/** What runs since then have executed. */
export function coverageOf(driver: BuiltDriver): SourceCoverage[] {
  const folder = join(driver.folder, 'coverage')
  mkdirSync(folder, { recursive: true })
  const counts = countsOf(driver)
  if (counts.length === 0) return []
  const { stdout } = runTool('gcov', counts, { cwd: folder })
  const found = [...stdout.matchAll(/^File '(.*)'\nLines executed:([\d.]+)% of (\d+)/gm)]
  return found.flatMap(([, path = '', percent, lines]) => {
    const source = realpathSync(path)
    if (!driver.sources.some((file) => realpathSync(file) === source)) return []
    const executed = Math.round((Number(percent) * Number(lines)) / 100)
    const gcov = join(folder, `${basename(source)}.gcov`)
    return [{ source, lines: Number(lines), executed, missed: missedIn(readFileSync(gcov, 'utf8')), gcov }]
  })
}

/** Rows of lines that a .gcov file marks as not executed. Lines without code do not end a row. */
function missedIn(gcov: string): [number, number][] {
  const rows: [number, number][] = []
  let row: [number, number] | undefined
  for (const [, count = '', number] of gcov.matchAll(/^ *([^\s:]+): *(\d+):/gm)) {
    const line = Number(number)
    if (line === 0 || count === '-') continue
    if (!/^[#=]+\*?$/.test(count)) row = undefined
    else if (row !== undefined) row[1] = line
    else {
      row = [line, line]
      rows.push(row)
    }
  }
  return rows
}

// SPDX-License-Identifier: GPL-2.0-only
//
// What gcov has counted in a driver's sources.

import { mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { BuiltDriver } from './build'
import { runTool } from './tools'

/** Lines of a source. */
export interface SourceCoverage {
  /** Absolute path. */
  readonly source: string
  readonly lines: number
  readonly executed: number
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
    return [{ source, lines: Number(lines), executed, gcov: join(folder, `${basename(source)}.gcov`) }]
  })
}

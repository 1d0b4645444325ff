// SPDX-License-Identifier: GPL-2.0-only
//
// What gcov counted in the core.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './run.mjs'

/** The objects that have code of a kernel: the library's, and the C tests'. The groups are the kernel's name. */
const COUNTS = /(?:native\/core\/kernel\/v|\/internals_)(\d+_\d+)\.c\.gcda$/

/** The files of counts below a folder, of one kernel (4_14) or of all. */
export function countsIn(build, kernel) {
  return readdirSync(build, { recursive: true })
    .filter((name) => COUNTS.test(name) && (kernel === undefined || COUNTS.exec(name)[1] === kernel))
    .map((name) => join(build, name))
}

/**
 * How often each line of the core was run, by FLOOR/FILE and line number.
 * @param functions only lines of these, or all
 */
export function lineCounts(counts, functions) {
  const lines = new Map()
  if (counts.length === 0) return lines
  const args = ['--json-format', '--stdout', ...counts]
  const output = execFileSync('gcov', args, { encoding: 'utf8', maxBuffer: 2 ** 30 })
  for (const object of output.trim().split('\n')) {
    for (const { file, lines: found } of JSON.parse(object).files) {
      const name = /native\/core\/(.+)/.exec(file)?.[1]
      if (name === undefined) continue
      for (const { line_number: line, count, function_name: function_ } of found) {
        if (functions !== undefined && !functions.has(function_)) continue
        const key = `${name}:${line}`
        lines.set(key, (lines.get(key) ?? 0) + count)
      }
    }
  }
  return lines
}

/**
 * The functions of a kernel (4_14). The sources hold both kernels; what this one never calls is behind its constant
 * KERNEL, and an optimizing compiler leaves it out. Without optimization, as gcov wants it, it stays.
 */
export function functionsOf(kernel) {
  const folder = mkdtempSync(join(tmpdir(), 'hmmu-functions-'))
  try {
    const object = join(folder, 'kernel.o')
    // Each function that is called has to keep its name.
    const options = [
      '-std=c11',
      '-O1',
      '-fno-inline',
      '-Dalways_inline=unused',
      '-w',
      '-DHMMU_STATIC',
      '-DHMMU_VERSION="0"',
    ]
    const source = `native/core/kernel/v${kernel}.c`
    execFileSync('gcc', [...options, '-Inative/include', '-Inative/core', '-c', source, '-o', object], { cwd: root })
    const symbols = execFileSync('nm', [object], { encoding: 'utf8' })
    return new Set([...symbols.matchAll(/ [tT] (\w+)/g)].map(([, name]) => name))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

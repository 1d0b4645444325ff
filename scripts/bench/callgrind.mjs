// SPDX-License-Identifier: GPL-2.0-only
//
// Runs hmmu_bench --instructions in callgrind, and reads the counts.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The C library chooses its memcpy() by processor features. Without these features, its choice is equal everywhere. */
const GLIBC_TUNABLES = 'glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-ERMS'

const execute = promisify(execFile)

/**
 * Every run of an operation is one dump: `out.1`, `out.2`, …, in the order of the program's records.
 * @param more further arguments of the program
 * @returns records of the program, each with `instructions`, and `functions`: instructions by function
 */
export async function countInstructions(program, more = []) {
  const folder = mkdtempSync(join(tmpdir(), 'hmmu-callgrind-'))
  try {
    const args = ['--tool=callgrind', '--toggle-collect=bench_measured', '--dump-after=bench_measured']
    const output = `--callgrind-out-file=${folder}/out`
    const { stdout } = await execute('valgrind', [...args, output, program, '--instructions', ...more], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, GLIBC_TUNABLES },
      maxBuffer: 2 ** 26,
    })
    const records = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
    return records.map((record, i) => ({ ...record, ...readDump(readFileSync(`${folder}/out.${i + 1}`, 'utf8')) }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * The file is a list of functions (`fn=(7) name`, the name only the first time), each with lines of costs
 * (`+3 12`: a position and instructions); the cost line behind `calls=` is that of a callee, counted there.
 */
function readDump(text) {
  const names = new Map()
  const functions = new Map()
  let current
  let callee = false
  for (const line of text.split('\n')) {
    const name = /^(c?)fn=\((\d+)\)(?: (.*))?$/.exec(line)
    if (name) {
      if (name[3] !== undefined) names.set(name[2], name[3])
      if (name[1] === '') current = names.get(name[2])
    } else if (line.startsWith('calls=')) {
      callee = true
    } else {
      const cost = /^(?:[+-]?\d+|\*) (\d+)$/.exec(line)
      if (!cost) continue
      if (!callee) functions.set(current, (functions.get(current) ?? 0) + Number(cost[1]))
      callee = false
    }
  }
  const instructions = Number(/^summary: (\d+)$/m.exec(text)?.[1])
  return { instructions, functions: [...functions].sort((a, b) => b[1] - a[1]) }
}

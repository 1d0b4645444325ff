// SPDX-License-Identifier: GPL-2.0-only
//
// npm run bench: times operations in C and through TypeScript, and for comparison memcpy and the host's own kernel.
// Times depend on the host and its load; the counts of `npm run bench:instructions` do not.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, freemem, release } from 'node:os'
import { Command } from 'commander'
import { measureTypeScript } from '../../bench/typescript.mjs'
import { wholeNumber } from '../lib/options.mjs'
import { buildBench, toolchain } from './build.mjs'
import { tables } from './tables.mjs'

/** Page contents of 2^20 pages in RAM and on the device are 8 GiB. */
const BYTES_PER_PAGE = 2 * 4096 + 256
const LARGEST = 2 ** 20

function options() {
  const command = new Command('npm run bench --')
    .description('time the operations of libhmmu and of the TypeScript API')
    .option('--json [file]', 'print the results as JSON, or write them to a file beside the tables')
    .option('--quick', 'short runs, and no size above 65,536 pages')
    .option('--max-pages <n>', 'leave larger sizes out (default: as the free memory allows)', wholeNumber(1))
    .option('--no-typescript', 'the C path only')
  return command.parse().opts()
}

function defaultSize(quick) {
  if (quick) return 65536
  if (freemem() > LARGEST * BYTES_PER_PAGE * 1.25) return LARGEST
  console.error('too little memory is free for 1,048,576 pages with contents: sizes above 65,536 are left out')
  return 65536
}

/** The C program's records, one JSON object a line. */
function measureC(quick, maxPages) {
  const args = ['--max-pages', String(maxPages), ...(quick ? ['--quick'] : [])]
  const { status, stdout, signal } = spawnSync(buildBench(), args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  })
  if (status !== 0) throw new Error(`hmmu_bench ended with ${signal ?? status}`)
  const lines = stdout.trim().split('\n')
  return lines.map((line) => ({ via: 'c', driver: 'c', ...JSON.parse(line) }))
}

const { json, quick = false, maxPages = defaultSize(quick), typescript } = options()
const results = measureC(quick, maxPages)
if (typescript) results.push(...(await measureTypeScript({ quick, maxPages })))
const report = {
  host: { cpu: cpus()[0]?.model ?? 'unknown', kernel: release(), node: process.version, toolchain: toolchain() },
  date: new Date().toISOString().slice(0, 10),
  unit: 'ns for all pages of a run',
  results,
}
const text = `${JSON.stringify(report, null, 1)}\n`
if (typeof json === 'string') writeFileSync(json, text)
if (json === true) process.stdout.write(text)
else console.log(tables(report))

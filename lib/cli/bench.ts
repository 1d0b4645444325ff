// SPDX-License-Identifier: GPL-2.0-only

import { cpus } from 'node:os'
import { Command, Option } from 'commander'
import { addonInfo } from '../index'
import { flameGraph } from '../trace'
import { type BenchOptions, type BenchResult, measure, operationNames, profile } from './bench-run'
import { parseInteger } from './options'
import { colorsFor, print, printTo } from './output'
import { showProgress } from './progress'
import { plainTable } from './tables'

interface Options {
  readonly sizes: readonly number[]
  readonly contents?: boolean
  readonly time: number
  readonly flame?: string
  readonly json?: true
}

/** Pages of the machine that the flame graph is of. */
const FLAME_PAGES = 4096
const MOST_PAGES = 2 ** 22
const SIZES = '1,16,512,8192'

const HELP = `
Times are the best of each series, in nanoseconds a page, made through TypeScript with the driver in C. Faults are one call a
page, so of those the way into C and back is a part. The flame graph has the cycles of the C code alone.`

/** `hmmu bench` */
export function benchCommand(): Command {
  return new Command('bench')
    .description('time the core on this host, or draw where its time goes')
    .addOption(
      new Option('--sizes <pages>', 'sizes in pages, comma between them')
        .argParser(parseSizes)
        .default(parseSizes(SIZES), SIZES),
    )
    .option('--contents', 'pages have contents, and drivers copy them')
    .option('--time <ms>', 'how long to repeat each size', parseInteger(1, 600_000), 300)
    .option('--flame <out.svg>', 'write a flame graph of the spans of the C code')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', HELP)
    .action((options: Options) => {
      run(options)
    })
}

function parseSizes(text: string): number[] {
  return text.split(',').map((size) => parseInteger(1, MOST_PAGES)(size.trim()))
}

function run({ sizes, contents = false, time, flame, json }: Options): void {
  const options: BenchOptions = { contents, budget: time }
  const progress = showProgress(sizes.length + (flame === undefined ? 0 : 1), 'sizes')
  const results = sizes.flatMap((pages) => {
    const measured = measure(pages, options)
    progress.step()
    return measured
  })
  if (flame !== undefined) drawFlame(flame, options)
  progress.stop()
  print(json ? `${JSON.stringify({ unit: 'ns', contents, results }, null, 1)}\n` : report(results, sizes, contents))
}

function report(results: readonly BenchResult[], sizes: readonly number[], contents: boolean): string {
  const colors = colorsFor(process.stdout)
  const rows = operationNames.map((name) => [
    name,
    ...sizes.map((pages) => {
      const best = results.find((result) => result.operation === name && result.pages === pages)?.best ?? Number.NaN
      return (best / pages).toFixed(best / pages < 100 ? 1 : 0)
    }),
  ])
  const head = ['ns a page', ...sizes.map((pages) => `${pages} page${pages === 1 ? '' : 's'}`)]
  const about = `${cpus()[0]?.model ?? 'unknown CPU'}, ${addonInfo.backend}, ${contents ? 'with' : 'without'} contents`
  return `${about}\n${plainTable(head, rows, colors)}\n`
}

function drawFlame(path: string, options: BenchOptions): void {
  const { tree } = profile(FLAME_PAGES, options)
  const what = `hmmu bench: ${FLAME_PAGES} pages ${options.contents ? 'with' : 'without'} contents`
  printTo(path, flameGraph(tree, what))
}

// SPDX-License-Identifier: GPL-2.0-only

import { Command, Option } from 'commander'
import { DEFAULT_PROFILE, DrillError, type DrillSource, readDrills } from '../drill'
import { exploreDrill } from '../explore'
import { profileNames } from '../index'
import { ExitCode, UsageError } from './exit-codes'
import { codeOfDiff, diffDocument, diffDrill, diffReport } from './explore-diff'
import {
  type ExploreCommandOptions,
  MIB,
  MOST_WORKERS,
  pointsOption,
  searchOptions,
  workersOf,
} from './explore-options'
import { isOfOrder, showOrder } from './explore-order'
import { endProgress } from './explore-progress'
import { exploreAtRandom } from './explore-random'
import { codeOf, documentOf, report, worse } from './explore-report'
import { drillProfileOption, filterDrills, filterOption, oneDrill, parseInteger, portOption } from './options'
import { print, printError } from './output'

const HELP = `
--replay, --to-drill, --trace, --record and --view are about one order: that of the id, else that of the first finding.
An id is what is printed behind a finding.

Exit codes: 0 if all is as the drills expect it; 1 if not, or if a drill without 'expect' lines has a finding; 2 for a wrong command
line; 3 if a search was cut off. With --diff: 1 if the profiles differ.`

/** `hmmu explore` */
export function exploreCommand(exit: (code: number) => void): Command {
  return new Command('explore')
    .description('try all orders in which the tasks of drills can run')
    .argument('[file...]', 'drills with tasks (docs/explore.md)')
    .addOption(drillProfileOption())
    .addOption(filterOption())
    .addOption(pointsOption())
    .option('--preemptions <n>', 'a task that could go on is put aside at most so often', parseInteger(0, 1000))
    .option('--states <n>', 'stop behind so many states (default: 1000000)', parseInteger(1, 2 ** 30))
    .option('--memory <mib>', 'stop when the search has so much memory (default: 1024)', parseInteger(1, 2 ** 20))
    .option('--time <ms>', 'stop behind so many milliseconds (default: never)', parseInteger(1, 2 ** 31 - 1))
    .option('--workers <n>', 'threads that search (default: as many as there are cores)', parseInteger(1, MOST_WORKERS))
    .option('--handler-retries', 'a fault handler that could not move its page has the access fault again')
    .option('--all-twins', 'also the orders in which two tasks that do the same change places')
    .option('--verify', "check the machine's balance in each state, and not only at the end")
    .option('--selfcheck', 'make many states from the begin, too, and compare them with those of rollbacks')
    .option('--outcomes', 'print all ways in which a drill can end')
    .option(
      '--blame',
      'explore again with each quirk of the machine alone off, and alone on, and say which findings need it',
    )
    .addOption(new Option('--diff <profile>', 'print what only one of two profiles shows').choices(profileNames))
    .option('--replay <id>', 'print the order of a finding step by step')
    .option('--to-drill [id]', 'print an order as a drill that replays it')
    .option('--trace <out>', 'write an order as a trace for Perfetto; - for standard output')
    .option('--record <out>', 'write the record of an order, for hmmu view and hmmu drill step; - for standard output')
    .option('--view [id]', 'serve a page that shows an order, as hmmu view does')
    .addOption(portOption())
    .option('--random <n>', 'explore so many random drills, and no file', parseInteger(1, 2 ** 30))
    .option('--seed <n>', 'with --random: the seed of the first drill (default: 1)', parseInteger(0, 2 ** 30))
    .option('--json', 'print the results as JSON')
    .addHelpText('after', HELP)
    .action((files: string[], options: ExploreCommandOptions) => exit(run(files, options)))
}

function run(files: readonly string[], options: ExploreCommandOptions): number {
  const { random, seed } = options
  if (random !== undefined) return exploreRandomDrills(files, options, random)
  if (seed !== undefined) throw new UsageError('--seed is for --random')
  if (files.length === 0) throw new UsageError('which drills? (or --random N)')
  return isOfOrder(options) ? orderOfFile(files, options) : exploreFiles(files, options)
}

/** What is for drills of files. */
const NOT_RANDOM = ['filter', 'replay', 'blame', 'outcomes', 'diff', 'toDrill', 'trace', 'record', 'view'] as const

function exploreRandomDrills(files: readonly string[], options: ExploreCommandOptions, programs: number): number {
  const other = NOT_RANDOM.find((name) => options[name] !== undefined)
  if (files.length > 0) throw new UsageError('--random makes its drills itself, and takes no file')
  if (other !== undefined) throw new UsageError(`--${other === 'toDrill' ? 'to-drill' : other} is not for --random`)
  const { memory, seed = 1, profile = DEFAULT_PROFILE, json = false } = options
  const { points, preemptions, states, time, handlerRetries, allTwins, verify, selfcheck } = options
  const bytes = memory === undefined ? undefined : memory * MIB
  const limits = { preemptions, states, time, bytes }
  return exploreAtRandom(
    { ...limits, points, handlerRetries, allTwins, verify, selfcheck, programs, seed, profile },
    workersOf(options),
    json,
  )
}

function exploreFiles(files: readonly string[], options: ExploreCommandOptions): number {
  const documents: object[] = []
  let code: number = ExitCode.OK
  for (const source of filterDrills(options, files.flatMap(readDrills))) {
    const result = orError(() =>
      options.diff ? diffOne(source, options, documents) : exploreOne(source, options, documents),
    )
    code = worse(code, result.code)
    if (result.stopped) break
  }
  if (options.json) print(`${JSON.stringify(documents, null, 2)}\n`)
  return code
}

interface Result {
  readonly code: number
  /** Ctrl-C */
  readonly stopped: boolean
}

/** Tells, or adds to the documents, what one drill has come to. */
function exploreOne(source: DrillSource, options: ExploreCommandOptions, documents: object[]): Result {
  const explored = exploreDrill(source, searchOptions(source, options))
  endProgress()
  if (options.json) documents.push(documentOf(source, explored, options))
  else print(report(source, explored, options))
  return { code: codeOf(explored), stopped: explored.cutOff === 'stopped' }
}

function diffOne(source: DrillSource, options: ExploreCommandOptions, documents: object[]): Result {
  const difference = diffDrill(source, options, options.diff ?? 'linux-4.14')
  endProgress()
  if (options.json) documents.push(diffDocument(difference))
  else print(diffReport(difference))
  const stopped = difference.explored.some(({ cutOff }) => cutOff === 'stopped')
  return { code: codeOfDiff(difference), stopped }
}

function orderOfFile(files: readonly string[], options: ExploreCommandOptions): number {
  const [file = ''] = files
  if (files.length !== 1) throw new UsageError('one order is of one drill')
  const source = oneDrill(file, options)
  return orError(() => ({ code: showOrder(source, options), stopped: false })).code
}

/** An error of a drill is printed. */
function orError(call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    if (!(error instanceof DrillError)) throw error
    endProgress()
    printError(error.message)
    return { code: ExitCode.FAILED, stopped: false }
  }
}

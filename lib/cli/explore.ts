// SPDX-License-Identifier: GPL-2.0-only

import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import { visible } from '../base/visible'
import { DEFAULT_PROFILE, DrillError, type DrillSource, profileOf, readDrills } from '../drill'
import {
  type Blame,
  blame,
  DEFAULT_POINTS,
  type Exploration,
  type ExploreOptions,
  exploreDrill,
  replayDrill,
} from '../explore'
import { type Profile, type SwitchPoint, switchPointNames } from '../index'
import { ExitCode, UsageError } from './exit-codes'
import { exploreAtRandom } from './explore-random'
import { drillProfileOption, filterDrills, filterOption, oneDrill, parseInteger } from './options'
import { print, printError } from './output'

interface ExploreCommandOptions {
  readonly profile?: Profile
  readonly filter?: readonly string[]
  readonly points?: readonly SwitchPoint[]
  readonly preemptions?: number
  readonly states?: number
  readonly memory?: number
  readonly time?: number
  readonly workers?: number
  readonly selfcheck?: true
  readonly handlerRetries?: true
  readonly allTwins?: true
  readonly verify?: true
  readonly blame?: true
  readonly outcomes?: true
  readonly json?: true
  readonly replay?: string
  readonly random?: number
  readonly seed?: number
}

const MIB = 2 ** 20
const MOST_WORKERS = 64
const HELP = `
Exit codes: 0 if all is as the drills expect it; 1 if not, or if a drill without 'expect' lines has a finding; 2 for a wrong command
line; 3 if a search was cut off.`

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
    .option('--replay <id>', 'print the order of a finding step by step')
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
  return options.replay === undefined ? exploreFiles(files, options) : replayFile(files, options, options.replay)
}

/** What is for drills of files. */
const NOT_RANDOM = ['filter', 'replay', 'blame', 'outcomes'] as const

function exploreRandomDrills(files: readonly string[], options: ExploreCommandOptions, programs: number): number {
  const other = NOT_RANDOM.find((name) => options[name] !== undefined)
  if (files.length > 0) throw new UsageError('--random makes its drills itself, and takes no file')
  if (other !== undefined) throw new UsageError(`--${other} is not for --random`)
  const { memory, seed = 1, profile = DEFAULT_PROFILE, json = false, random, ...rest } = options
  const bytes = memory === undefined ? undefined : memory * MIB
  return exploreAtRandom({ ...rest, programs, seed, profile, bytes }, json)
}

function pointsOption(): Option {
  const text = `where calls stop in their middle, with commas between: ${switchPointNames.join(', ')}; all; none (default: ${DEFAULT_POINTS.join(', ')})`
  return new Option('--points <names>', text).argParser((value) => {
    if (value === 'none') return []
    if (value === 'all') return switchPointNames
    return value.split(',').map((name) => {
      const point = switchPointNames.find((each) => each === name)
      if (point === undefined)
        throw new UsageError(`there is no switching point '${name}' (${switchPointNames.join(', ')})`)
      return point
    })
  })
}

function searchOptions(source: DrillSource, options: ExploreCommandOptions): ExploreOptions {
  const { memory, profile = profileOf(source.file), ...rest } = options
  const workers = options.workers ?? Math.min(availableParallelism(), MOST_WORKERS)
  return { ...rest, profile, workers, stopOnInterrupt: true, bytes: memory === undefined ? undefined : memory * MIB }
}

function exploreFiles(files: readonly string[], options: ExploreCommandOptions): number {
  const sources = filterDrills(options, files.flatMap(readDrills))
  const documents: object[] = []
  let code: number = ExitCode.OK
  for (const source of sources) {
    try {
      const explored = exploreDrill(source, searchOptions(source, options))
      if (options.json) documents.push(documentOf(source, explored, options))
      else print(report(source, explored, options))
      code = worse(code, codeOf(explored))
      if (explored.cutOff === 'stopped') break
    } catch (error) {
      if (!(error instanceof DrillError)) throw error
      printError(error.message)
      code = worse(code, ExitCode.FAILED)
    }
  }
  if (options.json) print(`${JSON.stringify(documents, null, 2)}\n`)
  return code
}

function codeOf({ unmet, cutOff }: Exploration): number {
  if (unmet.length > 0) return ExitCode.FAILED
  return cutOff === undefined ? ExitCode.OK : ExitCode.CUT_OFF
}

/** Something wrong is worse than a search that was cut off. */
function worse(a: number, b: number): number {
  return a === ExitCode.FAILED || b === ExitCode.FAILED ? ExitCode.FAILED : Math.max(a, b)
}

function report(source: DrillSource, explored: Exploration, options: ExploreCommandOptions): string {
  const { name, profile, tasks, findings, outcomes, unmet } = explored
  const lines = [`${visible(name)} (${profile}): ${tasks.length} tasks, ${countsText(explored)}`]
  for (const { judge, sentence, id, times } of findings) {
    lines.push(`  ${judge}: ${visible(sentence)}`, `    ${times} times; shortest order: ${id}`)
  }
  if (findings.length === 0) lines.push('  no finding')
  if (options.outcomes) for (const { sentence } of outcomes) lines.push(`  outcome: ${sentence}`)
  else lines.push(`  ${outcomes.length} outcomes`)
  if (options.blame) lines.push(...blameLines(blame(source, explored, searchOptions(source, options))))
  for (const text of unmet) lines.push(`  not as expected: ${visible(text)}`)
  return `${lines.join('\n')}\n`
}

function countsText({ states, schedules, steps, hasCycles, cutOff }: Exploration): string {
  const orders = schedules < 1e9 ? String(schedules) : schedules.toExponential(3)
  const text = `${states} states, ${steps} steps, ${hasCycles || cutOff ? 'at least ' : ''}${orders} orders`
  return cutOff === undefined
    ? `${text}, all tried`
    : `${text}; ${cutOff === 'stopped' ? cutOff : `cut off by ${cutOff}`}`
}

function blameLines({ quirks, always }: Blame): string[] {
  return [
    ...quirks.flatMap(({ quirk, needed, enough }) => [
      ...(needed.length > 0 ? [`  without ${quirk} no ${needed.join(', no ')}`] : []),
      ...(enough.length > 0 ? [`  ${quirk} alone is enough for ${enough.join(', ')}`] : []),
    ]),
    ...(always.length > 0 ? [`  no quirk is needed for ${always.join(', ')}`] : []),
  ]
}

function documentOf(source: DrillSource, explored: Exploration, options: ExploreCommandOptions): object {
  const findings = explored.findings.map(({ choices, ...finding }) => ({ ...finding, choices: [...choices] }))
  const blamed = options.blame ? { blame: blame(source, explored, searchOptions(source, options)) } : {}
  return { ...explored, findings, ...blamed }
}

function replayFile(files: readonly string[], options: ExploreCommandOptions, id: string): number {
  const [file = ''] = files
  if (files.length !== 1) throw new UsageError('--replay is for one drill')
  const source = oneDrill(file, options)
  try {
    const { trace } = replayDrill(source, id, searchOptions(source, options))
    print(trace.map((line) => `${visible(line)}\n`).join(''))
    return ExitCode.OK
  } catch (error) {
    if (!(error instanceof DrillError)) throw error
    printError(error.message)
    return ExitCode.FAILED
  }
}

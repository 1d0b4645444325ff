// SPDX-License-Identifier: GPL-2.0-only

import { Command, Option } from 'commander'
import { visible } from '../base/visible'
import { DrillError, type DrillSource, profileOf, readDrills } from '../drill'
import { blame, DEFAULT_POINTS, type Exploration, type ExploreOptions, exploreDrill, replayDrill } from '../explore'
import { type Profile, type SwitchPoint, switchPointNames } from '../index'
import { ExitCode, UsageError } from './exit-codes'
import { drillProfileOption, filterDrills, filterOption, oneDrill, parseInteger } from './options'
import { print, printError } from './output'

interface ExploreCommandOptions {
  readonly profile?: Profile
  readonly filter?: readonly string[]
  readonly points?: readonly SwitchPoint[]
  readonly preemptions?: number
  readonly states?: number
  readonly memory?: number
  readonly handlerRetries?: true
  readonly allTwins?: true
  readonly verify?: true
  readonly blame?: true
  readonly outcomes?: true
  readonly json?: true
  readonly replay?: string
}

const MIB = 2 ** 20
const HELP = `
Exit codes: 0 if all is as the drills expect it; 1 if not, or if a drill without 'expect' lines has a finding; 2 for a wrong command
line; 3 if a search was cut off.`

/** `hmmu explore` */
export function exploreCommand(exit: (code: number) => void): Command {
  return new Command('explore')
    .description('try all orders in which the tasks of drills can run')
    .argument('<file...>', 'drills with tasks (docs/explore.md)')
    .addOption(drillProfileOption())
    .addOption(filterOption())
    .addOption(pointsOption())
    .option('--preemptions <n>', 'a task that could go on is put aside at most so often', parseInteger(0, 1000))
    .option('--states <n>', 'stop behind so many states (default: 1000000)', parseInteger(1, 2 ** 30))
    .option('--memory <mib>', 'stop when the search has so much memory (default: 1024)', parseInteger(1, 2 ** 20))
    .option('--handler-retries', 'a fault handler that could not move its page has the access fault again')
    .option('--all-twins', 'also the orders in which two tasks that do the same change places')
    .option('--verify', "check the machine's balance in each state, and not only at the end")
    .option('--outcomes', 'print all ways in which a drill can end')
    .option('--blame', 'explore again without each quirk of the machine, and say which findings need it')
    .option('--replay <id>', 'print the order of a finding step by step')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', HELP)
    .action((files: string[], options: ExploreCommandOptions) => {
      exit(options.replay === undefined ? exploreFiles(files, options) : replayFile(files, options, options.replay))
    })
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
  return { ...rest, profile, bytes: memory === undefined ? undefined : memory * MIB }
}

function exploreFiles(files: readonly string[], options: ExploreCommandOptions): number {
  const sources = filterDrills(options, files.flatMap(readDrills))
  const documents: object[] = []
  let code: number = ExitCode.OK
  for (const source of sources) {
    try {
      const explored = exploreDrill(source, searchOptions(source, options))
      if (options.json) documents.push(documentOf(explored))
      else print(report(source, explored, options))
      code = worse(code, codeOf(explored))
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
  if (options.blame) lines.push(...blameLines(source, explored, options))
  for (const text of unmet) lines.push(`  not as expected: ${visible(text)}`)
  return `${lines.join('\n')}\n`
}

function countsText({ states, schedules, steps, hasCycles, cutOff }: Exploration): string {
  const orders = schedules < 1e9 ? String(schedules) : schedules.toExponential(3)
  const text = `${states} states, ${steps} steps, ${hasCycles || cutOff ? 'at least ' : ''}${orders} orders`
  return cutOff === undefined ? `${text}, all tried` : `${text}; cut off by ${cutOff}`
}

function blameLines(source: DrillSource, explored: Exploration, options: ExploreCommandOptions): string[] {
  const blamed = blame(source, explored, searchOptions(source, options))
  return blamed.map(({ quirk, judges }) => `  without ${quirk} no ${judges.join(', no ')}`)
}

function documentOf(explored: Exploration): object {
  const findings = explored.findings.map(({ choices, ...finding }) => ({ ...finding, choices: [...choices] }))
  return { ...explored, findings }
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

// SPDX-License-Identifier: GPL-2.0-only

import { Command } from 'commander'
import { visible, visibleJson, visibleLines } from '../base/visible'
import {
  type CheckResult,
  checkFile,
  DrillError,
  type DrillSource,
  failedFile,
  readDrills,
  runOnKernel,
  STDIN_PATH,
  searchDrillFiles,
  type Update,
} from '../drill'
import { ExitCode, UsageError } from './exit-codes'
import { addDrillOptions, type DrillOptions, filterDrills, kernelOf } from './options'
import { type Colors, colorsFor, print, printError } from './output'
import { showProgress } from './progress'

interface CheckCommandOptions extends DrillOptions {
  readonly json?: true
  readonly update?: true
  readonly force?: true
}

/** The results for the files of a command line. */
interface Report {
  /** Of files that can't be read, and of drills. */
  readonly results: CheckResult[]
  readonly updates: Update[]
  /** Paths on the command line that are none. */
  readonly wrongPaths: DrillError[]
}

/** `hmmu drill check` */
export function drillCheckCommand(exit: (code: number) => void): Command {
  const command = new Command('check')
    .description('run drills and compare their transcripts with the expected ones')
    .argument('<path...>', 'files (NAME.drill, X.drills, also .gz) or folders of them, each with its NAME.expected')
    .option('--json', 'print the results as JSON')
    .option('--update', 'write the transcripts as those that are expected from now on')
    .option('--force', 'with --update: also overwrite what another profile prints')
  return addDrillOptions(command).action((paths: string[], options: CheckCommandOptions) => {
    exit(checkPaths(paths, options))
  })
}

function checkPaths(paths: readonly string[], options: CheckCommandOptions): number {
  if (options.force && !options.update) throw new UsageError('--force is for --update')
  const report: Report = { results: [], updates: [], wrongPaths: [] }
  const drills = readAll(findFiles(paths, report), report)
  for (const error of report.wrongPaths) printError(error.message)
  const nothing = drills.size === 0 && report.results.length === 0
  if (nothing && report.wrongPaths.length > 0) return ExitCode.USAGE
  if (nothing || drills.size > 0) runChecks(drills, options, report)
  print(options.json ? jsonOf(report) : textOf(report))
  if (report.wrongPaths.length > 0) return ExitCode.USAGE
  return report.results.every((result) => result.passed) ? ExitCode.OK : ExitCode.FAILED
}

/** The files that the paths stand for. */
function findFiles(paths: readonly string[], { results, wrongPaths }: Report): Set<string> {
  const files = paths.flatMap((path) => {
    if (path === STDIN_PATH) throw new UsageError('nothing is expected of standard input: use drill run -')
    try {
      return searchDrillFiles(path, (error) => results.push(failedFile(error.file, error)))
    } catch (error) {
      if (!(error instanceof DrillError)) throw error
      wrongPaths.push(error)
      return []
    }
  })
  return new Set(files)
}

function readAll(files: ReadonlySet<string>, { results }: Report): Map<string, DrillSource[]> {
  const drills = new Map<string, DrillSource[]>()
  for (const file of files) {
    try {
      drills.set(file, readDrills(file))
    } catch (error) {
      if (!(error instanceof DrillError)) throw error
      results.push(failedFile(file, error))
    }
  }
  return drills
}

function runChecks(drills: ReadonlyMap<string, DrillSource[]>, options: CheckCommandOptions, report: Report): void {
  const wanted = new Set(filterDrills(options, [...drills.values()].flat()))
  const { profile, verify, ramPages, update, force } = options
  const kernel = kernelOf(options)
  const runs = kernel && runOnKernel([...wanted], kernel)
  const run = runs && ((source: DrillSource) => runs.get(source)!)
  const progress = showProgress(wanted.size, 'drills')
  const onResult = () => progress.step()
  const onUpdate = (update: Update) => report.updates.push(update)
  try {
    for (const [file, sources] of drills) {
      const chosen = sources.filter((source) => wanted.has(source))
      const checks = { run, profile, verify, ramPages, update, force, onResult, onUpdate }
      for (const result of checkFile(file, chosen, checks)) report.results.push(result)
    }
  } finally {
    progress.stop()
  }
}

function countsOf({ results }: Report): { passed: number; failed: number } {
  const passed = results.filter((result) => result.passed).length
  return { passed, failed: results.length - passed }
}

function jsonOf(report: Report): string {
  const { results, updates } = report
  return `${visibleJson({ ...countsOf(report), results, ...(updates.length > 0 ? { updates } : {}) }, 2)}\n`
}

function textOf(report: Report): string {
  const colors = colorsFor(process.stdout)
  const { passed, failed } = countsOf(report)
  const color = failed === 0 ? colors.green : colors.red
  return [
    ...report.updates.map(updateText),
    ...report.results.filter((result) => !result.passed).map((result) => failureText(result, colors)),
    `${color(`${passed} passed, ${failed} failed`)}\n`,
  ].join('')
}

function updateText({ file, by, ...counts }: Update): string {
  const changes = Object.entries(counts).filter(([, count]) => count > 0)
  return `updated ${visible(file)} (${by}): ${changes.map(([what, count]) => `${count} ${what}`).join(', ')}\n`
}

function failureText(result: CheckResult, colors: Colors): string {
  const head = `${colors.red('FAILED')} ${colors.bold(visible(result.name))}: ${result.reason}\n`
  return result.diff === undefined ? head : `${head}${colorDiff(visibleLines(result.diff), colors)}\n`
}

function colorDiff(diff: string, colors: Colors): string {
  return diff
    .trimEnd()
    .split('\n')
    .map((line) => {
      if (line.startsWith('+')) return colors.green(line)
      if (line.startsWith('-')) return colors.red(line)
      return line.startsWith('@@') ? colors.cyan(line) : line
    })
    .join('\n')
}

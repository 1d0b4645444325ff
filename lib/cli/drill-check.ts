// SPDX-License-Identifier: GPL-2.0-only

import { Command } from 'commander'
import { type CheckResult, checkFile, findDrillFiles, listDrills } from '../drill'
import { ExitCode, UsageError } from './exit-codes'
import { type DrillOptions, filterOption, passesFilter, profileOption, verifyOption } from './options'
import { type Colors, colorsFor, print } from './output'
import { showProgress } from './progress'

interface CheckCommandOptions extends DrillOptions {
  readonly json?: true
  readonly update?: true
}

/** `hmmu drill check` */
export function drillCheckCommand(exit: (code: number) => void): Command {
  return new Command('check')
    .description('run drills and compare their transcripts with what is expected')
    .argument('<path...>', 'files (NAME.drill, X.drills, also .gz) or folders of them; NAME.expected stands beside')
    .option('--json', 'print the results as JSON')
    .option('--update', 'write the transcripts as what is expected from now on')
    .addOption(profileOption())
    .addOption(verifyOption())
    .addOption(filterOption())
    .action((paths: string[], options: CheckCommandOptions) => {
      exit(checkPaths(paths, options))
    })
}

function checkPaths(paths: readonly string[], options: CheckCommandOptions): number {
  const results = runChecks([...new Set(paths.flatMap(findDrillFiles))], options)
  const failed = results.filter((result) => !result.passed)
  const passed = results.length - failed.length
  if (options.json) {
    print(`${JSON.stringify({ passed, failed: failed.length, results }, null, 2)}\n`)
  } else {
    const colors = colorsFor(process.stdout)
    for (const result of failed) print(failureText(result, colors))
    const color = failed.length === 0 ? colors.green : colors.red
    print(`${color(`${passed} passed, ${failed.length} failed`)}\n`)
  }
  return failed.length === 0 ? ExitCode.OK : ExitCode.FAILED
}

function runChecks(files: readonly string[], options: CheckCommandOptions): CheckResult[] {
  const filter = (name: string) => passesFilter(options, name)
  const drills = listDrills(files, { filter })
  const total = [...drills.values()].reduce((sum, sources) => sum + sources.length, 0)
  if (total === 0) throw new UsageError('no drill there, or none of such a name')
  const progress = showProgress(total, 'drills')
  try {
    return [...drills].flatMap(([file, sources]) =>
      checkFile(file, sources, {
        profile: options.profile,
        verify: options.verify,
        update: options.update,
        onResult: () => progress.step(),
      }),
    )
  } finally {
    progress.stop()
  }
}

function failureText(result: CheckResult, colors: Colors): string {
  const head = `${colors.red('FAILED')} ${colors.bold(result.name)}: ${result.reason}\n`
  return result.diff === undefined ? head : `${head}${colorDiff(result.diff, colors)}\n`
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

// SPDX-License-Identifier: GPL-2.0-only

import { Command } from 'commander'
import { type DrillSource, isConcatenation, joinSections, readDrills, runSource } from '../drill'
import { ExitCode, UsageError } from './exit-codes'
import { type DrillOptions, filterOption, passesFilter, profileOption, verifyOption } from './options'
import { colorsFor, print, printError } from './output'

/** `hmmu drill run` */
export function drillRunCommand(exit: (code: number) => void): Command {
  return new Command('run')
    .description('run drills and print their transcripts')
    .argument('<file...>', 'NAME.drill, or X.drills with many drills behind lines "=== NAME"; also compressed (.gz)')
    .addOption(profileOption())
    .addOption(verifyOption())
    .addOption(filterOption())
    .addHelpText('after', '\nThe transcript of one .drill file stands alone; any other has a line "=== NAME" in front.')
    .action((files: string[], options: DrillOptions) => {
      exit(runFiles(files, options))
    })
}

function runFiles(files: readonly string[], options: DrillOptions): number {
  const sources = files.flatMap((file) => readDrills(file)).filter((source) => passesFilter(options, source.name))
  if (sources.length === 0) throw new UsageError('no drill has such a name')
  const alone = files.length === 1 && !isConcatenation(files[0] ?? '')
  let code: number = ExitCode.OK
  for (const source of sources) if (!runOne(source, options, alone)) code = ExitCode.FAILED
  return code
}

/** Print one transcript, and what went wrong behind it. False if something did. */
function runOne(source: DrillSource, options: DrillOptions, alone: boolean): boolean {
  const { transcript: text, failure } = runSource(source, options)
  print(alone ? text : joinSections([{ name: source.name, text }]))
  if (failure === undefined) return true
  printError(`${colorsFor(process.stderr).red('error:')} ${failure.message}`)
  return false
}

// SPDX-License-Identifier: GPL-2.0-only

import { Command } from 'commander'
import { visible } from '../base/visible'
import {
  DrillError,
  type DrillRun,
  type DrillSource,
  isConcatenation,
  joinSections,
  profileOf,
  readDrills,
  runOnKernel,
  runSource,
  STDIN_PATH,
} from '../drill'
import { type Recording, recordDrill } from '../record'
import { recordPieces } from '../record/pieces'
import { ExitCode, UsageError } from './exit-codes'
import { addDrillOptions, type DrillOptions, filterDrills, kernelOf } from './options'
import { print, printError } from './output'

interface RunCommandOptions extends DrillOptions {
  readonly strict?: true
  readonly json?: true
}

const HELP = `
The transcript of one .drill file stands alone; any other has a line "=== NAME" in front. Standard input holds one drill,
or many if it starts with such a line.`

/** `hmmu drill run` */
export function drillRunCommand(exit: (code: number) => void): Command {
  const command = new Command('run')
    .description('run drills and print their transcripts')
    .argument(
      '<file...>',
      'NAME.drill, or X.drills with many drills behind lines "=== NAME"; also compressed (.gz); - for standard input',
    )
    .option('--json', 'print what the machine looks like at each step, as one JSON document (docs/record.md)')
    .option('--strict', 'a command that would print "skipped" ends the drill, which has failed')
  return addDrillOptions(command)
    .addHelpText('after', HELP)
    .action((files: string[], options: RunCommandOptions) => {
      exit(options.json ? recordFiles(files, options) : runFiles(files, options))
    })
}

function runFiles(files: readonly string[], options: RunCommandOptions): number {
  let code: number = ExitCode.OK
  const sources = readFiles(files, () => {
    code = ExitCode.USAGE
  })
  if (sources.length === 0 && code !== ExitCode.OK) return code
  const alone = files.length === 1 && sources.length === 1 && isAlone(files[0] ?? '', sources)
  const chosen = filterDrills(options, sources)
  const kernel = kernelOf(options)
  const runs = kernel && runOnKernel(chosen, kernel)
  for (const source of chosen) {
    const run = runs?.get(source) ?? runEmulated(source, options)
    if (!printRun(source, run, alone)) code = Math.max(code, ExitCode.FAILED)
  }
  return code
}

/** One document with a recording of each drill. A drill that fails is recorded up to there, and its error printed. */
function recordFiles(files: readonly string[], options: RunCommandOptions): number {
  let code: number = ExitCode.OK
  if (kernelOf(options)) throw new UsageError('--json is for the emulator: a kernel does not tell what it looks like')
  const sources = readFiles(files, () => {
    code = ExitCode.USAGE
  })
  const recordings = recordAll(filterDrills(options, sources), options, () => {
    code = Math.max(code, ExitCode.FAILED)
  })
  let printed = false
  for (const piece of recordPieces(recordings)) {
    print(piece)
    printed = true
  }
  if (printed) print('\n')
  return code
}

/** The recording of one drill at a time. */
function* recordAll(
  sources: readonly DrillSource[],
  options: RunCommandOptions,
  onFailure: () => void,
): Generator<Recording> {
  for (const source of sources) {
    const profile = options.profile ?? profileOf(source.file)
    const { recording, failure } = recordDrill(source, { ...options, profile })
    if (recording) yield recording
    if (failure) printError(failure.message)
    if (failure) onFailure()
  }
}

/** The drills of all readable files. For other files an error is printed. */
function readFiles(files: readonly string[], onError: () => void): DrillSource[] {
  return files.flatMap((file) => {
    try {
      return readDrills(file)
    } catch (error) {
      if (!(error instanceof DrillError)) throw error
      printError(error.message)
      onError()
      return []
    }
  })
}

/** Whether a file holds one drill that has no name of its own. */
function isAlone(file: string, [source]: readonly DrillSource[]): boolean {
  return file === STDIN_PATH ? source?.firstLine === 1 : !isConcatenation(file)
}

function runEmulated(source: DrillSource, options: RunCommandOptions): DrillRun {
  return runSource(source, { ...options, profile: options.profile ?? profileOf(source.file) })
}

/** Print one transcript, and its error after it. False if there was an error. */
function printRun(source: DrillSource, { transcript: text, failure }: DrillRun, alone: boolean): boolean {
  print(alone ? text : joinSections([{ name: visible(source.name), text }]))
  if (failure === undefined) return true
  printError(failure.message)
  return false
}

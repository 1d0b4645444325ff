// SPDX-License-Identifier: GPL-2.0-only

import { debuglog } from 'node:util'
import { Command, CommanderError } from 'commander'
import { DrillError } from '../drill'
import { HmmuError } from '../index'
import { KernelDriverError } from '../kernel-driver'
import { benchCommand } from './bench'
import { demoCommand } from './demo'
import { doctorCommand } from './doctor'
import { drillCheckCommand } from './drill-check'
import { drillDiffCommand } from './drill-diff'
import { drillRunCommand } from './drill-run'
import { drillStepCommand } from './drill-step'
import { driverBuildCommand } from './driver-build'
import { driverRunCommand } from './driver-run'
import { ExitCode, UsageError } from './exit-codes'
import { exploreCommand } from './explore'
import { OutputError, print, printError, printErrorText } from './output'
import { replCommand } from './repl'
import { traceCommand } from './trace'
import { packageVersion } from './version'
import { viewCommand } from './view'

const HELP = `
Exit code: 0 all is well, 1 something failed, 2 the command line is wrong or names a file that can't be read.

Environment: HMMU_BACKEND=native or wasm chooses what is loaded, HMMU_BINDING names an addon's file; NO_COLOR and
FORCE_COLOR decide about colours; NODE_DEBUG=hmmu shows where an unexpected error comes from.`

const log = debuglog('hmmu')

/** Carries out a command line, and returns its exit code. */
export function runCommandLine(argv: readonly string[]): number {
  let exitCode: number = ExitCode.OK
  const program = makeProgram((code) => {
    exitCode = code
  })
  try {
    program.parse(argv)
    return exitCode
  } catch (error) {
    return report(error)
  }
}

/** Print an error in a line, and choose the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE
  // A reader like `head` has closed the pipe.
  if (error instanceof OutputError && error.closed) return ExitCode.FAILED
  printError(messageOf(error))
  return isOfUsage(error) || error instanceof UsageError ? ExitCode.USAGE : ExitCode.FAILED
}

/** Errors about what the command line names, or about a program that is not installed. */
const USAGE_CODES = ['HMMU_DRILL_FILE', 'HMMU_DRILL_KERNEL', 'HMMU_DRIVER_FILE', 'HMMU_DRIVER_TREE', 'HMMU_DRIVER_TOOL']

function isOfUsage(error: unknown): boolean {
  return (error instanceof DrillError || error instanceof KernelDriverError) && USAGE_CODES.includes(error.code)
}

function messageOf(error: unknown): string {
  if (
    error instanceof HmmuError ||
    error instanceof KernelDriverError ||
    (error instanceof DrillError && error.code === 'HMMU_DRILL_KERNEL')
  )
    return `${error.message} (${error.code})`
  if (error instanceof UsageError || error instanceof DrillError || error instanceof OutputError) return error.message
  log('%o', error)
  return `unexpected: ${error instanceof Error ? error.message : String(error)} (NODE_DEBUG=hmmu shows where)`
}

function makeProgram(exit: (code: number) => void): Command {
  const program = new Command('hmmu')
    .description("HMM in userspace: Linux's migrate_vma() emulated, with drills that hold it against a real kernel")
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: printErrorText, outputError: printUsageError })
    .addHelpText('after', HELP)
  const drill = program
    .command('drill')
    .description(
      'run drills (scripts that drive memory and migrate_vma), show their steps, check or compare what they print',
    )
  for (const command of [
    drillRunCommand(exit),
    drillStepCommand(exit),
    drillCheckCommand(exit),
    drillDiffCommand(exit),
  ])
    drill.addCommand(inherit(command, program))
  const driver = program
    .command('driver')
    .description('compile drivers of Linux from their own C source, and run them with checks')
  for (const command of [driverBuildCommand(), driverRunCommand(exit)]) driver.addCommand(inherit(command, program))
  for (const command of [
    traceCommand(exit),
    exploreCommand(exit),
    viewCommand(),
    replCommand(),
    benchCommand(),
    demoCommand(),
    doctorCommand(exit),
  ])
    program.addCommand(inherit(command, program))
  return program
}

function inherit(command: Command, program: Command): Command {
  return command.copyInheritedSettings(program).helpOption('-h, --help', 'print this help')
}

/** An error of the parser of command lines, which may have more lines than one. */
function printUsageError(text: string): void {
  const message = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
  printError(`${message} (--help tells what is allowed)`)
}

// SPDX-License-Identifier: GPL-2.0-only

import { Command, CommanderError } from 'commander'
import { DrillError } from '../drill'
import { HmmuError } from '../index'
import { benchCommand } from './bench'
import { demoCommand } from './demo'
import { doctorCommand } from './doctor'
import { drillCheckCommand } from './drill-check'
import { drillRunCommand } from './drill-run'
import { ExitCode, UsageError } from './exit-codes'
import { colorsFor, printError } from './output'
import { traceCommand } from './trace'
import { packageVersion } from './version'

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

/** Tell what went wrong, and choose the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE
  if (error instanceof UsageError || error instanceof DrillError) {
    printError(`${colorsFor(process.stderr).red('error:')} ${error.message}`)
    const isUsage = error instanceof UsageError || error.code === 'HMMU_DRILL_FILE'
    return isUsage ? ExitCode.USAGE : ExitCode.FAILED
  }
  if (error instanceof HmmuError) {
    printError(`${colorsFor(process.stderr).red('error:')} ${error.message} (${error.code})`)
    return ExitCode.FAILED
  }
  throw error
}

function makeProgram(exit: (code: number) => void): Command {
  const program = new Command('hmmu')
    .description("HMM in userspace: Linux's migrate_vma() emulated, with drills that hold it against a real kernel")
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .showHelpAfterError('(--help tells what is allowed)')
    .addHelpText('after', '\nExit code: 0 all is well, 1 something failed, 2 the command line is wrong.')
  const drill = program
    .command('drill')
    .description('run drills (scripts that drive memory and migrate_vma), or check what they print')
  for (const command of [drillRunCommand(exit), drillCheckCommand(exit)]) drill.addCommand(inherit(command, program))
  for (const command of [traceCommand(exit), benchCommand(), demoCommand(), doctorCommand(exit)])
    program.addCommand(inherit(command, program))
  return program
}

function inherit(command: Command, program: Command): Command {
  return command.copyInheritedSettings(program).helpOption('-h, --help', 'print this help')
}

// SPDX-License-Identifier: GPL-2.0-only

import { spawnSync } from 'node:child_process'
import { Command, InvalidArgumentError, Option } from 'commander'
import { visible, visibleJson } from '../base/visible'
import {
  type BuiltDriver,
  coverageOf,
  forgetCoverage,
  KernelDriverError,
  type Report,
  reportsIn,
  runTool,
} from '../kernel-driver'
import { addBuildOptions, build, collect, type DriverBuildOptions } from './driver-options'
import { ExitCode, UsageError } from './exit-codes'
import { print, printErrorText } from './output'

interface DriverRunOptions extends DriverBuildOptions {
  readonly ioctlScript?: string
  readonly program?: readonly string[]
  readonly seed?: string
  readonly coherentPages?: string
  readonly failAllocation?: string
  readonly fault?: string
  readonly param?: readonly string[]
  readonly cpuLimit?: string
  readonly quiet?: true
  readonly gdb?: true
  readonly json?: true
}

const MOST_COHERENT_PAGES = 2 ** 28
const FAULTS = ['allocation', 'trylock', 'mmap-lock', 'page-lock', 'invalidation', 'dma-mapping', 'copy']

const HELP = `
Without --ioctl-script and --program the module is loaded and unloaded. Each report is a line: FILE:LINE: TEXT [CHECK].
Exit code: 0 no reports, 1 reports or failures, 2 the command line or the script is wrong. docs/kernel-drivers.md explains
the checks, the faults (${FAULTS.join(', ')}) and the language of scripts.`

/** `hmmu driver run` */
export function driverRunCommand(exit: (code: number) => void): Command {
  const command = new Command('run').description('build a driver if need be, load it, drive it, and unload it')
  return addBuildOptions(command)
    .option('--ioctl-script <file>', 'what programs do with the driver, and what has to come of it')
    .option(
      '--program <file>',
      'C source of a program that runs unmodified, in emulated memory; repeat it for more',
      collect,
    )
    .addOption(new Option('--seed <n>', 'decides on the order of threads (default: 0)').argParser(whole))
    .addOption(new Option('--fail-allocation <n>', 'short for --fault allocation=N').argParser(wholeOrAll))
    .addOption(
      new Option(
        '--fault <name=n>',
        'let a fault happen where it could for the Nth time, or at each such place in turn: all',
      )
        .argParser(parseFault)
        .conflicts('failAllocation'),
    )
    .addOption(
      new Option('--param <name=value>', 'a parameter of the module; repeat it for more').argParser(parseParam),
    )
    .addOption(
      new Option(
        '--coherent-pages <n>',
        'pages of device-coherent memory, which a driver may map (default: 0)',
      ).argParser(pages),
    )
    .addOption(
      new Option('--cpu-limit <seconds>', 'CPU time after which a call is an endless loop (default: 10); 0: none')
        .argParser(whole)
        .conflicts('program'),
    )
    .option('--quiet', 'leave out messages of the driver below a warning, and "no reports"')
    .addOption(new Option('--gdb', 'start in gdb').conflicts('json'))
    .option('--json', 'print the reports as JSON')
    .addHelpText('after', HELP)
    .action((sources: string[], options: DriverRunOptions) => {
      exit(run(sources, options))
    })
}

function whole(text: string): string {
  if (/^\d{1,18}$/.test(text)) return text
  throw new InvalidArgumentError('A number is allowed.')
}

function pages(text: string): string {
  if (/^\d+$/.test(text) && Number(text) <= MOST_COHERENT_PAGES) return text
  throw new InvalidArgumentError(`A number from 0 to ${MOST_COHERENT_PAGES} is allowed.`)
}

function wholeOrAll(text: string): string {
  return text === 'all' ? text : whole(text)
}

function parseFault(text: string): string {
  const [name = '', number = ''] = text.split('=')
  if (!FAULTS.includes(name))
    throw new InvalidArgumentError(`Allowed are ${FAULTS.map((fault) => `${fault}=N`).join(', ')}.`)
  return `${name}=${wholeOrAll(number)}`
}

function parseParam(text: string, before: string[] | undefined): string[] {
  if (/^\w+=/.test(text)) return collect(text, before)
  throw new InvalidArgumentError('NAME=VALUE is allowed.')
}

function run(sources: readonly string[], options: DriverRunOptions): number {
  if (options.ioctlScript !== undefined && options.program !== undefined)
    throw new UsageError('either --ioctl-script or --program')
  if (options.program !== undefined && faultOf(options)?.endsWith('=all'))
    throw new UsageError('with --program a fault has a number')
  const driver = build(sources, options, options.program)
  if (options.coverage) forgetCoverage(driver)
  const code = options.program === undefined ? runScript(driver, options) : runProgram(driver, options)
  if (options.coverage) print(coverageText(driver))
  return code
}

/** `--fault` for the runner. */
function faultOf({ fault, failAllocation }: DriverRunOptions): string | undefined {
  return failAllocation === undefined ? fault : `allocation=${failAllocation}`
}

function argumentsOf(options: DriverRunOptions): string[] {
  const fault = faultOf(options)
  return [
    ...(options.ioctlScript === undefined ? [] : ['--script', options.ioctlScript]),
    ...(options.seed === undefined ? [] : ['--seed', options.seed]),
    ...(fault === undefined ? [] : ['--fault', fault]),
    ...(options.param ?? []).flatMap((param) => ['--param', param]),
    ...(options.coherentPages === undefined ? [] : ['--coherent-pages', options.coherentPages]),
    ...(options.cpuLimit === undefined ? [] : ['--cpu-limit', options.cpuLimit]),
    ...(options.quiet ? ['--quiet'] : []),
    // It ends with this process.
    ...(options.gdb ? [] : ['--parent', `${process.pid}`]),
  ]
}

function runScript({ runner }: BuiltDriver, options: DriverRunOptions): number {
  const args = argumentsOf(options)
  if (options.gdb) return debug(runner, args)
  if (!options.json) {
    const { status, signal } = runTool(runner, args, { stdio: 'inherit' })
    return codeOf(status, signal)
  }
  const { status, signal, stdout } = runTool(runner, args, { stdio: ['inherit', 'pipe', 'inherit'] })
  return printJson(reportsIn(stdout), codeOf(status, signal))
}

/** A signal that the program has not reported itself. */
function codeOf(status: number | null, signal: NodeJS.Signals | null): number {
  if (signal !== null) printErrorText(`kapi: the driver ends by ${signal} [crash]\n`)
  return status ?? ExitCode.FAILED
}

/** Reports are among what the program prints on stderr. */
function runProgram({ program = '' }: BuiltDriver, options: DriverRunOptions): number {
  const env = environmentOf(options)
  // Faults of the host in emulated memory are none of the program.
  if (options.gdb) return debug(program, [], env, ['-ex', 'handle SIGSEGV nostop noprint pass'])
  const { status, signal, stdout, stderr } = runTool(program, [], {
    env,
    stdio: ['inherit', options.json ? 'pipe' : 'inherit', 'pipe'],
  })
  printErrorText(options.json ? `${stdout}${stderr}` : stderr)
  const reports = reportsIn(stderr)
  const code = codeOf(status, signal)
  const result = reports.length > 0 || code !== ExitCode.OK ? ExitCode.FAILED : ExitCode.OK
  return options.json ? printJson(reports, result) : result
}

/** What the runtime in a live program reads. */
function environmentOf(options: DriverRunOptions): NodeJS.ProcessEnv {
  const fault = faultOf(options)
  return {
    ...(options.seed === undefined ? {} : { HMMU_DRIVER_SEED: options.seed }),
    ...(options.coherentPages === undefined ? {} : { HMMU_DRIVER_COHERENT_PAGES: options.coherentPages }),
    ...(fault === undefined ? {} : { HMMU_DRIVER_FAULT: fault }),
    ...(options.param === undefined ? {} : { HMMU_DRIVER_PARAMS: options.param.join('\n') }),
  }
}

function debug(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  commands: readonly string[] = [],
): number {
  const first = ['-q', ...commands, '--args', program]
  const { error, status } = spawnSync('gdb', [...first, ...args], { stdio: 'inherit', env: { ...process.env, ...env } })
  if (error !== undefined) throw new KernelDriverError('HMMU_DRIVER_TOOL', 'gdb is not installed')
  return status === 0 ? ExitCode.OK : ExitCode.FAILED
}

function printJson(reports: readonly Report[], code: number): number {
  print(`${visibleJson({ passed: code === ExitCode.OK, reports }, 2)}\n`)
  return code
}

function coverageText(driver: BuiltDriver): string {
  const rows = coverageOf(driver)
  if (rows.length === 0) return 'no lines were counted\n'
  return rows
    .map(({ source, lines, executed, missed, gcov }) => {
      const percent = Math.floor((100 * executed) / lines)
      return `${visible(source)}: ${executed} of ${lines} lines (${percent} %), see ${visible(gcov)}\n${missedText(missed)}`
    })
    .join('')
}

function missedText(missed: readonly (readonly [number, number])[]): string {
  const rows = missed.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
  return rows.length === 0 ? '' : `  not executed: ${rows.join(', ')}\n`
}

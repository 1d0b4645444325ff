// SPDX-License-Identifier: GPL-2.0-only

import { type Command, InvalidArgumentError, Option } from 'commander'
import { didYouMean } from '../base/suggest'
import {
  DEFAULT_KERNEL,
  DEFAULT_PROFILE,
  DEFAULT_RUNNER,
  type DrillSource,
  type KernelOptions,
  readDrills,
} from '../drill'
import { type Profile, profileNames } from '../index'
import { UsageError } from './exit-codes'

/** `--profile`, for every command that makes a machine. */
export function profileOption(): Option {
  return new Option('--profile <name>', 'which kernel the machine is').choices(profileNames).default(DEFAULT_PROFILE)
}

/** `--profile`, for commands that run drills. */
export function drillProfileOption(): Option {
  const otherwise = `what a file 'profile' next to the drill says, else ${DEFAULT_PROFILE}`
  return new Option('--profile <name>', `which kernel the machine is (default: ${otherwise})`).choices(profileNames)
}

/** Gives a command the options of {@link DrillOptions}. */
export function addDrillOptions(command: Command): Command {
  return command
    .addOption(drillProfileOption())
    .addOption(verifyOption())
    .addOption(filterOption())
    .addOption(ramPagesOption())
    .addOption(kernelOption())
    .addOption(kernelRunnerOption())
}

/** `--verify`, for every command that runs drills. */
function verifyOption(): Option {
  return new Option('--verify', 'check the balance of the whole machine after every command')
}

/** `--filter`, for every command that runs drills. */
export function filterOption(): Option {
  return new Option(
    '--filter <name>',
    'only the drill of this name, or if there is none those whose names contain it; repeat it for more',
  ).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
}

/** `--ram-pages`, for every command that runs drills. */
export function ramPagesOption(): Option {
  return new Option('--ram-pages <n>', "frames of the machine's RAM, 64 to 2^28 (default: 65536)").argParser(
    parseInteger(64, 2 ** 28),
  )
}

/** `--port`, for commands that serve the page. */
export function portOption(): Option {
  return new Option('--port <number>', 'port to listen on; 0: any that is free').argParser(parsePort).default(0)
}

const MOST_PORT = 65535

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > MOST_PORT) throw new InvalidArgumentError('a port is a number from 0 to 65535.')
  return port
}

/** A parser of arguments that are integers. */
export function parseInteger(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`An integer from ${least} to ${most} is allowed.`)
  }
}

/** `--kernel`, for commands that run drills. */
function kernelOption(): Option {
  const text =
    'run the drills on a real kernel in QEMU; without a bzImage, on the one that `npm run kernel:build` made in a checkout'
  return new Option('--kernel [bzImage]', text).conflicts(MACHINE_OPTIONS)
}

/** `--kernel-runner`, for commands that have `--kernel`. */
function kernelRunnerOption(): Option {
  return new Option('--kernel-runner <folder>', "with --kernel: a checkout's folder kernel/ (default: this checkout's)")
}

/** Options about the machine, which a real kernel has none of. */
const MACHINE_OPTIONS = ['profile', 'verify', 'ramPages', 'strict']

/** What `--kernel` asks for; undefined without it. @throws UsageError */
export function kernelOf({ kernel, kernelRunner }: DrillOptions): KernelOptions | undefined {
  if (kernel !== undefined)
    return { kernel: kernel === true ? DEFAULT_KERNEL : kernel, runner: kernelRunner ?? DEFAULT_RUNNER }
  if (kernelRunner !== undefined) throw new UsageError('--kernel-runner is for --kernel')
  return undefined
}

/** The options of commands that run drills. */
export interface DrillOptions {
  readonly profile?: Profile
  readonly verify?: true
  readonly filter?: readonly string[]
  readonly ramPages?: number
  /** True: that of this checkout. */
  readonly kernel?: string | true
  readonly kernelRunner?: string
}

/** The drills that `--filter` lets through. @throws UsageError if these are none */
export function filterDrills(options: DrillOptions, sources: readonly DrillSource[]): DrillSource[] {
  const names = new Set(sources.map((source) => source.name))
  const exact = new Set(options.filter?.filter((filter) => names.has(filter)))
  const parts = options.filter?.filter((filter) => !exact.has(filter)) ?? ['']
  const wanted = ({ name }: DrillSource) => exact.has(name) || parts.some((part) => name.includes(part))
  const chosen = sources.filter(wanted)
  if (chosen.length > 0) return chosen
  const [filter] = options.filter ?? []
  if (filter === undefined || names.size === 0) throw new UsageError('no drill is there')
  throw new UsageError(`no drill has such a name${didYouMean(filter, names)}`)
}

/** The one drill of a file that `--filter` lets through. @throws UsageError if it is not one */
export function oneDrill(file: string, options: DrillOptions): DrillSource {
  const sources = filterDrills(options, readDrills(file))
  const [source] = sources
  if (source === undefined || sources.length > 1)
    throw new UsageError(`${sources.length} drills are there: choose one by --filter`)
  return source
}

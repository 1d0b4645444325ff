// SPDX-License-Identifier: GPL-2.0-only
//
// Runs drills on a real Linux in a virtual machine: the folder kernel/ of the repository has the programs.

import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { systemReason } from '../base/system'
import { excerpt } from '../base/visible'
import { DrillError } from './errors'
import type { DrillSource } from './parse'
import type { DrillRun } from './runner'

const CHECKOUT = join(__dirname, '../..')
/** What runs drills in a virtual machine, in a checkout of the repository. */
export const DEFAULT_RUNNER = join(CHECKOUT, 'kernel')
/** What `npm run kernel:build` makes. */
export const DEFAULT_KERNEL = join(CHECKOUT, 'build-kernel/bzImage')

export interface KernelOptions {
  /** A bzImage that `kernel/build` made. */
  readonly kernel: string
  /** The folder with `drillvm.py`. */
  readonly runner: string
}

/** What `drillvm.py --json` prints for a drill. */
interface KernelRun {
  readonly transcript: string
  /** Why the transcript is worth nothing; `line N: ` before it where it is about a line of the drill. */
  readonly void: string | null
}

const RUNNER_SCRIPT = 'drillvm.py'
/** Programs, and the Debian packages that have them. */
const PROGRAMS = { python3: 'python3', gcc: 'gcc libc6-dev', 'qemu-system-x86_64': 'qemu-system-x86' }
/** Most characters of drills that one call of the runner gets. Its output is limited, too. */
const MOST_SCRIPTS = 2 ** 23
const MOST_OUTPUT = 2 ** 28
/** The x86 boot protocol: a kernel image has this text there. */
const BOOT_MAGIC = { text: 'HdrS', offset: 0x202 }

/**
 * Run drills on a real kernel. A drill that is void (the kernel complained, device pages leaked, it hung, the script is
 * wrong) has a `failure`.
 * @throws DrillError `HMMU_DRILL_KERNEL` if something that this needs is missing, or the runner fails
 */
export function runOnKernel(sources: readonly DrillSource[], options: KernelOptions): Map<DrillSource, DrillRun> {
  checkParts(options)
  const runs = new Map<DrillSource, DrillRun>()
  for (const batch of batches(sources)) {
    const results = callRunner(batch, options)
    for (const [i, source] of batch.entries()) runs.set(source, drillRun(source, results[i]))
  }
  return runs
}

function drillRun(source: DrillSource, result: KernelRun | undefined): DrillRun {
  const reason = result === undefined ? 'the runner printed nothing for it' : result.void
  const failure = reason === null ? undefined : voidDrill(source, reason)
  return { name: source.name, transcript: result?.transcript ?? '', failure }
}

function voidDrill({ name, file, firstLine }: DrillSource, said: string): DrillError {
  const [, line, reason = said] = /^line ([0-9]{1,9}): (.*)$/s.exec(said) ?? []
  const where = line === undefined ? file : { file, line: firstLine + Number(line) - 1, column: 1 }
  return new DrillError('HMMU_DRILL_VOID', where, `${excerpt(name)} is void: ${reason}`)
}

function* batches(sources: readonly DrillSource[]): Generator<DrillSource[]> {
  let batch: DrillSource[] = []
  let size = 0
  for (const source of sources) {
    if (batch.length > 0 && size + source.text.length > MOST_SCRIPTS) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(source)
    size += source.text.length
  }
  if (batch.length > 0) yield batch
}

function checkParts({ kernel, runner }: KernelOptions): void {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isInstalled(program))
  if (missing.length > 0) {
    const [programs, packages] = [0, 1].map((part) => missing.map((entry) => entry[part]))
    throw kernelError(programs?.join(', ') ?? '', `not installed (Debian: apt-get install ${packages?.join(' ')})`)
  }
  if (!existsSync(join(runner, RUNNER_SCRIPT)))
    throw kernelError(runner, `has no ${RUNNER_SCRIPT}; --kernel-runner takes the folder kernel/ of a checkout of hmmu`)
  checkImage(kernel)
}

function isInstalled(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.some((folder) => isExecutable(join(folder, program)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function checkImage(file: string): void {
  const magic = Buffer.alloc(BOOT_MAGIC.text.length)
  try {
    if (!statSync(file).isFile()) throw kernelError(file, 'is no file; --kernel takes a bzImage')
    const fd = openSync(file, 'r')
    try {
      readSync(fd, magic, 0, magic.length, BOOT_MAGIC.offset)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    if (cause instanceof DrillError) throw cause
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = absent ? 'is missing; `npm run kernel:build` in a checkout of hmmu makes a kernel' : undefined
    throw kernelError(file, reason ?? `can't be read: ${systemReason(cause)}`, { cause })
  }
  if (magic.toString('latin1') !== BOOT_MAGIC.text) throw kernelError(file, 'is no bzImage')
}

function callRunner(batch: readonly DrillSource[], { kernel, runner }: KernelOptions): KernelRun[] {
  const script = join(runner, RUNNER_SCRIPT)
  const { status, signal, error, stdout, stderr } = spawnSync('python3', [script, resolve(kernel), '--json'], {
    input: JSON.stringify(batch.map((source) => source.text)),
    encoding: 'utf8',
    maxBuffer: MOST_OUTPUT,
  })
  if (error !== undefined) throw kernelError(script, `can't be run: ${systemReason(error)}`, { cause: error })
  const lastLine = stderr.trim().split('\n').at(-1)
  if (status !== 0) throw kernelError(script, `ended with ${signal ?? status}: ${excerpt(lastLine ?? '')}`)
  try {
    const lines = stdout.trim().split('\n')
    return lines.map((line) => checkedRun(JSON.parse(line)))
  } catch (cause) {
    throw kernelError(script, 'printed something else than the runs of drills', { cause })
  }
}

function checkedRun(value: unknown): KernelRun {
  const { transcript, void: reason } = value as Partial<KernelRun>
  if (typeof transcript === 'string' && (typeof reason === 'string' || reason === null))
    return { transcript, void: reason }
  throw new TypeError('no run of a drill')
}

function kernelError(what: string, reason: string, options?: ErrorOptions): DrillError {
  return new DrillError('HMMU_DRILL_KERNEL', what, reason, options)
}

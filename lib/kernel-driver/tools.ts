// SPDX-License-Identifier: GPL-2.0-only
//
// The programs that build and run drivers.

import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process'
import { systemReason } from '../base/system'
import { KernelDriverError } from './errors'

/** What a program has printed, and its exit code. */
export interface Result {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** How a program is started. */
export type StartOptions = Partial<SpawnSyncOptionsWithStringEncoding>

const MOST_OUTPUT = 2 ** 28

/** The C compiler: CC, or cc. */
export const compiler = process.env.CC || 'cc'

/** Runs a program to its end. @throws KernelDriverError if it can't be started */
export function runTool(program: string, args: readonly string[], options: StartOptions = {}): Result {
  // The messages of compilers are read.
  const env = { ...process.env, LC_ALL: 'C.UTF-8', ...options.env }
  const settings = { maxBuffer: MOST_OUTPUT, ...options, env, encoding: 'utf8' } as const
  const { error, status, signal, stdout, stderr } = spawnSync(program, args, settings)
  if (error === undefined) return { status, signal, stdout, stderr }
  const { code } = error as NodeJS.ErrnoException
  const reason = code === 'ENOENT' ? 'is not installed' : `can't be run: ${systemReason(error)}`
  throw new KernelDriverError('HMMU_DRIVER_TOOL', `${program} ${reason}`)
}

/** Fails if a driver can't be built on this host. @throws KernelDriverError */
export function needTools(): void {
  if (process.platform !== 'linux')
    throw new KernelDriverError('HMMU_DRIVER_TOOL', 'drivers from their own source are built on Linux only')
  const needed = ['cmake', 'make', compiler]
  const missing = needed.filter((program) => !isThere(program))
  if (missing.length === 0) return
  const text = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not installed`
  throw new KernelDriverError('HMMU_DRIVER_TOOL', `${text}; drivers are built with cmake, make and gcc`)
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

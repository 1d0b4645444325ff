// SPDX-License-Identifier: GPL-2.0-only
//
// A command under way. It is a generator: it yields where it has to wait, and goes on from there when it is resumed.

import { HmmuError } from '../api'
import { Missing } from './world'

/** Yields where it waits; returns the lines of its results. */
export type Steps = Generator<void, string[]>

/** Whether a call has to be repeated when its wait is over. */
function isBlocked(error: unknown): boolean {
  return error instanceof HmmuError && error.code === 'HMMU_BLOCKED'
}

/** A pin fails like a CPU access; a kernel returns the errno. */
const RESULTS: ReadonlySet<string> = new Set(['HMMU_SYSCALL', 'HMMU_SIGSEGV', 'HMMU_SIGBUS', 'HMMU_MEMCG_LIMIT'])

/** The errno of a call that the kernel refuses, undefined for every other error. */
export function refusal(error: unknown): string | undefined {
  if (!(error instanceof HmmuError) || error.errno === undefined) return undefined
  return RESULTS.has(error.code) && error.errno !== 'ENOSYS' ? error.errno : undefined
}

/** Make a call, again and again until it does not wait. */
export function* untilDone<T>(call: () => T): Generator<void, T> {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if (!isBlocked(error)) throw error
    }
    yield
  }
}

/** A command from its start to its end, with its state. */
export class Execution {
  readonly #steps: Steps
  #results: string[] | undefined

  constructor(steps: Steps) {
    this.#steps = steps
  }

  /** The lines of the results, undefined while the command waits. */
  get results(): readonly string[] | undefined {
    return this.#results
  }

  /** Begin, or go on. True when the command has ended. */
  resume(): boolean {
    if (this.#results === undefined) this.#results = this.#advance()
    return this.#results !== undefined
  }

  /** If the kernel refuses a command, the errno is its result. If a named object is missing, the command is skipped. */
  #advance(): string[] | undefined {
    try {
      const next = this.#steps.next()
      return next.done ? next.value : undefined
    } catch (error) {
      if (error instanceof Missing) return ['skipped']
      const errno = refusal(error)
      if (errno === undefined) throw error
      return [errno]
    }
  }
}

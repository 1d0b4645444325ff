// SPDX-License-Identifier: GPL-2.0-only
//
// What threads that explore random drills share, and what they send.

import type { MessagePort } from 'node:worker_threads'
import type { ProgramResult, RandomOptions } from '../explore'

/** Numbers that all threads share: which drill is next, and how many messages were sent. */
export const NEXT = 0
export const SENT = 1

/** What a thread begins with. */
export interface WorkerTask {
  readonly options: RandomOptions
  readonly shared: Int32Array
  readonly port: MessagePort
}

/** What a thread sends for each drill, or before it gives up. */
export interface WorkerMessage {
  readonly index: number
  readonly result?: ProgramResult
  readonly error?: unknown
}

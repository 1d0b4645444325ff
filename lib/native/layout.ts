// SPDX-License-Identifier: GPL-2.0-only
//
// How long the arrays are that calls fill. native/addon/ and native/wasm/ assert the layout of the records.

import { spanNames, statNames, whyNames } from '../base/defs.generated'

/** Words of 8 bytes in each kind of record. */
export const RECORD_WORDS = {
  entry: 7,
  vma: 4,
  page: 6,
  leak: 3,
  event: 3,
  holder: 4,
  tlb: 3,
  table: 4,
  step: 4,
  outcome: 2,
  lru: 2,
} as const

/** Words of 8 bytes in the records of statistics. */
export const STATS_WORDS = { all: spanNames.length * 3 + statNames.length + whyNames.length + 1, node: 4 } as const

/** The numbers that NativeMachine.search() fills in, by their places. */
export const SEARCH = { schedules: 0, states: 1, steps: 2, ends: 3, depth: 4, cutOff: 5, hasCycles: 6 } as const

/** How many they are. */
export const SEARCH_NUMBERS = 7

/** The parts of a search's result. */
export const SEARCH_PARTS = { findings: 0, outcomes: 1, results: 2, choices: 3 } as const

/** Bytes of a finding. */
export const FINDING_BYTES = 176

/** Where its fields begin; text is the last. */
export const FINDING = { times: 24, choices: 32, length: 40, cycle: 48, text: 56 } as const

/** The words of a migration in an order, by their places; from `entries` on there are src, dst and why of each entry. */
export const ORDER_MIGRATION = {
  stage: 0,
  position: 1,
  collected: 2,
  remaining: 3,
  callbacksRan: 4,
  start: 5,
  end: 6,
  entries: 7,
} as const

/** How many words it has at most. */
export const ORDER_MIGRATION_WORDS = 7 + 3 * 64

/** How many numbers NativeMachine.options() fills in. */
export const OPTION_COUNT = 11

/** How many numbers NativeMachine.deviceInfo() fills in. */
export const DEVICE_FIELDS = 5

/** How many numbers NativeMachine.taskState() fills in: pid, cpu, wait, wait_pfn, ready, mmap_lock, queue_place, migrations, vma, in_call. */
export const TASK_FIELDS = 10

/** How many numbers NativeMachine.migrateRequest() fills in: tid, start, end, whether there are operations. */
export const REQUEST_FIELDS = 4

/** How many numbers NativeMachine.migrateState() fills in: stage, position, npages, cpages, callbacks_ran, out_of_bounds. */
export const STATE_FIELDS = 6

/** Their places. */
export const STATE = { stage: 0, position: 1, collected: 2, remaining: 3, callbacksRan: 4, outOfBounds: 5 } as const

/** The numbers of NativeMachine.lane(), by their places: what it is given, and from `collected` on what it tells. */
export const LANE = {
  tid: 0,
  start: 1,
  end: 2,
  flags: 3,
  faultPage: 4,
  owner: 5,
  target: 6,
  device: 7,
  /** Whether there is no finalize_and_map. */
  once: 8,
  collected: 9,
  callbacksRan: 10,
  outOfBounds: 11,
  moved: 12,
} as const

/** How many they are. */
export const LANE_NUMBERS = 13

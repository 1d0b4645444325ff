// SPDX-License-Identifier: GPL-2.0-only
//
// Programs: tasks as numbers, for the search in C, with the names that their findings are told in.

import { type ActionKind, actionValues, ProtBit } from '../api'

/** The bits of mprotect(). */
export const PROT = { r: ProtBit.READ, rw: ProtBit.READ | ProtBit.WRITE, none: 0 } as const
/** HMMU_PROGRAM_ACTIONS: the most actions of all tasks. */
export const MOST_ACTIONS = 4096

/** The most entries of a migration that is explored. */
export const MOST_ENTRIES = 64

/** From this bit on, the value of a migration to a device has the device's number. */
export const DEVICE_SHIFT = 8

/** A number that no device has (HMMU_MAX_DEVICES). */
export const NO_DEVICE = 64

/** A page of the program. */
export interface ProgramPage {
  readonly region: string
  readonly page: number
  readonly address: number
  readonly shared: boolean
}

/** One action of a task. */
export interface ProgramAction {
  /** As a step: `A write buf[1] 2`. */
  readonly text: string
  readonly kind: ActionKind
  readonly words: Required<ActionWords>
  /** skip and error of a migration, as bits. */
  readonly masks: readonly [skip: bigint, error: bigint]
}

/** What an action is about: the fields of struct hmmu_action. */
export interface ActionWords {
  readonly at?: number
  readonly pages?: number
  readonly value?: number
  readonly handle?: number
  readonly select?: number
}

/** A task's part of the program. */
export interface ProgramTask<Action extends ProgramAction = ProgramAction> {
  readonly name: string
  readonly process: number
  readonly cpu: number
  readonly actions: readonly Action[]
}

/** Tasks in the numbers of a machine. */
export interface Program<Action extends ProgramAction = ProgramAction> {
  /** Names of processes; those that a task forks are behind the others. */
  readonly processes: readonly string[]
  readonly tasks: readonly ProgramTask<Action>[]
  /** Of all tasks. */
  readonly actions: readonly Action[]
  readonly pages: readonly ProgramPage[]
  readonly words: BigUint64Array
}

export function makeAction(
  kind: ActionKind,
  text: string,
  { at = 0, pages = 0, value = 0, handle = 0, select = 0 }: ActionWords,
  masks: ProgramAction['masks'] = [0n, 0n],
): ProgramAction {
  return { kind, text, words: { at, pages, value, handle, select }, masks }
}

/** What a program is made of. */
interface Parts<Action extends ProgramAction> {
  readonly processes: readonly string[]
  /** Of each process; 0: a task forks it. */
  readonly pids: readonly number[]
  readonly tasks: readonly ProgramTask<Action>[]
  /** Ascending. */
  readonly pages: readonly ProgramPage[]
}

export function makeProgram<Action extends ProgramAction>(parts: Parts<Action>): Program<Action> {
  const { processes, tasks, pages } = parts
  const actions = tasks.flatMap((task) => task.actions)
  return { processes, tasks, actions, pages, words: encode(parts, actions) }
}

/** As native/core/explore/program_words.h reads it. */
function encode<Action extends ProgramAction>({ pids, tasks, pages }: Parts<Action>, actions: readonly Action[]) {
  const words: (number | bigint)[] = [pids.length, tasks.length, actions.length, pages.length, ...pids]
  let first = 0
  for (const { process, cpu, actions: own } of tasks) {
    words.push(process, cpu, first, own.length)
    first += own.length
  }
  for (const { kind, words: own, masks } of actions)
    words.push(actionValues[kind], own.at, own.pages, own.value, own.handle, ...masks, own.select)
  for (const { address, shared } of pages) words.push(address, shared ? 1 : 0)
  return BigUint64Array.from(words, BigInt)
}

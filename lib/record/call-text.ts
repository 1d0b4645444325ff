// SPDX-License-Identifier: GPL-2.0-only
//
// Calls of a machine as lines of a transcript: who calls what, with pages instead of addresses.

import { adviceNames, mapKindNames, stageNames, targetNames } from '../api'
import type { NativeCall, NativeOutcome } from '../api/observe'
import { hex } from './look'

/** What a line needs to know of the machine. */
export interface CallNames {
  /** Name of a process by its number. */
  process(pid: number): string
  /** Name of a task by its number. */
  task(tid: number): string
  /** A page of a process by a name, as m1[3]; undefined: no region of it has the address. */
  page(process: string, address: number): string | undefined
  /** A frame or device page, as #6 or D0. */
  frame(pfn: number): string
  /** The migration that the machine has a number for, as the record counts it. */
  migration(number: number): string
}

/** Calls whose names differ in TypeScript. */
const PUBLIC: Readonly<Record<string, string>> = {
  drain: 'drainPagevecs',
  processCreate: 'process',
  taskCreate: 'newTask',
  taskDestroy: 'destroy',
  taskCancel: 'cancel',
  taskSetCpu: 'setCpu',
  migrateBegin: 'beginMigration',
  migrateDeviceBegin: 'beginEviction',
  migrateStep: 'step',
  migrateRun: 'runTo',
  migratePages: 'pages',
  migrateFinalize: 'finalize',
  migrateEnd: 'finish',
  migrateAbandon: 'abandon',
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))
const OF_PROCESS = words('exit oomReap taskCreate hold isolate reclaim watch intervalInsert')
const OF_FRAME = words(
  'unpin release putback pageSetFlags pageTrylock pageUnlock pagePut pageWrite pageCopy pageZero deviceAllocPage',
)
const OF_MIGRATION = words('migrateStep migrateRun migratePages migrateFinalize migrateEnd migrateAbandon')
const OF_TASK = words(
  'fork taskDestroy taskCancel taskSetCpu unmap remap protect advise lock unlock clearSoftDirty mmapLock mmapUnlock ' +
    'registerUserfault writeProtectUserfault pin makeDeviceExclusive map load store tryLoad tryStore mirror rangeFault ' +
    'migrate migrateBegin driverOpen driverClose driverIoctl',
)
const OF_RANGE = words('unmap protect advise lock unlock registerUserfault writeProtectUserfault')

/** Numbers from here on are addresses if a region has them. */
const LOWEST_ADDRESS = 2 ** 16
/** Of bytes so many are shown. */
const MOST_BYTES = 8

/** A call as a line. */
export function callText({ name, args }: NativeCall, names: CallNames): string {
  const [first, ...rest] = args
  const subject = subjectOf(name, Number(first), names)
  const process = subject?.split('.')[0] ?? ''
  const shown = subject === undefined ? args : rest
  const page = (address: number) => names.page(process, address)
  return [subject, PUBLIC[name] ?? name, ...argsText(name, shown, page)].filter((part) => part !== undefined).join(' ')
}

function subjectOf(name: string, first: number, names: CallNames): string | undefined {
  if (OF_MIGRATION.has(name)) return `migration ${names.migration(first)}`
  if (OF_TASK.has(name)) return names.task(first)
  if (OF_PROCESS.has(name)) return names.process(first)
  return OF_FRAME.has(name) ? names.frame(first) : undefined
}

type PageOf = (address: number) => string | undefined

function argsText(name: string, args: readonly unknown[], page: PageOf): readonly unknown[] {
  if (name === 'migrateRun') return [stageNames[Number(args[1])]]
  if (OF_MIGRATION.has(name)) return []
  if (name === 'migrate' || name === 'migrateBegin') return migrated(args, page)
  if (name === 'map') return mapped(args)
  if (name === 'load') return [...argText(args[0], page), `${(args[1] as Uint8Array).length} bytes`]
  if (!OF_RANGE.has(name)) return args.flatMap((arg) => argText(arg, page))
  const [start, length, ...others] = args
  const tail = name === 'advise' ? [adviceNames[Number(others[0])]] : others.flatMap((arg) => argText(arg, page))
  return [rangeText(Number(start), Number(length), page), ...tail]
}

function mapped([address, pages, kind, , alignHuge]: readonly unknown[]): unknown[] {
  const at = Number(address) > 0 ? ['at', hex(Number(address))] : []
  return [mapKindNames[Number(kind)], pages, ...at, ...(alignHuge ? ['at2m'] : [])]
}

function migrated([start, end, , , , , target]: readonly unknown[], page: PageOf): string[] {
  const to = targetNames[Number(target)]
  return [rangeText(Number(start), Number(end) - Number(start), page), to ? `to ${to}` : 'by a driver of its own']
}

/** Pages of a region, as buf[0-3], or addresses. */
function rangeText(start: number, length: number, page: PageOf): string {
  const first = page(start)
  if (first === undefined) return `${hex(start)} + ${hex(length)}`
  const last = page(start + Math.max(length, 1) - 1)
  if (first === last || last === undefined) return first
  const number = /\[(\d+)/.exec(last)?.[1]
  return last.split('[')[0] === first.split('[')[0] ? first.replace(/\]$/, `-${number}]`) : `${first} to ${last}`
}

function argText(arg: unknown, page: PageOf): string[] {
  if (arg instanceof Uint8Array) return [bytesText(arg)]
  if (typeof arg === 'boolean') return arg ? ['true'] : []
  if (typeof arg === 'string') return [arg]
  if (typeof arg !== 'number') return []
  return [(arg >= LOWEST_ADDRESS ? page(arg) : undefined) ?? (arg >= LOWEST_ADDRESS ? hex(arg) : `${arg}`)]
}

function bytesText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, MOST_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return bytes.length > MOST_BYTES ? `${shown} … (${bytes.length} bytes)` : shown
}

/** The result as the line below, where there is one to tell. */
export function outcomeText(
  { name, args }: NativeCall,
  { result, failure }: NativeOutcome,
  names: CallNames,
): string[] {
  if (failure === 'HMMU_BLOCKED') return ['blocked']
  if (failure !== undefined) return [failure]
  if (name === 'map') {
    const process = names.task(Number(args[0])).split('.')[0] ?? ''
    return [names.page(process, Number(result)) ?? hex(Number(result))]
  }
  if (name === 'load' && args[2] instanceof Uint8Array) return [bytesText(args[2])]
  if (name === 'processCreate' || name === 'fork') return [names.process(Number(result))]
  if (name === 'pin' || name === 'hold' || name === 'isolate') return [names.frame(Number(result))]
  return []
}

// SPDX-License-Identifier: GPL-2.0-only
//
// What the module exports: native/wasm/*.c. Pointers are numbers, as are all results.

import { plainCallNames } from '../native/calls.generated'
import type { NativeMachine, NativeOptions } from '../native/interface'
import type { WasmMemory, WasmTable } from './webassembly'

/** Functions of {@link NativeMachine} whose arguments and results are plain numbers: exported just as they are. */
export const plainNames = [...plainCallNames, 'map', 'setDeviceHandlers', 'notify', 'notifyIntervals'] as const

export type PlainName = (typeof plainNames)[number]

/** Functions that JavaScript wraps: they tell several numbers, or take memory of the instance. */
interface Wrapped {
  readonly memory: WasmMemory
  readonly __indirect_function_table: WasmTable
  /** The C library's own beginning; to be called first. */
  _initialize(): void
  version(): number
  alloc(bytes: number): number
  free(address: number): void
  /** Address of the doubles in which calls tell more than their result. */
  told(): number
  /** Places of functions in the table, in the order of {@link Host}. */
  setHost(...places: number[]): void
  create(...options: NativeOptions): number
  snapshot(buffer: number, capacity: number): number
  /** Address of the text that says why not; 0: it is restored. */
  restore(bytes: number, size: number, flags: number): number
  hash(): bigint
  stateHash(pfns: number, count: number, out: number): number
  options(): number
  processes(pids: number, capacity: number): number
  tasks(pid: number, tids: number, capacity: number): number
  destroy(): void
  error(): number
  verify(): number
  counters(): number
  taskState(tid: number): number
  load(tid: number, address: number, bytes: number, length: number): number
  store(tid: number, address: number, bytes: number, length: number): number
  tryLoad(tid: number, address: number): number
  tryStore(tid: number, address: number, byte: number): number
  mirror(tid: number, start: number, end: number, flags: number, owner: number, words: number): number
  rangeFault(
    tid: number,
    notifier: number,
    seq: number,
    start: number,
    end: number,
    flags: number,
    owner: number,
    words: number,
  ): number
  dump(pid: number, address: number, pages: number, out: number): number
  mappings(pid: number, out: number, capacity: number): number
  walk(pid: number, address: number, out: number): number
  mmCounters(pid: number): number
  pageInfo(pfn: number, out: number): number
  deviceInfo(device: number): number
  leaks(out: number, capacity: number): number
  holders(pfn: number, out: number, capacity: number): number
  tlb(cpu: number, out: number, capacity: number): number
  tables(pid: number, out: number, capacity: number): number
  pages(out: number, capacity: number): number
  lru(out: number, capacity: number): number
  pageRead(pfn: number, offset: number, bytes: number, length: number): number
  pageWrite(pfn: number, offset: number, bytes: number, length: number): number
  takeEvents(out: number, capacity: number): number
  destinations(target: number, device: number, pages: number, count: number): number
  moveAll(request: number, src: number, dst: number, moved: number, only: number): number
  stats(out: number): number
  statsTree(out: number, capacity: number): number
  search(words: number, count: number, options: number, tells: boolean): number
  searchPart(part: number): number
  replay(words: number, count: number, options: number, choices: number, length: number, steps: number): number
  orderBegin(words: number, count: number, options: number): number
  orderEnd(): void
  orderEnabled(): number
  orderStep(task: number, step: number): number
  orderJudge(): number
  orderFindings(): number
  orderMigration(task: number, handler: number, words: number): number
  migrationMake(
    id: number,
    pages: number,
    target: number,
    device: number,
    skipCount: number,
    errorCount: number,
  ): number
  migrationFree(migration: number): void
  migrationWords(migration: number): number
  migrationSetIndex(migration: number, i: number, index: number): void
  migrationBegin(
    migration: number,
    tid: number,
    start: number,
    end: number,
    flags: number,
    faultPage: number,
    owner: number,
  ): number
  migrationDeviceBegin(migration: number, first: number, pages: number): number
  migrations(out: number, capacity: number): number
  /** Tells tid, start, end, whether there are operations. */
  migrationRequest(context: number): void
  migrationAdopt(migration: number, context: number): number
  migrationStep(migration: number): number
  migrationRun(migration: number, stage: number): number
  migrationPages(migration: number): number
  /** Tells 1 if the migration is over. */
  migrationFinalize(migration: number): number
  migrationEnd(migration: number, abandon: boolean): number
  migrationState(migration: number): void
}

export type WasmExports = Wrapped & Pick<NativeMachine, PlainName>

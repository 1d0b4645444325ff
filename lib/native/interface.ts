// SPDX-License-Identifier: GPL-2.0-only
//
// What the native addon looks like in TypeScript, and the WebAssembly module with it. Only the library uses this
// interface: nothing here is validated, and failure is a negative number.

import type { PlainCalls } from './calls.generated'

/** Returned by a native call during which a callback threw. takeException() has the exception. */
export const THROWN = -(2 ** 31)

/** Who is the driver of a migration, in place of the built-in one: the callback, or nobody. Then dst is written between the calls. */
export const DRIVERS = { callback: -1, nobody: -2 } as const

/** src, dst and why of a migration, in memory that the addon owns. */
export interface NativeWords {
  /** n words of src, n words of dst, n bytes of why; undefined if the host has no memory for them. */
  buffer(): ArrayBuffer | undefined
}

/** [err, code, rule, wait, index, address, text, done] */
export type NativeError = [number, number, number, number, number, number, string, number]

/** Called by a migration for alloc_and_copy (0) and finalize_and_map (1). */
export type NativeCallback = (which: number) => number

/** All of a migration. @param words other memory for the arrays, from now on */
export type NativeLane = (callback?: NativeCallback, words?: NativeWords) => number

/** [check, file, line, text] */
export type NativeDriverReport = [string, string, number, string]

/** Drivers from their own source; only of an addon that has {@link NativeAddon.driverMark}. */
export interface NativeDriverCalls {
  /** The text of an error if the file can't be loaded. */
  driverAttach(path: string, seed: number, quiet: boolean): number | string
  driverDetach(): number
  driverParams(): string[]
  driverSetParam(name: string, value: string): number
  driverLoad(): number
  driverUnload(): number
  /** The number of the file. */
  driverOpen(tid: number, name: string): number
  /** tid 0: no process has the file any more. */
  driverClose(tid: number, file: number): number
  driverIoctl(tid: number, file: number, command: number, argument: number | Uint8Array): number
  /** Names by their numbers. */
  driverFaults(): string[]
  driverInject(fault: number, nth: number, forever: boolean): number
  driverPasses(fault: number): number
  driverRun(): number
  /** From this one on. */
  driverReports(first: number): NativeDriverReport[]
  driverLog(first: number): string[]
}

/** A function returns a negative errno, {@link THROWN}, or its result. */
export interface NativeMachine extends PlainCalls, Partial<NativeDriverCalls> {
  /** Called for device faults once setDeviceHandlers() said so, with the device's number: 0, or a negative errno. */
  pageFault?: ((device: number, tid: number, address: number, pfn: number) => number) | undefined

  /** Called when a device page is free again, once setDeviceHandlers() said so. */
  pageFree?: ((device: number, pfn: number) => void) | undefined
  /** Called for invalidations of processes with notify(). */
  invalidate?: ((pid: number, type: number, kind: number, start: number, end: number) => void) | undefined

  /** Called some times a second during a search that tells: states, and how many are open. Negative: the search is to end. */
  searchProgress?: ((states: number, open: number) => number) | undefined

  /** Called for invalidations of interval notifiers since notifyIntervals(): 0; -EAGAIN: it would wait; any other: no handler. */
  intervalInvalidate?:
    | ((
        notifier: number,
        kind: number,
        owner: number,
        start: number,
        end: number,
        seq: number,
        blockable: number,
      ) => number)
    | undefined

  dispose(): number
  error(): NativeError
  /** The exception, and what the call would have returned. */
  takeException(): { error: unknown; result: number } | undefined
  verify(): string[] | number
  counters(out: Float64Array): number

  /** How many bytes a snapshot takes; fills the array, which must have room and be aligned to 8 bytes, if there is one. */
  snapshot(out: Uint8Array | undefined): number
  hash(out: BigUint64Array): number
  /** The hash of the state, together with pages that the caller knows by number. */
  stateHash(pfns: Uint32Array, out: BigUint64Array): number
  /** What the constructor takes, in its order. */
  options(out: Float64Array): number
  /** How many there are; fills in as many pids as there is room for. */
  processes(out: Uint32Array): number
  /** How many there are; fills in as many tids as there is room for. */
  tasks(pid: number, out: Uint32Array): number

  taskState(tid: number, out: Float64Array): number
  map(tid: number, address: number, pages: number, kind: number, prot: number, alignHuge: boolean): number
  load(tid: number, address: number, bytes: Uint8Array): number
  store(tid: number, address: number, bytes: Uint8Array): number
  /** The byte, or a negated error code (not errno). */
  tryLoad(tid: number, address: number): number
  /** 0, or a negated error code (not errno). */
  tryStore(tid: number, address: number, byte: number): number

  /** The last two as functions that take less time; not of a machine with drivers from their own source. */
  quick(): Pick<NativeMachine, 'tryLoad' | 'tryStore'>

  /** flags: 1 REQ_FAULT, 2 REQ_WRITE. The words are the results; those of a blocked call are to be passed again. */
  mirror(tid: number, start: number, end: number, flags: number, owner: number, words: BigUint64Array): number
  rangeFault(
    tid: number,
    notifier: number,
    seq: number,
    start: number,
    end: number,
    flags: number,
    owner: number,
    words: BigUint64Array,
  ): number

  dump(pid: number, address: number, pages: number, out: BigUint64Array): number
  mappings(pid: number, out: BigUint64Array): number
  walk(pid: number, address: number, out: BigUint64Array): number
  mmCounters(pid: number, out: Float64Array): number
  pageInfo(pfn: number, out: BigUint64Array): number
  /** first, pages, free, owner, kind */
  deviceInfo(device: number, out: Float64Array): number
  /** How many there are; fills in as many records as there is room for. */
  leaks(out: BigUint64Array): number
  /** Of all pages with 0. How many there are; fills in as many records as there is room for. So do the next four. */
  holders(pfn: number, out: BigUint64Array): number
  tlb(cpu: number, out: BigUint64Array): number
  tables(pid: number, out: BigUint64Array): number
  pages(out: BigUint64Array): number
  lru(out: BigUint64Array): number
  pageRead(pfn: number, offset: number, out: Uint8Array): number
  pageWrite(pfn: number, offset: number, bytes: Uint8Array): number
  /** cycles: as many words as there is room for events. */
  takeEvents(out: BigUint64Array, cycles?: BigUint64Array): number
  stats(out: BigUint64Array): number
  statsTree(out: BigUint64Array): number

  /** A search through all orders of a program. out gets the numbers that SEARCH of layout.ts names; the rest is in parts. Whether
   * searchProgress is told, and whether SIGINT ends it (the addon only). */
  search(
    program: BigUint64Array,
    options: Float64Array,
    out: Float64Array,
    tells: boolean,
    stopsOnInterrupt: boolean,
  ): number
  /** A copy of a part of the last search's result: see SEARCH_PARTS there. */
  searchPart(part: number): ArrayBuffer | undefined
  /** How many steps of an order were made; out has room for a record of each. */
  replay(program: BigUint64Array, options: Float64Array, choices: Uint8Array, out: BigUint64Array): number
  /** An order, step by step. The other functions of it are for an order that was begun and not ended. */
  orderBegin(program: BigUint64Array, options: Float64Array): number
  orderEnd(): void
  /** A bit for each task that can make a step. */
  orderEnabled(): number
  orderStep(task: number, out: BigUint64Array): number
  orderJudge(): number
  /** A copy of the findings so far. */
  orderFindings(): ArrayBuffer | undefined
  /** How many words of a migration were filled in, see ORDER_MIGRATION of layout.ts; 0: there is none. */
  orderMigration(task: number, handler: boolean, out: BigUint64Array): number

  setDeviceHandlers(device: number, pageFault: boolean, pageFree: boolean): number
  notify(pid: number, on: boolean): number
  notifyIntervals(): number
  /** Sources (0: none) give way to locked copies; returns how many have. */
  destinations(target: number, device: number, pages: Uint32Array): number
  /** request: entries, target, device, kinds, flags of the words, mark. Gives entries pages in dst, and marks them in `moved`; how many
   * have got one. */
  moveAll(request: Uint32Array, words: Uint8Array, moved: Uint8Array, only: Uint8Array | undefined): number

  /** flags, faultPage and owner as in struct hmmu_migrate_request; target and device: of the built-in driver; target can be one of
   * {@link DRIVERS}. */
  migrate(
    tid: number,
    start: number,
    end: number,
    flags: number,
    faultPage: number,
    owner: number,
    words: NativeWords,
    target: number,
    device: number,
    skip: Float64Array | undefined,
    error: Float64Array | undefined,
    callback: NativeCallback | undefined,
    state: Float64Array,
  ): number
  /**
   * A function that migrates as {@link NativeMachine.migrate} does, with the numbers and the arrays in this memory: LANE of layout.ts.
   * The arrays of a migration of n pages are the first 17 · n bytes. A number: there is none.
   */
  lane(words: NativeWords, numbers: NativeWords): NativeLane | number
  migrateBegin(
    tid: number,
    start: number,
    end: number,
    flags: number,
    faultPage: number,
    owner: number,
    words: NativeWords,
    target: number,
    device: number,
    skip: Float64Array | undefined,
    error: Float64Array | undefined,
  ): number
  /** migrate_device_range() of pages from the page frame number `first` on. */
  migrateDeviceBegin(
    first: number,
    pages: number,
    words: NativeWords,
    target: number,
    device: number,
    skip: Float64Array | undefined,
    error: Float64Array | undefined,
  ): number
  /** How many were under way in the machine of which this one is a copy. Their numbers are 1 and those behind. */
  restoredMigrations(): number
  /** tid (0: of device pages), start, end, whether there are operations; of one of them that is not adopted yet. */
  migrateRequest(id: number, out: Float64Array): number
  /** Gives one of them its arrays and its driver; returns its number. */
  migrateAdopt(
    id: number,
    words: NativeWords,
    target: number,
    device: number,
    skip: Float64Array | undefined,
    error: Float64Array | undefined,
  ): number
  migrateStep(id: number, callback: NativeCallback | undefined): number
  migrateRun(id: number, callback: NativeCallback | undefined, stage: number): number
  migratePages(id: number): number
  migrateFinalize(id: number): number
  migrateEnd(id: number, callback: NativeCallback | undefined): number
  migrateAbandon(id: number): number
  migrateState(id: number, out: Float64Array): number
}

/** What a machine is made of. */
export type NativeOptions = [
  ramPages: number,
  devicePages: number,
  cpus: number,
  profile: number,
  quirksOn: number,
  quirksOff: number,
  memcgLimit: number,
  swapPages: number,
  noContents: boolean,
  hugetlbPages: number,
  coherentPages: number,
]

/** Makes a machine of options, of a snapshot (aligned to 8 bytes) and flags, or as a copy of another, without its fault handler. */
export interface NativeMachineConstructor {
  new (...options: NativeOptions): NativeMachine
  new (snapshot: Uint8Array, flags: number): NativeMachine
  new (source: NativeMachine): NativeMachine
}

/** What the addon exports. */
export interface NativeAddon {
  Machine: NativeMachineConstructor
  Words: new (pages: number) => NativeWords
  version: string
  /** Of the addon; there is no Node-API in WebAssembly. */
  napiVersion: number | undefined
  /** What a file of drivers that can be loaded has in it; absent if none can. */
  driverMark?: string
}

// SPDX-License-Identifier: GPL-2.0-only
//
// The interface on which drills are played: the model, or the machine under test. Page numbers are addresses / 4096.

import type { Advice } from '../../lib'
import type { Steps } from './steps'

export type Prot = 'rw' | 'r' | 'none'
export type Kind = 'anon' | 'shmem' | 'file' | 'sharedfile' | 'special' | 'hugetlb'
export type Outcome = 'ok' | 'SIGSEGV' | 'SIGBUS'
/** `ok`, or the name of an errno. */
export type Errno = string

export interface MapRequest {
  readonly start: number
  readonly pages: number
  readonly kind: Kind
  readonly prot: Prot
}

/** The observable state of one page number. */
export interface Seen {
  readonly kind: string
  /** As drills print them: `wdas`, `-` for each that is not set; empty for kinds that have none. */
  readonly bits: string
  /** Identifies a frame as long as it is not freed; `D` and a number for device pages; undefined if there is none. */
  readonly frame: object | string | undefined
  readonly refCount: number
  readonly mapCount: number
  /** userfaultfd's bit, also where `w` hides it. Lines of a dump that differ in it are not equal. */
  readonly wp?: boolean
  /** Page flags as drills print them; undefined where the side makes no claims about them. */
  readonly flags?: string
  /** How many remember the slot of a swap entry. */
  readonly users?: number | undefined
  /** First byte of the frame. */
  readonly value: number | undefined
}

export interface Counters {
  readonly anon: number
  readonly file: number
  readonly shmem: number
  readonly swap: number
  readonly deviceFree: number
  /** Undefined where there is no coherent memory. */
  readonly coherentFree?: number | undefined
  /** Free slots; undefined where there is no swap area. */
  readonly swapFree?: number | undefined
}

/** What the first lines of a drill say about its machine. */
export interface Sizes {
  readonly devicePages: number
  readonly coherentPages: number
  readonly swapPages: number
  /** Pages that all processes may be charged for together; 0: no limit. */
  readonly memcgLimit: number
}

/** How a page is pinned. `dma`: with FOLL_PIN. */
export interface PinHow {
  readonly write: boolean
  readonly dma: boolean
  /** With FOLL_PIN and FOLL_LONGTERM. */
  readonly longterm: boolean
}

/** A range that a watcher was told about. */
export interface Invalidated<Process> {
  readonly process: Process
  readonly start: number
  readonly end: number
}

/** Who owns device pages: the device, or somebody who has none. */
export type Owner = 'device' | 'other'

/** Memory of the system; of a device that the CPU faults on, or maps. */
export type Memory = 'system' | 'private' | 'coherent'

export interface DriverChoice {
  readonly to: Memory
  /** Which pages are offered to the driver; undefined: those that its direction needs. */
  readonly select: Readonly<Record<Memory, boolean>> | undefined
  readonly owner: Owner
  readonly skip: (page: number) => boolean
  readonly error: (page: number) => boolean
}

/** A migration with callbacks; words are flags as drills print them. */
export interface SideMigration {
  /** Up to the end of alloc_and_copy. Undefined if the callbacks do not run; then the migration is over. */
  alloc(): { src: string[]; dst: string[] } | undefined
  /** Up to finalize_and_map. */
  final(): { src: string[] }
  finish(): void
}

/** How a range is mirrored. */
export interface MirrorHow {
  readonly fault: boolean
  readonly write: boolean
  readonly owner: Owner
}

/** `Process`: an address space; `Thread`: makes calls; `Handle`: one page that is pinned, held or isolated. */
export interface Side<Process, Thread, Handle> {
  process(): Process
  /** A thread for one command. `main`: the first one, for commands that are not interleaved. */
  thread(process: Process, main: boolean): Thread
  endThread(thread: Thread): void
  /** Called before every command: empties the pagevecs. */
  before(): void
  map(thread: Thread, request: MapRequest): Steps<Errno>
  unmap(thread: Thread, start: number, end: number): Steps<Errno>
  protect(thread: Thread, start: number, end: number, prot: Prot): Steps<Errno>
  advise(thread: Thread, start: number, end: number, advice: Advice): Steps<Errno>
  lock(thread: Thread, start: number, end: number): Steps<Errno>
  unlock(thread: Thread, start: number, end: number): Steps<Errno>
  clear(thread: Thread): Steps<Errno>
  /** `wp`: for write protection, else for missing pages. */
  uffd(thread: Thread, start: number, end: number, wp: boolean): Steps<Errno>
  /** Reclaim the pages of a range, whoever maps them. */
  reclaim?(thread: Thread, start: number, end: number): Steps<Errno>
  /** Give another length to the file that is mapped in a range. */
  truncate?(thread: Thread, start: number, end: number, pages: number): Steps<Errno>
  /** Move a range to page number `to`. */
  remap?(thread: Thread, start: number, end: number, to: number): Steps<Errno>
  fork(thread: Thread): Steps<Process | Errno>
  exit(process: Process): Steps<Errno>
  load(thread: Thread, page: number): Steps<{ outcome: Outcome; value: number }>
  store(thread: Thread, page: number, value: number): Steps<Outcome>
  pin(thread: Thread, page: number, how: PinHow): Steps<Handle | Errno>
  hold(process: Process, page: number): Handle | Errno
  isolate(process: Process, page: number): Handle | Errno
  drop(handle: Handle): void
  see(process: Process, start: number, end: number): Seen[]
  count(process: Process): Counters
  /** Report invalidations of the process from now on. */
  watch?(process: Process): void
  /** The invalidations since the last call. */
  takeInvalidations?(): Invalidated<Process>[]
  /** The words of a range, as drills print them. */
  mirror?(thread: Thread, start: number, end: number, how: MirrorHow): Steps<string[] | Errno>
  /** Make a page exclusive; `-`: it can't be. */
  exclusive?(thread: Thread, page: number): Steps<Errno>
  /** Migrate device pages to the system; dst is not shown. Undefined: there are no such pages. */
  evict?(memory: Memory, first: number, last: number): SideMigration | undefined
  /** Undefined: EINVAL. */
  migrate(thread: Thread, start: number, end: number, choice: DriverChoice): SideMigration | undefined
}

// SPDX-License-Identifier: GPL-2.0-only
//
// The record of a drill: what the machine looked like before its first command, and what each step has changed. docs/record.md
// describes it. Unknown keys are to be ignored; a key never changes its meaning within a version.

/** A word of 64 bits in hexadecimal, with 0x. */
export type Hex = string

/** Groups of words that are explained. */
export type TermGroup =
  | 'flags'
  | 'words'
  | 'entries'
  | 'whys'
  | 'stages'
  | 'waits'
  | 'events'
  | 'quirks'
  | 'counters'
  | 'holders'
  | 'pagevecs'

/** A sentence on each word of a group. */
export type Terms = Readonly<Partial<Record<TermGroup, Readonly<Record<string, string>>>>>

/** One document, with one recording at least. */
export interface RecordDocument {
  readonly format: 'hmmu-record'
  readonly version: 1
  readonly terms: Terms
  readonly recordings: readonly Recording[]
}

/** A drill on a machine of one profile. */
export interface Recording {
  readonly name: string
  readonly profile: string
  /** The drill. */
  readonly script: string
  /** What hmmu drill run prints, line by line. */
  readonly transcript: readonly string[]
  /** Why the drill could not be carried out to its end. */
  readonly failure?: string
  readonly machine: Setup
  readonly steps: readonly Step[]
}

/** The machine that a drill ran on. */
export interface Setup {
  readonly ramPages: number
  readonly devicePages: number
  /** The frame number of the first device page. */
  readonly deviceBase: number
  readonly cpus: number
  readonly quirks: readonly string[]
}

/** `resume`: an interleaved command goes on after a wait. `end`: a migration has returned. */
export type StepKind = 'start' | 'command' | 'stage' | 'entry' | 'resume' | 'end'

/** One step. A part that is absent has not changed; null, or `gone`, is no more. */
export interface Step {
  /** Its index. */
  readonly n: number
  /** Line of the script; 0 before the first command. */
  readonly command: number
  /** Line of the transcript, from 0. */
  readonly line?: number
  readonly kind: StepKind
  /** Of `stage` and `entry`: the stage that was worked on. */
  readonly stage?: string
  /** Of `entry`: which one. */
  readonly index?: number
  /** The migration is one that a fault on a device page has begun, within the command. */
  readonly fault?: true
  /** An interleaved command, and its line of the script. */
  readonly task?: string
  readonly taskLine?: number
  /** It waits now. */
  readonly blocked?: true
  /** Of `end`: how many entries have moved, how many were collected, and the reason of each if there are at most 64. */
  readonly moved?: number
  readonly collected?: number
  readonly whys?: readonly string[]
  readonly entries?: readonly EntryDelta[]
  readonly frames?: readonly FrameDelta[]
  readonly migration?: MigrationDelta | null
  readonly tables?: Readonly<Record<string, Table | null>>
  readonly processes?: Readonly<Record<string, Process | null>>
  readonly tasks?: Readonly<Record<string, Task | null>>
  readonly handles?: Readonly<Record<string, Handle | null>>
  readonly counters?: Readonly<Record<string, number>>
  /** Translations of CPUs, by `CPU/pid/address`. */
  readonly tlb?: Readonly<Record<string, Translation | null>>
  readonly events?: readonly (RecordedEvent | EventCount)[]
}

/** Entries of neighbouring pages that are alike: `pfn` rises by 1, `raw` by `rawStep`. */
export interface EntryDelta {
  /** Process and region, as A/buf. */
  readonly at: string
  readonly first: number
  readonly count: number
  readonly kind: string
  readonly bits?: string
  readonly pfn?: number
  readonly raw?: Hex
  readonly rawStep?: Hex
}

/** Frames of neighbouring numbers that are alike. */
export interface FrameDelta {
  readonly pfn: number
  readonly count: number
  readonly gone?: true
  readonly kind?: string
  readonly ref?: number
  readonly map?: number
  readonly flags?: string
  readonly byte?: number
  /**
   * References that are no mappings, each `kind` or `kind:name`: device, cache, swap, pagevec, migration, driver, wait:A.2, fault:A.1,
   * pin:p, hold:h, isolate:h, exclusive:e.
   */
  readonly held?: readonly string[]
}

/** Of a migration that goes on: all of its head, and the entries that have changed. */
export interface MigrationDelta {
  readonly process: string
  readonly region: string
  /** The page of the region that is entry 0. */
  readonly first: number
  /** The stage that is next. */
  readonly stage: string
  readonly position: number
  readonly collected: number
  readonly remaining: number
  readonly entries: readonly MigrationEntries[]
}

/** Entries of a migration that are alike; page frame numbers rise by 1. */
export interface MigrationEntries {
  readonly first: number
  readonly count: number
  readonly src: string
  readonly dst: string
  readonly why: string
  readonly srcPfn?: number
  readonly dstPfn?: number
}

/** A page table; entries of pte tables are in `entries` of the steps. */
export interface Table {
  readonly process: string
  readonly level: 'pud' | 'pmd' | 'pte'
  readonly base: Hex
  readonly entry: Hex
  readonly used: number
  readonly entries?: Readonly<Record<string, Hex>>
}

/** A process. */
export interface Process {
  readonly pid: number
  /** The frame of its pgd. */
  readonly pgd?: number
  /** Names of the tasks that have mmap_sem, and of those who wait for it. */
  readonly mmapLock?: {
    readonly readers: readonly string[]
    readonly writer?: string
    readonly waiting: readonly string[]
  }
  readonly vmas: readonly Vma[]
  readonly regions: readonly Region[]
  readonly rss: Readonly<Record<string, number>>
}

/** A mapping. */
export interface Vma {
  readonly start: Hex
  readonly pages: number
  readonly kind: string
  readonly prot: string
  readonly flags: string
}

/** A region of the drill: a name for addresses. */
export interface Region {
  readonly name: string
  readonly start: Hex
  readonly pages: number
}

/** A task; `wait` is what it waits for, or `nothing`. */
export interface Task {
  readonly wait: string
  /** The page whose lock it waits for. */
  readonly pfn?: number
  readonly ready?: boolean
  readonly cpu?: number
}

/** Page references by the name given with `as`. */
export interface Handle {
  readonly kind: string
  readonly pfns: readonly number[]
}

/** An event, as the machine records it. */
export interface RecordedEvent {
  readonly type: string
  readonly pid: number
  readonly a: number
  readonly b: number
  /** Of `references`: how many the page may have, and has. */
  readonly expected?: number
  readonly found?: number
}

/** Events of a step that has more than 64: how many of a type. */
export interface EventCount {
  readonly type: string
  readonly pid: number
  readonly count: number
  readonly min: number
  readonly max: number
}

/** A translation of a CPU. */
export interface Translation {
  readonly pfn: number
  readonly write?: true
  readonly stale?: true
}

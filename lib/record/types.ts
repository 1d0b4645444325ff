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
  | 'lru'
  | 'pagevecs'
  | 'judges'

/** A sentence on each word of a group. */
export type Terms = Readonly<Partial<Record<TermGroup, Readonly<Record<string, string>>>>>

/** One document, with one recording at least. */
export interface RecordDocument {
  /** Says what the document is. */
  readonly format: 'hmmu-record'
  /** It rises when a key changes its meaning or goes. */
  readonly version: 1
  /** What its words mean. */
  readonly terms: Terms
  /** The recordings, one at least. */
  readonly recordings: readonly Recording[]
}

/** A drill on a machine of one profile. */
export interface Recording {
  /** The name of the drill. */
  readonly name: string
  /** The profile of the machine. */
  readonly profile: string
  /** The drill. */
  readonly script: string
  /** What hmmu drill run prints, line by line. */
  readonly transcript: readonly string[]
  /** Why the drill could not be carried out to its end. */
  readonly failure?: string
  /** The machine that it ran on. */
  readonly machine: Setup
  /** How many steps were left out before the first one. */
  readonly from?: number
  /** The steps, in their order. */
  readonly steps: readonly Step[]
}

/** The machine that a drill ran on. */
export interface Setup {
  /** Frames of RAM. */
  readonly ramPages: number
  /** Device-private pages, of all devices together. */
  readonly devicePages: number
  /** The frame number of the first device page. */
  readonly deviceBase: number
  /** The frame number of the first device-coherent page, if there is one. It is behind the last device-private page. */
  readonly coherentBase?: number
  /** How many CPUs it has. */
  readonly cpus: number
  /** The quirks that are on, by name. */
  readonly quirks: readonly string[]
}

/** `resume`: an interleaved command goes on after a wait. `end`: a migration has returned. */
export type StepKind = 'start' | 'command' | 'stage' | 'entry' | 'resume' | 'end'

/** One step. A part that is absent has not changed; null, or `gone`, is no more. */
export interface Step {
  /** Its index in the list. */
  readonly n: number
  /** Line of the script; 0 before the first command. */
  readonly command: number
  /** Line of the transcript, from 0. */
  readonly line?: number
  /** What the step is. */
  readonly kind: StepKind
  /** It says all of the machine, as if there had been nothing before. So the first step of a recording always does. */
  readonly full?: true
  /** Of `stage` and `entry`: the stage that was worked on. */
  readonly stage?: string
  /** Of `entry`: which one. */
  readonly index?: number
  /** Of `stage`, `entry` and `end`: the migration, by its `id`. */
  readonly migration?: number
  /** The migration is one that a fault on a device page has begun, within the command. */
  readonly fault?: true
  /** An interleaved command, and its line of the script. */
  readonly task?: string
  /** The line of the script of the interleaved command. */
  readonly taskLine?: number
  /** It waits now. */
  readonly blocked?: true
  /** Of an order that was explored: whose step it is. */
  readonly order?: RecordedChoice
  /** Of `end`: how many entries have moved. */
  readonly moved?: number
  /** Of `end`: how many entries were collected. */
  readonly collected?: number
  /** Of `end`: the reason of each entry, if there are at most 64. */
  readonly whys?: readonly string[]
  /** Entries of regions that have changed. */
  readonly entries?: readonly EntryDelta[]
  /** Frames that have changed. */
  readonly frames?: readonly FrameDelta[]
  /** Migrations that have begun, changed or ended, in the order of their ids. */
  readonly migrations?: readonly (MigrationDelta | EndedMigration)[]
  /** Page tables that have changed, by the frame that each is in. */
  readonly tables?: Readonly<Record<string, RecordedTable | null>>
  /** Processes that have changed, by name. */
  readonly processes?: Readonly<Record<string, RecordedProcess | null>>
  /** Tasks that have changed, by name. */
  readonly tasks?: Readonly<Record<string, RecordedTask | null>>
  /** Page references that came or went, by the name given with `as`. */
  readonly handles?: Readonly<Record<string, RecordedHandle | null>>
  /** Counters that have changed, by name. */
  readonly counters?: Readonly<Record<string, number>>
  /** LRU lists that have changed, by name, and pagevecs, by `CPU/name`. */
  readonly lists?: Readonly<Record<string, RecordedList | null>>
  /** Translations of CPUs, by `CPU/pid/address`. */
  readonly tlb?: Readonly<Record<string, RecordedTranslation | null>>
  /** The events of the step. */
  readonly events?: readonly (RecordedEvent | EventCount)[]
}

/** A step of an order of tasks: who could have run, and who did. */
export interface RecordedChoice {
  /** The task that made the step, by name. */
  readonly task: string
  /** What the step did. */
  readonly text: string
  /** The tasks that could have made it, by name. */
  readonly could: readonly string[]
  /** What was found in it. */
  readonly found?: readonly RecordedFinding[]
}

/** What a judge found in a step. */
export interface RecordedFinding {
  /** The judge, as `lost-write`. */
  readonly judge: string
  /** What it found, in words. */
  readonly sentence: string
}

/** Entries of neighbouring pages that are alike: `pfn` rises by 1, `raw` by `rawStep`. */
export interface EntryDelta {
  /** Process and region, as A/buf. */
  readonly at: string
  /** The first page, counted in the region. */
  readonly first: number
  /** How many pages. */
  readonly count: number
  /** The kind of entry, a word of dumps. */
  readonly kind: string
  /** The bits of the entry, as dumps show them. */
  readonly bits?: string
  /** The frame of the first page. */
  readonly pfn?: number
  /** The raw word of the first page. */
  readonly raw?: Hex
  /** By how much the raw word rises from page to page; it may be negative. */
  readonly rawStep?: Hex
}

/** Frames of neighbouring numbers that are alike. */
export interface FrameDelta {
  /** The number of the first frame. */
  readonly pfn: number
  /** How many frames. */
  readonly count: number
  /** They are free now. */
  readonly gone?: true
  /** What they are used for. */
  readonly kind?: string
  /** References of each. */
  readonly ref?: number
  /** Mappings of each. */
  readonly map?: number
  /** Flags of each, as dumps show them. */
  readonly flags?: string
  /** Which anon_vma (of `anon`) or file (of `cache`) it belongs to, by number. */
  readonly mapping?: number
  /** Offset of the first one in it, in pages; it rises by 1. */
  readonly index?: number
  /** The first byte of its contents, 0 … 255. */
  readonly byte?: number
  /**
   * References that are no mappings, each `kind` or `kind:name`: device, cache, swap, pagevec, migration, driver, wait:A.2, fault:A.1,
   * pin:p, hold:h, isolate:h, exclusive:e.
   */
  readonly held?: readonly string[]
}

/** Of a migration that goes on: all of its head, and the entries that have changed. */
export interface MigrationDelta {
  /** Its number: migrations of a recording are counted from 0, in the order in which they begin. */
  readonly id: number
  /** A fault on a device page has begun it. */
  readonly fault?: true
  /** The process, by name; empty for pages of a device. */
  readonly process: string
  /** The region, by name; empty for pages of a device. */
  readonly region: string
  /** The page of the region, or of the device, that is entry 0. */
  readonly first: number
  /** The stage that is next. */
  readonly stage: string
  /** The entry that is next in the stage. */
  readonly position: number
  /** How many entries were collected. */
  readonly collected: number
  /** How many are still to be migrated. */
  readonly remaining: number
  /** The entries that have changed. */
  readonly entries: readonly RecordedMigrationEntries[]
}

/** A migration that goes on no more. */
export interface EndedMigration {
  /** Its number. */
  readonly id: number
  /** It has returned, or was given up. */
  readonly gone: true
}

/** Entries of a migration that are alike; page frame numbers rise by 1. */
export interface RecordedMigrationEntries {
  /** The first entry. */
  readonly first: number
  /** How many entries. */
  readonly count: number
  /** Flags of src, as transcripts show them. */
  readonly src: string
  /** Flags of dst, as transcripts show them. */
  readonly dst: string
  /** Why they do not move, or `none`. */
  readonly why: string
  /** The frame of the first source. */
  readonly srcPfn?: number
  /** The frame of the first destination. */
  readonly dstPfn?: number
}

/** An LRU list, or a pagevec. */
export interface RecordedList {
  /** How many entries it has. */
  readonly pages: number
  /**
   * Frames in their order: the head of a list first, of a pagevec the page that came first. Each pair is the first and the last of
   * neighbours that rise or fall by 1; there are 64 pairs at most.
   */
  readonly runs: readonly (readonly [first: number, last: number])[]
}

/** A page table; entries of pte tables are in `entries` of the steps. */
export interface RecordedTable {
  /** The process, by name. */
  readonly process: string
  /** Which level it is. */
  readonly level: 'pud' | 'pmd' | 'pte'
  /** The first address that it translates. */
  readonly base: Hex
  /** The word that leads to it. */
  readonly entry: Hex
  /** How many of its entries are in use. */
  readonly used: number
  /** The words of a pud or pmd table, by index. */
  readonly entries?: Readonly<Record<string, Hex>>
}

/** A process. */
export interface RecordedProcess {
  /** Its number. */
  readonly pid: number
  /** The frame of its pgd. */
  readonly pgd?: number
  /** Names of the tasks that have mmap_sem, and of those who wait for it. */
  readonly mmapLock?: {
    /** Tasks that have it for reading. */
    readonly readers: readonly string[]
    /** The task that has it for writing. */
    readonly writer?: string
    /** Tasks that wait for it. */
    readonly waiting: readonly string[]
  }
  /** Its mappings, in address order. */
  readonly vmas: readonly RecordedVma[]
  /** Its regions, in address order. */
  readonly regions: readonly RecordedRegion[]
  /** Its counters, by name. */
  readonly rss: Readonly<Record<string, number>>
}

/** A mapping. */
export interface RecordedVma {
  /** Address of the first byte. */
  readonly start: Hex
  /** How many pages. */
  readonly pages: number
  /** The kind of mapping. */
  readonly kind: string
  /** Access rights. */
  readonly prot: string
  /** Its flags, with commas between them. */
  readonly flags: string
}

/** A region of the drill: a name for addresses. */
export interface RecordedRegion {
  /** Its name. */
  readonly name: string
  /** Address of the first byte. */
  readonly start: Hex
  /** How many pages. */
  readonly pages: number
}

/** A task; `wait` is what it waits for, or `nothing`. */
export interface RecordedTask {
  /** What it waits for, or `nothing`. */
  readonly wait: string
  /** The call that waits. */
  readonly call?: string
  /** The page whose lock it waits for. */
  readonly pfn?: number
  /** What it has waited for has come, and it has not run. */
  readonly ready?: boolean
  /** Its CPU. */
  readonly cpu?: number
}

/** Page references by the name given with `as`. */
export interface RecordedHandle {
  /** How they came to be: pin, hold, isolation …. */
  readonly kind: string
  /** The frames. */
  readonly pfns: readonly number[]
}

/** An event, as the machine records it. */
export interface RecordedEvent {
  /** Its type. */
  readonly type: string
  /** The process that it is about; 0: none. */
  readonly pid: number
  /** Its first value: docs/api.md has a table. */
  readonly a: number
  /** Its second value. */
  readonly b: number
  /** Of `references`: how many the page may have, and has. */
  readonly expected?: number
  /** Of `references`: how many the page has. */
  readonly found?: number
}

/** Events of a step that has more than 64: how many of a type. */
export interface EventCount {
  /** The type. */
  readonly type: string
  /** The process. */
  readonly pid: number
  /** How many there were. */
  readonly count: number
  /** The lowest first value. */
  readonly min: number
  /** The highest first value. */
  readonly max: number
}

/** A translation of a CPU. */
export interface RecordedTranslation {
  /** The frame that it leads to. */
  readonly pfn: number
  /** It allows stores. */
  readonly write?: true
  /** The page table has something else by now. */
  readonly stale?: true
}

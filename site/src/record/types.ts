// SPDX-License-Identifier: GPL-2.0-only
//
// The record of a drill: what the machine looked like before its first command, and what each step has changed.

/** A word of 64 bits in hexadecimal, with 0x. */
export type Hex = string

/** Groups of words that are explained. */
export type TermGroup = 'flags' | 'words' | 'entries' | 'whys' | 'stages' | 'waits' | 'events' | 'quirks' | 'counters'

export type Terms = Readonly<Partial<Record<TermGroup, Readonly<Record<string, string>>>>>

export interface RecordDocument {
  readonly format: 'hmmu-record'
  readonly version: 1
  readonly terms: Terms
  readonly recordings: readonly Recording[]
}

export interface Recording {
  readonly name: string
  readonly profile: string
  readonly script: string
  readonly transcript: readonly string[]
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

export type StepKind = 'start' | 'command' | 'stage' | 'entry' | 'resume' | 'end'

/** One step. A part that is absent has not changed; null, or `gone`, is no more. */
export interface Step {
  readonly n: number
  /** Line of the script; 0 before the first command. */
  readonly command: number
  /** Line of the transcript, from 0. */
  readonly line?: number
  readonly kind: StepKind
  readonly stage?: string
  readonly index?: number
  /** An interleaved command, and its line of the script. */
  readonly task?: string
  readonly taskLine?: number
  readonly blocked?: true
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
  readonly events?: readonly (MachineEvent | EventCount)[]
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

export interface FrameDelta {
  readonly pfn: number
  readonly count: number
  readonly gone?: true
  readonly kind?: string
  readonly ref?: number
  readonly map?: number
  readonly flags?: string
  readonly byte?: number
  /** References that are no mappings: `kind` or `kind:name`. */
  readonly held?: readonly string[]
}

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

export interface MigrationEntries {
  readonly first: number
  readonly count: number
  readonly src: string
  readonly dst: string
  readonly why: string
  readonly srcPfn?: number
  readonly dstPfn?: number
}

export interface Table {
  readonly process: string
  readonly level: 'pud' | 'pmd' | 'pte'
  readonly base: Hex
  readonly entry: Hex
  readonly used: number
  readonly entries?: Readonly<Record<string, Hex>>
}

export interface Process {
  readonly pid: number
  readonly vmas: readonly Vma[]
  readonly regions: readonly Region[]
  readonly rss: Readonly<Record<string, number>>
}

export interface Vma {
  readonly start: Hex
  readonly pages: number
  readonly kind: string
  readonly prot: string
  readonly flags: string
}

export interface Region {
  readonly name: string
  readonly start: Hex
  readonly pages: number
}

export interface Task {
  readonly wait: string
  readonly pfn?: number
  readonly ready?: boolean
  readonly cpu?: number
}

export interface Handle {
  readonly kind: string
  readonly pfns: readonly number[]
}

export interface MachineEvent {
  readonly type: string
  readonly pid: number
  readonly a: number
  readonly b: number
}

/** Events of a step that has more than 64: how many of a type. */
export interface EventCount {
  readonly type: string
  readonly pid: number
  readonly count: number
  readonly min: number
  readonly max: number
}

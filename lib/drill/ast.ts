// SPDX-License-Identifier: GPL-2.0-only
//
// The syntax tree of a drill. Each command has an interface; `Command` is the union of all.

import type { Advice, DeviceKind, Judge, MapKind, Prot, QuirkName, SwitchPoint } from '../api'
import type { Position } from './errors'

/** A place `buf`, `buf[3]` or `buf[2-5]`. `first` and `last` are undefined where all of the region is meant. */
export interface Place {
  readonly region: string
  readonly first: number | undefined
  /** Inclusive. */
  readonly last: number | undefined
}

/** Page numbers of a region from `first` to `last`, inclusive. */
export interface PageRange {
  readonly first: number
  readonly last: number
}

interface Base {
  /** The command as a transcript echoes it: without comment, spaces squeezed. */
  readonly text: string
  readonly position: Position
}

/** A command of a process, whose name is the first word. */
interface OfProcess extends Base {
  readonly process: string
}

interface AtPlace extends OfProcess {
  readonly place: Place
}

export interface DevmemCommand extends Base {
  readonly verb: 'devmem'
  readonly pages: number
  /** Of a second device, whose pages CPUs map. */
  readonly coherent: boolean
}

export interface SwapCommand extends Base {
  readonly verb: 'swap'
  /** Slots of the swap area, a page each. */
  readonly pages: number
}

export interface MemcgCommand extends Base {
  readonly verb: 'memcg'
  /** For how many pages the processes may be charged together. */
  readonly pages: number
}

export interface CpusCommand extends Base {
  readonly verb: 'cpus'
  readonly count: number
}

/** The commands that describe the machine before it exists. They stand before all others, each at most once. */
export type HeadCommand = DevmemCommand | SwapCommand | MemcgCommand | CpusCommand

export interface MapCommand extends OfProcess {
  readonly verb: 'map'
  readonly region: string
  readonly kind: Exclude<MapKind, 'mixed'>
  readonly pages: number
  readonly readOnly: boolean
  readonly at2m: boolean
  readonly thp: boolean
}

export interface UnmapCommand extends AtPlace {
  readonly verb: 'unmap'
}

export interface RemapCommand extends AtPlace {
  readonly verb: 'remap'
  /** The new region. */
  readonly region: string
}

export interface ProtectCommand extends AtPlace {
  readonly verb: 'protect'
  readonly prot: Prot
}

export interface AdviseCommand extends AtPlace {
  readonly verb: 'advise'
  readonly advice: Advice
}

export interface TruncateCommand extends OfProcess {
  readonly verb: 'truncate'
  /** The region that maps the file. */
  readonly region: string
  /** The file's new length. */
  readonly pages: number
}

export interface LockCommand extends AtPlace {
  readonly verb: 'lock' | 'unlock'
}

export interface WriteCommand extends AtPlace {
  readonly verb: 'write'
  /** 0 … 255. */
  readonly value: number
}

export interface ReadCommand extends AtPlace {
  readonly verb: 'read'
}

export interface ClearCommand extends OfProcess {
  readonly verb: 'clear'
}

export interface UffdCommand extends AtPlace {
  readonly verb: 'uffd'
  /** For write protection, in place of missing mode. */
  readonly wp: boolean
}

export interface ForkCommand extends OfProcess {
  readonly verb: 'fork'
  readonly child: string
}

export interface ExitCommand extends OfProcess {
  readonly verb: 'exit'
}

export interface CpuCommand extends OfProcess {
  readonly verb: 'cpu'
  /** Where the process's first thread runs from now on. */
  readonly cpu: number
}

export interface ReclaimCommand extends AtPlace {
  readonly verb: 'reclaim'
}

export interface OomReapCommand extends OfProcess {
  readonly verb: 'oom-reap'
}

export interface PinCommand extends AtPlace {
  readonly verb: 'pin'
  readonly handle: string
  readonly write: boolean
  /** FOLL_PIN */
  readonly dma: boolean
  /** FOLL_LONGTERM */
  readonly longterm: boolean
}

export interface HoldCommand extends AtPlace {
  readonly verb: 'hold' | 'isolate'
  readonly handle: string
}

export interface DropCommand extends Base {
  readonly verb: 'drop'
  readonly handle: string
}

export interface DumpCommand extends AtPlace {
  readonly verb: 'dump'
}

export interface CountCommand extends OfProcess {
  readonly verb: 'count'
}

export interface WatchCommand extends OfProcess {
  readonly verb: 'watch'
}

/** The owner of device pages that a driver names: the device's, or another one that owns no page. */
export type Owner = 'device' | 'other'

/** Pages that a migration can offer to the driver: those of the system, device-private ones, device-coherent ones. */
export type Selected = 'system' | 'private' | 'coherent'

export interface MigrateCommand extends AtPlace {
  readonly verb: 'migrate'
  readonly to: 'dev' | 'coh' | 'sys'
  readonly skip: readonly PageRange[]
  readonly error: readonly PageRange[]
  /** In the order of the drill. Undefined: `system` to a device, `private` back. */
  readonly select: readonly Selected[] | undefined
  readonly owner: Owner
  readonly interleaved: readonly Interleaved[]
}

export interface EvictCommand extends Base {
  readonly verb: 'evict'
  readonly kind: DeviceKind
  /** Numbers of device pages of the kind. Undefined: all pages of its device. */
  readonly pages: PageRange | undefined
  readonly interleaved: readonly Interleaved[]
}

/** A command in which other commands may run. */
export type Migration = MigrateCommand | EvictCommand

export interface MirrorCommand extends AtPlace {
  readonly verb: 'mirror'
  /** REQ_FAULT */
  readonly fault: boolean
  /** REQ_WRITE; only with `fault`. */
  readonly write: boolean
  readonly owner: Owner
}

export interface ExclusiveCommand extends AtPlace {
  readonly verb: 'exclusive'
}

/** Commands that may run while a `migrate` or an `evict` stands. */
export type InnerCommand =
  | MapCommand
  | UnmapCommand
  | RemapCommand
  | ProtectCommand
  | AdviseCommand
  | TruncateCommand
  | LockCommand
  | WriteCommand
  | ReadCommand
  | ClearCommand
  | UffdCommand
  | ForkCommand
  | ExitCommand
  | PinCommand
  | HoldCommand
  | DropCommand
  | DumpCommand
  | CountCommand
  | MirrorCommand
  | ExclusiveCommand
  | ReclaimCommand
  | OomReapCommand
  | CpuCommand

/** All commands except those that describe the machine before it exists. */
export type Command = InnerCommand | WatchCommand | Migration

/** Where a migration stands: a callback of migrate_vma(), or the place between two calls that stands for it. */
export type Callback = 'alloc' | 'final'

/** An `@alloc` or `@final` line. */
export interface Interleaved {
  readonly callback: Callback
  readonly command: InnerCommand
}

/** A thread that runs at the same time as the drill's other tasks. A drill with tasks can be explored. */
export interface DrillTask extends Base {
  readonly name: string
  readonly process: string
  readonly cpu: number
  readonly commands: readonly Command[]
}

/** What exploring a drill must find, or must not find. */
export interface Expectation extends Base {
  /** `finds`: one of these findings; `no`: none of them. */
  readonly sense: 'finds' | 'no'
  /** `finding`: one of any kind. */
  readonly judge: Judge | 'finding'
  /** The expectation is for machines that have this quirk. One without it must not find it. */
  readonly quirk: QuirkName | undefined
}

/** The order in which the tasks of a drill run. Exploring the drill tries this order only. */
export interface DrillOrder extends Base {
  /** As in the ids of findings: a letter for each task, and how many steps it makes. */
  readonly choices: string
  /** Where calls stop in their middle; undefined: the default of exploring. */
  readonly points: readonly SwitchPoint[] | undefined
  /** A fault handler that could not move its page has the access fault again. */
  readonly handlerRetries: boolean
}

/** A script. */
export interface Drill {
  readonly name: string
  readonly file: string
  /** The commands that describe the machine, in their order. */
  readonly head: readonly HeadCommand[]
  /** Those before the first task. */
  readonly commands: readonly Command[]
  readonly tasks: readonly DrillTask[]
  readonly expectations: readonly Expectation[]
  readonly order: DrillOrder | undefined
}

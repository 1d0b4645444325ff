// SPDX-License-Identifier: GPL-2.0-only
//
// Everything public of the API, without an implementation: an entry loads one (lib/index.ts, lib/web/).
//
// The declarations need Symbol.dispose, and bring its library themselves. Names that are marked as internal are not in them.

/// <reference lib="esnext.disposable" preserve="true" />

export * from '../base/defs.generated'
export { HmmuError, type HmmuErrorCode, type HmmuErrorDetail } from '../base/errors'
export { PAGE_SIZE } from '../base/validate'
export type { AccessOutcome, LoadOutcome } from './access-outcome'
export { CStruct, type CType, ioctlNumber } from './c-struct'
export {
  type ExclusiveOptions,
  type MapOptions,
  type PinOptions,
  type RemapOptions,
  SystemCalls,
  type UserfaultOptions,
} from './calls'
export type { RestoreOptions } from './copies'
export { Device, type DeviceOptions, type DevicePages } from './device'
export type { DeviceFault, DeviceFaultHandler, PageFreeHandler } from './devices'
export type { BuiltinDriver, CustomDriver, Driver } from './driver'
export { DriverContext, type MoveAllOptions } from './driver-context'
export { DriverMigration, type MigrateVmaOptions } from './driver-migration'
export { MigrationEntries, MigrationEntry } from './entries'
export { HeldMmapLock } from './held-mmap-lock'
export type { Holder } from './holders'
export {
  type Caller,
  type DriverFault,
  DriverFile,
  type DriverReport,
  KernelDriver,
  type KernelDriverOptions,
  type ModuleParameter,
} from './kernel-driver'
export type { LeakedPage } from './leaks'
export { Machine } from './machine'
export { Mapping } from './mapping'
export { Migration } from './migration'
export { MigrationResult } from './migration-result'
export {
  type IntervalHandler,
  type IntervalInvalidation,
  IntervalNotifier,
  type MirroredPage,
  type MirrorOptions,
  type NotifierOptions,
} from './mirror'
export type { MoveKind } from './moves'
export type { MachineOptions } from './options'
export type { PageRange } from './page-range'
export { PageRef, type PageRefKind } from './page-ref'
export { type InvalidateHandler, type Invalidation, type MmapLock, Process, type ProcessCounters } from './process'
export { type MachineEvent, PageEntry, type PageInfo, type Prot, pageFlagNames, type VmaInfo } from './records'
export type { MigrationRange } from './request'
export { RestoredMigration } from './restored-migration'
export { type Job, roundRobin } from './schedule'
export type {
  ActionResult,
  CutOff,
  Finding,
  SearchOptions,
  SearchOutcome,
  SearchProgress,
  SearchResult,
  TraceStep,
} from './search'
export type { Selection } from './selection'
export { MachineStats, type SpanCounts, type StatsNode } from './stats'
export { Task, type TaskState } from './task'
export type { LruPage, PageTable, TableLevel, Translation } from './whole'

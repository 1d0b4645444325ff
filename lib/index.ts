// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu: Linux's migrate_vma() in an ordinary process. Everything public is exported here.
//
// The declarations need Symbol.dispose, and bring its library themselves. Names that are marked as internal are not in them.

/// <reference lib="esnext.disposable" preserve="true" />

export { CStruct, type CType, ioctlNumber } from './api/c-struct'
export {
  type AccessOutcome,
  type ExclusiveOptions,
  type LoadOutcome,
  type MapOptions,
  type PinOptions,
  type RemapOptions,
  SystemCalls,
  type UserfaultOptions,
} from './api/calls'
export type { RestoreOptions } from './api/copies'
export { Device, type DeviceOptions, type DevicePages } from './api/device'
export type { DeviceFault, DeviceFaultHandler, PageFreeHandler } from './api/devices'
export { type BuiltinDriver, type CustomDriver, type Driver, DriverContext } from './api/driver'
export { DriverMigration, type MigrateVmaOptions } from './api/driver-migration'
export { MigrationEntries, MigrationEntry } from './api/entries'
export type { Holder } from './api/holders'
export {
  type Caller,
  type DriverFault,
  DriverFile,
  type DriverReport,
  KernelDriver,
  type KernelDriverOptions,
  type ModuleParameter,
} from './api/kernel-driver'
export type { LeakedPage } from './api/leaks'
export { Machine } from './api/machine'
export { Mapping } from './api/mapping'
export { Migration } from './api/migration'
export { MigrationResult } from './api/migration-result'
export {
  type IntervalHandler,
  type IntervalInvalidation,
  IntervalNotifier,
  type MirroredPage,
  type MirrorOptions,
  type NotifierOptions,
} from './api/mirror'
export type { MachineOptions } from './api/options'
export type { PageRange } from './api/page-range'
export { PageRef, type PageRefKind } from './api/page-ref'
export { type InvalidateHandler, type Invalidation, type MmapLock, Process, type ProcessCounters } from './api/process'
export { type MachineEvent, PageEntry, type PageInfo, type Prot, pageFlagNames, type VmaInfo } from './api/records'
export type { MigrationRange } from './api/request'
export { type Job, roundRobin } from './api/schedule'
export type { Selection } from './api/selection'
export { MachineStats, type SpanCounts, type StatsNode } from './api/stats'
export { Task, type TaskState } from './api/task'
export type { PageTable, TableLevel, Translation } from './api/whole'
export * from './base/defs.generated'
export { HmmuError, type HmmuErrorCode, type HmmuErrorDetail } from './base/errors'
export { PAGE_SIZE } from './base/validate'
export { type AddonInfo, addonInfo, type Backend } from './native/load'

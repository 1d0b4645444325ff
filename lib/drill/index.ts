// SPDX-License-Identifier: GPL-2.0-only
//
// Drills: small scripts that drive memory and migrate_vma(), and print what happens. This is for Node: files, a kernel, and an
// implementation that is loaded. lib/web/ has the rest for browsers.

import '../native/load'

export type { Kernel } from '../base/kernel'
export type * from './ast'
export { type CheckOptions, type CheckResult, checkFile, failedFile, listDrills, type Update } from './check'
export { type SideBySide, sideBySide } from './compare'
export { DrillError, type DrillErrorCode, type Position } from './errors'
export { DEFAULT_KERNEL, DEFAULT_RUNNER, type KernelOptions, runOnKernel } from './kernel'
export { DEFAULT_PROFILE, kernelOfProfile } from './language'
export type { DrillObserver } from './observer'
export { type DrillSource, parseDrill } from './parse'
export { profileOf } from './profile'
export { type DrillRun, type RunOptions, runDrill, runSource } from './runner'
export {
  findDrillFiles,
  isConcatenation,
  joinSections,
  readDrills,
  readExpected,
  STDIN_PATH,
  searchDrillFiles,
  splitSections,
} from './source'
export { readTextFile } from './text-file'
export type { World } from './world'

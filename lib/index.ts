// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu: Linux's migrate_vma() in an ordinary process, for Node. Everything public is exported here.

/// <reference lib="esnext.disposable" preserve="true" />

export * from './api'
export { DrillError, type DrillErrorCode, type Position } from './drill/errors'
export type { DrillSource } from './drill/parse'
export type { DrillRun, RunOptions } from './drill/runner'
export {
  type Blame,
  blame,
  type Explorable,
  type Exploration,
  type ExploredFinding,
  type ExploredOutcome,
  type ExploreOptions,
  explore,
  type FoundBy,
  type QuirkBlame,
  RecordedRef,
  type Replay,
  replay,
  type Scenario,
  type ScenarioTask,
  scenario,
  type TaskBody,
  TaskRecorder,
} from './explore'
export { type AddonInfo, addonInfo, type Backend } from './native/load'
export * from './record'

// SPDX-License-Identifier: GPL-2.0-only
//
// Exploring drills with tasks, and scenarios: all orders of their steps.

export { type Blame, blame, type QuirkBlame } from './blame'
export { drillOfOrder } from './drill-of-order'
export { type Explorable, explore, replay } from './explorable'
export {
  DEFAULT_POINTS,
  type Exploration,
  type ExploredFinding,
  type ExploredOutcome,
  type ExploreOptions,
  exploreDrill,
  type Replay,
  replayDrill,
} from './explore'
export type { FoundBy } from './finding'
export type { PlayedFinding, PlayedStep } from './play'
export { type Played, playDrill } from './play-drill'
export type { FindingKind, ProgramResult } from './random-program'
export {
  exploreEach,
  exploreOne,
  exploreRandom,
  type RandomExploration,
  type RandomFinding,
  type RandomOptions,
} from './random-search'
export { recordOrder } from './record-order'
export { RecordedRef, TaskRecorder } from './recorder'
export { isScenario, type Scenario, type ScenarioTask, scenario, type TaskBody } from './scenario'

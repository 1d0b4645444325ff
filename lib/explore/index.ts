// SPDX-License-Identifier: GPL-2.0-only
//
// Exploring drills with tasks: all orders of their steps.

export {
  type Blame,
  blame,
  DEFAULT_POINTS,
  type Exploration,
  type ExploredFinding,
  type ExploredOutcome,
  type ExploreOptions,
  exploreDrill,
  type Replay,
  replayDrill,
} from './explore'

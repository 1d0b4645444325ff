// SPDX-License-Identifier: GPL-2.0-only
//
// The kernels that have a model: the model, the profile that has to agree with it, and what sequences for it consist of.

import type { Profile } from '../../lib'
import type { Kernel } from '../../lib/drill'
import type { Held } from '../model/hold'
import { ModelSide } from '../model/model-side'
import type { ModelProcess } from '../model/process'
import type { Side, Sizes } from '../model/side'
import type { Held as Held612 } from '../model/v6_12/hold'
import { ModelSide as ModelSide612 } from '../model/v6_12/model-side'
import type { Space } from '../model/v6_12/space'
import {
  type Build,
  evict,
  INNER,
  INNER_6_12,
  INNER_LIMITED,
  migrate,
  migrateSelected,
  OUTER,
  OUTER_6_12,
} from './commands'

export interface Subject<Modelled = unknown, Handle = unknown> {
  readonly name: string
  readonly profile: Profile & Kernel
  readonly model: (sizes: Sizes) => Side<Modelled, Modelled, Handle>
  /** Sizes of the swap area and of coherent memory; one of each is drawn for a sequence. */
  readonly swapPages: readonly number[]
  readonly coherentPages: readonly number[]
  /** Limits of the memory cgroup; a subject with limits has no swap. */
  readonly memcgLimits: readonly number[]
  /** Whether the model claims page flags and invalidations, too. */
  readonly exact: boolean
  /** Commands under which other ones may stand. */
  readonly migrations: readonly Build[]
  /** Those other ones. */
  readonly inner: readonly Build[]
  /** Commands that stand alone. */
  readonly commands: readonly Build[]
}

export const LINUX_4_14: Subject<ModelProcess, Held> = {
  name: 'linux-4.14',
  profile: 'linux-4.14',
  model: ({ devicePages }) => new ModelSide(devicePages),
  exact: false,
  swapPages: [0],
  coherentPages: [0],
  memcgLimits: [0],
  migrations: [migrate],
  inner: INNER,
  commands: OUTER,
}

export const LINUX_6_12: Subject<Space, Held612> = {
  name: 'linux-6.12',
  profile: 'linux-6.12',
  model: (sizes) => new ModelSide612(sizes),
  exact: true,
  swapPages: [0, 0, 16, 300, 3, 6],
  coherentPages: [0, 0, 64, 3],
  memcgLimits: [0],
  migrations: [migrateSelected, migrateSelected, migrateSelected, evict],
  inner: INNER_6_12,
  commands: OUTER_6_12,
}

/** With a limit of the memory cgroup. Many commands within a migration wait for memory, or free it. */
export const LINUX_6_12_LIMITED: Subject<Space, Held612> = {
  ...LINUX_6_12,
  name: 'linux-6.12-limited',
  swapPages: [0],
  memcgLimits: [6, 12, 24, 300, 600],
  inner: INNER_LIMITED,
}

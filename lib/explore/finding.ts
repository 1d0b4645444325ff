// SPDX-License-Identifier: GPL-2.0-only

import type { Finding, Judge } from '../api'

/** What makes a finding: a judge, or `'driver'`: a callback in TypeScript threw, or broke a rule for drivers. */
export type FoundBy = Judge | 'driver'

/** A finding before it is known by which order it is reached. */
export interface FoundFinding extends Pick<Finding, 'task' | 'action' | 'page' | 'process' | 'found' | 'text'> {
  readonly judge: FoundBy
}

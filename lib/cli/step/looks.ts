// SPDX-License-Identifier: GPL-2.0-only

import type { Look } from './span'

/** Kinds of entries by colour; their names say what they are. */
export const KIND_LOOKS: Readonly<Record<string, Look>> = {
  sys: 'ram',
  huge: 'ram',
  dev: 'device',
  excl: 'device',
  mig: 'migration',
  none: 'faint',
}

// SPDX-License-Identifier: GPL-2.0-only

export type * from '../../../lib/record/types'

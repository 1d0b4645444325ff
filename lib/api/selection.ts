// SPDX-License-Identifier: GPL-2.0-only
//
// What a migration of Linux 6.12 offers to its driver: flags, pgmap_owner and fault_page of struct migrate_vma.

import { type SelectName, selectValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { integer, iterable, oneOf } from '../base/validate'
import type { Core } from './core'

/** The owner of the pages of the device that a machine begins with (dev_pagemap.owner): HMMU_DEFAULT_OWNER. */
export const DEFAULT_OWNER = 1

/** Which pages a migration offers to its driver. Linux 4.14 has no choice: there none of the properties may be given. */
export interface Selection {
  /** Kinds of pages. Empty entries are offered whatever is selected. */
  readonly select?: Iterable<SelectName> | undefined
  /** Whose device pages are selected: the owner of a device; by default that of the first one, 1. Owner 0 owns none. */
  readonly owner?: number | undefined
  /** The page frame number of the device page whose fault is being handled: the fault's reference to it does not count. */
  readonly faultPage?: number | undefined
}

export const selectionOptions = ['select', 'owner', 'faultPage'] as const

/** @internal A selection as the addon takes it. */
export interface PreparedSelection {
  readonly flags: number
  readonly faultPage: number
  readonly owner: number
}

const NONE: PreparedSelection = { flags: 0, faultPage: 0, owner: 0 }

/** @internal @param usual flags of what is selected if the driver does not say */
export function prepareSelection(core: Core, given: Selection, usual: number): PreparedSelection {
  const { select, owner, faultPage } = given
  if (core.kernel === 'linux-4.14') {
    if (select === undefined && owner === undefined && faultPage === undefined) return NONE
    throw noSelection(given)
  }
  return {
    flags: select === undefined ? usual : flagsOf(select),
    faultPage: faultPage === undefined ? 0 : integer('faultPage', faultPage, 0, 2 ** 32 - 1),
    owner: owner === undefined ? DEFAULT_OWNER : core.devices.checkOwner(owner),
  }
}

function flagsOf(select: Iterable<SelectName>): number {
  let flags = 0
  for (const kind of iterable('select', 'an iterable of kinds of pages', select))
    flags |= oneOf('a kind in select', kind, selectValues)
  return flags
}

function noSelection(given: Selection): HmmuError {
  const name = selectionOptions.find((each) => given[each] !== undefined)
  return new HmmuError(
    'HMMU_INVALID_ARGUMENT',
    `${name} is for machines of Linux 6.12; the machine is of Linux 4.14, which offers all pages that it can migrate`,
  )
}

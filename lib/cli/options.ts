// SPDX-License-Identifier: GPL-2.0-only

import { Option } from 'commander'
import { type Profile, profileNames } from '../index'

/** `--profile`, for every command that makes a machine. */
export function profileOption(): Option {
  return new Option('--profile <name>', 'which kernel the machine is').choices(profileNames).default('linux-4.14')
}

/** `--verify`, for every command that runs drills. */
export function verifyOption(): Option {
  return new Option('--verify', 'check the balance of the whole machine after every command')
}

/** `--filter`, for every command that runs drills. */
export function filterOption(): Option {
  return new Option('--filter <name>', 'only drills whose name contains this; repeat it for more').argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  )
}

/** The options of commands that run drills. */
export interface DrillOptions {
  readonly profile: Profile
  readonly verify?: true
  readonly filter?: readonly string[]
}

/** What `--filter` says of a name. */
export function passesFilter(options: DrillOptions, name: string): boolean {
  return options.filter?.some((part) => name.includes(part)) ?? true
}

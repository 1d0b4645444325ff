// SPDX-License-Identifier: GPL-2.0-only

import type { Command } from 'commander'
import { type BuiltDriver, buildDriver, KernelDriverError } from '../kernel-driver'
import { print, printErrorText } from './output'

/** The options of commands that build drivers. */
export interface DriverBuildOptions {
  readonly kernel?: string
  readonly out?: string
  readonly include?: readonly string[]
  readonly cflags?: readonly string[]
  readonly sanitize?: string
  readonly coverage?: true
}

/** For options that may be given more than once. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** Gives a command the options of {@link DriverBuildOptions}. */
export function addBuildOptions(command: Command): Command {
  return command
    .argument('<file...>', "the driver's sources: paths in the kernel's tree, or in this folder")
    .option('--kernel <tree>', 'source tree of Linux 6.12, or a part of it')
    .option('--out <folder>', "folder of the build (default: one in the user's cache)")
    .option('-I, --include <folder>', "folder of headers of the driver's own; repeat it for more", collect)
    .option('--cflags <flags>', 'flags for the compiler of the driver: words, separated by spaces', collect)
    .option('--sanitize <list>', 'compile the driver with sanitizers, such as address,undefined')
    .option('--coverage', "count executed lines of the driver's sources")
}

/** Builds a driver. Warnings go to stderr, and what is missing to stdout. @throws KernelDriverError */
export function build(
  sources: readonly string[],
  options: DriverBuildOptions,
  program: readonly string[] = [],
): BuiltDriver {
  const onProgress = (text: string) => printErrorText(`${text}\n`)
  try {
    const driver = buildDriver({ ...options, sources, program, onProgress })
    printErrorText(driver.warnings)
    return driver
  } catch (error) {
    // The list is what was asked for; the rest explains an error.
    if (error instanceof KernelDriverError) {
      if (error.code === 'HMMU_DRIVER_MISSING') print(error.output)
      else printErrorText(error.output)
    }
    throw error
  }
}

// SPDX-License-Identifier: GPL-2.0-only

import { Command } from 'commander'
import { visible } from '../base/visible'
import { addBuildOptions, build, type DriverBuildOptions } from './driver-options'
import { print } from './output'

const HELP = `
Prints the files that were made: the program that runs scripts, and the shared library for machine.loadDriver(). If the
kernel's headers or names that hmmu does not have are needed, prints a list of them, with file and line.`

/** `hmmu driver build` */
export function driverBuildCommand(): Command {
  const command = new Command('build').description('compile a driver of Linux 6.12 from its own source, as it is')
  return addBuildOptions(command)
    .option('--json', 'print what was made as JSON')
    .addHelpText('after', HELP)
    .action((sources: string[], { json, ...options }: DriverBuildOptions & { json?: true }) => {
      const { folder, runner, module } = build(sources, options)
      const made = { folder, runner, ...(module && { module }) }
      if (json) print(`${JSON.stringify(made, null, 2)}\n`)
      else print(`${[runner, ...(module === undefined ? [] : [module])].map(visible).join('\n')}\n`)
    })
}

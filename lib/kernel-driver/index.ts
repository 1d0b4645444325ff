// SPDX-License-Identifier: GPL-2.0-only

export { type BuiltDriver, buildDriver, type DriverOptions } from './build'
export { compileCommand } from './command'
export { coverageOf, forgetCoverage, type SourceCoverage } from './coverage'
export { KernelDriverError, type KernelDriverErrorCode } from './errors'
export { type Missing, missing } from './missing'
export { type Report, reportsIn } from './reports'
export { runTool } from './tools'

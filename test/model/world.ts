// SPDX-License-Identifier: GPL-2.0-only
//
// All of the model: processes and the pages of the device.

import { Frame } from './page'
import { ModelProcess } from './process'

export class World {
  readonly processes = new Set<ModelProcess>()
  readonly device: readonly Frame[]

  constructor(devicePages: number) {
    this.device = Array.from({ length: devicePages }, (_, device) => new Frame({ device }))
  }

  process(): ModelProcess {
    const process = new ModelProcess()
    this.processes.add(process)
    return process
  }

  get deviceFree(): number {
    return this.device.filter((frame) => frame.free).length
  }

  /** The lowest free page of the device. */
  takeDevicePage(): Frame | undefined {
    return this.device.find((frame) => frame.free)
  }
}

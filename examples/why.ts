// SPDX-License-Identifier: GPL-2.0-only
//
// A driver in TypeScript, and for every page the reason why it did or did not move.
// In a project of your own: import { Machine } from 'hmmu'

import { Machine } from '../lib'

using machine = new Machine({ ramPages: 4096, devicePages: 3 })
const process_ = machine.process()
const buffer = process_.map({ pages: 6 })

// Pages 0 to 3 are touched, 4 and 5 are holes. Somebody does DMA to page 1, and another task has locked page 2.
for (let page = 0; page < 4; page++) buffer.write(page * 4096, Uint8Array.of(0x10 + page))
const dma = process_.mainTask.pin(buffer.pageAddress(1))
const locked = process_.hold(buffer.pageAddress(2))

const result = process_.migrate(buffer, {
  // Everything goes to the device that may go; it has 3 pages only.
  allocAndCopy(entries, driver) {
    for (const entry of entries) {
      if (entry.migrate) driver.moveToDevice(entry)
    }
  },
})

for (const entry of result.entries) console.log(`page ${entry.index}: ${entry.why === 'none' ? 'moved' : entry.why}`)

machine.unpin(dma)
machine.release(locked)
for (const complaint of machine.verify()) throw new Error(complaint)

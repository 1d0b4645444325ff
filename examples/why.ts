// SPDX-License-Identifier: GPL-2.0-only
//
// A driver in TypeScript, and for every page the reason why it did or did not move.

import { Machine } from 'hmmu'

using machine = new Machine({ ramPages: 4096, devicePages: 3 })
const a = machine.process()
const buf = a.map({ pages: 6 })

// Pages 0 to 3 are touched, 4 and 5 are holes. Page 1 is pinned for DMA, and another task has locked page 2.
for (let page = 0; page < 4; page++) buf.write(page * 4096, Uint8Array.of(0x10 + page))
const dma = a.pin(buf.pageAddress(1))
const locked = a.hold(buf.pageAddress(2))

const result = a.migrate(buf, {
  // Takes every page that migrate_vma() offers. The device has only 3 pages.
  allocAndCopy(entries, driver) {
    for (const entry of entries) {
      if (entry.migrate) driver.moveToDevice(entry)
    }
  },
})

for (const entry of result.entries) console.log(`page ${entry.index}: ${entry.why === 'none' ? 'moved' : entry.why}`)

dma.drop()
locked.drop()
for (const complaint of machine.verify()) throw new Error(complaint)

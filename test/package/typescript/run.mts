// SPDX-License-Identifier: GPL-2.0-only
//
// A program with `using`, compiled for the oldest Node.js that is supported, and run by it.
import { type Driver, Machine } from 'hmmu'

declare const console: { log(text: string): void }

const driver: Driver = {
  allocAndCopy(entries, device) {
    for (const entry of entries) if (entry.migrate) device.moveToDevice(entry)
  },
}

function roundTrip(): object {
  using machine = new Machine({ ramPages: 1024, devicePages: 8 })
  const process = machine.process()
  const page = process.map({ pages: 1 })
  page.write(0, Uint8Array.of(0x5a))
  const { moved } = process.migrate(page, driver)
  const there = page.dump()[0]?.kind
  const byte = page.read(0, 1)[0]
  return { moved, there, byte, complaints: machine.verify() }
}

console.log(JSON.stringify(roundTrip()))

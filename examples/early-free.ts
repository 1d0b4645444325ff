// SPDX-License-Identifier: GPL-2.0-only
//
// A driver with a mistake that few orders show: explore() tries them all.

import { type CustomDriver, explore, scenario } from 'hmmu'

/** For each machine a driver of its own: what it keeps must not be there in the next order. */
function makeDriver(): CustomDriver & { readonly table: Map<number, number> } {
  const table = new Map<number, number>()
  return {
    table,
    allocAndCopy(entries, driver) {
      for (const entry of entries) if (entry.migrate) driver.moveToDevice(entry)
    },
    finalizeAndMap(entries, driver) {
      for (const { address, destination, migrate } of entries) {
        if (destination === undefined) continue
        if (migrate) table.set(address, destination)
        else driver.put(destination) // the mistake: the kernel gives back the page of an entry that has not moved
      }
    },
  }
}

const race = scenario({
  machine: { devicePages: 4 },
  setup(machine) {
    const a = machine.process()
    const buf = a.map({ pages: 1 })
    buf.write(0, Uint8Array.of(1))
    return { buf, driver: makeDriver() }
  },
  tasks: {
    mover: (task, { buf, driver }) => task.migrate(buf, driver),
    writer: (task, { buf }) => task.write(buf, 0, 2),
  },
  // What the driver keeps: orders that lead to the same state are followed once.
  state: ({ driver }) => [...driver.table],
})

const { states, schedules, findings } = explore(race)
console.log(`${states} states, ${schedules} orders`)
for (const { judge, sentence, trace } of findings) {
  console.log(`${judge}: ${sentence}`)
  for (const step of trace) console.log(`  ${step}`)
}

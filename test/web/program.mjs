// SPDX-License-Identifier: GPL-2.0-only
//
// A program on hmmu/web, for Node, a page and a worker: each must say the same.

/** @param hmmu the module, loaded @returns what the program has seen */
export function program({ HmmuError, Machine, parseDrill, runDrill, whyNames }) {
  const machine = new Machine({ ramPages: 4096, devicePages: 16, profile: 'linux-6.12' })
  const a = machine.process()
  const buf = a.map({ pages: 4 })
  for (let page = 0; page < 4; page++) buf.write(page * 4096, Uint8Array.of(page + 1))
  const pin = a.pin(buf.pageAddress(1), { dma: true })
  const result = a.migrate(buf, {
    allocAndCopy(entries, driver) {
      for (const entry of entries) if (entry.migrate) driver.moveToDevice(entry)
    },
  })
  const back = buf.read(2 * 4096, 1)[0]
  let code
  try {
    a.map({ pages: -1 })
  } catch (error) {
    code = error instanceof HmmuError ? `${error.code} ${error.message}` : String(error)
  }
  let errno
  try {
    a.hold(buf.end + 4096)
  } catch (error) {
    errno = error.errno
  }
  const holders = machine.holders(pin.pfn).map(({ kind }) => kind)
  const text = 'A map buf anon 2\nA write buf[0] 0x41\nA migrate buf to dev\nA dump buf\n'
  const { transcript } = runDrill(parseDrill({ name: 'web', file: 'web.drill', text, firstLine: 1 }))
  const seen = {
    whys: result.entries.map(({ why }) => why),
    known: whyNames.length > 5,
    text: String(buf).split('\n')[1],
    hash: machine.hash().toString(16),
    complaints: machine.verify(),
    ...{ back, code, errno, holders, transcript },
  }
  machine.dispose()
  return seen
}

// SPDX-License-Identifier: GPL-2.0-only
//
// How long the page needs for a step: npm run bench:page (after npm run site)
//
// A record of 10,000 pages and 1,000 steps, its timeline as rows and as a band. 200 steps each; times of the page's thread
// for script, style and layout, without what other programs take from it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBrowser, records, serve } from '../../test/browser/browser.mjs'
import { largeRecord } from '../../test/browser/large.mjs'

const STEPS = 200
/** Steps before any is counted: the page's code is compiled. */
const WARM = 20
const VIEWPORT = { width: 1600, height: 1000 }
const KINDS = ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration']

const folder = mkdtempSync(join(tmpdir(), 'hmmu-page-'))
const browser = await openBrowser()
try {
  for (const [name, most] of [
    ['long runs', 2_000],
    ['short runs', 2],
  ]) {
    const file = join(folder, `${most}.json`)
    writeFileSync(file, largeRecord(records, most))
    const server = await serve(file)
    for (const [way, look] of [
      ['nothing followed', ''],
      ['a page followed', '&page=A/buf[5000]'],
    ]) {
      report(`${name}, ${way}`, await stepTimes(`${server.address}&step=300${look}`))
    }
    server.stop()
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true })
}

/** Milliseconds of each step. */
async function stepTimes(address) {
  const page = await browser.newPage({ viewport: VIEWPORT })
  await page.goto(address)
  await page.waitForSelector('main')
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const times = []
  for (let n = -WARM; n < STEPS; n++) {
    const before = await spent(session)
    await page.evaluate(step)
    if (n >= 0) times.push(1000 * ((await spent(session)) - before))
  }
  await page.close()
  return times
}

/** In the page: one key, and the frame that shows what it has done. */
function step() {
  dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', cancelable: true }))
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}

async function spent(session) {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.filter(({ name }) => KINDS.includes(name)).reduce((sum, { value }) => sum + value, 0)
}

function report(name, times) {
  const sorted = times.toSorted((a, b) => a - b)
  const [median, worst] = [sorted[sorted.length >> 1], sorted.at(-1)]
  const part = sorted[Math.floor(sorted.length * 0.95)]
  console.log(`${name}: median ${median.toFixed(1)} ms, 95 % under ${part.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`)
}

// SPDX-License-Identifier: GPL-2.0-only
//
// How long the page needs for a step: npm run bench:page (after npm run site)
//
// A record of 10,000 pages and 1,000 steps, its timeline as rows and as a band. How it opens; then 200 steps by keys, and
// 200 of a drag. Times of the page's thread for script, style and layout, without what other programs take from it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBrowser, serve } from '../../test/browser/browser.mjs'
import { largeRecord } from '../../test/browser/large.mjs'
import { records } from '../../test/browser/records.mjs'

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
      const address = `${server.address}&step=760${look}`
      console.log(`${name}, ${way}`)
      console.log(`  opening: ${await opening(address)}`)
      console.log(`  keys:    ${summary(await stepTimes(address, press))}`)
      console.log(`  drag:    ${summary(await stepTimes(address, drag))}`)
    }
    server.stop()
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true })
}

/** When the first picture is there, and the longest time for which the page answers nothing. */
async function opening(address) {
  const page = await browser.newPage({ viewport: VIEWPORT })
  await browser.startTracing(page, { categories: ['toplevel'] })
  await page.goto(address)
  await page.waitForSelector('.score')
  await page.waitForTimeout(500)
  const first = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)
  const longest = longestTask(await browser.stopTracing())
  await page.close()
  return `first picture after ${first.toFixed(0)} ms, the longest task ${longest.toFixed(1)} ms`
}

/** Of the page's thread in a trace. */
function longestTask(trace) {
  const { traceEvents } = JSON.parse(trace)
  const isMain = ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain'
  const threads = new Set(traceEvents.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`))
  const tasks = traceEvents.filter(({ pid, tid, tdur }) => tdur > 0 && threads.has(`${pid} ${tid}`))
  return tasks.reduce((most, { tdur }) => Math.max(most, tdur / 1000), 0)
}

/** Milliseconds of each step. */
async function stepTimes(address, step) {
  const page = await browser.newPage({ viewport: VIEWPORT })
  await page.goto(address)
  await page.waitForSelector('main')
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const times = []
  for (let n = -WARM; n < STEPS; n++) {
    const before = await spent(session)
    await page.evaluate(step, n)
    if (n >= 0) times.push(1000 * ((await spent(session)) - before))
  }
  await page.close()
  return times
}

/** In the page: one key, and the frame that shows what it has done. */
function press() {
  dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', cancelable: true }))
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}

/** In the page: the pointer jumps over the timeline. */
function drag(n) {
  const score = document.querySelector('.score')
  const { left, top, width } = score.getBoundingClientRect()
  const place = { clientX: left + 130 + (Math.abs(n * 37) % (width - 140)), clientY: top + 20, pointerId: 1, button: 0 }
  score.setPointerCapture = () => undefined
  score.dispatchEvent(new PointerEvent('pointerdown', place))
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}

async function spent(session) {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.filter(({ name }) => KINDS.includes(name)).reduce((sum, { value }) => sum + value, 0)
}

function summary(times) {
  const sorted = times.toSorted((a, b) => a - b)
  const [median, worst] = [sorted[sorted.length >> 1], sorted.at(-1)]
  const part = sorted[Math.floor(sorted.length * 0.95)]
  return `median ${median.toFixed(1)} ms, 95 % under ${part.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`
}

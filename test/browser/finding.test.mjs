// SPDX-License-Identifier: GPL-2.0-only
//
// A finding of `hmmu explore` in the page: its record, and --view, which serves it.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { root } from '../../scripts/lib/run.mjs'
import { audit, openBrowser, openPage, place, serve } from './browser.mjs'

/** Collect drops the dirty bit of the pte, so that the reader may find a page of MADV_FREE given back. */
const DRILL = `devmem 4
swap 8
A map buf anon 1
A write buf 1
task mover
  A migrate buf to dev skip=0
task user
  A advise buf free
  A write buf 2
  A read buf
task reclaim
  A reclaim buf
`

const folder = mkdtempSync(join(tmpdir(), 'hmmu-finding-'))
const [drill, record] = [join(folder, 'race.drill'), join(folder, 'race.json')]
const command = (...args) => [join(root, 'dist/cli/main.js'), 'explore', drill, ...args]
let browser
let recording

before(async () => {
  writeFileSync(drill, DRILL)
  const { status, stderr } = spawnSync(process.execPath, command('--record', record), { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  recording = JSON.parse(readFileSync(record, 'utf8')).recordings[0]
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true })
})

/** A look at what is served, until it is over. */
async function look({ address, stop }, use) {
  try {
    const page = await openPage(browser, address)
    await use(page)
    await page.done()
  } finally {
    stop()
  }
}

/** `hmmu explore --view`: its address, and a function that ends it. */
function serveFinding() {
  const child = spawn(process.execPath, command('--view'))
  child.stderr.pipe(process.stderr)
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`hmmu explore ended with ${code}`)))
    child.stdout.once('data', (line) => resolve({ address: String(line).trim(), stop: () => child.kill() }))
  })
}

test('the page opens at the finding, and each step of the order can be gone to', async () => {
  const { steps } = recording
  await look(await serve(record), async (page) => {
    const at = steps.findIndex(({ order }) => order?.found)
    assert.match(await place(page), new RegExp(`^Step ${at} of ${steps.length - 1} `))
    assert.ok((await page.locator('.step').innerText()).includes(steps[at].order.found[0].sentence))
    await page.keyboard.press('Home')
    for (const { n, order } of steps) {
      assert.match(await place(page), new RegExp(`^Step ${n} `))
      if (order) assert.ok((await page.locator('.step').innerText()).includes(order.task), `step ${n}: ${order.task}`)
      await page.keyboard.press('ArrowRight')
    }
    assert.deepEqual(await audit(page), [])
  })
})

test('the timeline has a row for each task', async () => {
  await look(await serve(record), async (page) => {
    const score = await page.locator('.score').innerText()
    for (const name of ['mover', 'user', 'reclaim']) assert.ok(score.includes(name), score)
  })
})

test('--view serves the same page', async () => {
  await look(await serveFinding(), async (page) => {
    const lines = await page.locator('.transcript button').allInnerTexts()
    assert.deepEqual(
      lines,
      recording.transcript.map((line) => line.trim()),
    )
  })
})

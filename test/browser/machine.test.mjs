// SPDX-License-Identifier: GPL-2.0-only
//
// The machine below the timeline, and what surrounds it: how the page starts, profiles, keys of tables and trees.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { root } from '../../scripts/lib/run.mjs'
import { hashSays, openBrowser, openPage, serve } from './browser.mjs'
import { largeRecord } from './large.mjs'
import { records } from './records.mjs'

const folder = mkdtempSync(join(tmpdir(), 'hmmu-machine-'))

let browser
let recorded
let server

before(async () => {
  recorded = await serve(records)
  server = await serve()
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  recorded?.stop()
  server?.stop()
  rmSync(folder, { recursive: true })
})

const open = (address, size) => openPage(browser, address, size)
const openRecord = (look, size) => open(`${recorded.address}&${look}`, size)

test('opened from disk, the page says why it does not start, and what to do', async () => {
  const page = await browser.newPage()
  await page.goto(pathToFileURL(join(root, 'dist/site/index.html')).href)
  const text = page.locator('.unopened')
  await text.waitFor()
  assert.match(await text.innerText(), /opened from disk: use npx hmmu view/)
  await page.close()
})

test('any two profiles are compared, and they change places', async () => {
  const page = await open(`${server.address}#drill=racing-store&profile=linux-4.14&compare=linux-6.12`)
  await page.locator('main.compared').waitFor()
  const heads = () => page.locator('.machine h2 span:first-child').allInnerTexts()
  assert.deepEqual(await heads(), ['linux-4.14', 'linux-6.12'])
  await page.getByLabel('Profile', { exact: true }).selectOption('linux-6.12')
  await hashSays(page, 'profile=linux-6.12')
  await hashSays(page, 'compare=linux-4.14')
  await page.getByLabel('Profile to compare with').selectOption('hmm-v25')
  await page.locator('.machine[aria-label="hmm-v25"]').waitFor()
  assert.deepEqual(await heads(), ['linux-6.12', 'hmm-v25'])
  await page.getByRole('button', { name: 'Page tables' }).first().click()
  assert.equal(await page.getByRole('tree').count(), 2)
  assert.ok((await page.locator('.leaf.differs').count()) > 0)
  await page.done()
})

const focused = (page, attribute) => page.evaluate((name) => document.activeElement.getAttribute(name), attribute)

test('a tree of page tables is one stop; arrows, Ctrl Home, Ctrl End and digits go through it', async () => {
  const page = await openRecord('drill=racing-store&profile=linux-4.14&step=11&page=A/buf[1]')
  const items = page.getByRole('tree').first().getByRole('treeitem')
  assert.deepEqual(await items.evaluateAll((all) => all.map((item) => item.getAttribute('aria-level'))), [
    '1',
    '2',
    '3',
    '4',
    '4',
    '4',
    '4',
  ])
  assert.equal(await page.locator('.tree [tabindex="0"]').count(), 1)
  await page.locator('.tree [tabindex="0"]').focus()
  assert.equal(await focused(page, 'data-leaf'), 'A/buf[1]')
  await page.keyboard.press('ArrowDown')
  assert.equal(await focused(page, 'data-leaf'), 'A/buf[2]')
  for (const digit of '259') await page.keyboard.press(digit)
  assert.equal(await focused(page, 'data-leaf'), 'A/buf[3]')
  await page.keyboard.press('Enter')
  await hashSays(page, 'page=A/buf[3]')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  assert.equal(await focused(page, 'aria-expanded'), 'false')
  assert.equal(await items.count(), 3)
  await page.keyboard.press('ArrowRight')
  assert.equal(await items.count(), 7)
  await page.keyboard.press('Control+End')
  assert.equal(await focused(page, 'data-leaf'), 'A/buf[3]')
  await page.keyboard.press('Control+Home')
  assert.equal(await focused(page, 'aria-level'), '1')
  assert.match(page.url(), /step=11&/)
  await page.done()
})

test('runs and tables that are folded unfold', async () => {
  const page = await openRecord('drill=ten-thousand&profile=linux-4.14&step=9')
  const items = page.getByRole('treeitem')
  const before = await items.count()
  await items.filter({ hasText: 'more tables of ptes' }).click()
  const after = await items.count()
  assert.ok(after > before + 10, `${before}, then ${after}`)
  await items.filter({ hasText: 'more tables of ptes' }).press('ArrowLeft')
  assert.equal(await items.count(), before)
  await page.done()
})

test('LRU lists that a step has changed are below the frames, in order, and their names are explained', async () => {
  const page = await open(`${server.address}#drill=racing-store&profile=linux-4.14&step=3`)
  const lines = page.locator('.lists li')
  await lines.first().waitFor()
  const texts = await lines.allInnerTexts()
  assert.deepEqual(
    texts.map((text) => text.replace(/\s+was .*/, '')),
    ['LRU active_anon: empty#8–#6', 'pagevec lru_add of CPU 0: #6–#8empty'],
  )
  await page.locator('.lists .term').first().focus()
  assert.match(await page.locator('#explanation').innerText(), /Anonymous pages in use/)
  const title = await page.locator('table[aria-label="Frames of RAM"] td.owner').first().getAttribute('title')
  assert.match(title, /anon_vma 1, index 0x10000100$/)
  await page.done()
})

test('tables of memory and of a region are one stop each, and their heads another', async () => {
  const page = await openRecord('drill=racing-store&profile=linux-4.14&step=11&page=A/buf[0]')
  const table = page.getByLabel('Frames of RAM')
  assert.equal(await table.locator('tbody [tabindex="0"]').count(), 1)
  await table.locator('tbody [tabindex="0"]').focus()
  assert.equal(await focused(page, 'data-pfn'), '6')
  await page.keyboard.press('ArrowDown')
  assert.equal(await focused(page, 'data-pfn'), '7')
  await page.keyboard.press('Control+End')
  assert.equal(await focused(page, 'data-pfn'), '9')
  await page.keyboard.press('Enter')
  await hashSays(page, 'page=A/buf[3]')
  const region = page.getByLabel('Pages of A buf')
  await region.locator('tbody [tabindex="0"]').focus()
  assert.equal(await focused(page, 'data-page'), 'A/buf[3]')
  await page.keyboard.press('Control+Home')
  await hashSays(page, 'page=A/buf[0]')
  assert.equal(await focused(page, 'data-page'), 'A/buf[0]')
  assert.equal(await focused(page, 'aria-selected'), 'true')
  await page.keyboard.press('End')
  await hashSays(page, 'step=39&page=A/buf[0]')
  await page.keyboard.press('Home')
  await hashSays(page, 'step=0&page=A/buf[0]')
  await page.keyboard.press('End')
  await region.waitFor()
  await region.locator('thead [tabindex="0"]').focus()
  await page.keyboard.press('ArrowRight')
  assert.equal(await focused(page, 'data-term'), 'heads:entry')
  await page.locator('#explanation').getByText('What the entry of the page table is').waitFor()
  await page.done()
})

test('of 10,000 pages, a key reaches the last row of a table, which is no element before', async () => {
  const file = join(folder, 'large.json')
  writeFileSync(file, largeRecord(records, 2))
  const large = await serve(file)
  const page = await open(`${large.address}&step=999`, { height: 600 })
  const memory = page.getByLabel('Frames of RAM')
  await memory.locator('tbody [tabindex="0"]').focus()
  const last = Number(await focused(page, 'data-pfn'))
  await page.keyboard.press('Control+End')
  await page.waitForFunction((pfn) => Number(document.activeElement.dataset.pfn) > pfn, last)
  await page.done()
  large.stop()
})

test('the gap beside the drill is dragged, moved by keys, and kept', async () => {
  const page = await openRecord('drill=racing-store&profile=linux-4.14&step=11&page=A/buf[0]')
  const gap = page.getByRole('separator', { name: 'Width of the drill' })
  const width = () =>
    page.locator('section.text').evaluate((element) => Math.round(element.getBoundingClientRect().width))
  const start = await width()
  const box = await gap.boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + 100)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2 + 60, box.y + 100)
  await page.mouse.up()
  assert.equal(await width(), start + 60)
  await gap.press('ArrowLeft')
  assert.equal(await width(), start + 44)
  assert.equal(await gap.getAttribute('aria-valuenow'), `${start + 44}`)
  assert.match(page.url(), /step=11&/)
  await page.reload()
  await page.waitForSelector('main')
  assert.equal(await width(), start + 44)
  await gap.dblclick()
  assert.equal(await width(), start)
  await page.done()
})

// SPDX-License-Identifier: GPL-2.0-only
//
// The page as it records drills itself: the examples, a given file, and what is written in its editor.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { root } from '../../scripts/lib/run.mjs'
import { openBrowser, serve } from './browser.mjs'

const examples = join(root, 'examples')
let browser
let server
let given

before(async () => {
  server = await serve()
  given = await serve(join(examples, 'racing-store.drill'))
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  server?.stop()
  given?.stop()
})

async function open(address) {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
  const errors = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(address)
  await page.waitForSelector('main')
  return Object.assign(page, {
    done: async () => {
      assert.deepEqual(errors, [])
      await page.close()
    },
  })
}

const place = (page) => page.locator('.step .line > span').innerText()
const packed = (script) => deflateRawSync(script).toString('base64url')

for (const file of readdirSync(examples).filter((name) => name.endsWith('.drill'))) {
  test(`${file} is stepped to its end, and its transcript is what hmmu drill run prints`, async () => {
    const page = await open(`${server.address}#drill=${file.slice(0, -6)}&step=0`)
    const [, last] = /of (\d+) /.exec(await place(page))
    for (let n = 0; n < Number(last); n++) {
      assert.doesNotMatch(await page.locator('.caption').innerText(), /undefined|NaN|\[object|\?/, `step ${n}`)
      await page.keyboard.press('ArrowRight')
    }
    assert.match(await place(page), new RegExp(`^Step ${last} of ${last} `))
    const lines = await page.locator('.transcript button').allInnerTexts()
    const expected = readFileSync(join(examples, file.replace('.drill', '.expected')), 'utf8')
      .trimEnd()
      .split('\n')
    assert.deepEqual(
      lines,
      expected.map((line) => line.trim()),
    )
    await page.done()
  })
}

test('hmmu view FILE shows the file, at the reason why a page did not move', async () => {
  const page = await open(given.address)
  assert.match(await page.locator('.step .sentence').innerText(), /^Page 0 will not move: references\. Task A\.2/)
  await page.keyboard.press('ArrowDown')
  assert.match(await page.locator('section.followed .sentence').innerText(), /^It did not move: references\./)
  await page.done()
})

test('a drill is edited: errors at their place, a recording of its own, and a link with it', async () => {
  const page = await open(`${server.address}#drill=round-trip&step=1`)
  await page.keyboard.press('e')
  const editor = page.locator('.cm-content')
  await editor.waitFor()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('\nA wobble buf')
  await page.locator('.trouble').waitFor()
  assert.match(await page.locator('.trouble').innerText(), /^Line \d+: expected a command \(map, .*found 'wobble'$/)
  assert.equal(await page.locator('.cm-lintRange-error').innerText(), 'wobble')
  for (let i = 0; i < 'wobble buf'.length; i++) await page.keyboard.press('Backspace')
  await page.keyboard.type('write buf 0x77')
  await page.locator('.trouble').waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'A write buf 0x77', exact: true }).waitFor()
  await page.waitForFunction(() => location.hash.includes('src='))
  const again = await open(page.url())
  await again.getByRole('button', { name: 'A write buf 0x77', exact: true }).waitFor()
  await again.done()
  await page.done()
})

test('a script from a link is bounded, and becomes no HTML', async () => {
  const hostile = 'A map buf anon 2 # <img src=x onerror=alert(1)>\n# <script>alert(1)</script>\nA write buf 1\n'
  const page = await open(`${server.address}#src=${packed(hostile)}`)
  await page.getByText('<script>alert(1)</script>').waitFor()
  assert.equal(await page.locator('img, main script').count(), 0)
  await page.done()
  const bomb = await open(`${server.address}#src=${packed(Buffer.alloc(2 ** 24, 'A'))}`)
  assert.match(await place(bomb), / of \d+ /)
  await bomb.done()
})

test('two profiles of one drill are compared', async () => {
  const page = await open(`${server.address}#drill=racing-store&profile=linux-4.14&compare=1`)
  await page.locator('main.compared').waitFor()
  await page.getByRole('heading', { name: 'linux-4.14-fixed' }).first().waitFor()
  await page.keyboard.press('d')
  await page.waitForFunction(() => location.hash.includes('step=3'))
  await page.done()
})

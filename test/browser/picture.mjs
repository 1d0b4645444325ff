// SPDX-License-Identifier: GPL-2.0-only
//
// The picture of the page in README.md: npm run picture makes it anew.
//
// Pixels differ from machine to machine with its fonts. So what is compared is what the page shows: its texts, and the looks of
// each. picture.json has the hash of that, and the hash of the picture that goes with it.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../../scripts/lib/run.mjs'
import { openBrowser, serve } from './browser.mjs'

export const PICTURE = join(root, 'docs/page.webp')
const HASHES = join(root, 'test/browser/picture.json')

/** The give-up of racing-store, with its page followed. */
const LOOK = '&step=11&page=A/buf[0]&theme=light'
const SIZE = { width: 1600, height: 700 }
const QUALITY = 80

const hashOf = (data) => createHash('sha256').update(data).digest('hex')

/** The page as the picture shows it. */
export async function openPictured(browser, server) {
  const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' })
  await page.goto(`${server.address}${LOOK}`)
  await page.waitForSelector('section.followed')
  await page.waitForSelector('.wires path')
  return page
}

export const serveDrill = () => serve(join(root, 'examples/racing-store.drill'))

/** All texts of the page with the colours, sizes and weights that they have, one a line. */
export const shownOn = (page) =>
  page.evaluate(() => {
    const looks = ['color', 'backgroundColor', 'fill', 'stroke', 'fontSize', 'fontWeight', 'textDecorationLine']
    const lines = []
    for (const element of document.body.querySelectorAll('*')) {
      const own = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
      const text = own.map(({ data }) => data.trim()).join('')
      if (text === '' && !element.closest('svg')) continue
      const style = getComputedStyle(element)
      if (style.display === 'none' || style.visibility === 'hidden') continue
      lines.push(`${element.localName} ${text} ${looks.map((look) => style[look]).join(' ')}`)
    }
    return lines.join('\n')
  })

/** What is wrong with the picture in the repository; nothing if it shows what the page shows. */
export function complaint(shown) {
  const { page, picture } = JSON.parse(readFileSync(HASHES, 'utf8'))
  if (page !== hashOf(shown)) return 'the page looks different from docs/page.webp: npm run picture'
  if (picture !== hashOf(readFileSync(PICTURE)))
    return 'docs/page.webp is not the picture that was made: npm run picture'
  return undefined
}

async function make() {
  const server = await serveDrill()
  const browser = await openBrowser()
  const page = await openPictured(browser, server)
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
  const picture = Buffer.from(data, 'base64')
  writeFileSync(PICTURE, picture)
  const hashes = { page: hashOf(await shownOn(page)), picture: hashOf(picture) }
  writeFileSync(HASHES, `${JSON.stringify(hashes, null, 2)}\n`)
  console.log(`docs/page.webp: ${SIZE.width} × ${SIZE.height}, ${picture.length} bytes`)
  await browser.close()
  server.stop()
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await make()

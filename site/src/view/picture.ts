// SPDX-License-Identifier: GPL-2.0-only
//
// The timeline and the sentence as one SVG file, with the colours of the theme that is shown.

const NAMESPACE = 'http://www.w3.org/2000/svg'
const MARGIN = 16
const CAPTION = 44
/** Rules of the style sheets that the picture needs. */
const NEEDED = /:root|\.score|\.kind-|\.stop-mark|\.wait-ground/

/** The first score of the page with its sentence. */
export function pictureOf(score: Element, sentence: string): string {
  const [bars, playhead, marks] = [...score.querySelectorAll(':scope > svg:not(.lens)')] as SVGSVGElement[]
  const { width, height } = bars!.viewBox.baseVal
  const svg = document.createElementNS(NAMESPACE, 'svg')
  const [w, h] = [width + 2 * MARGIN, height + CAPTION + MARGIN]
  for (const [name, value] of Object.entries({ width: w, height: h, viewBox: `0 0 ${w} ${h}` })) {
    svg.setAttribute(name, `${value}`)
  }
  svg.setAttribute('data-theme', themeShown())
  const style = add(svg, 'style', {})
  style.textContent = rules()
  const patterns = document.querySelector('.patterns defs')
  if (patterns) svg.append(patterns.cloneNode(true))
  add(svg, 'rect', { width: w, height: h, fill: 'var(--paper)' })
  const group = add(svg, 'g', { class: 'score', transform: `translate(${MARGIN} 0)` })
  const column = columnOf(score)
  add(group, 'rect', { x: column.x, width: column.width, height, fill: 'var(--mark)' })
  group.append(...contents(bars))
  for (const band of score.querySelectorAll('canvas')) add(group, 'image', imageOf(band))
  const head = add(group, 'g', { class: 'playhead', transform: `translate(${column.x + column.width / 2 - 5} 0)` })
  head.append(...contents(playhead))
  group.append(...contents(marks))
  const text = add(group, 'text', { x: 0, y: height + 26, style: 'font-size:15px' })
  text.textContent = sentence
  return new XMLSerializer().serializeToString(svg)
}

function add(parent: Element, name: string, attributes: Record<string, string | number>): Element {
  const element = document.createElementNS(NAMESPACE, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, `${value}`)
  parent.append(element)
  return element
}

const contents = (svg: Element | undefined): Node[] => [...(svg?.cloneNode(true).childNodes ?? [])]

/** A band as an image. */
function imageOf(canvas: HTMLCanvasElement): Record<string, string | number> {
  const { width, height } = canvas
  const { offsetLeft: x, offsetTop: y } = canvas.parentElement!
  return { x, y, width, height, href: canvas.toDataURL() }
}

function columnOf(score: Element): { x: number; width: number } {
  const box = score.getBoundingClientRect()
  const { left, width } = score.querySelector('.column')!.getBoundingClientRect()
  return { x: left - box.left, width }
}

const themeShown = (): string =>
  document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')

function rules(): string {
  return [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSStyleRule && NEEDED.test(rule.selectorText))
    .map(({ cssText }) => cssText)
    .join('\n')
}

// SPDX-License-Identifier: GPL-2.0-only

/** What keys do, by the name of the key. */
export interface Commands {
  step(by: number): void
  command(by: 1 | -1): void
  stage(by: 1 | -1): void
  end(by: 1 | -1): void
  play(): void
  page(by: 1 | -1): void
  change(by: 1 | -1): void
  escape(): void
  compare(): void
  difference(): void
  theme(): void
  help(): void
  save(): void
  edit(): void
  find(): void
  zoom(by: 1 | -1): void
  fold(): void
  lens(): void
}

export const KEYS: readonly (readonly [keys: readonly string[], text: string])[] = [
  [['←', '→'], 'one step'],
  [['Shift', '←', '→'], 'one command'],
  [['Alt', '←', '→'], 'one stage'],
  [['Home', 'End'], 'first and last step'],
  [['Ctrl', 'Home', 'End'], 'first and last row of the table or tree with the focus'],
  [['Space'], 'play, pause'],
  [['↑', '↓'], 'follow another page'],
  [['[', ']'], 'last and next change of the followed page'],
  [['Esc'], 'follow none'],
  [['c'], 'compare two profiles'],
  [['d'], 'first difference'],
  [['e'], 'edit the drill'],
  [['/'], 'find a page, frame, address, step or text'],
  [['+', '-'], 'show fewer or more steps of a long timeline'],
  [['f'], 'open or fold the entries at the step'],
  [['l'], 'lens on a timeline of many pages; ↑ ↓ move it'],
  [['t'], 'light, dark'],
  [['s'], 'save transcript, drill, picture, trace or record'],
  [['?'], 'these keys'],
]

function horizontal(commands: Commands, event: KeyboardEvent, by: 1 | -1): void {
  if (event.shiftKey) commands.command(by)
  else if (event.altKey) commands.stage(by)
  else commands.step(by)
}

const HANDLERS: Record<string, (commands: Commands, event: KeyboardEvent) => void> = {
  ArrowLeft: (commands, event) => horizontal(commands, event, -1),
  ArrowRight: (commands, event) => horizontal(commands, event, 1),
  ArrowUp: (commands) => commands.page(-1),
  ArrowDown: (commands) => commands.page(1),
  Home: (commands) => commands.end(-1),
  End: (commands) => commands.end(1),
  ' ': (commands) => commands.play(),
  '[': (commands) => commands.change(-1),
  ']': (commands) => commands.change(1),
  Escape: (commands) => commands.escape(),
  c: (commands) => commands.compare(),
  d: (commands) => commands.difference(),
  t: (commands) => commands.theme(),
  s: (commands) => commands.save(),
  e: (commands) => commands.edit(),
  '/': (commands) => commands.find(),
  '+': (commands) => commands.zoom(1),
  '=': (commands) => commands.zoom(1),
  '-': (commands) => commands.zoom(-1),
  f: (commands) => commands.fold(),
  l: (commands) => commands.lens(),
  '?': (commands) => commands.help(),
}

/** Elements that need the keys themselves. */
const OWN_KEYS = 'select, input, textarea, [contenteditable], dialog *'

export function onKey(commands: Commands, event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : document.body
  if (event.defaultPrevented || target.closest(OWN_KEYS) || event.ctrlKey || event.metaKey) return
  if (event.altKey && !event.key.startsWith('Arrow')) return
  const isPress = event.key === ' ' && target.closest('button') !== null
  const handler = HANDLERS[event.key]
  if (!handler || isPress) return
  event.preventDefault()
  handler(commands, event)
}

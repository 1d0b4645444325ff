// SPDX-License-Identifier: GPL-2.0-only
//
// Traces of drills, and formats for other tools.

export { type ChromeEvent, type ChromeTrace, chromeTrace } from './chrome'
export { traceDrill } from './drill-trace'
export { flameGraph } from './flame-graph'
export { foldedStacks } from './folded'
export { orderTrace, type TracedStep, type TracedTask } from './order-trace'
export { Trace, type TraceArgs, type TraceClock, type TraceRecord, type TraceThread } from './trace'

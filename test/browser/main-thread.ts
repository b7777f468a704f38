import type { Browser, Page as Tab } from 'playwright-core'

/** What Chromium recorded of the thread of a page, in milliseconds. */
export interface MainThread {
  readonly took: number
  /** The longest task: so long the page neither drew nor heard its user, also when other programs held it up. */
  readonly longest: number
  /** What the page itself worked in the task in which it worked longest. */
  readonly busiest: number
}

/** Traces the thread of a page between its marks `begin` and `end`. Nothing runs in the page for that, so that nothing is held up by it. */
export async function recordMainThread(
  browser: Browser,
  tab: Tab,
  run: () => Promise<unknown>,
): Promise<MainThread> {
  await browser.startTracing(tab, { categories: ['toplevel', 'blink.user_timing'] })
  let trace: Buffer
  try {
    await run()
  } finally {
    trace = await browser.stopTracing()
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  const find = (mark: string): TraceEvent => {
    const found = traceEvents.find(({ name, cat }) => name === mark && cat.includes('user_timing'))
    if (!found) throw new Error(`The page set no mark ${mark}.`)
    return found
  }
  const [begin, end] = [find('begin'), find('end')]
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid, ts, dur = 0 }) =>
      ph === 'X' &&
      name.endsWith('RunTask') &&
      pid === begin.pid &&
      tid === begin.tid &&
      ts + dur > begin.ts &&
      ts < end.ts,
  )
  if (tasks.length === 0) throw new Error('Chromium recorded no task of the page.')
  const most = (of: (task: TraceEvent) => number): number => Math.max(...tasks.map(of)) / 1000
  return {
    took: (end.ts - begin.ts) / 1000,
    longest: most(({ dur = 0 }) => dur),
    // A thread's clock may run on in coarse steps; it never worked longer than the task lasted.
    busiest: most(({ dur = 0, tdur = dur }) => Math.min(dur, tdur)),
  }
}

/** Times in microseconds. */
interface TraceEvent {
  readonly name: string
  readonly cat: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  /** Of the thread's own clock. */
  readonly tdur?: number
}

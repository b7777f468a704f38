import type { Io } from './io.ts'
import { hasColors } from './output.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export interface Progress {
  /** What goes on now: a turning sign on a terminal, a line of its own elsewhere. */
  update(text: string): void
  /** A line that stays. */
  done(text: string): void
  stop(): void
}

/** Shows on standard error that something goes on. */
export function progress(io: Io): Progress {
  const alive = hasColors(io, 'stderr')
  let text: string | undefined
  let frame = 0
  let timer: ReturnType<typeof setInterval> | undefined
  const draw = (): void => {
    io.stderr.write(`\r\x1b[2K${FRAMES[frame++ % FRAMES.length]} ${text}`)
  }
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
    if (alive && text !== undefined) io.stderr.write('\r\x1b[2K')
    text = undefined
  }
  return {
    update: (next) => {
      if (next === text) return
      text = next
      if (!alive) return void io.stderr.write(`${next}\n`)
      draw()
      timer ??= setInterval(draw, 80)
    },
    done: (line) => {
      stop()
      io.stderr.write(`${line}\n`)
    },
    stop,
  }
}

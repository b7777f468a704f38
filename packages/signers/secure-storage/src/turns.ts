const last = new Map<string, Promise<unknown>>()

/** Runs `task` after every earlier one for `place` has ended, also when several objects in this program use that place. */
export function inTurn<T>(place: string, task: () => Promise<T>): Promise<T> {
  const run = (last.get(place) ?? Promise.resolve()).then(task, task)
  const settled = run.then(
    () => {},
    () => {},
  )
  last.set(place, settled)
  void settled.then(() => {
    if (last.get(place) === settled) last.delete(place)
  })
  return run
}

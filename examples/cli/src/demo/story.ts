import { type Asset, CofferError, formatAmount, isCofferError, type Payment } from '@coffer/core'
import pc from 'picocolors'
import { nextLies } from './reach.ts'

const ctrlC = new AbortController()
/** Aborted by Ctrl-C. */
export const { signal } = ctrlC

let steps = 0
let current = ''

/** Runs the story and tells how it ended: the first thing that is not as expected ends it with exit code 1. */
export async function tell(story: () => Promise<void>): Promise<void> {
  const started = performance.now()
  process.once('SIGINT', () => ctrlC.abort())
  process.once('SIGTERM', () => ctrlC.abort())
  try {
    await story()
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    say('')
    say(pc.bold(pc.green(`All ${steps} steps went as expected, in ${seconds} s.`)))
  } catch (error) {
    const reason = isCofferError(error) ? `${error.code}: ${error.message}` : String(error)
    console.error(pc.red(`\nFailed in step ${steps}, "${current}".\n${reason}`))
    process.exitCode = signal.aborted ? 130 : 1
  }
}

export function step(title: string): void {
  tellLies()
  if (signal.aborted) throw wrong('Cancelled')
  current = title
  say('')
  say(pc.bold(`${String(++steps).padStart(2)}  ${title}`))
}

/** The lies that a step got over, and the next ones. */
function tellLies(): void {
  for (const lie of nextLies()) show(pc.magenta(`a node lied: ${lie}`))
}

export function title(text: string): void {
  say(pc.bold(text))
}

export function show(line: string): void {
  say(`    ${line}`)
}

/** Shows a refusal that was expected; anything else ends the story. */
export async function refused(code: string, attempt: Promise<unknown>): Promise<void> {
  const error: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!isCofferError(error) || error.code !== code)
    throw error ?? wrong(`${code} was expected, and nothing was refused`)
  show(`${pc.yellow(code)} ${error.message}`)
}

/** Shows each change of a payment; lets blocks pass once it is confirmed, so that it becomes final. Returns the fee. */
export async function follow(payment: Payment, coin: Asset, mine: () => Promise<unknown>): Promise<bigint> {
  let fee = 0n
  for await (const status of payment.watch({ interval: 100, signal })) {
    const { state } = status
    if (state === 'confirmed' || state === 'final') {
      fee = status.fee
      show(
        `${state} in block ${status.height}, ${status.confirmations} confirmation${status.confirmations === 1 ? '' : 's'}, fee ${amountOf(fee, coin)}`,
      )
    } else show(state)
    if (state === 'confirmed') await mine()
  }
  equal((await payment.status()).state, 'mined', 'the state in the end')
  return fee
}

export function amountOf(amount: bigint, asset: Asset): string {
  return `${formatAmount(amount, asset.decimals)} ${asset.symbol}`
}

export function equal(found: unknown, wanted: unknown, what: string): void {
  if (found !== wanted) throw wrong(`${what}: expected ${wanted}, found ${found}`)
}

export function check(holds: boolean, what: string): void {
  if (!holds) throw wrong(`It does not hold that ${what}`)
}

export function wrong(message: string): CofferError {
  return new CofferError({ code: 'INTERNAL', message })
}

function say(line: string): void {
  console.log(line)
}

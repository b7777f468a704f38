// Pays from a Ledger in Node.
import { stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline/promises'
import type { Screen } from '@coffer/devnet/ledger'
import { runPay } from './run-pay.ts'
import { errorSentence } from './sentences.ts'

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

/** Whoever sits at the terminal holds the simulated device; where nobody does, it approves. */
async function person({ app, kind, fields, warnings }: Screen): Promise<'approve' | 'refuse'> {
  console.log(`  ┌ Simulated Ledger · ${app} · ${kind}`)
  for (const [label, value] of fields) console.log(`  │ ${label}: ${value}`)
  for (const warning of warnings) console.log(`  │ ! ${warning}`)
  console.log('  └')
  if (!stdin.isTTY) return 'approve'
  const lines = createInterface({ input: stdin, output: stdout })
  const answer = await lines.question('Approve on the simulated Ledger? [y/N] ', { signal: stop.signal })
  lines.close()
  return /^y/i.test(answer) ? 'approve' : 'refuse'
}

try {
  await runPay(process.argv.slice(2), { say: console.log, person, signal: stop.signal })
} catch (error) {
  console.error(errorSentence(error))
  process.exitCode = 1
}

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAccountsIfThere } from '../../examples/cli/src/accounts-file.ts'
import { readConfig } from '../../examples/cli/src/config-file.ts'
import { readDevnet } from '../../examples/cli/src/devnet-file.ts'
import { readBatch, readPayouts } from '../../examples/cli/src/families/batch-file.ts'
import { allChains } from '../../examples/cli/src/families/index.ts'
import { readPolicy } from '../../examples/cli/src/policy-file.ts'
import type { Target } from './check.ts'
import { EVM_ADDRESSES } from './corpus.ts'
import * as shape from './shapes.ts'

// What the command line reads from files. A person may have edited them, or somebody else.

const home = mkdtempSync(join(tmpdir(), 'coffer-fuzz-'))
const chains = allChains()

/** A file in a home folder, and what reads it. */
function file(name: string, texts: readonly string[], read: (home: string, path: string) => unknown): Target {
  const path = join(home, name)
  return {
    name: `cli/${name}`,
    threat: 'G8',
    runs: 800,
    corpus: () => texts,
    shapes: [shape.json(), shape.tokens, shape.split('\n')],
    decode: (text: string) => {
      writeFileSync(path, text)
      return read(home, path)
    },
  }
}

export const fileTargets: readonly Target[] = [
  file(
    'policy.json',
    [
      JSON.stringify({
        maxFee: { 'eip155:1': '1000000000000000' },
        maxFeePercent: 5,
        recipients: [`eip155:1:${EVM_ADDRESSES[0]}`],
        limits: [{ asset: `eip155:1/erc20:${EVM_ADDRESSES[0]}`, amount: '5000000', seconds: 86400 }],
        unlimitedApprovals: false,
        unknownCalls: true,
      }),
    ],
    (home) => readPolicy(home, chains, async () => true),
  ),
  file(
    'accounts.json',
    [JSON.stringify({ v: 1, accounts: [{ chain: 'eip155:1', index: 0, descriptor: 'x', type: 'p2tr' }] })],
    (home) => readAccountsIfThere(home),
  ),
  file(
    'config.json',
    [
      JSON.stringify({
        rpc: { 'eip155:1': ['https://host'] },
        history: { 'eip155:1': { url: 'https://host', apiKey: 'key' } },
      }),
    ],
    readConfig,
  ),
  file('devnet.json', [JSON.stringify({ pid: process.pid, rpc: { 'eip155:1': 'http://host' } })], readDevnet),
  file('batch.csv', ['address,amount\r\nbc1qann,0.1\r\n\r\n# more\r\nbc1qben , 2\r\n'], (_, path) =>
    readBatch(path),
  ),
  file('payouts.csv', ['id,address,amount\nsalary-11.ann,TAnn,0.1\n2026:ben , TBen , 2\n'], (_, path) =>
    readPayouts(path),
  ),
]

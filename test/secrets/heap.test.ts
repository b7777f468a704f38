import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { afterAll, expect, it } from 'vitest'
import { keySecrets, searchText, secretsOf } from './search.fixture.ts'

// The heap of a whole process: every text that anything could still reach, compiled code, caches and closures included. It
// has no bytes of arrays (buffers.test.ts looks at those) and no values of bigints.

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'
const passphrase = 'correct horse battery'
const key = new Uint8Array(32).map((_, i) => (i * 73 + 201) % 256)
const xprv = HDKey.fromMasterSeed(mnemonicToSeedSync(mnemonic, 'of the xprv')).privateExtendedKey!
const paths = ['44h/60h', '44h/1h', '49h/1h', '84h/1h', '86h/1h'].map((path) => `m/${path}/0h/0/0`)
const secrets = [
  ...['', passphrase, 'of the xprv'].flatMap((one) => secretsOf(mnemonic, { passphrase: one, paths })),
  ...keySecrets('the key', key),
]

const folder = mkdtempSync(join(tmpdir(), 'coffer-heap-'))
afterAll(() => rmSync(folder, { recursive: true }))

const hide = (secret: string): string => [...Buffer.from(secret)].map((code) => code ^ 0x55).join('.')

/** Lets a process live, and gives the texts in its heap: after it has let go of all, and when it keeps its secrets. */
async function heapsOfALife(): Promise<readonly [after: string, kept: string]> {
  const files = ['after', 'kept'].map((name) => join(folder, `${name}.heapsnapshot`))
  const life = fileURLToPath(new URL('heap-life.ts', import.meta.url))
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', life], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const privateKey = Buffer.from(key).toString('hex')
  const hidden = Object.entries({ mnemonic, passphrase, xprv, privateKey }).map(([name, secret]) => [
    name,
    hide(secret),
  ])
  child.stdin.end(JSON.stringify({ files, ...Object.fromEntries(hidden) }))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  expect([out.trim(), err]).toEqual(['4', ''])
  const [after, kept] = files.map((file) => textsIn(readFileSync(file, 'utf8')))
  return [after!, kept!]
}

/** The texts of a heap. The numbers before them are its graph. */
function textsIn(heap: string): string {
  return heap.slice(heap.lastIndexOf('"strings":['))
}

// A whole process and two heaps: slow where others are at work.
it('G7: the heap of a process has no secret in any writing once its signers are disposed', async () => {
  const [after, kept] = await heapsOfALife()
  expect(after.length).toBeGreaterThan(1_000_000)
  expect(searchText(secrets, after)).toEqual([])
  // The same search in the same process, when it does keep them.
  expect(searchText(secrets, kept)).toEqual(
    expect.arrayContaining(['the words', 'some of the words', 'the passphrase', 'the xprv at m', 'the key']),
  )
}, 120_000)

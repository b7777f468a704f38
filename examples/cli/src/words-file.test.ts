import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { armor } from 'age-encryption'
import { describe, expect, it } from 'vitest'
import {
  checkFree,
  decryptWords,
  encryptWords,
  readWordsFile,
  wordsPath,
  writeWordsFile,
} from './words-file.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const words = { mnemonic, createdAt: '2026-01-31T12:00:00.000Z' }
const passphrase = 'five words are good here'
const CHEAP = 4

describe('the encrypted file', () => {
  it('gives back what it holds, and shows none of it', async () => {
    const file = await encryptWords(words, passphrase, CHEAP)
    expect(await decryptWords(file, passphrase, CHEAP)).toEqual(words)
    expect(file).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/)
    const bytes = Buffer.from(armor.decode(file)).toString('latin1')
    for (const word of ['sausage', 'mnemonic', passphrase]) expect(bytes).not.toContain(word)
  })

  it('never looks the same twice', async () => {
    expect(await encryptWords(words, passphrase, CHEAP)).not.toBe(
      await encryptWords(words, passphrase, CHEAP),
    )
  })

  it('takes the work factor of age when none is given', async () => {
    const file = await encryptWords(words, passphrase)
    const [, stanza] = Buffer.from(armor.decode(file)).toString('latin1').split('\n')
    expect(stanza).toMatch(/^-> scrypt \S+ 18$/)
  })

  it('refuses short passphrases, counting characters as people do', async () => {
    for (const short of ['', '1234567', '🔑'.repeat(7)])
      await expect(encryptWords(words, short, CHEAP)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await encryptWords(words, '🔑'.repeat(8), CHEAP)
  })
})

describe('its place', () => {
  it('is readable by its owner alone, and is never overwritten without a copy', async () => {
    const home = join(await mkdtemp(join(tmpdir(), 'coffer-cli-')), 'home')
    await checkFree(home, false)
    await expect(readWordsFile(home)).rejects.toMatchObject({ code: 'NO_SIGNER' })

    expect(await writeWordsFile(home, 'first')).toBeUndefined()
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect((await stat(wordsPath(home))).mode & 0o777).toBe(0o600)
    await expect(checkFree(home, false)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })

    await checkFree(home, true)
    const kept = await writeWordsFile(home, 'second')
    expect(await readWordsFile(home)).toBe('second')
    expect(await readFile(kept!, 'utf8')).toBe('first')
  })

  it('says when it cannot be read, instead of that it is not there', async () => {
    const home = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
    await writeFile(join(home, 'file'), '')
    await expect(readWordsFile(join(home, 'file'))).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

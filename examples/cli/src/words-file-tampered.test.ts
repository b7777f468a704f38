import { armor, Decrypter, Encrypter } from 'age-encryption'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { decryptWords, encryptWords } from './words-file.ts'

// Whatever was done to the file: one error, the same as for a wrong passphrase, and never other words.

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const words = { mnemonic, createdAt: '2026-01-31T12:00:00.000Z' }
const passphrase = 'five words are good here'
const CHEAP = 2

let file = ''
let bytes = new Uint8Array()
beforeAll(async () => {
  file = await encryptWords(words, passphrase, CHEAP)
  bytes = armor.decode(file).slice()
})

const read = (text: string, phrase = passphrase, factor = CHEAP): Promise<unknown> =>
  decryptWords(text, phrase, factor)

/** All that a caller can see of a refusal. */
async function refusal(text: string, phrase = passphrase, factor = CHEAP): Promise<object> {
  const error = await read(text, phrase, factor).then(
    (opened) => {
      throw new Error(`it opened: ${JSON.stringify(opened).length} characters`)
    },
    (reason: unknown) => reason,
  )
  const { code, message, details, cause, retryable } = error as Record<string, unknown>
  return { code, message, details, cause, retryable }
}

const same = {
  code: 'INVALID_KEY',
  message: 'The words cannot be opened: the passphrase is wrong, or the file was changed.',
  details: {},
  cause: undefined,
  retryable: false,
}

/** The file with its header as text put through `change`. */
function withHeader(change: (text: string) => string): string {
  const text = Buffer.from(bytes).toString('latin1')
  const changed = change(text)
  if (changed === text) throw new Error('nothing was changed')
  return `${armor.encode(Buffer.from(changed, 'latin1'))}\n`
}

async function sealed(text: string): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(CHEAP)
  return `${armor.encode(await encrypter.encrypt(text))}\n`
}

describe('G6: a changed file', () => {
  it('is the one that opens, before it is changed', async () => {
    expect(await read(file)).toEqual(words)
    expect(await read(file.replaceAll('\n', '\r\n'))).toEqual(words)
    expect(await refusal(file, `${passphrase}!`)).toEqual(same)
  })

  it('is refused for each bit of each byte of what is encrypted, header and all', async () => {
    for (let at = 0; at < bytes.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const changed = bytes.slice()
        changed[at]! ^= 1 << bit
        expect(await refusal(`${armor.encode(changed)}\n`), `byte ${at}, bit ${bit}`).toEqual(same)
      }
  })

  it('is refused for each bit of each letter of the file as it lies there', async () => {
    const letters = Buffer.from(file, 'latin1')
    for (let at = 0; at < letters.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(letters)
        changed[at]! ^= 1 << bit
        expect(await refusal(changed.toString('latin1')), `letter ${at}, bit ${bit}`).toEqual(same)
      }
  })

  it('is refused for 1,000 cuts, of the file and of what is in it', async () => {
    let seed = 20_260_131
    const below = (limit: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % limit
    }
    // The last lines may lack their ends: all that counts is there.
    const whole = file.trimEnd().length
    for (let i = 0; i < 500; i++) {
      expect(await refusal(file.slice(0, below(whole)))).toEqual(same)
      expect(await refusal(`${armor.encode(bytes.slice(0, below(bytes.length)))}\n`)).toEqual(same)
    }
  })

  it('is refused when it is empty, something else, or too long to be words', async () => {
    const pem = (name: string) => file.replaceAll('AGE ENCRYPTED FILE', name)
    for (const text of [
      '',
      '\n',
      'age-encryption.org/v1',
      '{"v":1}',
      pem('PGP MESSAGE'),
      pem('OPENSSH PRIVATE KEY'),
      file + file,
      ` ${file}`,
      `${file} `,
      `${file}more`,
      Buffer.from(bytes).toString('latin1'),
      '-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\n',
      `${file.slice(0, 35)}${`${'A'.repeat(64)}\n`.repeat(100_000)}${file.slice(-34)}`,
    ])
      expect(await refusal(text), text.slice(0, 40)).toEqual(same)
  })
})

describe('G6: the cost of a guess', () => {
  beforeEach(() => void vi.spyOn(Decrypter.prototype, 'decrypt'))
  afterEach(() => void vi.restoreAllMocks())

  const factor = (value: string): string => withHeader((text) => text.replace(/ 2\n/, ` ${value}\n`))

  it.each(['1', '0', '02', '+2', '-1', '2.0', '1e1', '', '3', '18', '20', '22', '30', '64', '9'.repeat(40)])(
    'another work factor, %s, is refused before anything is computed',
    async (value) => {
      expect(await refusal(factor(value))).toEqual(same)
      expect(Decrypter.prototype.decrypt).not.toHaveBeenCalled()
    },
  )

  it('a whole file with a lower or a higher work factor than this program writes is refused, too', async () => {
    for (const wanted of [1, 3, 18]) expect(await refusal(file, passphrase, wanted)).toEqual(same)
    expect(Decrypter.prototype.decrypt).not.toHaveBeenCalled()
    expect(await read(file)).toEqual(words)
    expect(Decrypter.prototype.decrypt).toHaveBeenCalledOnce()
  })

  it('a second stanza, another kind of one, or another version of age are refused unseen', async () => {
    const stanza = /-> scrypt [^-]*/.exec(Buffer.from(bytes).toString('latin1'))![0]
    for (const change of [
      (text: string) => text.replace(stanza, stanza + stanza),
      (text: string) => text.replace(stanza, `${stanza}${stanza.replace(/ 2\n/, ' 20\n')}`),
      (text: string) => text.replace('-> scrypt', '-> X25519'),
      (text: string) => text.replace('-> scrypt', '-> scrypt-more'),
      (text: string) => text.replace('age-encryption.org/v1', 'age-encryption.org/v2'),
      (text: string) => text.replace('age-encryption.org/v1', 'age-encryption.org/v0'),
    ])
      expect(await refusal(withHeader(change))).toEqual(same)
    expect(Decrypter.prototype.decrypt).not.toHaveBeenCalled()
  })
})

describe('G6: a whole file of another version', () => {
  it.each([
    { ...words, v: 0 },
    { ...words, v: 2 },
    { ...words, v: '1' },
    { v: 1, mnemonic },
    { v: 1, mnemonic: mnemonic.split(' '), createdAt: words.createdAt },
    [],
    null,
    1,
  ])('is refused with one clear error: %j', async (content) => {
    expect(await refusal(await sealed(JSON.stringify(content)))).toEqual({
      ...same,
      code: 'UNSUPPORTED',
      message: 'The words were written by another version of this program.',
    })
  })

  it.each(['', mnemonic, `{"v":1,"v":1,"mnemonic":"${mnemonic}","createdAt":""}`])(
    'says nothing of what it found: %j',
    async (content) => {
      expect(await refusal(await sealed(content))).toMatchObject({ code: 'UNSUPPORTED', cause: undefined })
    },
  )
})

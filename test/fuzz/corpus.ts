import { readFileSync } from 'node:fs'
import { draftToPsbt, formatAddress, parseDescriptor, regtestNetwork } from '@coffer/bitcoin'
import { simple as bip322 } from '../../packages/chains/bitcoin/src/bip322.fixture.ts'
import { scriptAt } from '../../packages/chains/bitcoin/src/derive.ts'
import { pushes, sortedMultiScript } from '../../packages/chains/bitcoin/src/script.ts'
import { typedDataVectors } from '../../packages/core/src/typed-data.fixture.ts'
import { chains, keys, madeOf, word } from './drafts.ts'
import { fromHex, join } from './input.ts'
import { base58checkOf } from './shapes.ts'

// Sound inputs that are not drafts: the vectors of the standards that the packages' own tests hold, and examples.

const root = new URL('../../packages/', import.meta.url)

/** The PSBTs that stand in the vectors of BIP-174, 370 and 371, sound and unsound ones. */
function psbtVectors(): Uint8Array[] {
  const files = ['bip174-psbt', 'bip370-psbt', 'bip371-psbt']
  return files.flatMap((name) => {
    const text = readFileSync(new URL(`chains/bitcoin/src/${name}.test.ts`, root), 'utf8')
    return [...text.matchAll(/'(cHNidP8[\w+/]+={0,2})'/g)].map(
      ([, base64]) => new Uint8Array(Buffer.from(base64!, 'base64')),
    )
  })
}

export async function psbts(): Promise<Uint8Array[]> {
  const { drafts } = await madeOf('bitcoin')
  const own = drafts.flatMap((draft) =>
    ([0, 2] as const).map((version) => draftToPsbt(draft, { network: regtestNetwork, version })),
  )
  return [...psbtVectors(), ...own.map((text) => new Uint8Array(Buffer.from(text, 'base64')))]
}

export const XPUBS = [
  'xpub6BosfCnifzxcFwrSzQiqu2DBVTshkCXacvNsWGYJVVhhawA7d4R5WSWGFNbi8Aw6ZRc1brxMyWMzG3DSSSSoekkudhUd9yLb6qx39T9nMdj',
  'ypub6Ww3ibxVfGzLrAH1PNcjyAWenMTbbAosGNB6VvmSEgytSER9azLDWCxoJwW7Ke7icmizBMXrzBx9979FfaHxHcrArf3zbeJJJUZPf663zsP',
  'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs',
  'upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21XXEMYRUocHqguyjknFHYfgY',
]
export const XPRVS = [
  'xprv9xpXFhFpqdQK3TmytPBqXtGSwS3DLjojFhTGht8gwAAii8py5X6pxeBnQ6ehJiyJ6nDjWGJfZ95WxByFXVkDxHXrqu53WCRGypk2ttuqncb',
  'yprvAHwhK6RbpuS3dgCYHM5jc2ZvEKd7Bi61u9FVhYMpgMSuZS613T1xxQeKTffhrHY79hZ5PsskBjcc6C2V7DrnsMsNaGDaWev3GLRQRgV7hxF',
]
const [XPUB, , ZPUB] = XPUBS as [string, string, string]
const KEY = '02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5'
const OTHER_KEY = '03f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9'

export const BITCOIN_ADDRESSES = [
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  '37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4',
  'bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3',
  'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
  'bc1pfeessrawgf',
  'bc1sw50qgdz25j',
]

export const DESCRIPTORS = [
  `wpkh([d34db33f/84h/0h/0h]${XPUB}/<0;1>/*)`,
  `pkh(${XPUB}/<0;1>/*)`,
  `sh(wpkh([d34db33f/49'/0'/0']${XPUB}/<0;1>/*))`,
  `tr(${XPUB}/0/*)`,
  `wsh(sortedmulti(2,[d34db33f/48h/0h/0h/2h]${XPUB}/<0;1>/*,${KEY}))`,
  `sh(wsh(sortedmulti(1,${KEY},${OTHER_KEY})))`,
  `wpkh(${KEY})`,
  `tr(${KEY.slice(2)})`,
  `addr(${BITCOIN_ADDRESSES[0]})`,
  `addr(${BITCOIN_ADDRESSES[4]})`,
  ZPUB,
  BITCOIN_ADDRESSES.slice(0, 3).join(' '),
  `[d34db33f/84h/0h/0h]${XPUB}`,
]

export const BITCOIN_URIS = [
  `bitcoin:${BITCOIN_ADDRESSES[0]}?amount=20.3&label=Luke-Jr&message=Donation%20for%20project%20xyz`,
  'bitcoin:?lightning=lnbc420bogusinvoice&lno=lno1bogusoffer&pop=callbackuri%3a',
  `bitcoin:${BITCOIN_ADDRESSES[2]}?bc=${BITCOIN_ADDRESSES[5]}&tb=tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx`,
  `BITCOIN:${BITCOIN_ADDRESSES[3]}?AMOUNT=0.00000001&sp=sp1qsilentpayment&other=%E2%82%BF`,
]

export const WIFS = [
  'KyZpNDKnfs94vbrwhJneDi77V6jF64PWPF8x5cdJb8ifgg2DUc9d',
  'L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k',
  base58checkOf(join([fromHex('80'), new Uint8Array(32).fill(7)])),
]

const LABELS = [
  { type: 'tx', ref: 'ab'.repeat(32), label: 'Salary', origin: "wpkh([d34db33f/84'/0'/0'])", height: 7 },
  { type: 'addr', ref: BITCOIN_ADDRESSES[2], label: 'Rent' },
  { type: 'pubkey', ref: KEY, label: 'Key' },
  { type: 'input', ref: `${'cd'.repeat(32)}:0`, label: 'Input' },
  {
    type: 'output',
    ref: `${'cd'.repeat(32)}:1`,
    spendable: false,
    value: 9007199254740991,
    rate: { USD: 1.5 },
  },
  { type: 'xpub', ref: XPUB, label: 'Account' },
].map((label) => JSON.stringify(label))
export const LABEL_FILES = [LABELS.join('\n'), ...LABELS]

export const SCRIPTS = [
  sortedMultiScript(2, [fromHex(KEY), fromHex(OTHER_KEY)]),
  pushes([
    fromHex(KEY),
    new Uint8Array(),
    Uint8Array.of(5),
    Uint8Array.of(0x81),
    new Uint8Array(90),
    new Uint8Array(300),
  ]),
  join([Uint8Array.of(0x6a), pushes([new Uint8Array(80).fill(9)])]),
  ...[
    '76a914aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa88ac',
    'a914aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa87',
    '0014aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '51024e73',
  ].map(fromHex),
]

// ---- signed messages: address, message and signature, as JSON ----

export async function messages(family: 'bitcoin' | 'evm' | 'tron'): Promise<string[]> {
  const chain = chains[family]
  const { drafts } = await madeOf(family)
  const accounts = [...new Set(drafts.map(({ account }) => account))]
  const signed = await Promise.all(
    accounts
      .filter((account) => !account.startsWith('tr('))
      .map(async (account) => {
        const message = 'hello'
        const signature = await chain.signMessage!({ account, message }, keys)
        return { address: addressOf(family, account), message, signature }
      }),
  )
  return signed.map((one) => JSON.stringify(one))
}

/** Of mainnet, where the vectors of the standard are. */
export const BIP322_MESSAGES = bip322.flatMap(({ address, message, signatures }) =>
  signatures.map((signature) => JSON.stringify({ address, message, signature })),
)

function addressOf(family: 'bitcoin' | 'evm' | 'tron', account: string): string {
  if (family !== 'bitcoin') return account.slice(account.lastIndexOf(':') + 1)
  return formatAddress(scriptAt(parseDescriptor(account, regtestNetwork), 0, 0).script, regtestNetwork)!
}

// ---- EVM and Tron ----

export const EVM_ADDRESSES = [
  '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
  '0xd8da6bf26964af9d7eed9e03e53415d37aa96045',
  '0xD8DA6BF26964AF9D7EED9E03E53415D37AA96045',
]
export const EVM_URIS = [
  `ethereum:${EVM_ADDRESSES[0]}@1?value=2.5e17&gas=21000`,
  `ethereum:pay-${EVM_ADDRESSES[1]}`,
  `ethereum:${EVM_ADDRESSES[0]}@56/transfer?address=${EVM_ADDRESSES[1]}&uint256=1e6&gasPrice=1`,
]
export const TRON_ADDRESSES = [
  'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
  '415cbdd86a2fa8dc4bddd8a8f69dba48572eec07fb',
]
export const TRON_URIS = [
  'tron:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t?amount=2.5',
  'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
  'tron://TJRabPrwbZy45sbavfcjinPJC18kjpRTv8?amount=1&token=TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t&note=x',
]

const numbers = (count: number): string =>
  Array.from({ length: count }, (_, i) => word(BigInt(i + 1))).join('')
const list = (...values: number[]): string => values.map((value) => word(BigInt(value))).join('')

/** Call data of every selector that inspection knows. */
export const EVM_CALLS = [
  ...['a9059cbb', '095ea7b3', '39509351', 'a457c2d7', 'a22cb465'].map((selector) => selector + list(1, 1)),
  ...['23b872dd', '42842e0e'].map((selector) => selector + numbers(3)),
  `d505accf${numbers(7)}`,
  `8fcbaf0c${list(1, 2, 3, 4, 1, 6, 7, 8)}`,
  `b88d4fde${list(1, 2, 3, 128, 2)}${'abcd'.padEnd(64, '0')}`,
  `f242432a${list(1, 2, 3, 4, 160, 0)}`,
  `2eb2c2d6${list(1, 2, 160, 256, 352, 2, 7, 8, 2, 1, 1, 0)}`,
  `87517c45${numbers(4)}`,
  `2b67b570${list(1, 2, 3, 4, 5, 6, 7, 256, 0)}`,
  `2a2d80d1${list(1, 96, 352, 96, 2, 3, 1, 4, 5, 6, 7, 0)}`,
  `36c78516${numbers(4)}`,
  `0d58b1db${list(32, 1, 1, 2, 3, 4)}`,
  `30f28b7a${list(1, 2, 3, 4, 5, 6, 7, 256, 0)}`,
].map(fromHex)
export const TRON_CALLS = [
  ...['a9059cbb', '095ea7b3', '39509351', 'd73dd623', '66188463', 'a22cb465'].map((one) => one + list(1, 1)),
  `23b872dd${numbers(3)}`,
  `a9059cbb${'41'.padStart(24, '0')}${'ab'.repeat(20)}${word(5n)}`,
].map(fromHex)

/** Types of arguments in all their forms, with data for each. */
export const ABI: readonly (readonly [types: string, data: string])[] = [
  ['address,uint256', numbers(2)],
  ['bool,uint8,bytes32,uint48', list(1, 255, 3, 4)],
  ['uint256[],bytes', list(64, 160, 2, 7, 8, 3) + 'abcdef'.padEnd(64, '0')],
  ['((address,uint160,uint48,uint48)[],address,uint256),bytes', list(64, 288, 96, 2, 3, 1, 4, 5, 6, 7, 0)],
  ['bytes[]', list(32, 2, 64, 96, 0, 1) + 'ff'.padEnd(64, '0')],
  ['(uint256[],bytes)[]', list(32, 1, 32, 64, 96, 0, 0)],
]

const PERMIT = {
  types: {
    Permit: [
      ['owner', 'address'],
      ['spender', 'address'],
      ['value', 'uint256'],
      ['nonce', 'uint256'],
      ['deadline', 'uint256'],
    ].map(([name, type]) => ({ name, type })),
  },
  primaryType: 'Permit',
  message: {
    owner: EVM_ADDRESSES[0],
    spender: EVM_ADDRESSES[1],
    value: '115792089237316195423570985008687907853269984665640564039457584007913129639935',
    nonce: 0,
    deadline: '0xffffffff',
  },
}

/** Typed data of a chain. */
export function typedData(chainId: number): string[] {
  return [
    ...typedDataVectors.map(({ digest: _, domain, ...rest }) => ({
      ...rest,
      domain: { ...domain, ...('chainId' in domain ? { chainId } : {}) },
    })),
    { ...PERMIT, domain: { name: 'USD Coin', version: '2', chainId, verifyingContract: EVM_ADDRESSES[0] } },
  ].map((data) => JSON.stringify(data))
}

export const PERMISSION = JSON.stringify({
  id: 2,
  threshold: '2',
  keys: TRON_ADDRESSES.slice(0, 1).map((address) => ({ address, weight: '1' })),
})

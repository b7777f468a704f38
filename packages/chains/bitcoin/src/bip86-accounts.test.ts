import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { publicKeyOf } from './accounts.fixture.ts'
import { formatAddress } from './address.ts'
import { deriveScripts } from './derive.ts'
import { accountDescriptor, parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0086.mediawiki
const XPUB =
  'xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ'
const ADDRESSES = [
  [
    0,
    0,
    'cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115',
    '5120a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c',
    'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
  ],
  [
    0,
    1,
    '83dfe85a3151d2517290da461fe2815591ef69f2b18a2ce63f01697a8b313145',
    '5120a82f29944d65b86ae6b5e5cc75e294ead6c59391a1edc5e016e3498c67fc7bbb',
    'bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh',
  ],
  [
    1,
    0,
    '399f1b2f4393f29a18c937859c5dd8a77350103157eb880f02e8c08214277cef',
    '5120882d74e5d0572d5a816cef0041a96b6c1de832f6f9676d9605c44d5e9a97d3dc',
    'bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7',
  ],
] as const

test('the account and the addresses of the standard', () => {
  const text = accountDescriptor(publicKeyOf('m/86h/0h/0h'), 'p2tr', bitcoinNetwork)
  expect(text).toContain(`[73c5da0a/86h/0h/0h]${XPUB}/<0;1>/*`)
  const descriptor = parseDescriptor(text, bitcoinNetwork)
  for (const [keychain, index, internalKey, output, address] of ADDRESSES) {
    const [found] = deriveScripts(descriptor, keychain, index, 1)
    expect(bytesToHex(found!.internalKey!)).toBe(internalKey)
    expect(bytesToHex(found!.script)).toBe(output)
    expect(formatAddress(found!.script, bitcoinNetwork)).toBe(address)
  }
})

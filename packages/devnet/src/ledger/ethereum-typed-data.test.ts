import { type Hex, hashDomain, hashStruct, recoverTypedDataAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import type { LedgerDevice } from './device.ts'
import { ethereumDeviceApp } from './ethereum.ts'
import { bytes, deviceWith, send, withPath } from './exchange.fixture.ts'
import { type Command, definitions, implementations, type TypedData } from './typed-data.fixture.ts'

const PATH = "44'/60'/0'/0/0"
const FROM = '0xDad77910DbDFdE764fC21FCD4E74D71bBACA6D8D'
const COW = '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826'

const EIP712Domain = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]
const domain = {
  name: 'Ether Mail',
  version: '1',
  chainId: 1n,
  verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
}

const mail: TypedData = {
  domain,
  primaryType: 'Mail',
  types: {
    EIP712Domain,
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person[2]' },
      { name: 'cc', type: 'Person[]' },
      { name: 'contents', type: 'string' },
      { name: 'delta', type: 'int256' },
      { name: 'small', type: 'int8' },
      { name: 'flag', type: 'bool' },
      { name: 'blob', type: 'bytes' },
      { name: 'tag', type: 'bytes4' },
    ],
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallets', type: 'address[]' },
    ],
  },
  message: {
    from: { name: 'Cow', wallets: [COW, COW] },
    to: [
      { name: 'Bob', wallets: [] },
      { name: '', wallets: [COW] },
    ],
    cc: [],
    contents: 'x'.repeat(700),
    delta: -5n,
    small: -128n,
    flag: true,
    blob: '0x',
    tag: '0xdeadbeef',
  },
}

const matrix: TypedData = {
  domain,
  primaryType: 'Grid',
  types: {
    EIP712Domain,
    Grid: [
      { name: 'cells', type: 'uint16[2][]' },
      { name: 'rows', type: 'Row[][2]' },
    ],
    Row: [{ name: 'deep', type: 'bytes32[][][1]' }],
  },
  message: {
    cells: [
      [1n, 2n],
      [0n, 65535n],
      [5n, 6n],
    ],
    rows: [[], [{ deep: [[[`0x${'01'.repeat(32)}`], []]] }]],
  },
}

const many: TypedData = {
  domain,
  primaryType: 'Order',
  types: {
    EIP712Domain,
    Order: [
      { name: 'items', type: 'Item[]' },
      ...Array.from({ length: 40 }, (_, at) => ({ name: `f${at}`, type: 'uint256' })),
    ],
    Item: [
      { name: 'token', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
  },
  message: {
    items: Array.from({ length: 60 }, (_, at) => ({ token: COW, amount: 2n ** BigInt(at * 4) })),
    ...Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`f${at}`, 2n ** 255n + BigInt(at)])),
  },
}

async function stream(device: LedgerDevice, commands: Iterable<Command>): Promise<number> {
  for (const command of commands) {
    const { word } = await send(device, ...command)
    if (word !== 0x9000) return word
  }
  return 0x9000
}

async function sign(
  device: LedgerDevice,
  data: TypedData,
  chunk = 255,
): Promise<{ data: string; word: number }> {
  for (const commands of [
    definitions(data),
    implementations(data, 'domain', chunk),
    implementations(data, 'message', chunk),
  ]) {
    const word = await stream(device, commands)
    if (word !== 0x9000) return { data: '', word }
  }
  return send(device, 0x0c, 0, 1, withPath(PATH))
}

const signer = (data: TypedData, answer: string): Promise<string> =>
  recoverTypedDataAddress({
    ...(data as object),
    signature: `0x${answer.slice(2)}${answer.slice(0, 2)}`,
  } as never)

const blind = (): LedgerDevice => deviceWith(ethereumDeviceApp({ blindSigning: true }))

describe('typed data', () => {
  it.each([
    ['structs, arrays and every kind of value', mail],
    ['arrays of arrays', matrix],
    ['a hundred and sixty values', many],
  ])('with %s', async (_, data) => {
    const { data: answer, word } = await sign(blind(), data)
    expect(word).toBe(0x9000)
    expect(await signer(data, answer)).toBe(FROM)
  })

  it.each([2, 3, 64, 200])('with values in chunks of %i bytes', async (chunk) => {
    const text = {
      ...mail,
      types: { EIP712Domain, Note: [{ name: 'text', type: 'string' }] },
      primaryType: 'Note',
    }
    const data = {
      ...text,
      domain: { ...domain, name: 'n', version: '' },
      message: { text: 'y'.repeat(chunk * 3) },
    }
    const device = blind()
    // A number has to come whole.
    await stream(device, definitions(data))
    await stream(device, implementations(data, 'domain'))
    expect(await stream(device, implementations(data, 'message', chunk))).toBe(0x9000)
    const { data: answer } = await send(device, 0x0c, 0, 1, withPath(PATH))
    expect(await signer(data, answer)).toBe(FROM)
  })

  it('is shown field by field', async () => {
    const device = blind()
    await sign(device, mail)
    const { kind, fields, warnings } = device.shown[0]!
    expect(kind).toBe('typed data')
    expect(warnings).toEqual(['Blind signing'])
    expect(fields.slice(0, 6)).toEqual([
      ['name', 'Ether Mail'],
      ['version', '1'],
      ['chainId', '1'],
      ['verifyingContract', domain.verifyingContract],
      ['name', 'Cow'],
      ['wallets', COW],
    ])
    expect(fields).toContainEqual(['delta', '-5'])
    expect(fields).toContainEqual(['small', '-128'])
    expect(fields).toContainEqual(['flag', 'true'])
    expect(fields).toContainEqual(['tag', '0xdeadbeef'])
    expect(fields.at(-1)![0]).toBe('Message hash')
    expect(device.shown).toHaveLength(1)
  })

  it('is refused at its first value without blind signing, and can be sent again', async () => {
    const device = deviceWith(ethereumDeviceApp())
    expect((await sign(device, mail)).word).toBe(0x6a80)
    expect(device.shown).toEqual([])
    expect(await stream(device, definitions(mail))).toBe(0x9000)
  })

  it('is refused by its owner, and can be signed afterwards', async () => {
    const device = blind()
    device.setPerson(() => 'refuse')
    expect(await sign(device, mail)).toEqual({ data: '', word: 0x6985 })
    device.setPerson(() => 'approve')
    expect((await sign(device, mail)).word).toBe(0x9000)
  })

  it('that is not whole is not signed', async () => {
    const device = blind()
    await stream(device, definitions(mail))
    await stream(device, implementations(mail, 'domain'))
    expect((await send(device, 0x0c, 0, 1, withPath(PATH))).word).toBe(0x6a80)
    expect((await send(device, 0x0c, 0, 1, withPath(PATH))).word).toBe(0x6980)
  })

  const after = async (commands: Iterable<Command>, command: Command): Promise<number> => {
    const device = blind()
    expect(await stream(device, commands)).toBe(0x9000)
    return (await send(device, ...command)).word
  }
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  function* domainOf(data: TypedData): Generator<Command> {
    yield* definitions(data)
    yield* implementations(data, 'domain')
  }

  it.each<[string, Iterable<Command>, Command, number]>([
    ['a field of no struct', [], [0x1a, 0, 0xff, bytes('030161')], 0x6a80],
    ['an unknown kind', [[0x1a, 0, 0, text('A')]], [0x1a, 0, 0xff, bytes('080161')], 0x6a80],
    ['a field cut short', [[0x1a, 0, 0, text('A')]], [0x1a, 0, 0xff, bytes('030261')], 0x6a80],
    ['a field with more after it', [[0x1a, 0, 0, text('A')]], [0x1a, 0, 0xff, bytes('03016100')], 0x6a80],
    ['another P2', [[0x1a, 0, 0, text('A')]], [0x1a, 0, 0x12, bytes('030161')], 0x6b00],
    ['the message first', definitions(mail), [0x1c, 0, 0, text('Mail')], 0x6a00],
    ['an unknown struct', definitions(mail), [0x1c, 0, 0, text('Nobody')], 0x6a80],
    ['the domain twice', domainOf(mail), [0x1c, 0, 0, text('EIP712Domain')], 0x6a00],
    ['a definition too late', domainOf(mail), [0x1a, 0, 0, text('Late')], 0x6a00],
    ['a value too many', domainOf(mail), [0x1c, 0, 0xff, bytes('000100')], 0x6a80],
    [
      'a length where a value should be',
      [...definitions(mail), [0x1c, 0, 0, text('EIP712Domain')]],
      [0x1c, 0, 0x0f, Uint8Array.of(1)],
      0x6a80,
    ],
  ])('does not take %s', async (_, before, command, word) => {
    expect(await after(before, command)).toBe(word)
  })

  const one = (type: string): TypedData => ({
    domain: {},
    primaryType: 'One',
    types: { EIP712Domain: [{ name: 'salt', type: 'bool' }], One: [{ name: 'a', type }] },
    message: {},
  })

  it.each([
    ['address', '0001aa'],
    ['bool', '00020001'],
    ['uint256', `0021${'01'.repeat(33)}`],
    ['int32', '0000'],
    ['bytes4', `0021${'01'.repeat(33)}`],
    ['string', '000261'],
    ['string', '0001616161'],
    ['uint8[2]', '0001aa'],
  ])('does not take a %s of %s', async (type, value) => {
    const data = { ...one(type), domain: { salt: true } }
    const before = [...domainOf(data), [0x1c, 0, 0, text('One')] as const]
    expect(await after(before, [0x1c, 0, 0xff, bytes(value)])).toBe(0x6a80)
  })

  it('does not take another number of elements than the type has', async () => {
    const data = { ...one('uint8[2]'), domain: { salt: true } }
    const before = [...domainOf(data), [0x1c, 0, 0, text('One')] as const]
    expect(await after(before, [0x1c, 0, 0x0f, Uint8Array.of(3)])).toBe(0x6a80)
  })
})

describe('filters', () => {
  const note: TypedData = {
    domain,
    primaryType: 'Note',
    types: {
      EIP712Domain,
      Note: [
        { name: 'who', type: 'address' },
        { name: 'what', type: 'string' },
        { name: 'rest', type: 'string[]' },
      ],
    },
    message: { who: COW, what: 'hello', rest: [] },
  }
  const named = (name: string, ...more: number[]): Uint8Array =>
    Uint8Array.from([name.length, ...new TextEncoder().encode(name), ...more])
  const signature = [2, 0x30, 0x00]

  const begin = async (device: LedgerDevice, count: number): Promise<Command[]> => {
    await stream(device, definitions(note))
    expect(await stream(device, [[0x1e, 0, 0, new Uint8Array()]])).toBe(0x9000)
    expect(await stream(device, implementations(note, 'domain'))).toBe(0x9000)
    expect((await send(device, 0x1e, 0, 0x0f, named('Notes', count, ...signature))).word).toBe(0x9000)
    return [...implementations(note, 'message')]
  }
  const show = (name: string): Command => [0x1e, 0, 0xff, named(name, ...signature)]

  it('need no blind signing and show the fields they name', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const [root, who, what, rest] = await begin(device, 1)
    expect(await stream(device, [root!, who!, show('Text'), what!, rest!])).toBe(0x9000)
    const { data, word } = await send(device, 0x0c, 0, 1, withPath(PATH))
    expect(word).toBe(0x9000)
    expect(await signer(note, data)).toBe(FROM)
    expect(device.shown[0]).toMatchObject({
      fields: [
        ['Contract', 'Notes'],
        ['Text', 'hello'],
      ],
      warnings: [],
    })
  })

  it('for the elements of an empty array are named by their path', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const [root, who, what, rest] = await begin(device, 1)
    await stream(device, [root!, who!, what!, rest!])
    const path: Command = [0x1e, 0, 0x01, named('rest.[]')]
    expect(await stream(device, [path, [0x1e, 1, 0xff, named('Rest', ...signature)]])).toBe(0x9000)
    expect((await send(device, 0x0c, 0, 1, withPath(PATH))).word).toBe(0x9000)
  })

  it('that are announced and do not come: not signed', async () => {
    const device = deviceWith(ethereumDeviceApp())
    expect(await stream(device, await begin(device, 1))).toBe(0x9000)
    expect((await send(device, 0x0c, 0, 1, withPath(PATH))).word).toBe(0x6a88)
  })

  it('that were not announced are refused', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const [root] = await begin(device, 0)
    expect(await stream(device, [root!, show('Text')])).toBe(0x6a80)
  })

  it('without being turned on change nothing', async () => {
    const device = deviceWith(ethereumDeviceApp())
    await stream(device, definitions(note))
    expect(await stream(device, [show('Text')])).toBe(0x9000)
    expect(await stream(device, implementations(note, 'domain'))).toBe(0x6a80)
  })
})

describe('hashed typed data', () => {
  const hashes = (data: TypedData): Uint8Array =>
    withPath(
      PATH,
      bytes(hashDomain({ domain: data.domain, types: data.types } as never)),
      bytes(
        hashStruct({ data: data.message, primaryType: data.primaryType, types: data.types } as never) as Hex,
      ),
    )

  it('is signed as the whole of it is', async () => {
    const { data, word } = await send(blind(), 0x0c, 0, 0, hashes(mail))
    expect(word).toBe(0x9000)
    expect(await signer(mail, data)).toBe(FROM)
    expect((await sign(blind(), mail)).data).toBe(data)
  })

  it('is always signed blindly', async () => {
    expect((await send(deviceWith(ethereumDeviceApp()), 0x0c, 0, 0, hashes(mail))).word).toBe(0x6a80)
    const device = blind()
    await send(device, 0x0c, 0, 0, hashes(mail))
    expect(device.shown[0]).toMatchObject({ kind: 'typed data', warnings: ['Blind signing'] })
    expect((await send(device, 0x0c, 0, 0, hashes(mail).slice(0, 80))).word).toBe(0x6a80)
    expect((await send(device, 0x0c, 1, 0, hashes(mail))).word).toBe(0x6b00)
    expect((await send(device, 0x0c, 0, 2, hashes(mail))).word).toBe(0x6b00)
  })
})

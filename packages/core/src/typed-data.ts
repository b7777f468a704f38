import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { CofferError } from './error.ts'
import { bigNumbersAsStrings, parseJson } from './json.ts'

// Typed data as EIP-712 has it, of any chain. An entry of its own: what does not sign it does not carry it.

/** What differs between chains. */
export interface TypedDataRules {
  /** What the domain must name when it names a chain. */
  readonly chainId: bigint
  /** The name of the chain, for people. */
  readonly network: string
  /** Reads an address and returns its canonical writing. Throws for anything else. */
  parseAddress(text: string): string
  /** The 20 bytes that are hashed for an address in its canonical writing. */
  addressBytes(address: string): Uint8Array
  /** Types of one value that the chain has beyond Solidity's, and how they are hashed: `{ trcToken: 'uint256' }`. */
  readonly types?: Readonly<Record<string, string>>
}

/** A checked value: `bigint` for integers, the chain's own writing for addresses, lower-case hex for bytes. */
export type TypedValue = bigint | boolean | string | readonly TypedValue[] | TypedFields
export interface TypedFields {
  readonly [name: string]: TypedValue
}

export interface TypedField {
  readonly name: string
  readonly type: string
}

/** Typed data (EIP-712) that was checked: a copy, with exactly what is hashed and nothing else. */
export interface TypedData {
  /** With `EIP712Domain`, always. */
  readonly types: Readonly<Record<string, readonly TypedField[]>>
  readonly primaryType: string
  readonly domain: TypedFields
  readonly message: TypedFields
}

/** More values than any honest request has. */
const MAX_VALUES = 10_000

/**
 * The fields that a domain may have, in the order in which they are hashed when `types` does not declare
 * them.
 */
const DOMAIN: readonly TypedField[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]

/**
 * Checks typed data from outside, a value or its JSON text, and returns a clean copy: what is shown is what
 * is signed.
 *
 * Integers may be JS numbers up to 2^53, bigints, decimal strings or `0x` hex. `EIP712Domain` may be declared
 * or follow from the domain's own fields. A domain without a chain id is let through, for sign-ins and votes
 * off the chain, but not for a permit.
 *
 * Throws `CHAIN_MISMATCH` when the domain is of another chain, and `INVALID_TYPED_DATA` for: a missing or
 * empty domain; types that are not declared, refer to themselves or hide a built-in one; fields that are
 * missing or not declared; integers out of range or inexact; arrays and bytes of another length than
 * declared; text that has no UTF-8 form.
 */
export function checkTypedData(typedData: unknown, rules: TypedDataRules): TypedData {
  const json =
    typeof typedData === 'string' ? parseJson(typedData, { bigNumbers: bigNumbersAsStrings }) : typedData
  const input = exactly(json, ['types', 'primaryType', 'domain', 'message'], 'It')
  const domainInput = record(input['domain'], 'Its domain')
  const types = readTypes(input['types'], domainInput, rules)

  const { primaryType } = input
  if (typeof primaryType !== 'string' || !Object.hasOwn(types, primaryType) || primaryType === 'EIP712Domain')
    throw invalid('Its primary type is not one of the types that it declares.')
  checkReferences(types, rules)

  const reading: Reading = { types, rules, left: MAX_VALUES }
  const domain = readValue('EIP712Domain', domainInput, reading, 'domain') as TypedFields
  checkChain(domain, primaryType, rules)
  const message = readValue(primaryType, input['message'], reading, 'message') as TypedFields
  return { types, primaryType, domain, message }
}

/** What is signed for checked typed data: `0x19 01`, the hash of the domain, the hash of the message. 32 bytes. */
export function hashChecked(
  { types, primaryType, domain, message }: TypedData,
  rules: TypedDataRules,
): Uint8Array {
  const { domainHash, messageHash } = hashParts({ types, primaryType, domain, message }, rules)
  return keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), domainHash, messageHash))
}

/** Checked typed data with the two hashes of {@link hashParts}. */
export interface TypedDataParts {
  readonly data: TypedData
  readonly domainHash: Uint8Array
  readonly messageHash: Uint8Array
}

/** The two hashes that {@link hashChecked} puts together, 32 bytes each: all that some devices are able to show. */
export function hashParts(
  { types, primaryType, domain, message }: TypedData,
  rules: TypedDataRules,
): { readonly domainHash: Uint8Array; readonly messageHash: Uint8Array } {
  const scope = { types, rules }
  return {
    domainHash: hashStruct('EIP712Domain', domain, scope),
    messageHash: hashStruct(primaryType, message, scope),
  }
}

interface Scope {
  readonly types: TypedData['types']
  readonly rules: TypedDataRules
}

function hashStruct(type: string, value: TypedFields, scope: Scope): Uint8Array {
  const words = scope.types[type]!.map((field) => encodeWord(field.type, value[field.name]!, scope))
  return keccak_256(concatBytes(keccak_256(utf8ToBytes(encodeType(type, scope.types))), ...words))
}

/** 32 bytes for a checked value of any type. */
function encodeWord(type: string, value: TypedValue, scope: Scope): Uint8Array {
  const element = elementOf(type)
  if (element) {
    const items = value as readonly TypedValue[]
    return keccak_256(concatBytes(...items.map((item) => encodeWord(element.type, item, scope))))
  }
  if (Object.hasOwn(scope.types, type)) return hashStruct(type, value as TypedFields, scope)
  const atomic = hashedAs(type, scope.rules)
  if (atomic === 'string') return keccak_256(utf8ToBytes(value as string))
  if (atomic === 'bytes') return keccak_256(bytesFrom(value))
  if (atomic.startsWith('bytes')) return concatBytes(bytesFrom(value), new Uint8Array(32)).subarray(0, 32)
  if (atomic === 'address') return concatBytes(new Uint8Array(12), scope.rules.addressBytes(value as string))
  const integer = BigInt.asUintN(256, BigInt(value as bigint | boolean))
  return hexToBytes(integer.toString(16).padStart(64, '0'))
}

function bytesFrom(value: TypedValue): Uint8Array {
  return hexToBytes((value as string).slice(2))
}

/** The type of Solidity that a type of one value counts as. */
function hashedAs(type: string, { types = {} }: TypedDataRules): string {
  return Object.hasOwn(types, type) ? types[type]! : type
}

/** `Mail(Person from,Person to)Person(string name)`: the type and, in order of name, all that it uses. */
export function encodeType(type: string, types: TypedData['types']): string {
  const used = [...usedBy(type, types, new Set())].filter((name) => name !== type).sort()
  const write = (name: string): string =>
    `${name}(${types[name]!.map((field) => `${field.type} ${field.name}`).join(',')})`
  return [type, ...used].map(write).join('')
}

function usedBy(type: string, types: TypedData['types'], found: Set<string>): Set<string> {
  if (found.has(type) || !Object.hasOwn(types, type)) return found
  found.add(type)
  for (const field of types[type]!) usedBy(baseOf(field.type), types, found)
  return found
}

/** The type of an array's elements and its length, if fixed; `undefined` for what is no array. */
function elementOf(type: string): { type: string; length?: number } | undefined {
  const match = /^(.+)\[([1-9][0-9]{0,4})?\]$/.exec(type)
  if (!match) return undefined
  return { type: match[1]!, ...(match[2] === undefined ? {} : { length: Number(match[2]) }) }
}

function baseOf(type: string): string {
  const element = elementOf(type)
  return element ? baseOf(element.type) : type
}

function checkChain(domain: TypedFields, primaryType: string, rules: TypedDataRules): void {
  const { chainId } = domain
  if (chainId === undefined) {
    if (/permit/i.test(primaryType))
      throw invalid('It permits somebody to take tokens and does not say on which chain.')
    return
  }
  if (chainId === rules.chainId) return
  throw new CofferError({
    code: 'CHAIN_MISMATCH',
    message: `This request is for the chain ${chainId}; the account is on ${rules.network}. Do not sign it here.`,
    details: { wanted: rules.chainId, found: chainId },
  })
}

// ---- types ----

const NAME = /^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/

/** What a text may not be called, whoever means well by it: names that objects have already. */
const TAKEN = ['__proto__', 'constructor', 'prototype']

function readTypes(
  json: unknown,
  domain: Record<string, unknown>,
  rules: TypedDataRules,
): Record<string, readonly TypedField[]> {
  const declared = Object.entries(record(json, 'Its list of types'))
  if (declared.length > 100) throw invalid('It declares too many types.')
  const types = declared.map(([name, fields]) => {
    if (!isName(name) || isAtomic(name, rules))
      throw invalid('It declares a type with a name that cannot be one.')
    return [name, readFields(name, fields)] as const
  })
  const found = types.find(([name]) => name === 'EIP712Domain')
  const fields = found?.[1] ?? DOMAIN.filter(({ name }) => Object.hasOwn(domain, name))
  if (fields.length === 0) throw invalid('Its domain is empty, so any contract could use the signature.')
  for (const field of fields)
    if (!DOMAIN.some(({ name, type }) => name === field.name && type === field.type))
      throw invalid('Its domain declares a field that a domain does not have.')
  return Object.fromEntries([...types, ['EIP712Domain', fields] as const])
}

function readFields(name: string, json: unknown): readonly TypedField[] {
  if (!Array.isArray(json) || json.length > 100)
    throw invalid(`The fields of its type ${name} are not a list.`)
  const fields = json.map((item): TypedField => {
    const { name: field, type } = exactly(item, ['name', 'type'], `A field of its type ${name}`)
    if (typeof field !== 'string' || !isName(field) || typeof type !== 'string' || type.length > 150)
      throw invalid(`A field of its type ${name} has a name or a type that cannot be one.`)
    return { name: field, type }
  })
  if (new Set(fields.map((field) => field.name)).size !== fields.length)
    throw invalid(`Its type ${name} declares a field twice.`)
  return fields
}

/** Every type that is used is declared, and none contains itself. */
function checkReferences(types: TypedData['types'], rules: TypedDataRules): void {
  const done = new Set<string>()
  const visit = (type: string, above: readonly string[]): void => {
    if (above.includes(type)) throw invalid(`Its type ${type} contains itself.`)
    if (done.has(type) || isAtomic(type, rules)) return
    if (!Object.hasOwn(types, type)) throw invalid(`It uses a type that it does not declare.`)
    for (const field of types[type]!) visit(baseOf(field.type), [...above, type])
    done.add(type)
  }
  for (const type of Object.keys(types)) visit(type, [])
}

function isName(name: string): boolean {
  return NAME.test(name) && !TAKEN.includes(name)
}

function isAtomic(type: string, rules: TypedDataRules): boolean {
  return (
    Object.hasOwn(rules.types ?? {}, type) ||
    ['address', 'bool', 'string', 'bytes'].includes(type) ||
    integerOf(type) !== undefined ||
    bytesOf(type) !== undefined
  )
}

function integerOf(type: string): { signed: boolean; bits: number } | undefined {
  const match = /^(u?)int([1-9][0-9]{0,2})$/.exec(type)
  const bits = Number(match?.[2])
  return match && bits <= 256 && bits % 8 === 0 ? { signed: match[1] === '', bits } : undefined
}

/** The length of a fixed number of bytes, 1 to 32. */
function bytesOf(type: string): number | undefined {
  const match = /^bytes([1-9][0-9]?)$/.exec(type)
  return match && Number(match[1]) <= 32 ? Number(match[1]) : undefined
}

// ---- values ----

interface Reading extends Scope {
  /** How many values may still come. */
  left: number
}

function readValue(type: string, value: unknown, reading: Reading, where: string): TypedValue {
  const { types, rules } = reading
  if (--reading.left < 0) throw invalid(`It holds more than ${MAX_VALUES} values.`)
  const element = elementOf(type)
  if (element) {
    if (!Array.isArray(value)) throw invalid(`${where} should be a list.`)
    if (element.length !== undefined && value.length !== element.length)
      throw invalid(`${where} should have ${element.length} elements and has ${value.length}.`)
    return Array.from(value, (item, i) => readValue(element.type, item, reading, `${where}[${i}]`))
  }
  if (Object.hasOwn(types, type)) {
    const names = types[type]!.map((field) => field.name)
    const fields = exactly(value, names, where)
    return Object.fromEntries(
      types[type]!.map((field) => [
        field.name,
        readValue(field.type, fields[field.name], reading, `${where}.${field.name}`),
      ]),
    )
  }
  return readAtomic(hashedAs(type, rules), value, rules, where)
}

function readAtomic(type: string, value: unknown, rules: TypedDataRules, where: string): TypedValue {
  const integer = integerOf(type)
  if (integer) return readInteger(integer, value, where)
  switch (type) {
    case 'bool':
      if (typeof value === 'boolean') return value
      throw invalid(`${where} should be true or false.`)
    case 'string':
      if (typeof value === 'string' && !/\p{Surrogate}/u.test(value)) return value
      throw invalid(`${where} should be text with a UTF-8 form.`)
    case 'address':
      try {
        return rules.parseAddress(value as string)
      } catch (cause) {
        throw invalid(`${where} should be an address.`, cause)
      }
    default:
      if (isBytes(value, bytesOf(type))) return value.toLowerCase()
      throw invalid(`${where} should be bytes in hex, as many as ${type} has.`)
  }
}

/** True for `0x` and whole bytes, as many as `size` says where it says it. */
function isBytes(value: unknown, size: number | undefined): value is string {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) return false
  return size === undefined || value.length === 2 + 2 * size
}

function readInteger(
  { signed, bits }: { signed: boolean; bits: number },
  value: unknown,
  where: string,
): bigint {
  const integer = exactInteger(value)
  if (integer === undefined)
    throw invalid(`${where} should be a whole number that is written exactly, as a string or up to 2^53.`)
  const fits = signed ? BigInt.asIntN(bits, integer) === integer : BigInt.asUintN(bits, integer) === integer
  if (fits) return integer
  throw invalid(`${where} does not fit into its type.`)
}

function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^(?:-?(?:0|[1-9][0-9]{0,77})|0x[0-9a-fA-F]{1,64})$/.test(value))
    return undefined
  return BigInt(value)
}

// ---- objects ----

function record(json: unknown, what: string): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>
  throw invalid(`${what} is missing or is not an object.`)
}

/** An object with these fields and no others. */
function exactly(json: unknown, names: readonly string[], what: string): Record<string, unknown> {
  const fields = record(json, what)
  const missing = names.find((name) => !Object.hasOwn(fields, name))
  if (missing !== undefined) throw invalid(`${what} lacks the field "${missing}".`)
  if (Object.keys(fields).length !== names.length) throw invalid(`${what} has a field that is not declared.`)
  return fields
}

function invalid(reason: string, cause?: unknown): CofferError {
  return new CofferError({
    code: 'INVALID_TYPED_DATA',
    message: `This typed data is not signed. ${reason} Do not trust the site that asks for it.`,
    cause,
  })
}

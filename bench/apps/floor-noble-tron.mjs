// The floor under every wallet of Tron: noble and scure, with the few fields of protobuf written out. No checks, no types,
// no errors.
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { createBase58check } from '@scure/base'
import { HDKey } from '@scure/bip32'
import { generateMnemonic, mnemonicToSeed } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'

export const words = () => generateMnemonic(wordlist)

export async function sign({ mnemonic, transfer: { to, amount, blockHeader } }) {
  const key = HDKey.fromMasterSeed(await mnemonicToSeed(mnemonic)).derive("m/44'/195'/0'/0/0").privateKey
  const point = secp256k1.getPublicKey(key, false).subarray(1)
  const owner = concatBytes(Uint8Array.of(0x41), keccak_256(point).subarray(12))
  const { ref_block_bytes, ref_block_hash, expiration, timestamp } = blockHeader
  const contract = concatBytes(
    bytes(1, owner),
    bytes(2, createBase58check(sha256).decode(to)),
    number(3, amount),
  )
  const parameter = concatBytes(
    bytes(1, utf8ToBytes('type.googleapis.com/protocol.TransferContract')),
    bytes(2, contract),
  )
  const raw = concatBytes(
    bytes(1, hexToBytes(ref_block_bytes)),
    bytes(4, hexToBytes(ref_block_hash)),
    number(8, expiration),
    bytes(11, concatBytes(number(1, 1), bytes(2, parameter))),
    number(14, timestamp),
  )
  const hash = sha256(raw)
  const signature = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' })
  const rsv = concatBytes(signature.subarray(1), Uint8Array.of(27 + signature[0]))
  return `${bytesToHex(hash)} ${bytesToHex(rsv)}`
}

const number = (field, value) => concatBytes(varint(field << 3), varint(value))
const bytes = (field, value) => concatBytes(varint((field << 3) | 2), varint(value.length), value)

function varint(value) {
  const digits = []
  let rest = BigInt(value)
  for (; rest > 127n; rest >>= 7n) digits.push(Number(rest & 127n) | 128)
  return Uint8Array.from([...digits, Number(rest)])
}

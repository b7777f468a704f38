// The floor under every wallet: noble and scure, with the few lines of RLP written out. No checks, no types, no errors.
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { HDKey } from '@scure/bip32'
import { generateMnemonic, mnemonicToSeed } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'

export const words = () => generateMnemonic(wordlist)

export async function sign({ mnemonic, tx }) {
  const key = HDKey.fromMasterSeed(await mnemonicToSeed(mnemonic)).derive("m/44'/60'/0'/0/0").privateKey
  const fields = [
    int(tx.chainId),
    int(tx.nonce),
    int(tx.maxPriorityFeePerGas),
    int(tx.maxFeePerGas),
    int(tx.gasLimit),
    hexToBytes(tx.to.slice(2)),
    int(tx.value),
    new Uint8Array(),
    [],
  ]
  const hash = keccak_256(typed(fields))
  const signature = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' })
  const number = (from) => int(BigInt(`0x${bytesToHex(signature.subarray(from, from + 32))}`))
  return `0x${bytesToHex(typed([...fields, int(signature[0]), number(1), number(33)]))}`
}

const typed = (fields) => concatBytes(Uint8Array.of(2), rlp(fields))

function rlp(item) {
  if (item instanceof Uint8Array) return item.length === 1 && item[0] < 128 ? item : prefixed(item, 128)
  return prefixed(concatBytes(...item.map(rlp)), 192)
}

function prefixed(body, base) {
  if (body.length < 56) return concatBytes(Uint8Array.of(base + body.length), body)
  const length = int(body.length)
  return concatBytes(Uint8Array.of(base + 55 + length.length), length, body)
}

function int(value) {
  const hex = BigInt(value).toString(16)
  return BigInt(value) === 0n ? new Uint8Array() : hexToBytes(hex.length % 2 ? `0${hex}` : hex)
}

import { parsePath } from '@coffer/core'
import { hexToBytes } from '@noble/hashes/utils.js'

/** Tags of what the app reads of an authorisation. */
const [STRUCT_VERSION, DELEGATE, CHAIN_ID, NONCE] = [0x00, 0x01, 0x02, 0x03]

/**
 * Has the Ethereum app sign an authorisation of EIP-7702 by its own command, which not every library has: the path, then
 * version, delegate, chain id and nonce, each after its tag and length. Returns r ‖ s.
 *
 * @see https://github.com/LedgerHQ/app-ethereum/blob/develop/doc/ethapp.adoc
 */
export async function authorizationApdu(
  exchange: (apdu: Uint8Array) => Promise<Uint8Array>,
  {
    path,
    chainId,
    address,
    nonce,
  }: { readonly path: string; readonly chainId: bigint; readonly address: string; readonly nonce: bigint },
): Promise<Uint8Array> {
  const steps = parsePath(path)
  const place = [steps.length, ...steps.flatMap((step) => bytesOf(BigInt(step), 4))]
  const fields = [
    ...field(STRUCT_VERSION, [1]),
    ...field(DELEGATE, [...hexToBytes(address.slice(2))]),
    ...field(CHAIN_ID, bytesOf(chainId, 8)),
    ...field(NONCE, bytesOf(nonce, 8)),
  ]
  const data = [...place, ...bytesOf(BigInt(fields.length), 2), ...fields]
  const answer = await exchange(Uint8Array.of(0xe0, 0x34, 0x01, 0x00, data.length, ...data))
  const word = (answer.at(-2)! << 8) | answer.at(-1)!
  if (word !== 0x9000)
    throw Object.assign(new Error(`status word 0x${word.toString(16)}`), { statusCode: word })
  return answer.slice(1, 65)
}

function field(tag: number, value: readonly number[]): readonly number[] {
  return [tag, value.length, ...value]
}

/** Big-endian. */
function bytesOf(value: bigint, size: number): readonly number[] {
  const bytes: number[] = []
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn))
  while (bytes.length < size) bytes.unshift(0)
  return bytes
}

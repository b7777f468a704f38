import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { base58Of, bytesOf, hexOf } from './bytes.ts'
import type { Contract, Permission } from './messages.ts'
import { Refusal } from './refusal.ts'
import { type Account, activePermission, ownerPermission, type State } from './state.ts'

/** The most keys of a permission, and the most signatures of a transaction. */
export const MAX_SIGNATURES = 5

/** A signature cannot be read; `kind` is what `wallet/getsignweight` answers for it. */
export class SignatureProblem extends Error {
  readonly kind: 'SIGNATURE_FORMAT_ERROR' | 'COMPUTE_ADDRESS_ERROR' | 'PERMISSION_ERROR'
  constructor(kind: SignatureProblem['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** The permission that a contract names, when it may be used for that type of contract. */
export function permissionFor(
  account: Account | undefined,
  owner: string,
  { Permission_id: id, type }: Pick<Contract, 'Permission_id' | 'type'>,
): Permission {
  const permission = permissionById(account, owner, id)
  if (!permission) throw new SignatureProblem('PERMISSION_ERROR', "permission isn't exit")
  if (id === 0) return permission
  if (permission.type !== 2) throw new SignatureProblem('PERMISSION_ERROR', 'Permission type is error')
  const operations = bytesOf(permission.operations)
  if (operations.length !== 32) {
    throw new SignatureProblem('PERMISSION_ERROR', `operations size must 32, actual: ${operations.length}`)
  }
  if (!mayDo(operations, type)) throw new SignatureProblem('PERMISSION_ERROR', 'Permission denied')
  return permission
}

export function mayDo(operations: Uint8Array, contractType: number): boolean {
  return ((operations[contractType >> 3] ?? 0) & (1 << (contractType & 7))) !== 0
}

function permissionById(account: Account | undefined, owner: string, id: number): Permission | undefined {
  if (!account) return id === 0 ? ownerPermission(owner) : id === 2 ? activePermission(owner) : undefined
  if (id === 0) return account.owner
  if (id === 1) return account.witness
  return account.actives.find((active) => active.id === id)
}

/** Who signed, and with what weight together. Each key counts once; a stranger's signature spoils it. */
export function weigh(
  permission: Permission,
  signatures: readonly string[],
  txid: string,
): { readonly weight: bigint; readonly approved: readonly string[] } {
  if (signatures.length > permission.keys.length) {
    throw new SignatureProblem(
      'PERMISSION_ERROR',
      `Signature count is ${signatures.length} more than key counts of permission : ${permission.keys.length}`,
    )
  }
  const approved: string[] = []
  let weight = 0n
  for (const signature of signatures) {
    const address = signerOf(signature, txid)
    const key = permission.keys.find((one) => one.address === address)
    if (!key || key.weight === 0n) {
      throw new SignatureProblem(
        'PERMISSION_ERROR',
        `${signature} is signed by ${base58Of(address)} but it is not contained of permission.`,
      )
    }
    if (approved.includes(address)) {
      throw new SignatureProblem('PERMISSION_ERROR', `${base58Of(address)} has signed twice!`)
    }
    approved.push(address)
    weight += key.weight
  }
  return { weight, approved }
}

/** The address whose key made a signature `r ‖ s ‖ v` of a transaction id; v may be 0, 1, 27 or 28. */
export function signerOf(signature: string, txid: string): string {
  const bytes = bytesOf(signature)
  if (bytes.length < 65) {
    throw new SignatureProblem('SIGNATURE_FORMAT_ERROR', `Signature size is ${bytes.length}`)
  }
  const v = bytes[64] ?? 0
  const recovery = v < 27 ? v : v - 27
  try {
    const point = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact')
      .addRecoveryBit(recovery)
      .recoverPublicKey(bytesOf(txid))
    return addressOfKey(point.toBytes(false))
  } catch {
    throw new SignatureProblem(
      'COMPUTE_ADDRESS_ERROR',
      recovery > 3 ? `Header byte out of range: ${v}` : 'Could not recover public key from signature',
    )
  }
}

/** The address of an uncompressed public key, 65 bytes. */
export function addressOfKey(publicKey: Uint8Array): string {
  return `41${hexOf(keccak_256(publicKey.subarray(1)).subarray(12))}`
}

/** Throws SIGERROR unless enough keys of the named permission signed. */
export function checkSignatures(
  state: State,
  owner: string,
  contract: Contract,
  signatures: readonly string[],
  txid: string,
): void {
  const refuse = (reason: string): Refusal => new Refusal('SIGERROR', reason)
  if (signatures.length === 0) throw refuse('miss sig or contract')
  if (signatures.length > MAX_SIGNATURES) throw refuse('too many signatures')
  let isEnough: boolean
  try {
    const permission = permissionFor(state.accounts.get(owner), owner, contract)
    isEnough = weigh(permission, signatures, txid).weight >= permission.threshold
  } catch (error) {
    if (error instanceof SignatureProblem) throw refuse(error.message)
    throw error
  }
  if (!isEnough) throw refuse('sig error')
}

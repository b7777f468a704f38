import { createHash } from 'node:crypto'

/** The hashes that lead from the leaf at `position` to the root, deepest first, and the root; in display order. */
export function merkleBranch(
  leaves: readonly string[],
  position: number,
): { readonly branch: string[]; readonly root: string } {
  const branch: string[] = []
  let row: Buffer[] = leaves.map((leaf) => Buffer.from(leaf, 'hex').reverse())
  for (let at = position; row.length > 1; at >>= 1) {
    const pairs = Math.ceil(row.length / 2)
    const last = row.at(-1) as Buffer
    branch.push(display(row[at ^ 1] ?? last))
    row = Array.from({ length: pairs }, (_, i) =>
      sha256d(Buffer.concat([row[2 * i] as Buffer, row[2 * i + 1] ?? last])),
    )
  }
  return { branch, root: display(row[0] as Buffer) }
}

function sha256d(bytes: Buffer): Buffer {
  const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest()
  return sha256(sha256(bytes))
}

function display(hash: Buffer): string {
  return Buffer.from(hash).reverse().toString('hex')
}

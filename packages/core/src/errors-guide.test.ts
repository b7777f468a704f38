import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('explains every error code in the guide, in the order of the list, and no other', () => {
  const source = readFileSync(new URL('./error.ts', import.meta.url), 'utf8')
  const guide = readFileSync(new URL('../../../docs/guide/errors.md', import.meta.url), 'utf8')
  const codes = [...source.matchAll(/^ {2}\| '([A-Z_]+)'$/gm)].map((match) => match[1])
  expect(codes.length).toBeGreaterThan(40)
  expect([...guide.matchAll(/^## ([A-Z_]+)$/gm)].map((match) => match[1])).toEqual(codes)
})

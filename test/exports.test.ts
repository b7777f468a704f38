import { describe, expect, it } from 'vitest'
import { sourcePaths } from '../scripts/source-aliases.ts'

const entries = Object.entries(sourcePaths()).filter(([name]) => !name.endsWith('*'))

describe('what each package gives', () => {
  it.each(entries)('%s', async (_, file) => {
    const found = (await import(/* @vite-ignore */ new URL(`../${file}`, import.meta.url).href)) as object
    // The types are held by the declarations; this list holds the names that exist at run time.
    expect(Object.keys(found).sort()).toMatchSnapshot()
  })
})

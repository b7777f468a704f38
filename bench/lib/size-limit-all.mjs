// The same for the app of all three chains.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import base from './size-limit.mjs'

export default {
  ...base,
  entryPoints: [fileURLToPath(new URL('../apps/coffer-sign-all.mjs', import.meta.url))],
  outdir: join(tmpdir(), 'coffer-size-limit-all'),
}

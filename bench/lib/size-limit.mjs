// How size-limit builds the browser app: exactly as bundle.mjs does, so that both give the same figure.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export default {
  entryPoints: [fileURLToPath(new URL('../apps/coffer-sign.mjs', import.meta.url))],
  outdir: join(tmpdir(), 'coffer-size-limit'),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  tsconfigRaw: {},
}

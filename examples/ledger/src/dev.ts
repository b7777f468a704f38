// The page, with chains of this machine behind it.
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { startLocalChains } from './local-chains.ts'
import { localChainsPlugin } from './local-chains-plugin.ts'

const chains = await startLocalChains(undefined, console.log)
const server = await createServer({
  root: fileURLToPath(new URL('../', import.meta.url)),
  plugins: [localChainsPlugin(chains)],
})
await server.listen()
server.printUrls()

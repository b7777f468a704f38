import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect, Plugin } from 'vite'
import type { LocalChains } from './local-chains.ts'
import { type Name, names } from './networks.ts'

/** Tells the page where the local chains are, at `/devnet.json`, and lets it ask their faucet, at `/devnet/fund`. */
export function localChainsPlugin({ nodes, fund }: LocalChains): Plugin {
  const serve = ({ middlewares }: { readonly middlewares: Connect.Server }): void => {
    middlewares.use('/devnet.json', (_, response) => answer(response, 200, nodes))
    middlewares.use('/devnet/fund', async (request, response) => {
      try {
        const { name, address } = JSON.parse(await textOf(request)) as { name: Name; address: string }
        if (!names.includes(name)) throw new Error(`There is no chain ${name}`)
        await fund(name, address)
        answer(response, 200, {})
      } catch (error) {
        answer(response, 400, { message: (error as Error).message })
      }
    })
  }
  return { name: 'local-chains', configureServer: serve, configurePreviewServer: serve }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

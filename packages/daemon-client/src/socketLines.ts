import type { Dial } from './lineTransport.ts'
import { endSocket, holdProcess, lossError, type WebSocketConstructor } from './socketWire.ts'
import { badResponse, connectionError, networkError } from './transportErrors.ts'

/** Texts over a WebSocket, each in a message of its own. */
export function socketLines(options: {
  readonly url: string
  readonly origin: string
  readonly webSocket: WebSocketConstructor
}): Dial {
  const { url, origin, webSocket } = options
  return ({ onOpen, onLine, onLost }) => {
    let socket: InstanceType<WebSocketConstructor>
    try {
      socket = new webSocket(url)
    } catch {
      throw networkError(origin, 'is no address that this platform’s WebSocket takes.', {
        retryable: false,
        sent: false,
      })
    }
    let failure: unknown
    socket.onopen = onOpen
    socket.onerror = (event: unknown) => {
      failure = event
    }
    socket.onclose = () => onLost(lossError(origin, failure))
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (typeof data !== 'string') onLost(badResponse(origin, 'sent a binary message.'))
      else onLine(data)
    }
    return {
      send(text) {
        try {
          socket.send(text)
        } catch (failure) {
          onLost(connectionError(origin, failure))
        }
      },
      close: () => endSocket(socket),
      hold: (hold) => holdProcess(socket, hold),
    }
  }
}

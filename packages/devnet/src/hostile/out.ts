import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Out } from './lie.ts'

export function httpOut(response: ServerResponse, stopped: AbortSignal): Out {
  const gone = goneWith(stopped, (end) => response.once('close', end))
  return {
    transport: 'http',
    head: (status, headers = {}) => void response.writeHead(status, headers),
    write: (bytes) =>
      written(gone, (done) => {
        if (response.destroyed) return done()
        if (response.write(bytes)) return done()
        response.once('drain', done)
      }),
    end: () => void response.end(),
    cut: () => void response.socket?.destroy(),
    gone,
  }
}

/** A message in fragments, so that it can be of any length. */
export function webSocketOut(socket: WebSocket, stopped: AbortSignal): Out {
  const gone = goneWith(stopped, (end) => socket.once('close', end))
  return {
    transport: 'ws',
    head: () => {},
    write: (bytes) =>
      written(gone, (done) => socket.send(bytes, { binary: false, fin: false }, () => done())),
    end: () => socket.send('', { binary: false, fin: true }, () => {}),
    cut: () => socket.terminate(),
    gone,
  }
}

export function tcpOut(socket: Socket, stopped: AbortSignal): Out {
  const gone = goneWith(stopped, (end) => socket.once('close', end))
  return {
    transport: 'tcp',
    head: () => {},
    write: (bytes) =>
      written(gone, (done) => {
        if (socket.destroyed || socket.write(bytes)) return done()
        socket.once('drain', done)
      }),
    end: () => void socket.write('\n'),
    cut: () => void socket.destroy(),
    gone,
  }
}

function goneWith(stopped: AbortSignal, onClose: (end: () => void) => void): AbortSignal {
  const closed = new AbortController()
  onClose(() => closed.abort())
  return AbortSignal.any([closed.signal, stopped])
}

function written(gone: AbortSignal, write: (done: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve(false)
    const left = (): void => resolve(false)
    gone.addEventListener('abort', left, { once: true })
    write(() => {
      gone.removeEventListener('abort', left)
      // A turn of the loop, so that whoever writes without end still hears that nobody reads.
      setImmediate(() => resolve(!gone.aborted))
    })
  })
}

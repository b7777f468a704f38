import { type Apdu, StatusWord } from './apdu.ts'

/** What runs when no app is open. */
export const dashboard = { name: 'BOLOS', version: '1.6.0' } as const

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/**
 * The commands that the operating system answers itself: name and version of what runs (in any app), open an app (in the
 * dashboard alone), close the app. `undefined` for every other.
 */
export async function deviceCommand(
  { cla, ins, p1, p2, data }: Apdu,
  app: { readonly name: string; readonly version: string },
  device: { open(name: string): Promise<void>; close(): void },
): Promise<Uint8Array | undefined> {
  const isDashboard = app.name === dashboard.name
  if (cla === 0xb0 && ins === 0x01 && p1 === 0 && p2 === 0) {
    const [name, version] = [text(app.name), text(app.version)]
    return Uint8Array.of(1, name.length, ...name, version.length, ...version, 1, 0)
  }
  if (cla === 0xb0 && ins === 0xa7) {
    if (!isDashboard) device.close()
    return new Uint8Array()
  }
  if (cla === 0xe0 && ins === 0xd8 && isDashboard) {
    if (data.length === 0) throw new StatusWord(0x670a)
    await device.open(new TextDecoder().decode(data))
    return new Uint8Array()
  }
  return undefined
}

import { type Connectable, dmkTransport } from '@coffer/devnet/ledger'
import { DeviceManagementKitBuilder } from '@ledgerhq/device-management-kit'
import { firstValueFrom, of } from 'rxjs'
import type { DmkTransport } from './link.ts'

/** The kit, connected with a device. `polls` as kits do by default, once a second. */
export async function connectDmk(
  device: Connectable,
  { polls = false, model }: { polls?: boolean; model?: string } = {},
): Promise<DmkTransport & { readonly dmk: { close(): void } }> {
  const dmk = new DeviceManagementKitBuilder().addTransport(dmkTransport(device, of, model)).build()
  const found = await firstValueFrom(dmk.startDiscovering({}))
  const sessionId = await dmk.connect({
    device: found,
    sessionRefresherOptions: { isRefresherDisabled: !polls },
  })
  return { dmk, sessionId }
}

export { type DeviceKeySubject, deviceKeyConformance } from './device-key.ts'
export { type TelegramMock, type TelegramMockOptions, telegramMock } from './telegram.ts'

export { type ElectrumTcpOptions, electrumTcp } from './electrumTcp.ts'

export { Buffer } from 'buffer-for-wdk'

export { type Decryption, decryptBackup, type Encryption, encryptBackup } from './encrypted.ts'
export { exportDescriptors, exportSecret, importSecret } from './key-file.ts'
export { generatePassphrase } from './passphrase.ts'
export { type S3Options, s3Target } from './s3-target.ts'
export { backupStaleness, type StaleReason, wordQuiz } from './staleness.ts'
export { type BackupTarget, storeTarget, type TargetOptions, type Written, writeBackup } from './target.ts'
export { signerOf, type Verified, type VerifyOptions, verifyBackup } from './verify.ts'
export {
  type BackupAccount,
  type BackupSecret,
  readWalletBackup,
  type WalletBackup,
  writeWalletBackup,
} from './wallet-backup.ts'

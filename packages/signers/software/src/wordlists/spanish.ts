import { wordlist as words } from '@scure/bip39/wordlists/spanish.js'
import type { Wordlist } from '../wordlist.ts'

/** The official Spanish word list. @see https://github.com/bitcoin/bips/blob/master/bip-0039/bip-0039-wordlists.md */
export const wordlist: Wordlist = words

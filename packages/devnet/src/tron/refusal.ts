/** Why a node does not take a transaction: `response_code` of java-tron. */
export type RefusalCode =
  | 'SIGERROR'
  | 'CONTRACT_VALIDATE_ERROR'
  | 'CONTRACT_EXE_ERROR'
  | 'BANDWITH_ERROR'
  | 'DUP_TRANSACTION_ERROR'
  | 'TAPOS_ERROR'
  | 'TOO_BIG_TRANSACTION_ERROR'
  | 'TRANSACTION_EXPIRATION_ERROR'
  | 'OTHER_ERROR'

/** The message is the reason inside the node; what it tells a client is `sentenceOf`. */
export class Refusal extends Error {
  readonly code: RefusalCode
  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

/** A rule of a contract is not met: java-tron's ContractValidateException. */
export function invalid(message: string): Refusal {
  return new Refusal('CONTRACT_VALIDATE_ERROR', message)
}

/** Throws `invalid(message)` unless the condition holds. */
export function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw invalid(message)
}

/** What a broadcast answers. Some reasons java-tron keeps to itself. */
export function sentenceOf({ code, message }: Refusal): string {
  switch (code) {
    case 'SIGERROR':
      return `Validate signature error: ${message}`
    case 'CONTRACT_VALIDATE_ERROR':
      return `Contract validate error : ${message}`
    case 'CONTRACT_EXE_ERROR':
      return `Contract execute error : ${message}`
    case 'BANDWITH_ERROR':
      return 'Account resource insufficient error.'
    case 'DUP_TRANSACTION_ERROR':
      return 'Dup transaction.'
    case 'TAPOS_ERROR':
      return 'Tapos check error.'
    case 'TRANSACTION_EXPIRATION_ERROR':
      return 'Transaction expired'
    case 'TOO_BIG_TRANSACTION_ERROR':
      return message
    case 'OTHER_ERROR':
      return `Error: ${message}`
  }
}

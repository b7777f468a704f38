/**
 * The chain parameters, by their names in `wallet/getchainparameters`, with values like those of the main network in 2026:
 * fees in sun, `getTransactionFee` per byte, `getEnergyFee` per energy.
 */
export type Parameters = Readonly<Record<string, bigint>>

export const initialParameters: Parameters = {
  getMaintenanceTimeInterval: 21_600_000n,
  getAccountUpgradeCost: 9_999_000_000n,
  getCreateAccountFee: 100_000n,
  getTransactionFee: 1_000n,
  getAssetIssueFee: 1_024_000_000n,
  getWitnessPayPerBlock: 8_000_000n,
  getWitnessStandbyAllowance: 115_200_000_000n,
  getCreateNewAccountFeeInSystemContract: 1_000_000n,
  getCreateNewAccountBandwidthRate: 1n,
  getAllowCreationOfContracts: 1n,
  getRemoveThePowerOfTheGr: -1n,
  getEnergyFee: 100n,
  getExchangeCreateFee: 1_024_000_000n,
  getMaxCpuTimeOfOneTx: 80n,
  getAllowUpdateAccountName: 0n,
  getAllowSameTokenName: 1n,
  getAllowDelegateResource: 1n,
  getTotalEnergyLimit: 180_000_000_000n,
  getAllowTvmTransferTrc10: 1n,
  getTotalEnergyCurrentLimit: 180_000_000_000n,
  getAllowMultiSign: 1n,
  getAllowAdaptiveEnergy: 0n,
  getTotalEnergyTargetLimit: 12_500_000n,
  getTotalEnergyAverageUsage: 0n,
  getUpdateAccountPermissionFee: 100_000_000n,
  getMultiSignFee: 1_000_000n,
  getAllowAccountStateRoot: 0n,
  getAllowProtoFilterNum: 0n,
  getAllowTvmConstantinople: 1n,
  getAllowTvmSolidity059: 1n,
  getAllowTvmIstanbul: 1n,
  getAllowShieldedTRC20Transaction: 1n,
  getForbidTransferToContract: 1n,
  getAdaptiveResourceLimitTargetRatio: 10n,
  getAdaptiveResourceLimitMultiplier: 1_000n,
  getChangeDelegation: 1n,
  getWitness127PayPerBlock: 128_000_000n,
  getAllowMarketTransaction: 0n,
  getMarketSellFee: 0n,
  getMarketCancelFee: 0n,
  getAllowPBFT: 0n,
  getAllowTransactionFeePool: 0n,
  getMaxFeeLimit: 15_000_000_000n,
  getAllowOptimizeBlackHole: 1n,
  getAllowNewResourceModel: 0n,
  getAllowTvmFreeze: 0n,
  getAllowTvmVote: 1n,
  getAllowTvmLondon: 1n,
  getAllowTvmCompatibleEvm: 0n,
  getAllowAccountAssetOptimization: 0n,
  getFreeNetLimit: 600n,
  getTotalNetLimit: 43_200_000_000n,
  getAllowHigherLimitForMaxCpuTimeOfOneTx: 1n,
  getAllowAssetOptimization: 1n,
  getAllowNewReward: 1n,
  getMemoFee: 1_000_000n,
  getAllowDelegateOptimization: 1n,
  getUnfreezeDelayDays: 14n,
  getAllowOptimizedReturnValueOfChainId: 1n,
  getAllowDynamicEnergy: 1n,
  getDynamicEnergyThreshold: 5_000_000_000n,
  getDynamicEnergyIncreaseFactor: 2_000n,
  getDynamicEnergyMaxFactor: 34_000n,
  getAllowTvmShangHai: 1n,
  getAllowCancelAllUnfreezeV2: 1n,
  getMaxDelegateLockPeriod: 864_000n,
  getAllowOldRewardOpt: 1n,
  getAllowEnergyAdjustment: 1n,
  getMaxCreateAccountTxSize: 1_000n,
  getAllowStrictMath: 1n,
  getConsensusLogicOptimization: 1n,
  getAllowTvmCancun: 1n,
  getAllowTvmBlob: 0n,
}

/** A parameter by name; those that the simulator reads are all in the table above. */
export function parameter(parameters: Parameters, name: keyof typeof initialParameters): bigint {
  return parameters[name] ?? 0n
}

/** Sun for one energy; a chain that charges nothing does not exist. */
export function energyPrice(parameters: Parameters): bigint {
  const price = parameter(parameters, 'getEnergyFee')
  return price > 0n ? price : 100n
}

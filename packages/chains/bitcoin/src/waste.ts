/** What one choice of coins wastes. Weights in weight units, rates in satoshi for 1,000 virtual bytes, amounts in satoshi. */
export interface WasteOf {
  /** Of all inputs together. */
  readonly inputsWeight: number
  readonly feeRate: number
  /** What spending is expected to cost at another time. */
  readonly longTermFeeRate: number
  /** What making change costs now, and what spending it will cost; absent without change. */
  readonly changeCost?: number | undefined
  /** What goes to the fee because no change can be made of it. */
  readonly excess?: number | undefined
  /** What the inputs pay for the transactions that they come from. */
  readonly extraFee?: number | undefined
}

/**
 * The waste metric: what spending these coins now costs above spending them at another time, and the price of change, or
 * what is given away in its place. The lower the better. Below zero when fees are lower now than later, so that spending
 * many coins saves.
 *
 * @example
 * wasteOf({ inputsWeight: 272, feeRate: 10_000, longTermFeeRate: 5_000, changeCost: 650 }) // 990
 */
export function wasteOf({
  inputsWeight,
  feeRate,
  longTermFeeRate,
  changeCost,
  excess = 0,
  extraFee = 0,
}: WasteOf): number {
  return Math.ceil((inputsWeight * (feeRate - longTermFeeRate)) / 4_000) + extraFee + (changeCost ?? excess)
}

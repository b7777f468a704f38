import { CofferError, type Head, type Source, sleep } from '@coffer/core'
import { type Agreed, commonHeight, count, dissents, type Rule, type Vote } from './ballot.ts'
import type { Reason } from './failover.ts'
import type { Gathering, Panel, Work } from './quorumPanel.ts'
import { cleanText } from './text.ts'
import { networkError } from './transportErrors.ts'

/** Where a source stands: its newest block, and others that go by a name; `undefined` where it knows none. */
export interface Heads {
  readonly latest: Head
  readonly [tag: string]: Head | undefined
}

/** The heights at which all are asked. */
export interface Pins {
  readonly latest: number
  readonly [tag: string]: number | undefined
}

/** What one source said to all questions. */
export interface Ballot<A> {
  readonly answers: readonly A[]
  /** The hash of its block at the pinned height. Only those of one block are counted together. */
  readonly block: string
  /** Its chain grew while it was asked, so that its answers may be of another moment than those of others. */
  readonly moved?: boolean
}

export interface Poll<S extends Source, A> {
  readonly questions: readonly { readonly what: string; readonly rule: Rule<A> }[]
  /** Absent where no answer hangs on a block. */
  heads?(source: S, signal: AbortSignal): Promise<Heads>
  ask(one: Asked<S>, pins: Pins, signal: AbortSignal): Promise<Ballot<A>>
}

export interface Asked<S extends Source> {
  readonly source: S
  readonly name: string
  readonly heads: Heads
}

export interface Verdict<A> {
  readonly agreed: readonly Agreed<A>[]
  readonly pins: Pins
  readonly block: string
  readonly votes: readonly Vote<Ballot<A>>[]
}

const NO_HEADS: Heads = { latest: { height: 0, hash: '' } }
/** Finality comes in steps of an epoch, which not all nodes take at once. */
const FINAL_STEP = 64
/** How often it is asked again while blocks come in, and how long it waits each time, in milliseconds. */
const AGAIN = 3
const PAUSE = 400
/** Told of one source and one request, at most. */
const MOST_TOLD = 10

/**
 * Asks all sources the same questions at one height, and gives what enough of them say; see `quorum` for what it throws.
 * Asks again, a few times, where a block that came in between can be the reason why they differ.
 */
export async function ask<S extends Source, A>(
  panel: Panel<S>,
  poll: Poll<S, A>,
  signal: AbortSignal | undefined,
): Promise<Verdict<A>> {
  for (let round = 1; ; round++) {
    const outcome = await panel.gather<Verdict<A> | Failure>(signal, (gathering) =>
      hear(panel, poll, gathering),
    )
    if (!('error' in outcome)) return outcome
    if (!outcome.moving || round > AGAIN) throw outcome.error
    await sleep(PAUSE * round, signal)
  }
}

interface Failure {
  readonly error: CofferError
  /** It may be that not all were asked of the same moment. */
  readonly moving: boolean
}

function hear<S extends Source, A>(
  panel: Panel<S>,
  poll: Poll<S, A>,
  gathering: Gathering<Verdict<A> | Failure>,
): Work<S> {
  const standing: { readonly name: string; readonly heads: Heads }[] = []
  const behind: Reason[] = []
  const votes: Vote<Ballot<A>>[] = []
  let looking = gathering.open()
  let pins: Pins | undefined = poll.heads ? undefined : { latest: 0 }
  let verdict: Verdict<A> | undefined
  let release = (): void => {}
  const pinned = new Promise<void>((resolve) => {
    release = resolve
  })

  return {
    async walk(member) {
      const { source, name } = member
      const { signal } = gathering
      let heads = NO_HEADS
      if (poll.heads) {
        try {
          heads = await poll.heads(source, signal)
          standing.push({ name, heads })
        } finally {
          looking--
        }
        pin()
        if (!pins && !gathering.isOver()) await pinned
        if (!pins) return
        tellHeight(panel, name, heads, pins)
        if (heads.latest.height < pins.latest) {
          const why = `is at block ${heads.latest.height}, and others at ${pins.latest}.`
          behind.push({ name, error: networkError(name, why) })
          return
        }
      }
      const answer = await poll.ask({ source, name, heads }, pins as Pins, signal)
      panel.succeeded(member)
      const vote = { by: name, answer }
      votes.push(vote)
      if (verdict) tellDissent(panel, poll, verdict, vote)
      else decide(false)
    },
    review() {
      pin()
      decide(gathering.open() === 0)
    },
  }

  function pin(): void {
    if (pins || gathering.isOver()) return
    pins = findPins(panel, standing, looking === 0)
    if (pins) {
      panel.floor = pins.latest
      release()
    }
    if (pins || looking > 0) return
    const error =
      standing.length < panel.agree
        ? panel.shortfall(standing.length, failures())
        : disagreement(
            panel,
            'the newest block',
            standing.map(({ name, heads }) => ({ source: name, said: String(heads.latest.height) })),
          )
    gathering.finish({ error, moving: false })
    release()
  }

  function decide(isLast: boolean): void {
    if (!pins || gathering.isOver()) return
    const camp = campOf(votes, panel.agree)
    const [first] = camp
    const agreed = first
      ? poll.questions.map(({ rule }, i) => count(questionOf(camp, i), panel.agree, rule, isLast))
      : []
    if (first && agreed.every((one) => one !== undefined)) {
      verdict = { agreed, pins, block: first.answer.block, votes: camp }
      gathering.finish(verdict)
      for (const vote of votes) tellDissent(panel, poll, verdict, vote)
    } else if (isLast) gathering.finish({ error: noVerdict(agreed), moving: isMoving() })
  }

  function failures(): readonly Reason[] {
    return [...gathering.resting, ...gathering.reasons]
  }

  function isMoving(): boolean {
    return (
      votes.some(({ answer }) => answer.moved) || new Set(votes.map(({ answer }) => answer.block)).size > 1
    )
  }

  function noVerdict(agreed: readonly (Agreed<A> | undefined)[]): CofferError {
    if (votes.length < panel.agree) return panel.shortfall(votes.length, [...failures(), ...behind])
    const at = agreed.indexOf(undefined)
    const question = poll.questions[at]
    if (!question)
      return disagreement(
        panel,
        `block ${pins?.latest}`,
        votes.map(({ by, answer }) => ({ source: by, said: short(answer.block) })),
      )
    const answers = questionOf(votes, at).map(({ by, answer }) => ({
      source: by,
      said: short((question.rule.show ?? question.rule.key)(answer)),
    }))
    return disagreement(panel, question.what, answers)
  }
}

/** The votes of the one block that enough have. */
function campOf<A>(votes: readonly Vote<Ballot<A>>[], agree: number): readonly Vote<Ballot<A>>[] {
  for (const { answer } of votes) {
    const camp = votes.filter((vote) => vote.answer.block === answer.block)
    if (camp.length >= agree) return camp
  }
  return []
}

function questionOf<A>(votes: readonly Vote<Ballot<A>>[], i: number): Vote<A>[] {
  return votes.map(({ by, answer }) => ({ by, answer: answer.answers[i] as A }))
}

function findPins<S extends Source>(
  { agree, maxLag, floor }: Panel<S>,
  standing: readonly { readonly heads: Heads }[],
  isLast: boolean,
): Pins | undefined {
  const heightsOf = (tag: string): number[] => standing.flatMap(({ heads }) => heads[tag]?.height ?? [])
  const latest = commonHeight(heightsOf('latest'), agree, maxLag)
  // Who reads after a payment was seen must not get an older block, if there is any other way.
  if (latest === undefined || (latest < floor && !isLast)) return undefined
  const pins: Record<string, number | undefined> = {}
  for (const tag of new Set(standing.flatMap(({ heads }) => Object.keys(heads)))) {
    if (tag === 'latest') continue
    const heights = heightsOf(tag)
    const height = commonHeight(heights, agree, maxLag + FINAL_STEP)
    if (height === undefined && standing.length - heights.length < agree) return undefined
    pins[tag] = height
  }
  return { ...pins, latest }
}

function tellHeight<S extends Source>(panel: Panel<S>, source: string, { latest }: Heads, pins: Pins): void {
  const { chain, lagging, maxLag } = panel
  const { height } = latest
  if (height > pins.latest + maxLag) {
    const [said, agreed] = [String(height), String(pins.latest)]
    panel.onEvent({ type: 'dissent', chain, source, question: 'the newest block', said, agreed })
  }
  if (height >= pins.latest - maxLag) return void lagging.delete(source)
  if (lagging.has(source)) return
  lagging.add(source)
  panel.onEvent({ type: 'lagging', chain, source, height, common: pins.latest })
}

function tellDissent<S extends Source, A>(
  { chain, onEvent }: Panel<S>,
  { questions }: Poll<S, A>,
  { agreed, block, pins }: Verdict<A>,
  { by: source, answer }: Vote<Ballot<A>>,
): void {
  if (answer.block !== block) {
    const [said, agreed] = [short(answer.block), short(block)]
    onEvent({ type: 'dissent', chain, source, question: `block ${pins.latest}`, said, agreed })
    return
  }
  let told = 0
  agreed.forEach((one, i) => {
    const question = questions[i]
    const said = answer.answers[i] as A
    if (!question || !dissents(said, one, question.rule) || ++told > MOST_TOLD) return
    const { what, rule } = question
    // What is far off under the same key shows in the value alone.
    const [mine, theirs] = rule.show ? [rule.show(said), rule.show(one.value)] : [rule.key(said), one.key]
    onEvent({ type: 'dissent', chain, source, question: what, said: short(mine), agreed: short(theirs) })
  })
}

function disagreement<S extends Source>(
  { chain, agree }: Panel<S>,
  question: string,
  answers: readonly { readonly source: string; readonly said: string }[],
): CofferError {
  const list = answers.map(({ source, said }) => `${source} says ${said.slice(0, 60)}`).join('; ')
  return new CofferError({
    code: 'NODES_DISAGREE',
    message: `The sources of ${chain} do not agree on ${question}, and ${agree} must: ${list}. Try again; if it stays, leave out the one that is wrong.`,
    details: { chain, question, agree, answers },
    retryable: true,
  })
}

/** What a source said, fit to be shown. */
function short(text: string): string {
  const clean = cleanText(text)
  return clean.length > 120 ? `${clean.slice(0, 80)}…${clean.slice(-30)}` : clean
}

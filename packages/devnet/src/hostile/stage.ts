import type { Answer, Ask, BreakWire, Call, Lie, Played, Told } from './lie.ts'
import { isAbout } from './lie.ts'

/** Which lies are on, what was asked, what was told. */
export interface Stage {
  readonly calls: Call[]
  readonly played: Played[]
  play(lie: Lie, times: number): () => void
  calm(): void
  /** Whether any lie would have a say. */
  isHonest(call: Call): boolean
  /** The outcome of a call, with every lie that is about it; the last one played has the last word. */
  perform(call: Call, ask: (call: Call) => Promise<Answer>): Promise<Told>
}

interface Act {
  readonly lie: Lie
  left: number
}

export function openStage(): Stage {
  const calls: Call[] = []
  const played: Played[] = []
  let acts: readonly Act[] = []

  const actsAbout = (call: Call): Act[] => acts.filter(({ lie, left }) => left > 0 && isAbout(lie, call))

  async function tell(act: Act, call: Call, ask: (call: Call) => Promise<Answer>): Promise<Told> {
    const { lie } = act
    let honest: Answer | undefined
    const askServer: Ask = async (other = call) => {
      const answer = await ask(other)
      if (other === call) honest = answer
      return answer
    }
    // Taken before the first wait, so that a lie for one call is not told to two at a time.
    act.left--
    try {
      const told = await lie.tell(call, askServer)
      if (told !== undefined && told === honest) {
        act.left++
        return told
      }
      played.push({ lie: lie.name, ...(lie.attack ? { attack: lie.attack } : {}), call })
      return told
    } catch (error) {
      act.left++
      throw error
    }
  }

  return {
    calls,
    played,
    play(lie, times) {
      const act = { lie, left: times }
      acts = [...acts, act]
      return () => {
        acts = acts.filter((other) => other !== act)
      }
    },
    calm() {
      acts = []
    },
    isHonest: (call) => actsAbout(call).length === 0,
    perform(call, ask) {
      return new Promise((resolve, reject) => {
        // Broken bytes of an inner lie are the end of it: the outer one, which waits for an answer, never gets one.
        const steps = actsAbout(call).reduce<(call: Call) => Promise<Answer>>(
          (inner, act) => async (call) => {
            const told = await tell(act, call, inner)
            if (typeof told === 'object') return told
            resolve(told)
            return new Promise<never>(() => {})
          },
          ask,
        )
        steps(call).then(resolve, reject)
      })
    },
  }
}

export function isBroken(told: Told): told is BreakWire {
  return typeof told === 'function'
}

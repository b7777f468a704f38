import { signsEverything } from '../offline.fixture.ts'
import { dmkSigners } from './signer.fixture.ts'

signsEverything('the Device Management Kit', dmkSigners())

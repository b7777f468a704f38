import { ledgerConformance } from '../conformance.fixture.ts'
import { dmkSigners } from './signer.fixture.ts'

ledgerConformance('the Device Management Kit', dmkSigners())

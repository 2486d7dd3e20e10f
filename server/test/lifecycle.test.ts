import assert from "node:assert/strict"
import { test } from "node:test"
import * as codes from "./lifecycle-codes.ts"
import { machineCredentials, machineEvents, makeMachine } from "./lifecycle-machines.ts"
import { personEvents } from "./lifecycle-people-events.ts"
import { makePerson, personCredentials, type Place } from "./lifecycle-people.ts"
import { makeService, serviceCredentials, serviceEvents } from "./lifecycle-services.ts"
import { describeSuite, refusalsOf } from "./lifecycle.ts"
import { startMailServer } from "./mail-server.ts"
import { startTwoServers } from "./two-servers.ts"

const mail = await startMailServer()
// Only the second one sends mail: the first shows the links of invitations instead.
const servers = await startTwoServers(mail.env)
const place: Place = { ...servers, mail }

describeSuite(
  "a person",
  {
    make: (options) => makePerson(place, options),
    credentials: personCredentials,
    events: personEvents,
  },
  servers,
)

describeSuite(
  "a machine identity",
  {
    make: (options) => makeMachine(place, options),
    credentials: machineCredentials,
    events: machineEvents,
  },
  servers,
)

describeSuite(
  "a service token",
  {
    make: (options) => makeService(place, options),
    credentials: serviceCredentials,
    events: serviceEvents,
  },
  servers,
)

describeSuite(
  "an invitation",
  {
    make: () => codes.makeInvited(place),
    credentials: codes.invitationCredentials,
    events: codes.invitationEvents,
  },
  servers,
)

describeSuite(
  "a change of address",
  { make: () => codes.makeMoving(place), credentials: codes.moveCredentials, events: codes.moveEvents },
  servers,
)

describeSuite(
  "a sign-up",
  {
    make: () => codes.makeSigningUp(place),
    credentials: codes.signUpCredentials,
    events: codes.signUpEvents,
    isGlobal: true,
  },
  servers,
)

test("the tables refuse no fewer than they did", (t) => {
  const tables = [personEvents, machineEvents, serviceEvents]
  const ofCodes = [codes.invitationEvents, codes.moveEvents, codes.signUpEvents]
  const refusals = [...tables, ...ofCodes].map(refusalsOf).reduce((sum, each) => sum + each)
  t.diagnostic(`${refusals} cells are refusals`)
  assert.ok(refusals >= 139)
})

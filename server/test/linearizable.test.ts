import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { Choices } from "./random-rights.ts"
import { unexplained, type Operation } from "./linearizable.ts"

type Kind = Operation["kind"]

const at = (kind: Kind, found: boolean, begun: number, answered?: number): Operation => ({
  kind,
  found,
  begun,
  ...(answered === undefined ? {} : { answered }),
})
const add = (begun: number, answered: number) => at("add", false, begun, answered)
const remove = (begun: number, answered: number) => at("remove", true, begun, answered)
const read = (found: boolean, begun: number, answered: number) => at("read", found, begun, answered)
const lostAdd = (begun: number) => at("add", false, begun)
const lostRemove = (begun: number) => at("remove", true, begun)

const good: [string, Operation[]][] = [
  ["one after another", [add(1, 2), read(true, 3, 4), remove(5, 6), read(false, 7, 8), add(9, 10)]],
  ["a read amid an add, either way", [add(1, 6), read(false, 2, 3), read(true, 4, 5)]],
  ["an add and a remove that cross", [remove(1, 4), add(2, 3), read(false, 5, 6)]],
  ["an add that is refused since another was quicker", [add(1, 4), at("add", true, 2, 3)]],
  ["a remove that is refused before an add", [at("remove", false, 1, 2), add(3, 4)]],
  ["an add without an answer that was done", [lostAdd(1), read(true, 2, 3)]],
  ["an add without an answer that was not done", [lostAdd(1), read(false, 2, 3), add(4, 5)]],
  ["an add without an answer that is done much later", [lostAdd(1), read(false, 2, 3), read(true, 4, 5)]],
  [
    "two adds without an answer, each done once",
    [lostAdd(1), lostAdd(2), read(true, 3, 4), remove(5, 6), read(true, 7, 8)],
  ],
  ["a remove without an answer", [add(1, 2), lostRemove(3), read(true, 4, 5), read(false, 6, 7), add(8, 9)]],
]

const bad: [string, Operation[], number][] = [
  ["a lost update: an add that was acknowledged is gone", [add(1, 2), read(false, 3, 4)], 1],
  ["a lost update: a remove that was acknowledged is gone", [add(1, 2), remove(3, 4), read(true, 5, 6)], 2],
  ["a stale read after a newer one", [add(1, 6), read(true, 2, 3), read(false, 4, 5)], 2],
  ["a stale read on another server", [add(1, 2), remove(3, 4), read(true, 5, 8), read(false, 6, 7)], 2],
  ["a phantom: somebody whom nobody added", [read(true, 1, 2)], 0],
  ["a phantom: an add that begins only later", [read(true, 1, 2), add(3, 4)], 0],
  ["two adds that both succeed", [add(1, 3), add(2, 4)], 1],
  ["two removes that both succeed", [add(1, 2), remove(3, 5), remove(4, 6)], 2],
  ["an add that is refused though nobody was in", [at("add", true, 1, 2)], 0],
  ["one add without an answer done twice", [lostAdd(1), read(true, 2, 3), remove(4, 5), read(true, 6, 7)], 3],
  ["an add without an answer that undoes itself", [lostAdd(1), read(true, 2, 3), read(false, 4, 5)], 2],
  ["a remove without an answer that began after", [add(1, 2), read(false, 3, 4), lostRemove(5)], 1],
]

describe("answers", () => {
  for (const [name, operations] of good) {
    test(`that an order explains: ${name}`, () => assert.equal(unexplained(operations), undefined))
  }
  for (const [name, operations, index] of bad) {
    test(`that no order explains: ${name}`, () => assert.equal(unexplained(operations), operations[index]))
  }
})

/** Tries every order of all that was done, and every choice of what was done of the rest. */
function isExplained(operations: readonly Operation[], isIn = false): boolean {
  if (operations.every(({ answered }) => answered === undefined)) return true
  const firstAnswer = Math.min(...operations.map(({ answered }) => answered ?? Infinity))
  return operations.some((next) => {
    if (next.begun > firstAnswer || next.found !== isIn) return false
    const rest = operations.filter((each) => each !== next)
    return isExplained(rest, next.kind === "read" ? isIn : next.kind === "add")
  })
}

function randomHistory(choices: Choices): Operation[] {
  const places = Array.from({ length: 12 }, (_, index) => index)
  const taken = () => places.splice(choices.below(places.length), 1)[0] ?? 0
  return Array.from({ length: 6 }, () => {
    const [begun = 0, answered] = [taken(), taken()].toSorted((a, b) => a - b)
    const kind = choices.one(["add", "remove", "read"] as const)
    const isLost = kind !== "read" && choices.onceIn(3)
    const usual = kind === "read" ? choices.onceIn(2) : kind === "remove"
    const found = isLost || !choices.onceIn(5) ? usual : !usual
    return at(kind, found, begun, isLost ? undefined : answered)
  })
}

test("random histories are judged as by trying every order", () => {
  const choices = new Choices(7)
  const judged = { explained: 0, unexplained: 0 }
  for (let time = 0; time < 4_000; time++) {
    const history = randomHistory(choices)
    const expected = isExplained(history)
    assert.equal(unexplained(history) === undefined, expected, JSON.stringify(history))
    judged[expected ? "explained" : "unexplained"]++
  }
  assert.ok(Math.min(judged.explained, judged.unexplained) > 400, JSON.stringify(judged))
})

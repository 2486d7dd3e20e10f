import type pg from "pg"

/** What was made for the questions, and by what its parts are called. */
export type Place = {
  orgId: string
  /** In 20 groups, and by them in a thousand projects and one more. */ personId: string
  /** In a group or two and no project, and has left another. */ usualPersonId: string
  /** Has 40 roles whose rules hang on conditions, which are all the person's. */ projectId: string
  /** Groups that nobody was in. */ emptyGroupIds: readonly string[]
  /** The usernames of everybody else. */ usernames: readonly string[]
  /** A time at which all was there that is there, and more. */ before: string
  /** Another, when everybody was in other groups. */ longAgo: string
  /** A bare client of the same database. */ client: pg.Client
}

/** Something that is asked about access, and how long the answer may take. */
export type Question = {
  what: string
  goalMs: number
  /** How many are asked; as many as the run is told to unless it is said. */ times?: number
  /** What is asked the time with this number, from zero on. */
  ask(time: number): { route: string; body?: unknown }
  /** Whether the body of an answer is one that was to be measured. */
  isRight(body: any): boolean // eslint-disable-line typescript/no-explicit-any
  /** The least that it can take, done in turn with it; the smallest request of the same caller unless it is said. */
  floor?: { what: string; run(time: number): Promise<unknown> }
}

const asked = (path: string, query: Record<string, string>): string =>
  `GET ${path}?${new URLSearchParams(query).toString()}`

/** Each of them by itself, in the order in which they are asked. */
export const questionsOf = (place: Place): Question[] => [
  ...explanations(place),
  ...questionsOfThePast(place),
  bulkAdd(place),
]

function explanations({ personId, projectId }: Place): Question[] {
  const explain = (right: Record<string, string>) => () => ({
    route: asked("/api/v1/access/explain", { actorType: "user", actorId: personId, ...right }),
  })
  return [
    {
      what: "explain, in the organization",
      goalMs: 5,
      ask: explain({ subject: "project", action: "create" }),
      isRight: ({ allowed, chain }) => allowed === true && chain.length > 0,
    },
    {
      what: "explain, in a project by 40 roles",
      goalMs: 5,
      ask: explain({
        projectId,
        environment: "dev",
        secretPath: "/team-40/api",
        subject: "secrets",
        action: "readValue",
      }),
      isRight: ({ allowed, chain }) => allowed === true && chain.length > 0,
    },
  ]
}

/** A page of a hundred holdings, of a year ago and of a second ago. */
function questionsOfThePast({ personId, usualPersonId, before, longAgo }: Place): Question[] {
  const asOf = (id: string, at: string) => () => ({
    route: asked("/api/v1/access/as-of", { subjectType: "user", subjectId: id, at }),
  })
  const hasAtLeast =
    (count: number): Question["isRight"] =>
    ({ totalCount, holdings }) =>
      totalCount >= count && holdings.length === Math.min(totalCount, 100)
  return [
    {
      what: "as-of of a person, long ago",
      goalMs: 20,
      ask: asOf(usualPersonId, longAgo),
      isRight: hasAtLeast(3),
    },
    {
      what: "as-of of a person, just now",
      goalMs: 20,
      ask: asOf(usualPersonId, before),
      isRight: hasAtLeast(4),
    },
    {
      what: "as-of of a person in 1,000 projects",
      goalMs: 20,
      ask: asOf(personId, before),
      isRight: hasAtLeast(2_000),
    },
    {
      what: "difference of a person, two years",
      goalMs: 20,
      ask: () => ({
        route: asked("/api/v1/access/difference", {
          subjectType: "user",
          subjectId: usualPersonId,
          from: longAgo,
        }),
      }),
      isRight: ({ totalCount }) => totalCount >= 4,
    },
  ]
}

const bulkRows = 10_000

/** Into another empty group each time, beside the same rows by two bare statements. */
function bulkAdd({ orgId, emptyGroupIds, usernames, client }: Place): Question {
  const times = Math.floor(emptyGroupIds.length / 2)
  const members = usernames.slice(0, bulkRows).map((username) => ({ username }))
  return {
    what: `bulk add of ${bulkRows.toLocaleString("en")}`,
    goalMs: 3_000,
    times,
    ask: (time) => ({ route: `POST /api/v1/groups/${emptyGroupIds[time]}/members/bulk`, body: { members } }),
    isRight: ({ added }) => added === bulkRows,
    floor: {
      what: "two bare inserts",
      run: (time) =>
        client.query(bareInsertsSql, [
          orgId,
          emptyGroupIds[times + time],
          members.map(({ username }) => username),
        ]),
    },
  }
}

const bareInsertsSql = `
  with added as (
    insert into group_user_memberships (org_id, id, group_id, membership_id)
    select $1::uuid, uuidv7(), $2::uuid, id from active_organization_user_memberships
    where org_id = $1::uuid and username = any($3::text[])
    returning membership_id
  )
  insert into audit_logs
    (org_id, id, event_type, event_metadata, actor_type, actor_metadata, ip_address, user_agent, user_agent_type)
  select $1::uuid, uuidv7(), 'add-user-to-group', jsonb_build_object('groupId', $2::uuid, 'membershipId', membership_id),
    'identity', '{}', '127.0.0.1', 'bench', 'other'
  from added`

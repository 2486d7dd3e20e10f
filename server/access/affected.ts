/**
 * Whom a change of access is about, and where, as a preview compares it. Names are as they were sent: what there is none
 * of is nobody. Wherever somebody is left out who is affected, a preview of them says nothing.
 */
export type Affected = {
  /** Only in the organization, only in the project of the request, wherever the group is, or in all of it. */
  where: "organization" | "project" | "everywhere" | { organizationAndProjectsOfGroup: string }
  who: Who
}

/** People and machine identities of the organization, by what requests call them. */
export type Who = {
  usernames?: readonly string[]
  /** Accounts. */ users?: readonly string[]
  /** Memberships of people in the organization. */ members?: readonly string[]
  /** Memberships of people in the project of the request. */ projectMembers?: readonly string[]
  identities?: readonly string[]
  /** All members of the groups, by their ids or names. */ groups?: readonly string[]
  /** All holders of custom roles, of the organization or of the project of the request. */
  roles?: readonly string[]
  /** Who has these additional privileges. */ userPrivileges?: readonly string[]
  identityPrivileges?: readonly string[]
  /** All who are in the project of the request. */ everybodyInProject?: true
}

import type { Mail } from "./mailer.ts"

/** The mail that tells that a membership in a group ends soon. */
export const membershipEndMail = (membership: {
  to: string
  group: string
  organization: string
  until: Date
}): Mail => {
  const until = `${membership.until.toISOString().slice(0, 16).replace("T", " ")} UTC`
  return {
    to: membership.to,
    subject: `Your membership in ${membership.group} on Conclave ends soon`,
    text: [
      `Your membership in the group "${membership.group}" of the organization "${membership.organization}" ends at ${until}.`,
      "What you may do only by this group ends with it. If you need it for longer, ask those who manage the group.",
    ].join("\n\n"),
  }
}

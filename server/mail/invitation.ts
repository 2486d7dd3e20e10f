import type { Mail } from "./mailer.ts"

/** The mail that carries an invitation's link. */
export const invitationMail = (invitation: {
  to: string
  organization: string
  link: string
  validDays: number
}): Mail => ({
  to: invitation.to,
  subject: `You are invited to ${invitation.organization} on Conclave`,
  text: [
    `You have been invited to the organization "${invitation.organization}" on Conclave.`,
    `To accept, open this link within ${invitation.validDays} days:`,
    invitation.link,
    "If you did not expect this, you can leave it unanswered: nothing happens without you.",
  ].join("\n\n"),
})

import type { Mail } from "./mailer.ts"

/** The mail with the link to set a new password. */
export const passwordResetMail = (reset: { to: string; link: string; lifetimeMinutes: number }): Mail => ({
  to: reset.to,
  subject: "Set a new password on Conclave",
  text: [
    "Somebody, probably you, has asked to set a new password for your account on Conclave.",
    `To do so, open this link within ${reset.lifetimeMinutes} minutes:`,
    reset.link,
    "If it was not you, you can leave this unanswered: your password stays as it is.",
  ].join("\n\n"),
})

/** The mail with the code that proves the address of a new account. */
export const signUpCodeMail = (signUp: { to: string; code: string; lifetimeMinutes: number }): Mail => ({
  to: signUp.to,
  subject: "Confirm your address on Conclave",
  text: [
    "Somebody, probably you, wants an account with this address on Conclave. The code to confirm it is",
    signUp.code,
    `It is good for ${signUp.lifetimeMinutes} minutes. If it was not you, you can leave this unanswered.`,
  ].join("\n\n"),
})

/** What the holder of an account is told when somebody signs up with its address. */
export const accountExistsMail = ({ to }: { to: string }): Mail => ({
  to,
  subject: "You have an account on Conclave already",
  text: [
    "Somebody, probably you, wants an account with this address on Conclave. There is one already: sign in with it, or",
    "set a new password if you have forgotten yours. If it was not you, you can leave this unanswered.",
  ].join("\n"),
})

/** The mail with the code that proves the new address of an account. */
export const addressCodeMail = (change: { to: string; code: string; lifetimeMinutes: number }): Mail => ({
  to: change.to,
  subject: "Confirm your address on Conclave",
  text: [
    "Somebody, probably you, wants to use this address for an account on Conclave. The code to confirm it is",
    change.code,
    `It is good for ${change.lifetimeMinutes} minutes. If it was not you, you can leave this unanswered.`,
  ].join("\n\n"),
})

/** What the old address of an account is told when it has a new one. */
export const addressChangedMail = (change: { to: string; newAddress: string }): Mail => ({
  to: change.to,
  subject: "Your address on Conclave has been changed",
  text: [
    `Your account on Conclave now has the address ${change.newAddress}.`,
    "If it was not you who changed it, tell whoever runs the server.",
  ].join("\n\n"),
})

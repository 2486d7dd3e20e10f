/** Key material that clients of old encrypt with the password; the client's types demand it, and nothing reads it. */
export const keyMaterial = {
  protectedKey: "",
  protectedKeyIV: "",
  protectedKeyTag: "",
  publicKey: "",
  encryptedPrivateKey: "",
  encryptedPrivateKeyIV: "",
  encryptedPrivateKeyTag: "",
  salt: "",
  verifier: "",
}

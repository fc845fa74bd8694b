/** base64url as RFC 7515 section 2 has it: no padding, no other character, and one spelling for each value. */

/** The bytes that a text stands for; `null` when it is not what encoding them gives: Node's decoder takes much more. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? Uint8Array.from(bytes) : null;
}

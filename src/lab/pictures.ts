/** The pictures that `fractal` paints for the lab: one of so many sizes for each tenant. */

/** Side lengths in pixels, and the SHA-256 of the PNG in hex, as V8 without Kerb computes it: it changes when the app is built anew. */
export const PICTURES: readonly (readonly [size: number, sha256: string])[] = Object.freeze([
  [40, 'f78a82f4732cd651c38a46185294b51201743b436347927706e9642b0424ce6b'],
  [41, 'fe473659d7d47e93904c62cd00169de19adeb60efab7830d7d1e768dd1929260'],
  [42, 'c949cf3dc624824232a5f2689783d23ee3b78be5b2c6b443dca4b143c4c50c60'],
  [43, 'd4448b2449751e2c436e8d25990ccf94932ed9c472bf105e7b3a2dd90d894fa3'],
  [44, '015996020f2b49fe042f2d38d36694af218c699a3d0f373dec3e19f797893a46'],
  [45, 'e6597febfbb1a291164d9202cd664d8fc76d2fb21b626c08a081342d8408eca8'],
  [46, '83e2e17970f5d3a9ca0d29db84c46eb98c00dcfe4c689befca057ff490e99c33'],
  [47, '1d8cea20c42af0ac617601d617a026ebab23872e548165325c44509b518efe0e'],
  [48, '6331a8310e985a28454004d556a8a5ca32a31441358f453f3fd025bb407b06a0'],
  [49, 'a11ca5d1a8b6ae9dd340acfc4e6c4fd03dd26df941612d4432a64d150bef1352'],
  [50, 'b04452b7967016f17d58e6504d9c31e7494955accefa82908e228bd1ad15d705'],
  [51, '940cbdc7922c5e2c12999632c0bf4e4321e44c0ed895c2eced60ff07be8ade23'],
  [52, '62904153cdd0aefbfa8a6cd09de7808e4a31dd9b22a4a8eda8710ffb0dabf845'],
  [53, '5da6572a4a491d84c36407f7dbbf036924a48a03b87c809e65e8fe0a96dad949'],
  [54, 'f2d57ac189fc4cfbdc3469d2a9587b40db349f3bca820e54a8abe5ad835606e9'],
  [55, 'a0d358a08830753788ac385dd8a71bed64b20c593bd4d703cd5046b8c88dace8'],
]);

/** What is asked for a picture of that size. */
export function pictureTarget(size: number): string {
  return `/image.png?size=${size}&iter=200`;
}

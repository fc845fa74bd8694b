/** Features of the http-handler ABI, section "features". */

/** Feature bits of `enable_features`. */
export const FEATURE = { bufferRequest: 1, bufferResponse: 2, trailers: 4 } as const;

/**
 * The features that this host has. Trailers are not among them: the transport can neither read nor send trailer sections,
 * so that, as the ABI asks, the bit stays 0, trailer kinds have no names or values, and setting one ends the guest.
 */
export const SUPPORTED_FEATURES = FEATURE.bufferRequest | FEATURE.bufferResponse;

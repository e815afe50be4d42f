/* SPDX-License-Identifier: ISC */
/**
 * @file algo_names.h  Names of the algorithms in a struct ipm_proposal, as operators know them.
 *
 * An algorithm that is not in the tables is "encr-NNN", "integ-NNN" ... with its IANA number, or "encr-other" without
 * one. It is never "none": an auditor would read that as a tunnel in the clear.
 *
 * Ownership: text goes to the caller's buffer, always ends in NUL, and is returned.
 * Threads:   no state.
 */
#ifndef ALGO_NAMES_H
#define ALGO_NAMES_H

#include <stddef.h>

#include "ipm_types.h"

enum algo_type { ALGO_ENCR, ALGO_PRF, ALGO_INTEG, ALGO_GROUP };

#define ALGO_NAME_MAX      48
#define ALGO_TRANSFORM_MAX 96

/**
 * The plain name: "AES_CBC_256", "HMAC_SHA2_256_128", "PRF_HMAC_SHA1", "MODP_2048".
 *
 * @param bits  key length, appended to the name; 0: none
 * @return      NULL if @p number is 0: the suite has no such transform, or it is not known
 */
const char *algo_name(enum algo_type type, uint16_t number, uint16_t bits, char out[ALGO_NAME_MAX]);

/** The number of the transform with this plain name, without a key length; 0: not known. */
uint16_t algo_number(enum algo_type type, const char *name, size_t octets);

/**
 * The suite of an SA as IOS writes a transform: "esp-256-aes esp-sha256-hmac", "esp-gcm 256", "ah-sha-hmac". Algorithms
 * that IOS lacks have names in the same style.
 *
 * @param protocol  IP protocol: 50 ESP, 51 AH, 108 IPComp
 */
const char *algo_transform(uint8_t protocol, const struct ipm_proposal *p, char out[ALGO_TRANSFORM_MAX]);

/**
 * The suite of an SA as IOS names it in "show crypto engine connections active": "HMAC_SHA+3DES_56_C",
 * "HMAC_SHA256+AES_CBC_128", "AES_GCM_256". Other algorithms have names in the same style.
 */
const char *algo_engine(uint8_t protocol, const struct ipm_proposal *p, char out[ALGO_TRANSFORM_MAX]);

/** Octets of IV in each packet; -1: not known. */
int algo_iv_octets(uint16_t encr);

#endif

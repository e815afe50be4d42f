/* SPDX-License-Identifier: ISC */
/* Settings from the command line, the environment and a credentials file. */
#ifndef CHK_OPTIONS_H
#define CHK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chk_range.h"

#define CHK_PASS_MAX 256

enum chk_version { CHK_V1, CHK_V2C, CHK_V3 };
enum chk_level { CHK_NO_AUTH, CHK_AUTH, CHK_AUTH_PRIV };

struct chk_peer {
	uint8_t bytes[16];
	size_t len; /* 4 or 16; 0: no address */
};

struct chk_options {
	const char *host, *mode, *name, *peer_text, *context, *user, *state_dir, *auth_proto, *priv_proto;
	unsigned port, retries, bulk, verbose;
	double timeout; /* seconds, for the whole check */
	enum chk_state timeout_state;
	enum chk_version version;
	enum chk_level level;
	struct chk_peer peer;
	struct chk_limits limits;
	char community[CHK_PASS_MAX], auth_pass[CHK_PASS_MAX], priv_pass[CHK_PASS_MAX];
};

enum chk_parsed { CHK_RUN, CHK_HELP, CHK_SHOW_VERSION, CHK_WRONG };

/*
 * Options override the environment (CHECK_IPSECMON_COMMUNITY, _AUTH, _PRIV), and the environment overrides the file.
 * Texts in @p opt point into argv. On failure, @p error says why.
 */
enum chk_parsed chk_options_parse(int argc, char **argv, struct chk_options *opt, char *error, size_t size);

/* Parse an IPv4 or IPv6 address. */
bool chk_peer_parse(const char *text, struct chk_peer *out);

#endif

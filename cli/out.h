/* SPDX-License-Identifier: ISC */
/**
 * @file out.h  How values look: in IOS's text (out_text.c), and in JSON (out_json.c; doc/json.md has the keys).
 *
 * Texts in a segment come from configurations and peers. Printed texts have no control characters and are UTF-8.
 */
#ifndef OUT_H
#define OUT_H

#include <jansson.h>

#include "cli.h"
#include "words.h"

/* ---- text ---- */

#define OUT_AGE_MAX   WORD_AGE_MAX
#define OUT_ADDR_MAX  48
#define OUT_IDENT_MAX 192
#define OUT_TEXT_MAX  (IPM_ID_MAX * 3)
#define OUT_CONN_ID   2000u /* conn id of the SA in slot 0: IOS leaves the lower ones to IKE SAs */

/** A duration: "12 s", "3 min 5 s", "2 h 10 min", "5 d 3 h". */
const char *out_age(uint64_t ns, char out[OUT_AGE_MAX]);

/** The same shorter: "45s", "12m", "3h05m", "2d03h"; as IOS: "00:01:25", "1d03h", "2w1d"; as an ASA: "1d 3h:02m:03s".
 */
const char *out_age_short(uint64_t ns, char out[OUT_AGE_MAX]);
const char *out_age_ios(uint64_t ns, char out[OUT_AGE_MAX]);
const char *out_age_asa(uint64_t ns, char out[OUT_AGE_MAX]);

/** Octets in at most five characters: "999", "1.2k", "34M", "5.6G". Units of 1024. */
#define OUT_SHORT_MAX 24
const char *out_octets_short(uint64_t octets, char out[OUT_SHORT_MAX]);

/** The time since a moment; "never" when it is 0. */
const char *out_since(uint64_t now_ns, uint64_t then_ns, char out[OUT_AGE_MAX]);

/** "192.0.2.1", "2001:DB8::1" (IOS writes capitals), "-" when not known. */
const char *out_addr(const struct ipm_addr *a, char out[OUT_ADDR_MAX]);

/** The text between the parentheses of an ident line: addr/mask/prot/port, for IPv6 addr/length/prot/port. */
const char *out_ident(const struct ipm_sel_side *side, char out[OUT_IDENT_MAX]);

/** Make @p text, which may fill its @p field octets without a NUL, fit for a terminal and for JSON. */
const char *out_clean(const char *text, size_t field, char out[OUT_TEXT_MAX]);
#define OUT_CLEAN(array, out) out_clean(array, sizeof(array), out)

/** The rest of a lifetime of @p life_ns that began at @p from_ns, at least 0; -1: unknown, or no limit. */
int64_t out_remaining_ns(uint64_t now_ns, uint64_t from_ns, uint64_t life_ns);

/* ---- words, for both ---- */

/** "esp", "tunnel", "psk"; NULL when not known. */
const char *out_protocol(uint8_t protocol);
const char *out_encap(uint8_t encap);
const char *out_auth(uint8_t auth);

/* ---- JSON ---- */

/** A list that every segment has in the JSON. */
struct out_json_list {
	const char *key;
	enum ipm_section_kind kind;
	cli_pick *pick; /* NULL: all */
	bool grouped;   /* by group first; else by index alone */
	/** One record as an object; NULL: it is gone. */
	json_t *(*row)(struct cli *cli, const struct cli_row *row);
	/** Add keys to the segment; may be NULL. Of several lists, the first one's is called. */
	void (*head)(struct cli *cli, const struct cli_segment *s, json_t *head);
};

/** Print every segment with @p lists lists, record by record. */
void out_json_segments(struct cli *cli, const struct out_json_list *list, size_t lists);

void out_json_u64(json_t *object, const char *key, uint64_t n);
void out_json_bool(json_t *object, const char *key, bool value);
/** null if 0, which means none, no limit, or unknown. */
void out_json_limit(json_t *object, const char *key, uint64_t n);
/** null if @p text is NULL. The text must be fit for printing. */
void out_json_string(json_t *object, const char *key, const char *text);
/** null if empty. */
void out_json_text(json_t *object, const char *key, const char *text, size_t field);
#define OUT_JSON_TEXT(object, key, array) out_json_text(object, key, array, sizeof(array))
/** In lower case (RFC 5952); null if unknown. */
void out_json_addr(json_t *object, const char *key, const struct ipm_addr *a);
/** In seconds; null if @p ns is negative. */
void out_json_seconds(json_t *object, const char *key, int64_t ns);
/** The time since @p then_ns in seconds; null if that is 0. */
void out_json_since(json_t *object, const char *key, uint64_t now_ns, uint64_t then_ns);
/** "lifetime" and "remaining" of an SA from @p from_ns on; null: no limit. */
void out_json_lifetime(json_t *object, uint64_t now_ns, uint64_t from_ns, uint64_t life_ns);
void out_json_proposal(json_t *object, const char *key, const struct ipm_proposal *p);
/** One side of a traffic selector or of an access list entry. */
json_t *out_json_side(const struct ipm_sel_side *side);
/** Drops by reason. */
void out_json_drops(json_t *object, const char *key, const uint64_t drops[IPM_DROP_COUNT]);
void out_json_traffic(json_t *object, const char *key, const struct ipm_traffic *t);
void out_json_ike_traffic(json_t *object, const char *key, const struct ipm_ike_traffic *t);

#endif

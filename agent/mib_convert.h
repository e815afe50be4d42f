/* SPDX-License-Identifier: ISC */
/**
 * @file mib_convert.h  From the model's units to the MIB's: the conversions that several views use.
 *
 * The numbers of enumerations are those of CISCO-IPSEC-FLOW-MONITOR-MIB and of our additions to it (doc/mapping.md).
 */
#ifndef MIB_CONVERT_H
#define MIB_CONVERT_H

#include "mib.h"
#include "units.h"

#define NS_PER_TICK 10000000u /* a tick is a hundredth of a second */

#define ALGO_NONE   1
#define ALGO_OTHER  99

/* TruthValue */
#define TRUE_VALUE  1
#define FALSE_VALUE 2

typedef char mib_id_text[IPM_ID_MAX], mib_name_text[IPM_NAME_MAX], mib_long_text[IPM_TEXT_MAX];

MIB_CONVERT_DECLARE(mib_u8, uint8_t);
MIB_CONVERT_DECLARE(mib_u32, uint32_t);
MIB_CONVERT_DECLARE(mib_admin_status, uint8_t); /* of a disabled flag: up(1), down(2) */
MIB_CONVERT_DECLARE(mib_index, uint32_t);       /* no cell if 0, which the MIB doesn't allow */
MIB_CONVERT_DECLARE(mib_u64, uint64_t);
MIB_CONVERT_DECLARE(mib_u64_low, uint64_t);  /* as a Counter32 ... */
MIB_CONVERT_DECLARE(mib_u64_high, uint64_t); /* ... and how often that wrapped */
MIB_CONVERT_DECLARE(mib_id, mib_id_text);
MIB_CONVERT_DECLARE(mib_name, mib_name_text);
MIB_CONVERT_DECLARE(mib_text, mib_long_text);
MIB_CONVERT_DECLARE(mib_addr, struct ipm_addr); /* 4 or 16 octets; not known: 0.0.0.0 */

/* Times; fields are CLOCK_BOOTTIME in ns. */
MIB_CONVERT_DECLARE(mib_age, uint64_t);     /* TimeInterval since then */
MIB_CONVERT_DECLARE(mib_since, uint64_t);   /* TimeTicks since then; no cell if 0 */
MIB_CONVERT_DECLARE(mib_moment, uint64_t);  /* TimeStamp */
MIB_CONVERT_DECLARE(mib_seconds, uint64_t); /* a duration */

/* Uncompressed octets; no cell if they are not known. */
MIB_CONVERT_DECLARE(mib_raw, struct ipm_traffic);
MIB_CONVERT_DECLARE(mib_raw_low, struct ipm_traffic);
MIB_CONVERT_DECLARE(mib_raw_high, struct ipm_traffic);

/* Dropped packets. */
MIB_CONVERT_DECLARE(mib_in_drops, struct ipm_traffic); /* without replays */
MIB_CONVERT_DECLARE(mib_replay_drops, struct ipm_traffic);
MIB_CONVERT_DECLARE(mib_out_drops, struct ipm_traffic); /* all */
MIB_CONVERT_DECLARE(mib_auth_fails, struct ipm_traffic);
MIB_CONVERT_DECLARE(mib_crypt_fails, struct ipm_traffic);

/* Algorithms. */
MIB_CONVERT_DECLARE(mib_encrypt_algo, struct ipm_proposal);
MIB_CONVERT_DECLARE(mib_dh_group, struct ipm_proposal);
MIB_CONVERT_DECLARE(mib_ike_hash, struct ipm_proposal);
MIB_CONVERT_DECLARE(mib_ike_auth, uint8_t); /* enum ipm_auth */
MIB_CONVERT_DECLARE(mib_in_encrypt, struct ipm_tunnel);
MIB_CONVERT_DECLARE(mib_in_ah_auth, struct ipm_tunnel);
MIB_CONVERT_DECLARE(mib_in_esp_auth, struct ipm_tunnel);
MIB_CONVERT_DECLARE(mib_out_encrypt, struct ipm_tunnel);
MIB_CONVERT_DECLARE(mib_out_ah_auth, struct ipm_tunnel);
MIB_CONVERT_DECLARE(mib_out_esp_auth, struct ipm_tunnel);
MIB_CONVERT_DECLARE(mib_comp_algo, uint8_t); /* ipm_tunnel.ipcomp */

/* IKE SAs and tunnels. */
MIB_CONVERT_DECLARE(mib_id_type, mib_id_text); /* Phase1PeerIdentityType */
MIB_CONVERT_DECLARE(mib_ike_mode, struct ipm_ike_sa);
MIB_CONVERT_DECLARE(mib_ike_life, struct ipm_ike_sa);      /* seconds */
MIB_CONVERT_DECLARE(mib_tun_life_time, struct ipm_tunnel); /* seconds */
MIB_CONVERT_DECLARE(mib_tun_life_size, struct ipm_tunnel); /* kilobytes */

/* Traffic selectors. */
MIB_CONVERT_DECLARE(mib_sel_type, struct ipm_sel_side);
MIB_CONVERT_DECLARE(mib_sel_addr1, struct ipm_sel_side);
MIB_CONVERT_DECLARE(mib_sel_addr2, struct ipm_sel_side);
MIB_CONVERT_DECLARE(mib_sel_port, struct ipm_sel_side);

/** The time between two moments in hundredths of a second, at most what a TimeInterval holds. */
uint64_t mib_ticks(uint64_t from_ns, uint64_t to_ns);

/** IPSEC-IDENTITY-TYPE of an identity: address (1) or name (2). */
unsigned mib_identity_type(const char *id);

/** How long before its end an SA is refreshed, in @p unit: at least 1, as the MIB wants. */
bool mib_threshold(uint64_t soft, uint64_t hard, uint64_t unit, struct mib_value *out);

/** A limit in @p unit, between @p least and @p most. No limit, or none that is known: no cell. */
bool mib_limit(uint64_t soft, uint64_t hard, uint64_t unit, uint32_t least, uint32_t most, struct mib_value *out);

#endif

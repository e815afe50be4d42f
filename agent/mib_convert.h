/* SPDX-License-Identifier: ISC */
/**
 * @file mib_convert.h  From the model's units to the MIB's. The only place where SNMP units exist.
 *
 * The numbers of enumerations are those of CISCO-IPSEC-FLOW-MONITOR-MIB and of our additions to it
 * (doc/mapping.md). What each conversion expects its field to be is in the comment.
 */
#ifndef MIB_CONVERT_H
#define MIB_CONVERT_H

#include "mib_table.h"

/** A span in hundredths of a second, as TimeInterval has room for it. */
uint64_t mib_ticks(uint64_t from_ns, uint64_t to_ns);

mib_convert mib_u8, mib_u32;                    /* uint8_t, uint32_t: as they are */
mib_convert mib_index;                          /* uint32_t; no cell if 0, which the MIB has not */
mib_convert mib_u64, mib_u64_low, mib_u64_high; /* uint64_t: Counter64, Counter32, its wraps */
mib_convert mib_raw, mib_raw_low, mib_raw_high; /* struct ipm_traffic: uncompressed octets; no cell if not known */
mib_convert mib_addr;                           /* struct ipm_addr: 4 or 16 octets */
mib_convert mib_addr_known;                     /* the same; no cell if it is not known */
mib_convert mib_text;                           /* char []: DisplayString */
mib_convert mib_age;                            /* a moment in ns: TimeInterval since then */
mib_convert mib_moment;                         /* a moment in ns: TimeStamp */
mib_convert mib_one, mib_empty, mib_zero;       /* constants */
mib_convert mib_in_drops, mib_replay_drops;     /* struct ipm_traffic; drops but for replays, replays */
mib_convert mib_out_drops;                      /* struct ipm_traffic: all drops */
mib_convert mib_policy_drops, mib_no_sa_drops, mib_capacity_drops;    /* struct ipm_totals: both ways */
mib_convert mib_auth_fails, mib_crypt_fails;                          /* struct ipm_traffic */
mib_convert mib_encrypt_fails;                                        /* struct ipm_totals, of the whole record */
mib_convert mib_encrypt_algo, mib_dh_group, mib_ike_hash;             /* struct ipm_proposal */
mib_convert mib_in_encrypt, mib_in_ah_auth, mib_in_esp_auth;          /* struct ipm_tunnel */
mib_convert mib_out_encrypt, mib_out_ah_auth, mib_out_esp_auth;       /* struct ipm_tunnel */
mib_convert mib_comp_algo;                                            /* uint8_t ipm_tunnel.ipcomp */
mib_convert mib_ike_auth;                                             /* uint8_t: enum ipm_auth */
mib_convert mib_ike_mode;                                             /* struct ipm_ike_sa */
mib_convert mib_peer_type;                                            /* char []: an identity */
mib_convert mib_ike_life, mib_ike_threshold, mib_ike_sas;             /* struct ipm_ike_sa; seconds */
mib_convert mib_tun_life_time, mib_tun_life_size;                     /* struct ipm_tunnel; seconds, kilobytes */
mib_convert mib_tun_time_threshold, mib_tun_size_threshold;           /* struct ipm_tunnel; likewise */
mib_convert mib_tun_ike_alive;                                        /* struct ipm_tunnel */
mib_convert mib_tun_sas;                                              /* struct ipm_tunnel: SAs there ever were */
mib_convert mib_sel_type, mib_sel_addr1, mib_sel_addr2, mib_sel_port; /* struct ipm_sel_side */
mib_convert mib_spi_protocol;                                         /* uint8_t: IP protocol */
mib_convert mib_ike_lasted, mib_ike_reason;                           /* struct ipm_ike_history */
mib_convert mib_tun_lasted, mib_tun_reason;                           /* struct ipm_tunnel_history */
mib_convert mib_ike_fail_reason, mib_tun_fail_reason;                 /* uint32_t: enum ipm_failure_reason */
mib_convert mib_fail_spi; /* uint32_t; no cell for what an INTEGER has no room for */

/* Crypto maps and engines: mib_convert_map.c */
mib_convert mib_none;                                           /* what is not known: no cell */
mib_convert mib_false, mib_no_limit;                            /* constants: TruthValue, -1 */
mib_convert mib_map_type, mib_map_peer, mib_map_pfs;            /* struct ipm_map */
mib_convert mib_map_lifetime, mib_map_lifesize;                 /* struct ipm_map; seconds, kilobytes */
mib_convert mib_set_size;                                       /* struct view_map_set */
mib_convert mib_policy_encrypt, mib_policy_hash;                /* struct view_map_set */
mib_convert mib_policy_auth, mib_policy_group, mib_policy_life; /* struct view_map_set */
mib_convert mib_ike_policy;                                     /* char [] ipm_ike_sa.conn */
mib_convert mib_tun_map_name, mib_tun_map_seq;                  /* struct ipm_tunnel */
mib_convert mib_tun_acl, mib_tun_ace;                           /* struct ipm_tunnel */
mib_convert mib_engine_pkts, mib_engine_given_pkts;             /* struct ipm_engine: done; with what was dropped */
mib_convert mib_engine_bad_pkts, mib_engine_drops;              /* struct ipm_engine: found to be bad; other drops */
mib_convert mib_engine_failed, mib_engine_octets;               /* struct ipm_engine */
mib_convert mib_engine_auths, mib_engine_transforms;            /* struct ipm_engine */
mib_convert mib_engine_version, mib_engine_slot;                /* struct ipm_engine */
mib_convert mib_engine_active_time;                             /* struct ipm_engine */
mib_convert mib_engine_status, mib_engine_type;                 /* uint8_t: disabled, kind */
mib_convert mib_crypt_octets, mib_auth_octets;                  /* struct ipm_traffic */

/* IPSECMON-MIB: mib_convert_own.c */
mib_convert mib_name, mib_words;                           /* char [IPM_NAME_MAX], char [IPM_TEXT_MAX] */
mib_convert mib_since;                                     /* a moment in ns: TimeTicks since; no cell if 0 */
mib_convert mib_seconds;                                   /* ns */
mib_convert mib_gateway;                                   /* number of the segment */
mib_convert mib_drops, mib_drops_nth;                      /* struct ipm_traffic: all, of the row's reason */
mib_convert mib_seg_name, mib_seg_silence, mib_seg_events; /* the segment's header */
mib_convert mib_seg_configured, mib_seg_up;                /* the segment's crypto maps */
mib_convert mib_feed_caps;                                 /* uint64_t ipm_feed.caps: BITS; no cell if 0 */
mib_convert mib_cfg_admin, mib_cfg_oper;                   /* uint8_t: disabled, state */
mib_convert mib_cfg_reason, mib_cfg_failure;               /* this and all below: struct ipm_map */
mib_convert mib_cfg_local, mib_cfg_remote;                 /* text */
mib_convert mib_cfg_phase2, mib_cfg_phase1;                /* 0: none */
mib_convert mib_cfg_ike_version, mib_cfg_transform;        /* in use, or else configured */
mib_convert mib_cfg_in_encr, mib_cfg_in_integ, mib_cfg_in_spi;
mib_convert mib_cfg_out_encr, mib_cfg_out_integ, mib_cfg_out_spi;
mib_convert mib_cfg_group;
mib_convert mib_cfg_life_time, mib_cfg_time_left; /* seconds */
mib_convert mib_cfg_life_size, mib_cfg_size_left; /* kilobytes */
mib_convert mib_cfg_ike_life;                     /* uint64_t ns: seconds; no cell if 0 */

#endif

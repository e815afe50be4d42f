/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_decode.h  The kernel's XFRM messages, made into plain structs. Pure functions: bytes in, a struct out.
 *
 * Source:    linux/xfrm.h: XFRM_MSG_NEWSA, UPDSA, DELSA, EXPIRE, FLUSHSA, NEWPOLICY, UPDPOLICY, DELPOLICY, POLEXPIRE,
 *            FLUSHPOLICY, ACQUIRE, NEWAE, MAPPING, REPORT, as notifications and in dumps.
 * Units:     octets are what the SA counted (of the inner packet, padding and headers of the transform not included);
 *            *_s are seconds; moments are seconds of CLOCK_REALTIME, as the kernel has them. 0 is "no limit", "never".
 * Ownership: the caller's struct, without pointers.
 * Keys:      a message of an SA has its keys in it. No octet of a key is looked at or copied; the caller cleanses the
 *            buffer.
 * Errors:    -EBADMSG for a message that is cut short or contradicts itself; -ENOMSG for one of a type, or about an SA
 *            of a protocol, that is not ours (IPPROTO_IPIP, routing header ...); @p out is undefined then. Attributes
 *            that are not known are skipped.
 * Threads:   no state.
 */
#ifndef XFRM_DECODE_H
#define XFRM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_types.h"

struct nlmsghdr;

/** What names an SA to the kernel, beside its mark. */
struct xfrm_key {
	struct ipm_addr dst;
	uint32_t spi;     /* host order; IPComp: the CPI; 0: a larval SA that an ACQUIRE made */
	uint8_t protocol; /* 50 ESP, 51 AH, 108 IPComp */
};

struct xfrm_sa {
	struct xfrm_key key;
	struct ipm_addr src;
	uint8_t encap;     /* enum ipm_encap; 0: a mode that is not known */
	uint8_t direction; /* enum ipm_direction; 0: not told (before Linux 6.10) */
	bool larval;       /* no algorithm yet: IKE is at work on it */
	bool udp_encap;
	uint32_t reqid, if_id;
	uint32_t mark, mark_mask;     /* both 0: none */
	struct ipm_proposal proposal; /* encr, integ, key lengths, esn; prf and group are not the kernel's to know */
	uint32_t replay_window;       /* packets; 0: none */
	uint64_t seq_in, seq_out;     /* highest sequence number received, last one sent; with ESN all 64 bits */
	uint64_t soft_octets, hard_octets, soft_pkts, hard_pkts;
	uint64_t soft_add_s, hard_add_s; /* since it was installed */
	uint64_t soft_use_s, hard_use_s; /* since its first packet */
	uint64_t octets, pkts;
	uint64_t added, used;                 /* when installed, when first used */
	uint32_t replays, behind, auth_fails; /* dropped: seen before, behind the window, integrity */
	struct ipm_sel_side src_sel, dst_sel; /* the SA's own selector */
	bool has_sel;                         /* it selects anything less than everything */
	uint32_t offload_ifindex;             /* of the device that does its crypto; 0: none */
	bool offload_packets;                 /* it does all of ESP */
};

#define XFRM_TMPL_MAX 6 /* XFRM_MAX_DEPTH */

/** Which SA a policy wants. Addresses are those of the outer packet; len 0: those of the packet itself. */
struct xfrm_tmpl {
	struct ipm_addr src, dst;
	uint32_t reqid;   /* outbound the SA's, 0 as any other; inbound 0 is any */
	uint8_t protocol; /* 50, 51, 108 */
	uint8_t encap;    /* enum ipm_encap */
	bool optional;    /* inbound: it may be missing, as IPComp's */
};

enum xfrm_direction { XFRM_IN, XFRM_OUT, XFRM_FWD, XFRM_SOCKET_IN, XFRM_SOCKET_OUT, XFRM_SOCKET_FWD };

struct xfrm_policy {
	uint32_t index;    /* the kernel's own; the direction is part of it */
	uint8_t direction; /* enum xfrm_direction */
	bool block;
	uint32_t if_id, mark, mark_mask, priority;
	struct ipm_sel_side src, dst; /* undefined in an XFRM_POLICY_FLUSHED */
	uint32_t tmpls;
	struct xfrm_tmpl tmpl[XFRM_TMPL_MAX];
};

enum xfrm_kind {
	XFRM_SA_THERE = 1, /* sa: it is new, or this is a dump */
	XFRM_SA_UPDATED,   /* sa, as it was asked for: of one that was there, times and counts are not the SA's */
	XFRM_SA_GONE,      /* sa: deleted; has_sa tells whether it is all there or just sa.key */
	XFRM_SA_EXPIRED,   /* sa, but no algorithms, no sequence numbers; hard: it is gone, else it was a soft limit */
	XFRM_SAS_FLUSHED,  /* sa.key.protocol; 0: all */
	XFRM_POLICY_THERE, /* policy */
	XFRM_POLICY_GONE,  /* policy */
	XFRM_POLICIES_FLUSHED,
	XFRM_ACQUIRED, /* sa: key (spi 0), src, reqid, encap, mark, if_id; the packet's selector in src_sel, dst_sel */
	XFRM_COUNTED,  /* an aevent: sa.key, src, reqid; octets, pkts, seq_in, seq_out as far as told */
	XFRM_MAPPED,   /* sa.key, reqid: the peer's address (now src) or port behind a NAT has changed */
	XFRM_REPORTED, /* sa.key.protocol, src_sel, dst_sel */
};

struct xfrm_msg {
	enum xfrm_kind kind;
	bool hard;
	bool has_sa; /* of XFRM_SA_GONE, XFRM_COUNTED: the counts are there */
	union {
		struct xfrm_sa sa;
		struct xfrm_policy policy;
	};
};

/**
 * Decode one netlink message; the caller has checked that its nlmsg_len octets are there. (mnl_nlmsg_ok() alone does
 * not: lengths from 2^31 on are negative to it, and pass.)
 */
int xfrm_decode(const struct nlmsghdr *msg, struct xfrm_msg *out);

/** IANA's transform number for a kernel's name; IPM_TRANSFORM_OTHER when there is none; @p bits counts key and salt. */
void xfrm_aead(const char *name, uint32_t key_bits, uint32_t icv_bits, struct ipm_proposal *out);
void xfrm_crypt(const char *name, uint32_t key_bits, struct ipm_proposal *out);
void xfrm_auth(const char *name, uint32_t key_bits, uint32_t trunc_bits, struct ipm_proposal *out);

#endif

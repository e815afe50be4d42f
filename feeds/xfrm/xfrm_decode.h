/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_decode.h  Decode the kernel's XFRM messages. Pure functions: bytes in, a struct out.
 *
 * Source:    linux/xfrm.h: XFRM_MSG_NEWSA, UPDSA, DELSA, EXPIRE, FLUSHSA, NEWPOLICY, UPDPOLICY, DELPOLICY, POLEXPIRE,
 *            FLUSHPOLICY, ACQUIRE, NEWAE, MAPPING, REPORT, as notifications and in dumps.
 * Units:     octets are what the SA counted: the inner packet without padding and headers of the transform. *_s are
 *            seconds; times are seconds of CLOCK_REALTIME, as in the kernel. 0 is "no limit" or "never".
 * Ownership: the caller's struct, without pointers.
 * Keys:      the message of an SA contains its keys. No octet of a key is read or copied. The caller wipes the buffer.
 * Errors:    -EBADMSG: the message is cut short or contradicts itself; -ENOMSG: its type, or the protocol of its SA, is
 *            not ours (IPPROTO_IPIP, routing header ...); @p out is undefined then. Unknown attributes are skipped.
 * Threads:   no state.
 */
#ifndef XFRM_DECODE_H
#define XFRM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_types.h"

struct nlmsghdr;

/** The identity of an SA in the kernel, without its mark. */
struct xfrm_key {
	struct ipm_addr dst;
	uint32_t spi;     /* host order; IPComp: the CPI; 0: a larval SA that an ACQUIRE made */
	uint8_t protocol; /* 50 ESP, 51 AH, 108 IPComp */
};

struct xfrm_sa {
	struct xfrm_key key;
	struct ipm_addr src;
	uint8_t encap;     /* enum ipm_encap; 0: an unknown mode */
	uint8_t direction; /* enum ipm_direction; 0: not told (before Linux 6.10) */
	bool larval;       /* no algorithm yet: IKE is negotiating it */
	bool udp_encap;
	uint32_t reqid, if_id;
	uint32_t mark, mark_mask;     /* both 0: none */
	struct ipm_proposal proposal; /* encr, integ, key lengths, esn; the kernel does not know prf and group */
	uint32_t replay_window;       /* packets; 0: none */
	uint64_t seq_in, seq_out;     /* highest sequence number received, last one sent; with ESN all 64 bits */
	uint64_t soft_octets, hard_octets, soft_pkts, hard_pkts;
	uint64_t soft_add_s, hard_add_s; /* since it was installed */
	uint64_t soft_use_s, hard_use_s; /* since its first packet */
	uint64_t octets, pkts;
	uint64_t added, used;                 /* when installed, when first used */
	uint32_t replays, behind, auth_fails; /* dropped: seen before, behind the window, integrity */
	struct ipm_sel_side src_sel, dst_sel; /* the SA's own selector */
	bool has_sel;                         /* it does not select everything */
	uint32_t offload_ifindex;             /* of the device that does its crypto; 0: none */
	bool offload_packets;                 /* it does all of ESP */
};

#define XFRM_TMPL_MAX 6 /* XFRM_MAX_DEPTH */

/** Which SA a policy wants. Addresses are those of the outer packet; len 0: those of the packet itself. */
struct xfrm_tmpl {
	struct ipm_addr src, dst;
	uint32_t reqid;   /* outbound: exactly the SA's, which may be 0; inbound: 0 is any */
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
	XFRM_SA_UPDATED,   /* sa: the update; if the SA existed, times and counts are not its own */
	XFRM_SA_GONE,      /* sa: deleted; without has_sa only sa.key is there */
	XFRM_SA_EXPIRED,   /* sa without algorithms and sequence numbers; hard: it is gone; else a soft limit */
	XFRM_SAS_FLUSHED,  /* sa.key.protocol; 0: all */
	XFRM_POLICY_THERE, /* policy */
	XFRM_POLICY_GONE,  /* policy */
	XFRM_POLICIES_FLUSHED,
	XFRM_ACQUIRED, /* sa: key (spi 0), src, reqid, encap, mark, if_id; the packet's selector in src_sel, dst_sel */
	XFRM_COUNTED,  /* an aevent: sa.key, src, reqid; octets, pkts, seq_in, seq_out if the message has them */
	XFRM_MAPPED,   /* sa.key, reqid: the peer's address (now src) or port behind a NAT has changed */
	XFRM_REPORTED, /* sa.key.protocol, src_sel, dst_sel */
};

struct xfrm_msg {
	enum xfrm_kind kind;
	bool hard;
	bool has_sa; /* XFRM_SA_GONE, XFRM_COUNTED: it has the counts */
	union {
		struct xfrm_sa sa;
		struct xfrm_policy policy;
	};
};

/**
 * Decode one netlink message. The caller has checked that its nlmsg_len octets are there. (mnl_nlmsg_ok() is not
 * enough: it takes lengths from 2^31 on for negative, and accepts them.)
 */
int xfrm_decode(const struct nlmsghdr *msg, struct xfrm_msg *out);

/** IANA's transform number for a kernel's name; IPM_TRANSFORM_OTHER: there is none; @p bits includes the salt. */
void xfrm_aead(const char *name, uint32_t key_bits, uint32_t icv_bits, struct ipm_proposal *out);
void xfrm_crypt(const char *name, uint32_t key_bits, struct ipm_proposal *out);
void xfrm_auth(const char *name, uint32_t key_bits, uint32_t trunc_bits, struct ipm_proposal *out);

#endif

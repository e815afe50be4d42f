/* SPDX-License-Identifier: ISC */
/**
 * @file vici_decode.h  Decode strongSwan's VICI messages. Pure functions: bytes in, structs out.
 *
 * Source:    the messages list-sa, list-conn and the events ike-updown, ike-rekey, ike-update,
 *            child-updown, child-rekey of strongSwan 5.9 and 6.x, and the alert of 6.x.
 * Ownership: arguments of callbacks are valid until they return, and contain no pointers: copy them.
 * Errors:    a message is first checked from end to end. If it is malformed, the result is -EBADMSG and a sentence, and
 *            no callback is called. Unknown keys are skipped. If a key appears twice, the last good value counts. A
 *            value that does not parse leaves its field "not known" and is counted in vici_sink.bad_values.
 * Threads:   no state but the caller's. Needs about 60 KB of stack, and twice that for list-conn.
 */
#ifndef VICI_DECODE_H
#define VICI_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_types.h"
#include "vici_wire.h"

enum vici_ike_state {
	VICI_IKE_UNKNOWN,
	VICI_IKE_CREATED,
	VICI_IKE_CONNECTING,
	VICI_IKE_ESTABLISHED,
	VICI_IKE_PASSIVE,
	VICI_IKE_REKEYING,
	VICI_IKE_REKEYED,
	VICI_IKE_DELETING,
	VICI_IKE_DESTROYING,
};

enum vici_child_state {
	VICI_CHILD_UNKNOWN,
	VICI_CHILD_CREATED,
	VICI_CHILD_ROUTED,
	VICI_CHILD_INSTALLING,
	VICI_CHILD_INSTALLED,
	VICI_CHILD_UPDATING,
	VICI_CHILD_REKEYING,
	VICI_CHILD_REKEYED,
	VICI_CHILD_RETRYING,
	VICI_CHILD_DELETING,
	VICI_CHILD_DELETED,
	VICI_CHILD_DESTROYING,
};

#define VICI_UNSET INT64_MIN /* the message does not have this number */

/** Bits for the names in tasks-active, tasks-passive and tasks-queued. */
enum vici_task {
	VICI_TASK_IKE_DELETE = 1 << 0,      /* IKE_DELETE, ISAKMP_DELETE */
	VICI_TASK_CHILD_DELETE = 1 << 1,    /* CHILD_DELETE, QUICK_DELETE */
	VICI_TASK_INFORMATIONAL = 1 << 2,   /* IKEv1: the peer's deletes and notifications */
	VICI_TASK_REAUTH = 1 << 3,          /* IKE_REAUTH: break before make */
	VICI_TASK_REAUTH_COMPLETE = 1 << 4, /* IKE_REAUTH_COMPLETE: the new IKE SA of make before break */
	VICI_TASK_IKE_REKEY = 1 << 5,
	VICI_TASK_CHILD_REKEY = 1 << 6,
	VICI_TASK_DPD = 1 << 7,         /* IKE_DPD, ISAKMP_DPD */
	VICI_TASK_IKE_INIT = 1 << 8,    /* until the IKE_SA_INIT exchange is over */
	VICI_TASK_IKE_AUTH = 1 << 9,    /* until the last IKE_AUTH exchange is over */
	VICI_TASK_MAIN = 1 << 10,       /* MAIN_MODE */
	VICI_TASK_AGGRESSIVE = 1 << 11, /* AGGRESSIVE_MODE */
	VICI_TASK_XAUTH = 1 << 12,
	VICI_TASK_OTHER = 1 << 15,
};

struct vici_ike {
	char name[IPM_NAME_MAX];
	uint32_t uniqueid;
	uint8_t version; /* 1, 2; 0: not said */
	enum vici_ike_state state;
	bool initiator, nat_local, nat_remote;
	struct ipm_addr local_host, remote_host;
	uint16_t local_port, remote_port;
	char local_id[IPM_ID_MAX], remote_id[IPM_ID_MAX];
	char eap_id[IPM_ID_MAX], xauth_id[IPM_ID_MAX]; /* of the peer's user; EAP: only if it is not remote_id */
	struct ipm_addr remote_vip[IPM_SESSION_ADDRS], local_vip[IPM_SESSION_ADDRS]; /* virtual addresses */
	uint8_t remote_vips, local_vips;
	uint64_t spi_initiator, spi_responder;
	struct ipm_proposal proposal;
	int64_t established, rekey_time, reauth_time; /* seconds, or VICI_UNSET */
	uint16_t active, passive, queued; /* enum vici_task: begun by us, begun by the peer, not begun yet */
};

#define VICI_TS_MAX 256 /* an IKEv2 TS payload holds no more than 255 */

struct vici_child {
	char name[IPM_NAME_MAX];
	uint32_t uniqueid, reqid;
	enum vici_child_state state;
	uint8_t encap;    /* enum ipm_encap; 0: not said */
	uint8_t protocol; /* 50, 51; 0: no SA yet */
	bool udp_encap;
	uint32_t spi_in, spi_out, cpi_in, cpi_out; /* 0: none */
	uint32_t mark_in, mark_out, if_id_in, if_id_out;
	struct ipm_proposal proposal;
	uint64_t bytes_in, packets_in, bytes_out, packets_out;
	bool has_counts;                             /* all four are known */
	int64_t rekey_time, life_time, install_time; /* seconds, or VICI_UNSET */
	uint32_t local_count, remote_count;          /* without "dynamic" ones, which have no address yet */
	struct ipm_sel_side local_ts[VICI_TS_MAX], remote_ts[VICI_TS_MAX]; /* behind the counts: undefined */
};

/** A configured connection. */
struct vici_conn {
	char name[IPM_NAME_MAX];
	uint8_t version;     /* 1, 2; 0: either */
	uint8_t remote_auth; /* enum ipm_auth: how the peer must authenticate in the first round */
	/* Who we are in the first round: the configured identity, and the subject of the first configured certificate.
	 */
	char local_id[IPM_ID_MAX], local_cert[IPM_ID_MAX];
	/* Our address and the peer's. Names, ranges and subnets are only in the text. */
	struct ipm_addr local; /* the first of ours; len 0: any */
	struct ipm_addr peer[IPM_MAP_PEERS];
	uint8_t peers;
	bool peer_named;                    /* one of them is a host name */
	char peer_text[IPM_TEXT_MAX];       /* all of them, as they are configured */
	uint64_t ike_rekey_s, ike_reauth_s; /* 0: never */
	uint8_t user_is;                    /* enum ipm_user_is: a user has to authenticate by EAP or XAUTH */
	char method[IPM_NAME_MAX];          /* and how: "eap-mschapv2", "xauth-generic", "eap"; else empty */
};

/** A configured child. */
struct vici_conn_child {
	char name[IPM_NAME_MAX];
	bool shunt;                        /* it passes or drops packets, and has no SAs */
	uint8_t encap;                     /* enum ipm_encap; 0: not said */
	uint64_t rekey_s;                  /* soft lifetime of its SAs; 0: none */
	uint64_t rekey_octets, rekey_pkts; /* soft volume limits of its SAs; 0: none */
	/* As in struct vici_child; of type 0: "dynamic", our own or the peer's address, of which only protocol and
	 * ports are known. */
	uint32_t local_count, remote_count;
	struct ipm_sel_side local_ts[VICI_TS_MAX], remote_ts[VICI_TS_MAX]; /* behind the counts: undefined */
};

enum vici_role { VICI_CURRENT, VICI_OLD, VICI_NEW }; /* OLD and NEW: the two sides of a rekey */

/** Where the content of a message goes. A callback that is NULL is not called. */
struct vici_sink {
	void *arg;
	/*
	 * Called when all that the message says of the IKE SA itself is known, before its children. An
	 * ike-update comes before charon moves the SA: it is the new hosts that are given.
	 */
	void (*ike)(void *arg, enum vici_role role, const struct vici_ike *ike);
	/* In child-rekey the IKE SA is VICI_CURRENT and the children are OLD and NEW. */
	void (*child)(void *arg, enum vici_role role, const struct vici_ike *ike, const struct vici_child *child);
	void (*conn)(void *arg, const struct vici_conn *conn);
	void (*conn_child)(void *arg, const struct vici_conn *conn, const struct vici_conn_child *child);
	bool up;                  /* out: an updown event says "up"; valid before the first callback */
	char alert[IPM_NAME_MAX]; /* out: the type of an alert, else empty; valid as above */
	uint32_t bad_values;      /* out: counted up */
};

/** The two forms of messages. */
enum vici_form { VICI_FORM_SA, VICI_FORM_CONN };

/** Decode the message of a packet, which follows its type and name. */
int vici_decode(enum vici_form form, const uint8_t *msg, size_t len, struct vici_sink *sink, char *error,
		size_t error_size);

/**
 * Copy a value as text: other octets than printable ASCII become '?'. A text that is too long for @p size (at least 4
 * octets, with the NUL) ends in "...".
 */
void vici_text(struct vici_slice value, char *out, size_t size);

/**
 * The same for the name of a connection or child, which identifies records. If it is too long for @p size (at least
 * 16), it ends in "..." and a hash of the whole name, so that names with the same beginning differ.
 */
void vici_name(struct vici_slice value, char *out, size_t size);

/** A hash of a list in the reply @p msg: its items and their order. @p octets: the length of all items. */
uint64_t vici_list_hash(struct vici_slice msg, const char *list, size_t *octets);

/** A pool of virtual addresses. What the reply doesn't say is 0. */
struct vici_pool {
	char name[IPM_NAME_MAX];
	struct ipm_addr base;
	uint64_t size, online, offline;
};

/** Call @p each for each pool in charon's reply to "get-pools". Returns the number of values that don't parse. */
uint32_t vici_pools(struct vici_slice msg, void (*each)(void *arg, const struct vici_pool *pool), void *arg);

enum vici_esp { VICI_ESP_UNKNOWN, VICI_ESP_KERNEL, VICI_ESP_LIBIPSEC };

/** What encrypts charon's packets, from its reply to "stats": the first plugin in load order that can. */
enum vici_esp vici_esp_of(struct vici_slice msg);

/**
 * Parse a traffic selector as strongSwan prints it: "10.1.0.0/24[tcp/80]", "10.0.0.1..10.0.0.9".
 *
 * Names of protocols and services are those of this host's /etc/protocols and /etc/services. Ports of
 * ICMP are type * 256 + code; OPAQUE ports are 65535 to 0 (RFC 7296, section 3.13.1).
 * Errors:    -EINVAL; -ENODATA for "dynamic", which names no address yet. Then @p out is untouched.
 */
int vici_parse_ts(const char *text, struct ipm_sel_side *out);

/** Do two selectors make a policy? They must have the same address family and no two different protocols. */
bool vici_ts_pair(const struct ipm_sel_side *local, const struct ipm_sel_side *remote);

/** Copy @p from, unless there is a text already. */
void vici_fill_text(char *to, size_t size, const char *from);

/**
 * The IANA transform number for strongSwan's name; 0 for its names of "none"; IPM_TRANSFORM_OTHER for unknown names,
 * and for transforms without a number.
 */
uint16_t vici_encr(const char *name);
uint16_t vici_integ(const char *name);
uint16_t vici_prf(const char *name);
uint16_t vici_group(const char *name);

#endif

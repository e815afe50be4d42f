/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_types.h  The records of a model segment.
 *
 * Units:     *_octets are bytes of the protected (inner) packet. *_ns are nanoseconds: of CLOCK_BOOTTIME when the
 *            field is a moment. 0 means "not known" or "no limit", as the field's comment says.
 * Ownership: records are plain values without pointers. A copy is the caller's.
 * Layout:    the same on every machine and in every configuration: fields of fixed width without padding, 64-bit
 *            fields as ipm_u64, records of a multiple of 8 octets. Every record except the totals and the settings
 *            begins with a 32-bit index, which is 0 when its slot is free. Any change here changes IPM_ABI.
 * Keys:      no record has a field for a key, and none ever will.
 */
#ifndef IPM_TYPES_H
#define IPM_TYPES_H

#include <stdint.h>

#include "ipm_iana.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IPM_ABI 5u

/** Aligned to 8 octets, for the same layout on every machine: i386 would align it to 4. */
typedef uint64_t ipm_u64 __attribute__((aligned(8)));

#define IPM_ID_MAX      256 /* an IKE identity as text, with its NUL; a longer one ends in "..." */
#define IPM_NAME_MAX    64  /* a connection, child or feed name, with its NUL */
#define IPM_TEXT_MAX    128
#define IPM_PEER_ID_MAX 54 /* octets of an identity in an SNMP index; the rest is cut off */

/** An IPv4 or IPv6 address in network order. */
struct ipm_addr {
	uint8_t len; /* 4, 16, or 0 when not known */
	uint8_t reserved[3];
	uint8_t bytes[16];
};

/**
 * One negotiated suite, as IANA's IKEv2 transform numbers, for IKEv1 too. 0 means that the suite has no such
 * transform.
 */
struct ipm_proposal {
	uint16_t encr;      /* enum ipm_encr */
	uint16_t encr_bits; /* key length, 0 when the cipher has only one */
	uint16_t prf;       /* enum ipm_prf */
	uint16_t integ;     /* enum ipm_integ; 0 with an AEAD cipher */
	uint16_t group;     /* enum ipm_group; 0 without PFS */
	uint16_t integ_bits;
	uint8_t esn; /* extended sequence numbers */
	uint8_t reserved[3];
};
#define IPM_TRANSFORM_OTHER 65535 /* a transform whose number is not known */

/**
 * Why an ESP, AH or IPComp packet was dropped: name, key in JSON, text. SAs have the reasons up to IPM_DROP_EXPIRED.
 * The others are for packets without an SA.
 */
#define IPM_DROPS(X)                                                       \
	X(REPLAY, "replay", "seen before")                                 \
	X(WINDOW, "window", "behind the replay window")                    \
	X(AUTH, "auth", "integrity check failed")                          \
	X(CRYPT, "crypt", "decryption failed, or the result is no packet") \
	X(MALFORMED, "malformed", "too short, or a header that is wrong")  \
	X(SEQUENCE, "sequence", "sequence numbers used up")                \
	X(EXPIRED, "expired", "lifetime over, SA not valid")               \
	X(POLICY, "policy", "no policy, or not what the policy wants")     \
	X(NO_SA, "no_sa", "no SA")                                         \
	X(NOT_UP, "not_up", "connection not established")                  \
	X(CAPACITY, "capacity", "memory, queue or engine exhausted")       \
	X(OTHER, "other", "anything else")

enum ipm_drop {
#define IPM_DROP_ENUM(name, key, text) IPM_DROP_##name,
	IPM_DROPS(IPM_DROP_ENUM)
#undef IPM_DROP_ENUM
		IPM_DROP_COUNT
};

/** What one direction of an SA, a tunnel or the gateway has carried. Counters never go back. */
struct ipm_traffic {
	ipm_u64 octets; /* as the SA counts them: after compression, before decompression */
	ipm_u64 pkts;
	ipm_u64 raw_octets; /* uncompressed; the same as octets without IPComp */
	ipm_u64 crypts;     /* packets encrypted or decrypted: the writer derives it from pkts */
	ipm_u64 auths;      /* packets whose integrity was protected or checked: derived too */
	ipm_u64 comps;      /* IPComp SAs with counts; if 0, raw_octets of 0 may also mean that it isn't known */
	ipm_u64 drops[IPM_DROP_COUNT];
};

/** What one direction of a session has carried. Counters never go back. */
struct ipm_volume {
	ipm_u64 octets, pkts;
	ipm_u64 drops; /* whatever the reason */
};

/**
 * What one direction of IKE has carried, as far as it is visible on the wire (source: ikewatch). Counters never go
 * back. Octets are those of the IKE message: the UDP payload without the non-ESP marker.
 */
struct ipm_ike_traffic {
	ipm_u64 octets, pkts, drops, notifies;                  /* drops: not a valid message; not in pkts */
	ipm_u64 exchanges, exchange_invalids, exchange_rejects; /* phase 2: Quick Mode, CREATE_CHILD_SA */
	ipm_u64 sa_deletes;                                     /* phase 2 SAs deleted by request */
};

/*
 * Anybody can begin a negotiation, and a flood of them must not use up the indexes. So an IKE SA that is not yet
 * established has a temporary number, this one or a higher one. No other IKE SA has the same number at the same
 * time, and no table of a MIB shows it.
 */
#define IPM_IKE_UNNUMBERED 0x80000000u

enum ipm_ike_state {
	IPM_IKE_NEGOTIATING = 1,
	IPM_IKE_ESTABLISHED,
	IPM_IKE_DELETING,
};

/**
 * How far an IKE SA has come on the wire, in IOS's words: IKEv1's Main Mode (MM), Aggressive Mode (AG) and Quick Mode
 * (QM); V2_ is IKEv2.
 */
#define IPM_PHASES(X)                                                            \
	X(UNKNOWN, "-")                                                          \
	X(MM_NO_STATE, "MM_NO_STATE")   /* proposed, not answered */             \
	X(MM_SA_SETUP, "MM_SA_SETUP")   /* parameters agreed upon */             \
	X(MM_KEY_EXCH, "MM_KEY_EXCH")   /* Diffie-Hellman values exchanged */    \
	X(MM_KEY_AUTH, "MM_KEY_AUTH")   /* both have authenticated themselves */ \
	X(AG_NO_STATE, "AG_NO_STATE")   /* proposed, not answered */             \
	X(AG_INIT_EXCH, "AG_INIT_EXCH") /* answered */                           \
	X(AG_AUTH, "AG_AUTH")           /* both have authenticated themselves */ \
	X(QM_IDLE, "QM_IDLE")           /* in use */                             \
	X(V2_INIT, "INIT")              /* IKE_SA_INIT not answered */           \
	X(V2_AUTH, "AUTH")              /* IKE_AUTH not over */                  \
	X(V2_READY, "READY")            /* in use */

enum ipm_ike_phase {
#define IPM_PHASE_ENUM(name, text) IPM_PHASE_##name,
	IPM_PHASES(IPM_PHASE_ENUM)
#undef IPM_PHASE_ENUM
};

enum ipm_ike_mode { IPM_MODE_UNKNOWN, IPM_MODE_MAIN, IPM_MODE_AGGRESSIVE };

/** IKE authentication method of the peer. */
enum ipm_auth {
	IPM_AUTH_UNKNOWN,
	IPM_AUTH_PSK,
	IPM_AUTH_RSA,
	IPM_AUTH_ECDSA,
	IPM_AUTH_EDDSA,
	IPM_AUTH_EAP,
	IPM_AUTH_PUBKEY, /* a signature of unknown kind */
};

/** An IKE SA and the IKE SAs that it replaced: a rekey keeps the record and its index. */
struct ipm_ike_sa {
	uint32_t index; /* cikeTunIndex, or IPM_IKE_UNNUMBERED and more; 0: the slot is free */
	uint8_t state;  /* enum ipm_ike_state */
	uint8_t held;   /* its feed has lost its source; kept for the hold time */
	uint8_t version;
	uint8_t mode; /* enum ipm_ike_mode; IKEv1 only */
	uint8_t auth; /* enum ipm_auth */
	uint8_t initiator;
	uint8_t nat_local, nat_remote;
	uint16_t local_port, remote_port;
	struct ipm_addr local, remote;
	ipm_u64 spi_initiator, spi_responder; /* host order; IKEv1: the cookies */
	struct ipm_proposal proposal;
	uint32_t refreshes; /* rekeys and re-authentications so far */
	uint32_t feed;      /* slot of the feed that keeps this record */
	uint32_t peer;      /* cikePeerIntIndex: different for each IKE SA between the same two identities */
	uint8_t phase;      /* enum ipm_ike_phase, of the current IKE SA */
	uint8_t reserved[3];
	uint32_t session; /* slot + 1 of its session; 0: none */
	uint32_t reserved2;
	ipm_u64 uid; /* the feed's number for the current IKE SA (VICI uniqueid) */
	ipm_u64 created_ns;
	ipm_u64 established_ns;   /* of the current IKE SA; 0 while negotiating */
	ipm_u64 soft_ns, hard_ns; /* lifetimes of the current IKE SA; 0: no limit */
	struct ipm_ike_traffic in, out;
	char conn[IPM_NAME_MAX]; /* name of the connection's configuration */
	char local_id[IPM_ID_MAX], remote_id[IPM_ID_MAX];
};

enum ipm_tunnel_state {
	IPM_TUNNEL_UP = 1,
	IPM_TUNNEL_HELD, /* not up, but it keeps its index if it comes back within the hold time */
};

enum ipm_encap { IPM_ENCAP_TUNNEL = 1, IPM_ENCAP_TRANSPORT, IPM_ENCAP_BEET };
enum ipm_key_type { IPM_KEY_IKE = 1, IPM_KEY_MANUAL };

/** A phase 2 tunnel: a CHILD_SA and its successors, or SAs with the same reqid and selectors. */
struct ipm_tunnel {
	uint32_t index; /* cipSecTunIndex; 0: the slot is free */
	uint8_t state;  /* enum ipm_tunnel_state */
	uint8_t encap;  /* enum ipm_encap */
	uint8_t key_type;
	uint8_t protocol;   /* IP protocol: 50 ESP, 51 AH */
	uint32_t ike_index; /* of the IKE SA that negotiated it and may have ended: ipm_tunnel_ike_alive() */
	uint32_t ike_slot;
	uint8_t udp_encap; /* RFC 3948 */
	uint8_t ipcomp;
	uint8_t claimed; /* an IKE daemon has a CHILD_SA for it, and another feed keeps the SAs */
	uint8_t verdict; /* enum ipm_reason: what the IKE daemon said about the end of its SAs */
	uint32_t reqid;
	uint32_t if_id_in, if_id_out;
	uint32_t mark_in, mark_out;
	uint32_t mark_mask_in, mark_mask_out;
	uint32_t refreshes;                  /* rekeys so far */
	uint32_t sas, sas_retired;           /* SAs now, and SAs that have ended */
	uint32_t next_sa, next_sel;          /* the next sub-indexes */
	uint32_t sa_head, sel_head;          /* slot + 1 of the first SA and selector; 0: none */
	uint32_t feed;                       /* slot of the feed that keeps it and its SAs */
	uint32_t named_by;                   /* slot + 1 of the feed that set names, IKE SA and uid; 0: none */
	uint32_t map;                        /* slot + 1 of its crypto map entry; 0: none is known */
	uint32_t map_next, map_prev;         /* slot + 1 of the entry's next tunnel and of the previous one */
	uint32_t session;                    /* slot + 1 of its session; 0: none */
	uint32_t session_next, session_prev; /* slot + 1 of the session's next tunnel and of the previous one */
	uint32_t reserved;
	ipm_u64 uid; /* the number that the naming feed has for the newest CHILD_SA */
	struct ipm_addr local, remote;
	struct ipm_proposal in_sa, out_sa; /* of the newest SA in each direction */
	uint16_t in_ah, out_ah;            /* integrity transform of AH beside ESP; 0: none */
	int32_t ahead;                     /* inbound SAs so far minus outbound SAs so far. For the feed only */
	ipm_u64 created_ns;
	ipm_u64 installed_ns;             /* of the newest SA */
	ipm_u64 soft_ns, hard_ns;         /* lifetime of the newest SA; 0: no limit */
	ipm_u64 soft_octets, hard_octets; /* likewise */
	ipm_u64 soft_pkts, hard_pkts;
	struct ipm_traffic in, out;          /* of all its SAs, including ended ones */
	struct ipm_volume past_in, past_out; /* the part that earlier sessions keep */
	char conn[IPM_NAME_MAX], name[IPM_NAME_MAX];
};

/** How a session's user is connected. The feed decides it by its rule: see ipsecmon.conf(5), "session". */
enum ipm_session_kind {
	IPM_SESSION_REMOTE_ACCESS = 1,
	IPM_SESSION_LAN_TO_LAN,
};

enum ipm_session_state {
	IPM_SESSION_UP = 1,
	IPM_SESSION_TERMINATING, /* its IKE SA is being deleted */
	IPM_SESSION_HELD,        /* not up, but it keeps its index if its IKE SA comes back within the hold time */
};

/** What the name of a session's user is: name and text. */
#define IPM_USERS(X)                               \
	X(UNKNOWN, "-")                            \
	X(EAP, "EAP identity")                     \
	X(XAUTH, "XAUTH name")                     \
	X(CERTIFICATE, "subject of a certificate") \
	X(IDENTITY, "IKE identity")

enum ipm_user_is {
#define IPM_USER_ENUM(name, text) IPM_USER_##name,
	IPM_USERS(IPM_USER_ENUM)
#undef IPM_USER_ENUM
		IPM_USER_COUNT
};

#define IPM_SESSION_ADDRS 4

/**
 * A session: a user, or another gateway, that is connected. It is the IKE SA and everything that replaces it: a rekey,
 * a reauthentication and a change of address keep the session, its index and its counters.
 */
struct ipm_session {
	uint32_t index;                   /* 0: the slot is free */
	uint8_t kind;                     /* enum ipm_session_kind */
	uint8_t state;                    /* enum ipm_session_state */
	uint8_t user_is;                  /* enum ipm_user_is */
	uint8_t version;                  /* of IKE */
	uint8_t auth;                     /* enum ipm_auth: how the peer authenticated itself */
	uint8_t has_user;                 /* a user was authenticated, too: by EAP or XAUTH */
	uint8_t virtuals, local_virtuals; /* of virtual_addr[] and local_virtual[]; the source may have more */
	uint32_t ike_index, ike_slot;     /* its current IKE SA */
	uint32_t feed;                    /* slot of the feed that keeps it */
	uint32_t refreshes;               /* rekeys and reauthentications of its IKE SA */
	uint32_t tunnels, tunnels_ended;
	uint32_t tunnel_head; /* slot + 1 of its first tunnel; 0: none */
	uint16_t local_port, remote_port;
	struct ipm_addr local, remote;                    /* remote: where the user connects from */
	struct ipm_addr virtual_addr[IPM_SESSION_ADDRS];  /* addresses that we gave to the peer */
	struct ipm_addr local_virtual[IPM_SESSION_ADDRS]; /* addresses that the peer gave to us */
	uint32_t reserved;
	ipm_u64 started_ns;
	struct ipm_volume in, out; /* of its ended tunnels; readers get those of all its tunnels */
	char group[IPM_NAME_MAX];  /* the connection's configuration */
	char user[IPM_ID_MAX];     /* "": not known */
	char method[IPM_NAME_MAX]; /* how the user was authenticated, in the source's words; "": not known */
	char peer_id[IPM_ID_MAX];  /* the peer's IKE identity */
	char client[IPM_TEXT_MAX]; /* vendor and version of the peer's software; "": not known */
};

/** A session as it was when it ended. */
struct ipm_session_history {
	uint32_t index;
	uint32_t reason; /* enum ipm_reason */
	ipm_u64 ended_ns;
	struct ipm_session session;
};

/** Why a login failed: name, key in JSON, text. */
#define IPM_LOGIN_FAILS(X)                                                            \
	X(OTHER, "other", "any other reason")                                         \
	X(AUTH, "auth", "wrong password, key or certificate")                         \
	X(UNKNOWN_USER, "unknown_user", "the user is not known")                      \
	X(NO_ADDRESS, "no_address", "no virtual address is free")                     \
	X(CERTIFICATE, "certificate", "certificate expired, revoked, or not trusted") \
	X(REFUSED, "refused", "authenticated, and then refused")                      \
	X(UNFINISHED, "unfinished", "not finished in time: a wrong password, or the peer has gone")

enum ipm_login_reason {
#define IPM_LOGIN_ENUM(name, key, text) IPM_LOGIN_##name,
	IPM_LOGIN_FAILS(IPM_LOGIN_ENUM)
#undef IPM_LOGIN_ENUM
		IPM_LOGIN_COUNT
};

/** A login that failed. */
struct ipm_login_failure {
	uint32_t index;
	uint8_t reason;  /* enum ipm_login_reason */
	uint8_t user_is; /* enum ipm_user_is */
	uint16_t remote_port;
	uint32_t feed;
	uint32_t session; /* index of the session that it belongs to; 0: none, it never began */
	ipm_u64 at_ns;
	struct ipm_addr local, remote; /* len 0: not known */
	char user[IPM_ID_MAX];         /* as the peer claimed; "": not known */
	char group[IPM_NAME_MAX];      /* the connection's configuration; "": not known */
	char text[IPM_TEXT_MAX];       /* the source's own words */
};

/** A pool of virtual addresses. */
struct ipm_pool {
	uint32_t index; /* slot + 1; 0: free */
	uint32_t feed;
	struct ipm_addr base; /* its first address; len 0: not known */
	uint32_t reserved;
	ipm_u64 size;            /* addresses */
	ipm_u64 online, offline; /* leases in use, and those kept for users who are away */
	char name[IPM_NAME_MAX];
};

enum ipm_sel_type { IPM_SEL_SINGLE = 1, IPM_SEL_RANGE, IPM_SEL_SUBNET };

/** One side of a traffic selector. */
struct ipm_sel_side {
	uint8_t type; /* enum ipm_sel_type */
	uint8_t protocol;
	uint8_t prefix; /* of a subnet, in bits */
	uint8_t reserved;
	uint16_t port_first, port_last; /* 0 to 65535: any */
	struct ipm_addr first, last;    /* first and last address that match */
};

/** A pair of traffic selectors of a tunnel: one row of cipSecEndPtTable. */
struct ipm_selector {
	uint32_t index; /* cipSecEndPtIndex, within the tunnel; 0: the slot is free */
	uint32_t tunnel_index;
	uint32_t tunnel_slot;
	uint32_t next; /* slot + 1 of the tunnel's next selector */
	struct ipm_sel_side local, remote;
};

enum ipm_direction { IPM_IN = 1, IPM_OUT };
enum ipm_sa_state {
	IPM_SA_ACTIVE = 1,
	IPM_SA_EXPIRING,
	IPM_SA_RETIRED, /* index 0: it was stopped, but workers may still count in it; only the writer sees it */
};

/** One SA: one SPI, one direction. */
struct ipm_sa {
	uint32_t index; /* cipSecSpiIndex, within the tunnel; 0: the slot is free */
	uint32_t tunnel_index;
	uint32_t tunnel_slot;
	uint32_t next, prev; /* slot + 1 of the tunnel's next SA and of the previous one */
	uint32_t spi;        /* host order; IPComp: the CPI */
	uint8_t direction;
	uint8_t protocol; /* IP protocol: 50 ESP, 51 AH, 108 IPComp */
	uint8_t state;
	/*
	 * Another SA of the tunnel counts the same packets (AH and IPComp around or within ESP). The tunnel gets only
	 * authentications and drops from this SA, and from IPComp the uncompressed octets.
	 */
	uint8_t bundled;
	uint32_t replay_window; /* packets; 0: none, or not known */
	uint32_t engine;        /* slot + 1 of its crypto engine; 0: not known */
	uint32_t map;           /* its tunnel's map when it was stopped */
	uint8_t goes_on;        /* its count did not start at 0: see ipm_sa_start() */
	uint8_t reserved[7];
	ipm_u64 uid; /* the feed's number for its CHILD_SA: the feed is that of the tunnel, or the naming one */
	ipm_u64 seq; /* highest sequence number sent or received; 0: none, or not known */
	struct ipm_proposal proposal;
	ipm_u64 installed_ns, soft_ns, hard_ns;
	ipm_u64 soft_octets, hard_octets;
	ipm_u64 soft_pkts, hard_pkts;
	struct ipm_traffic count; /* without the counts in lanes */
};

/** Sessions of one kind, or of both. */
struct ipm_session_totals {
	ipm_u64 active;  /* up, or terminating */
	ipm_u64 total;   /* sessions that ever began, active ones included */
	ipm_u64 peak;    /* the most that were active at a time, */
	ipm_u64 peak_ns; /* and when this number was reached first; 0: never */
};

/** The gateway as a whole: sums over everything, including what has ended. */
struct ipm_totals {
	ipm_u64 ike_active, ike_previous, ike_initiated;
	ipm_u64 ike_init_fails, ike_resp_fails;
	ipm_u64 ike_capacity_fails, ike_auth_fails, ike_decrypt_fails, ike_hash_fails, ike_no_sa_fails;
	struct ipm_ike_traffic ike_in, ike_out;
	ipm_u64 tunnels_active, tunnels_previous;
	struct ipm_traffic in, out; /* with the drops of packets without an SA */
	/* The part that is in no row and in no history: totals = rows + history + rest. */
	struct ipm_ike_traffic ike_rest_in, ike_rest_out;
	struct ipm_traffic rest_in, rest_out;
	/*
	 * Failures by reason that are not drops, because an SA has counted the packet, or may have. Examples: a policy
	 * rejects a decrypted packet; the kernel doesn't say whether a packet came in clear.
	 */
	ipm_u64 fails_in[IPM_DROP_COUNT], fails_out[IPM_DROP_COUNT];
	ipm_u64 records_refused; /* a section was full, or a field invalid */
	struct ipm_session_totals sessions, remote_access, lan_to_lan;
	struct ipm_volume sessions_in, sessions_out;
	struct ipm_volume sessions_rest_in, sessions_rest_out; /* of sessions that have left the history */
	ipm_u64 login_fails[IPM_LOGIN_COUNT];
	uint32_t next_ike, next_tunnel; /* the next indexes */
	uint32_t next_map, next_session;
};

/** A network interface, and packets dropped on their way out because there was no SA yet. */
struct ipm_interface {
	uint32_t index;   /* slot + 1; 0: free */
	uint32_t feed;    /* slot of a feed in the same network namespace */
	uint32_t ifindex; /* 0: not known */
	uint32_t reserved;
	char name[16];
	struct ipm_addr addr; /* the one that peers see */
	uint32_t reserved2;
	ipm_u64 drops[IPM_DROP_COUNT];
};

enum ipm_map_kind {
	IPM_MAP_STATIC = 1,
	IPM_MAP_DYNAMIC, /* a template for peers with unknown addresses */
};
enum ipm_map_state {
	IPM_MAP_DOWN = 1,
	IPM_MAP_UP,
	IPM_MAP_REMOVED, /* no longer configured: it has no row, but notifications about it need the record */
};
enum ipm_pfs { IPM_PFS_UNKNOWN, IPM_PFS_NO, IPM_PFS_YES };

/** One of the suites that a crypto map entry offers, in order of preference. */
struct ipm_transform {
	uint8_t protocol; /* IP protocol: 50 ESP, 51 AH, 108 IPComp */
	uint8_t reserved[7];
	struct ipm_proposal proposal;
};

#define IPM_MAP_PEERS      4
#define IPM_MAP_TRANSFORMS 4

/**
 * A crypto map entry: the configuration of one tunnel, which may be up or down. Entries with the same name are a
 * crypto map, in the order of seq. A tunnel with the entry's name as conn and its child as name belongs to it.
 */
struct ipm_map_entry {
	uint32_t index; /* 0: the slot is free; the same as long as it is configured */
	uint32_t feed;  /* slot of the feed that reported it */
	uint32_t seq;   /* within the map: 10, 20 ... */
	uint8_t kind;   /* enum ipm_map_kind */
	uint8_t state;  /* enum ipm_map_state: kept by the writer */
	uint8_t key_type;
	uint8_t ike_version; /* 1, 2; 0: either, not known, or no IKE */
	uint8_t protocol;    /* IP protocol: 50 ESP, 51 AH; 0: not known */
	uint8_t encap;       /* enum ipm_encap; 0: not known */
	uint8_t ipcomp;
	uint8_t disabled;    /* the configuration keeps it down */
	uint8_t pfs;         /* enum ipm_pfs */
	uint8_t auth;        /* enum ipm_auth: how the peer authenticates */
	uint8_t peers;       /* of peer[]; the configuration may have more */
	uint8_t transforms;  /* of transform[]; 0: not known */
	uint16_t pfs_group;  /* enum ipm_group; 0: none, or not known */
	uint8_t peer_learnt; /* a host name is configured: peer[0] is the address that was last used for it */
	uint8_t reserved[5];
	uint32_t ifindex; /* of its interface; 0: none, or not known */
	char ifname[16];
	uint32_t access_head;  /* slot + 1 of the first entry of its access list; 0: none */
	uint32_t access_next;  /* the next sub-index */
	uint32_t tunnel_head;  /* slot + 1 of its first tunnel; 0: none */
	uint32_t tunnels;      /* number of its tunnels */
	uint32_t tunnels_up;   /* tunnels that are up */
	uint32_t ups, downs;   /* how often it came up and went down: its flaps */
	uint32_t refreshes;    /* rekeys of its ended tunnels; readers get those of all its tunnels */
	uint32_t failures;     /* how often it could not be set up, or failed while in use */
	uint32_t failure;      /* enum ipm_failure_reason of the last failure */
	uint32_t reason;       /* enum ipm_reason: why it went down */
	ipm_u64 failed_ns;     /* when it failed last; 0: never */
	ipm_u64 created_ns;    /* when a feed saw it first */
	ipm_u64 since_ns;      /* when state was entered */
	struct ipm_addr local; /* len 0: any */
	struct ipm_addr peer[IPM_MAP_PEERS];
	uint32_t reserved2;
	ipm_u64 ike_ns;                   /* lifetime of an IKE SA; 0: no limit, or not known */
	ipm_u64 soft_ns, hard_ns;         /* lifetime of an SA; 0: no limit, or not known */
	ipm_u64 soft_octets, hard_octets; /* likewise */
	ipm_u64 soft_pkts, hard_pkts;
	struct ipm_transform transform[IPM_MAP_TRANSFORMS];
	struct ipm_traffic in, out; /* of its ended tunnels; readers get those of all its tunnels */
	char name[IPM_NAME_MAX], child[IPM_NAME_MAX];
	char peer_text[IPM_TEXT_MAX]; /* the configured peer: a name, a range, %any */
	char failure_text[IPM_TEXT_MAX];
};

/** A line of a crypto map entry's access list: the traffic to protect, seen from this gateway. */
struct ipm_access {
	uint32_t index; /* within the crypto map entry; 0: the slot is free */
	uint32_t map_index, map_slot;
	uint32_t next; /* slot + 1 of the next one */
	uint8_t deny;
	uint8_t reserved[7];
	struct ipm_sel_side local, remote;
};

enum ipm_engine_kind { IPM_ENGINE_SOFTWARE = 1, IPM_ENGINE_KERNEL, IPM_ENGINE_HARDWARE };

/** A crypto engine: a kernel, card or data plane that runs SAs. */
struct ipm_engine {
	uint32_t index; /* slot + 1; 0: free */
	uint32_t feed;
	uint8_t kind;     /* enum ipm_engine_kind */
	uint8_t disabled; /* it takes no more SAs */
	uint8_t reserved[2];
	uint32_t sas;                             /* its SAs. The writer maintains this and the following fields */
	ipm_u64 sas_created, sas_deleted, rekeys; /* rekeys of tunnels */
	ipm_u64 since_ns;
	struct ipm_traffic in, out;
	char name[IPM_NAME_MAX], version[IPM_TEXT_MAX];
};

/**
 * What a feed can know: name, label in IPSECMON-MIB, and text, in the order of the bits of FeedCapabilities in that
 * MIB. The writer sets TUNNEL_DROPS and GATEWAY_DROPS from ipm_feed.drops.
 */
#define IPM_CAPS(X)                                                                         \
	X(IKE_SAS, "ikeSas", "IKE SAs, their addresses, algorithms and times")              \
	X(IDENTITIES, "identities", "who the peers say they are")                           \
	X(IKE_COUNTERS, "ikeCounters", "octets, packets and exchanges of IKE")              \
	X(TUNNELS, "tunnels", "tunnels and their SAs, algorithms and limits")               \
	X(TUNNEL_COUNTERS, "tunnelCounters", "octets and packets of tunnels")               \
	X(SELECTORS, "selectors", "what a tunnel protects")                                 \
	X(TUNNEL_DROPS, "tunnelDrops", "packets that a tunnel dropped, by reason")          \
	X(GATEWAY_DROPS, "gatewayDrops", "packets dropped without a tunnel, by reason")     \
	X(REASONS, "reasons", "why a tunnel ended")                                         \
	X(FAILURES, "failures", "why one could not be set up")                              \
	X(CONFIGURATION, "configuration", "what is configured, whether it is up or not")    \
	X(ENGINES, "engines", "crypto engines, and which of them an SA is on")              \
	X(IKE_AUTH_FAILS, "ikeAuthFails", "IKE authentications that failed")                \
	X(IKE_NO_SA_FAILS, "ikeNoSaFails", "IKE messages for an IKE SA that is not there")  \
	X(IKE_CAPACITY_FAILS, "ikeCapacityFails", "IKE SAs refused for want of capacity")   \
	X(IKE_DECRYPT_FAILS, "ikeDecryptFails", "IKE messages that could not be decrypted") \
	X(IKE_HASH_FAILS, "ikeHashFails", "IKE messages with a wrong hash")                 \
	X(IKE_DELETES, "ikeDeletes", "phase 2 SAs deleted by request")                      \
	X(IKE_OUT_DROPS, "ikeOutDrops", "IKE messages dropped on the way out")              \
	X(SESSIONS, "sessions", "who is connected: users, their groups and addresses")      \
	X(LOGIN_FAILURES, "loginFailures", "logins that failed, and why")                   \
	X(POOLS, "pools", "pools of virtual addresses, and how many are in use")

enum ipm_cap_bit {
#define IPM_CAP_BIT(name, label, text) IPM_CAP_BIT_##name,
	IPM_CAPS(IPM_CAP_BIT)
#undef IPM_CAP_BIT
		IPM_CAP_COUNT
};
enum ipm_cap {
#define IPM_CAP_ENUM(name, label, text) IPM_CAP_##name = 1 << IPM_CAP_BIT_##name,
	IPM_CAPS(IPM_CAP_ENUM)
#undef IPM_CAP_ENUM
};

/** Reasons for drops as a set: IPM_DROPPED(REPLAY) | IPM_DROPPED(AUTH). */
#define IPM_DROPPED(name) (UINT64_C(1) << IPM_DROP_##name)
#define IPM_DROPPED_ANY   ((UINT64_C(1) << IPM_DROP_COUNT) - 1)
/** The parts of ipm_feed.drops: reasons for drops in one direction, with and without an SA. */
#define IPM_SA_DROPS(direction, set)      ((uint64_t)(set) << ((direction) == IPM_OUT ? 16 : 0))
#define IPM_GATEWAY_DROPS(direction, set) ((uint64_t)(set) << ((direction) == IPM_OUT ? 48 : 32))

enum ipm_feed_state { IPM_FEED_DOWN = 1, IPM_FEED_CONNECTING, IPM_FEED_UP };

/** A feed: a source of records, and its state. */
struct ipm_feed {
	uint32_t index; /* slot + 1; 0: free */
	uint8_t state;
	uint8_t reserved[3];
	char name[IPM_NAME_MAX];
	char source[IPM_TEXT_MAX]; /* the path of a socket, a network namespace ... */
	char detail[IPM_TEXT_MAX]; /* version of the source */
	ipm_u64 since_ns;          /* when state was entered */
	ipm_u64 updated_ns;        /* when the source last answered in full */
	ipm_u64 interval_ns;       /* between two polls */
	ipm_u64 connects, errors;  /* errors: failed attempts to connect, and broken connections */
	ipm_u64 events, rejected;  /* rejected: messages that it did not understand */
	ipm_u64 overruns;          /* how often events were lost, and everything was read again */
	ipm_u64 errored_ns;
	char error[IPM_TEXT_MAX]; /* the last one, as a sentence */
	/* What it can know. Both 0: not declared, and readers show those counters of its records that are not 0. */
	ipm_u64 caps;     /* of enum ipm_cap */
	ipm_u64 drops;    /* the reasons that it counts: IPM_SA_DROPS(), IPM_GATEWAY_DROPS() */
	ipm_u64 kept[40]; /* private to the feed, for its next run; keeps its beginning if it grows */
};

/** Why an IKE SA or a tunnel ended. */
enum ipm_reason {
	IPM_REASON_UNKNOWN,
	IPM_REASON_NORMAL,        /* lifetime over, re-authentication */
	IPM_REASON_OPERATOR,      /* by request, on this gateway */
	IPM_REASON_PEER_DELETE,   /* the peer deleted it */
	IPM_REASON_PEER_LOST,     /* the peer does not answer, or has forgotten it */
	IPM_REASON_LOCAL_FAILURE, /* something went wrong here */
	IPM_REASON_SEQ_ROLLOVER,  /* sequence numbers used up */
	IPM_REASON_SOURCE_LOST,   /* its feed was without its source for longer than the hold time */
	IPM_REASON_CHECKPOINT,    /* it has not ended: a copy was requested */
};

/** Why an IKE SA or a tunnel could not be set up, or failed while it was in use. */
enum ipm_failure_reason {
	IPM_FAIL_OTHER,
	IPM_FAIL_PEER_DELETE,
	IPM_FAIL_PEER_LOST,
	IPM_FAIL_LOCAL,
	IPM_FAIL_AUTH,  /* of the peer to us, or of us to the peer */
	IPM_FAIL_HASH,  /* IKEv1 hash */
	IPM_FAIL_CRYPT, /* an IKE message could not be decrypted */
	IPM_FAIL_INTERNAL,
	IPM_FAIL_CAPACITY,
	IPM_FAIL_PROPOSAL,         /* no suite, or no traffic selectors, in common */
	IPM_FAIL_CERT_UNAVAILABLE, /* the peer's certificate is not available */
	IPM_FAIL_CERT_INVALID,     /* expired, revoked, not trusted */
	IPM_FAIL_CERT_EXPIRED,     /* our own */
	IPM_FAIL_CRL,              /* revocation could not be checked */
	IPM_FAIL_ENCODING,         /* a message that does not parse */
	IPM_FAIL_NO_SA,
	IPM_FAIL_OPERATOR,
	IPM_FAIL_PROTOCOL_USE, /* from here on: for IPsec SAs only */
	IPM_FAIL_DECRYPT,
	IPM_FAIL_ENCRYPT,
	IPM_FAIL_IN_AUTH,
	IPM_FAIL_OUT_AUTH,
	IPM_FAIL_COMPRESSION,
	IPM_FAIL_SEQ_ROLLOVER,
};

/*
 * Rings keep ended records and failures. Indexes grow, and the newest entry replaces the oldest. Readers show the
 * newest entries, as many as struct ipm_settings says.
 */

/** An IKE SA as it was when it ended: a row of cikeTunnelHistTable. */
struct ipm_ike_history {
	uint32_t index; /* cikeTunHistIndex */
	uint32_t reason;
	ipm_u64 ended_ns;
	struct ipm_ike_sa sa;
};

/** A tunnel as it was when it ended: a row of cipSecTunnelHistTable. */
struct ipm_tunnel_history {
	uint32_t index; /* cipSecTunHistIndex */
	uint32_t reason;
	ipm_u64 ended_ns;
	struct ipm_tunnel tunnel;
	/* The identities of its IKE SA, for notifications. */
	uint32_t peer;
	uint32_t reserved;
	char local_id[IPM_ID_MAX], remote_id[IPM_ID_MAX];
};

/** A selector of such a tunnel: a row of cipSecEndPtHistTable. */
struct ipm_selector_history {
	uint32_t index; /* cipSecEndPtHistIndex */
	uint32_t tunnel_history;
	struct ipm_selector selector;
};

/** A failure: a row of cikeFailTable (IKE) or cipSecFailTable (IPsec). */
struct ipm_failure {
	uint32_t index;
	uint32_t reason; /* enum ipm_failure_reason */
	ipm_u64 time_ns;
	struct ipm_addr local, remote; /* of the gateways */
	/* Addresses of the failed packet, as on the wire; len 0: no packet, or not known. */
	struct ipm_addr packet_src, packet_dst;
	uint32_t tunnel_index; /* 0: none */
	uint32_t spi;          /* 0: none */
	uint32_t peer;         /* cikePeerIntIndex, 0: no IKE SA */
	uint8_t initiator;     /* IKE: this gateway began the negotiation */
	uint8_t setup;         /* it failed before it was up */
	uint8_t reserved[2];
	uint32_t map; /* slot + 1 of the failed crypto map entry; 0: all entries of conn */
	uint32_t reserved2;
	char conn[IPM_NAME_MAX], text[IPM_TEXT_MAX]; /* text: the source's own words */
	char local_id[IPM_ID_MAX], remote_id[IPM_ID_MAX];
};

/** How many entries of the rings readers show. */
struct ipm_settings {
	uint32_t history_size;
	uint32_t failure_size;
};

/** A program that serves this segment, as it reports to the writer through the control socket. */
struct ipm_agent {
	uint32_t index; /* slot + 1; 0: free */
	uint32_t pid;
	char name[IPM_NAME_MAX];
	ipm_u64 updated_ns;
	ipm_u64 sent;       /* notifications */
	ipm_u64 suppressed; /* notifications beyond notify-rate, or whose event was overwritten */
	ipm_u64 disabled;   /* notifications that are switched off */
	ipm_u64 waiting;    /* events that it has not yet handled */
};

enum ipm_event_kind {
	IPM_EVENT_IKE_START = 1,
	IPM_EVENT_IKE_STOP,
	IPM_EVENT_TUNNEL_START,
	IPM_EVENT_TUNNEL_STOP,
	IPM_EVENT_IKE_FAILURE,
	IPM_EVENT_TUNNEL_FAILURE,
	IPM_EVENT_MAP_ADDED, /* a crypto map entry, by slot and index; a removed one can be read for a while */
	IPM_EVENT_MAP_REMOVED,
	IPM_EVENT_MAP_UP,
	IPM_EVENT_MAP_DOWN,
	IPM_EVENT_MAP_ATTACHED, /* its map is in use on an interface, and this entry is the map's first: ifindex */
	IPM_EVENT_MAP_DETACHED,
	IPM_EVENT_SA_REFUSED, /* there was no room for one more SA; at most once a minute */
	IPM_EVENT_ENGINE_ADDED,
	IPM_EVENT_ENGINE_UP, /* it takes SAs again */
	IPM_EVENT_ENGINE_DOWN,
	IPM_EVENT_SESSION_START,
	IPM_EVENT_SESSION_STOP, /* an entry of the history */
	IPM_EVENT_LOGIN_FAILURE,
};

/** The reason of IPM_EVENT_MAP_ADDED and IPM_EVENT_MAP_REMOVED. */
enum ipm_map_reason {
	IPM_MAP_OTHERS, /* its map has other entries */
	IPM_MAP_ALONE,  /* the map came or went with this entry */
};

/** An event. Events are in the order in which they happened. */
struct ipm_event {
	uint32_t index; /* of its record: an IKE SA, a tunnel, an entry of a history, a failure ... */
	uint32_t slot;  /* of the same record */
	ipm_u64 serial; /* 1 and up, without gaps */
	ipm_u64 time_ns;
	uint16_t kind;
	uint16_t reason;  /* enum ipm_reason, ipm_failure_reason, ipm_map_reason or ipm_login_reason */
	uint32_t ifindex; /* of IPM_EVENT_MAP_ATTACHED and IPM_EVENT_MAP_DETACHED */
};

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: ISC */
/**
 * @file esp.h  A software ESP engine on OpenSSL 3: RFC 4303 in tunnel and transport mode, RFC 3948 UDP encapsulation.
 *
 * There are two levels. esp_seal() and esp_open() work on the part of a packet after its IP header, for callers whose
 * sockets add IP headers. esp_packet_seal() and esp_packet_open() convert a whole IP packet in place, in any mode, IP
 * version and encapsulation.
 *
 * Units:     lengths and limits are octets; SPI and ports are in host order; now_ns is CLOCK_BOOTTIME in nanoseconds.
 *            An SA counts the octets that it protects: in tunnel mode the inner packet, in transport mode what follows
 *            the IP header, without padding.
 * Ownership: an SA is the caller's from esp_sa_new() to esp_sa_free(). It keeps no pointer from its struct esp_conf
 *            except its lane. Buffers are always the caller's.
 * Errors:    seal and open functions return ESP_OK or the reason of a drop. They count each packet once.
 * Threads:   one thread at a time uses an SA: sequence number and replay window have no locks. Two SAs share nothing.
 *            Other threads read an SA's counts from its lane.
 * Keys:      esp_sa_new() copies keys, and esp_sa_free() wipes every copy. No text contains a key.
 */
#ifndef ESP_H
#define ESP_H

#include <stddef.h>
#include <stdint.h>

#include "ipm_fast.h"
#include "ipm_types.h"

#define ESP_WINDOW_MAX  4096u  /* packets */
#define ESP_PAYLOAD_MAX 65535u /* octets of an encrypted payload: the most that an IP packet carries */
/* The most that any SA adds: outer IPv6 header, UDP, ESP header and IV; padding, trailer and ICV. */
#define ESP_HEADROOM (40 + 8 + 8 + 16)
#define ESP_TAILROOM (15 + 2 + 16)

/**
 * Why a packet is dropped: the name, the model's reason, and a text.
 */
#define ESP_DROPS(X)                                                                  \
	X(SHORT, MALFORMED, "shorter than its headers and ICV")                       \
	X(LENGTH, MALFORMED, "no whole blocks, or longer than IP carries")            \
	X(HEADER, MALFORMED, "no IP packet, or not with the headers that the SA has") \
	X(FRAGMENT, MALFORMED, "a fragment")                                          \
	X(SPI, NO_SA, "SPI of another SA")                                            \
	X(REPLAYED, REPLAY, "seen before")                                            \
	X(OLD, WINDOW, "behind the replay window")                                    \
	X(ICV, AUTH, "integrity check failed")                                        \
	X(PADDING, CRYPT, "padding that is not 1, 2, 3, or longer than the packet")   \
	X(NEXT_HEADER, CRYPT, "next header that the mode does not allow")             \
	X(INNER, CRYPT, "what came out is no IP packet")                              \
	X(POLICY, POLICY, "not what the tunnel may carry")                            \
	X(CONGESTION, OTHER, "congestion marked on a packet that cannot say so")      \
	X(DUMMY, OTHER, "a dummy packet, which hides that there is no traffic")       \
	X(SEQUENCE, SEQUENCE, "sequence numbers used up")                             \
	X(EXPIRED, EXPIRED, "hard lifetime over")                                     \
	X(ROOM, CAPACITY, "buffer too small")                                         \
	X(ENGINE, CAPACITY, "libcrypto failed")

enum esp_drop {
	ESP_OK,
#define ESP_DROP_ENUM(name, model, text) ESP_DROP_##name,
	ESP_DROPS(ESP_DROP_ENUM)
#undef ESP_DROP_ENUM
		ESP_DROP_COUNT
};

/** The reason as a text; "none" for ESP_OK. */
const char *esp_drop_text(enum esp_drop why);

/** The model's reason. @p why is not ESP_OK. */
enum ipm_drop esp_drop_model(enum esp_drop why);

/**
 * Limits of an SA; 0: none. Packets are refused once a hard limit is reached; the packet that reaches it passes. No
 * limit is implied by the end of the sequence numbers: without ESN, set a soft limit in packets well below 2^32.
 */
struct esp_limits {
	uint64_t octets, pkts;
	uint64_t ns; /* since esp_conf.installed_ns */
};

struct esp_conf {
	enum ipm_direction direction;
	enum ipm_encap mode; /* IPM_ENCAP_TUNNEL or IPM_ENCAP_TRANSPORT */
	uint32_t spi;        /* 256 and up */
	/*
	 * encr, encr_bits, integ, esn: NULL (RFC 2410) or AES-CBC (RFC 3602) with HMAC-SHA-256-128 (RFC 4868),
	 * AES-GCM-16 (RFC 4106) or ChaCha20-Poly1305 (RFC 7634) without integrity transform.
	 */
	struct ipm_proposal proposal;
	/* AEAD: the cipher's key, then the salt of 4 octets, as IKE derives them. ENCR_NULL: none. */
	const uint8_t *encr_key;
	size_t encr_key_len;
	const uint8_t *integ_key; /* none with an AEAD */
	size_t integ_key_len;
	/* Inbound: packets, up to ESP_WINDOW_MAX; 0: no anti-replay, which ESN does not allow. */
	uint32_t replay_window;
	struct ipm_addr src, dst;  /* outer addresses; tunnel mode with esp_packet_seal() only */
	uint16_t udp_src, udp_dst; /* RFC 3948; 0: ESP is its own IP protocol */
	struct esp_limits soft, hard;
	uint64_t installed_ns;
	/* The last number sent, or the highest received; all before it count as received. 0: a new SA. */
	uint64_t seq;
	struct ipm_lane lane; /* where readers find counts and seq; NULLs: only the SA has them */
};

struct esp_sa;

/**
 * Make an SA: expand its keys, and prepare whatever is the same in all packets.
 *
 * @return 0; -EINVAL: the configuration contradicts itself; -ENOTSUP: this suite is not implemented here, or not
 * in libcrypto; -ENOMEM. On error @p out is NULL.
 */
int esp_sa_new(const struct esp_conf *conf, struct esp_sa **out);

/** Wipe and free; NULL is allowed. */
void esp_sa_free(struct esp_sa *sa);

enum esp_life { ESP_LIFE_FRESH, ESP_LIFE_SOFT, ESP_LIFE_HARD };

/** Which limits an SA has reached. After a soft limit, replace it. After a hard limit, it carries nothing. */
enum esp_life esp_sa_life(const struct esp_sa *sa, uint64_t now_ns);

/** Packets that were dropped for @p why. */
uint64_t esp_sa_drops(const struct esp_sa *sa, enum esp_drop why);

/** The last sequence number sent, or the highest received. */
uint64_t esp_sa_seq(const struct esp_sa *sa);

/** Packets and octets carried so far. */
uint64_t esp_sa_pkts(const struct esp_sa *sa);
uint64_t esp_sa_octets(const struct esp_sa *sa);

/** Octets of the ESP header and the IV, which precede the payload. */
size_t esp_head_size(const struct esp_sa *sa);

/** The length of the result of esp_seal() for a payload of @p len octets: a multiple of 4. */
size_t esp_sealed_size(const struct esp_sa *sa, size_t len);

/**
 * Seal a payload: ESP header, IV, payload, padding, trailer, ICV.
 *
 * @param sa       an outbound one
 * @param payload  anywhere; it is not copied if it is already in its place, esp_head_size() after @p out
 * @param next     its IP protocol; in tunnel mode 4 or 41
 * @param out_len  in: octets of room at @p out; out: esp_sealed_size(), when ESP_OK
 */
enum esp_drop esp_seal(struct esp_sa *sa, uint64_t now_ns, uint8_t next, const uint8_t *payload, size_t len,
		       uint8_t *out, size_t *out_len);

/**
 * Open the result of esp_seal(). The ICV is checked before anything else.
 *
 * @param sa       an inbound one
 * @param esp      from the SPI to the ICV
 * @param out      for the payload: esp_head_size() after @p esp, to decrypt in place, or separate memory. If the packet
 *                 is dropped, the contents are undefined: don't use them.
 * @param out_len  in: octets of room, including padding: @p len is always enough; out: the payload's, when ESP_OK
 * @param next     its IP protocol, when ESP_OK
 */
enum esp_drop esp_open(struct esp_sa *sa, uint64_t now_ns, const uint8_t *esp, size_t len, uint8_t *out,
		       size_t *out_len, uint8_t *next);

/** A packet of @p len octets, @p at octets into a buffer of @p size. The rest is room before and after it. */
struct esp_buf {
	uint8_t *data;
	size_t size, at, len;
};

/**
 * Make a protected packet out of an IP packet. ESP_HEADROOM before it and ESP_TAILROOM after it are always enough.
 *
 * Tunnel mode (RFC 4301 5.1.2): the outer header has the SA's addresses, the inner one's DSCP, ECN, and DF, and a hop
 * limit of 64. The caller lowers the inner hop limit, as a router does when it forwards.
 * Transport mode: the packet's own header and the extension headers for routers, then ESP.
 *
 * @param buf  on ESP_OK it holds the new packet; otherwise its contents are undefined
 */
enum esp_drop esp_packet_seal(struct esp_sa *sa, uint64_t now_ns, struct esp_buf *buf);

/**
 * Make the original IP packet out of a protected one. The inner packet is checked, trimmed to its length (RFC 4303
 * 2.7), and marked as congested if the outer one was (RFC 6040).
 *
 * Checksums of outer headers are not checked: the ICV is stronger. If a NAT has changed addresses in transport mode,
 * checksums of TCP and UDP stay wrong (RFC 3948 3.1.2): only the caller may know the original addresses.
 */
enum esp_drop esp_packet_open(struct esp_sa *sa, uint64_t now_ns, struct esp_buf *buf);

#endif

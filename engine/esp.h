/* SPDX-License-Identifier: ISC */
/**
 * @file esp.h  A software ESP engine on OpenSSL 3: RFC 4303 in tunnel and transport mode, RFC 3948 UDP encapsulation.
 *
 * Two levels. esp_seal() and esp_open() turn a payload into what stands between an IP header and the end of the packet,
 * and back: for those whose sockets make the IP headers. esp_packet_seal() and esp_packet_open() turn a whole IP packet
 * into another, whatever mode, IP version and encapsulation the SA has, in place.
 *
 * Units:     lengths and limits are octets; SPI and ports are in host order; now_ns is CLOCK_BOOTTIME in nanoseconds.
 *            An SA counts the octets that it protects: in tunnel mode the inner packet, in transport mode what follows
 *            the IP header, without padding.
 * Ownership: an SA is the caller's from esp_sa_new() to esp_sa_free(), and refers to nothing in its struct esp_conf
 *            but where its lane is. Buffers are always the caller's.
 * Errors:    what seals or opens returns ESP_OK or why the packet is dropped, and has counted it, once.
 * Threads:   an SA is one thread's at a time: an outbound SA's sequence number and an inbound SA's replay window have
 *            no locks. Two SAs share nothing. Other threads read an SA's counts from its lane.
 * Keys:      esp_sa_new() copies keys, esp_sa_free() cleanses every copy. No text made here has a key in it.
 */
#ifndef ESP_H
#define ESP_H

#include <stddef.h>
#include <stdint.h>

#include "ipm_fast.h"
#include "ipm_types.h"

#define ESP_WINDOW_MAX  4096u  /* packets */
#define ESP_PAYLOAD_MAX 65535u /* octets of a payload, sealed: as much as an IP packet has */
/* What an SA of any kind adds at most: outer IPv6 header, UDP, ESP header and IV; padding, trailer and ICV. */
#define ESP_HEADROOM (40 + 8 + 8 + 16)
#define ESP_TAILROOM (15 + 2 + 16)

/**
 * Why a packet is dropped: the name, the reason of the model that it counts as, and in words.
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

/** The reason as words; "none" for ESP_OK. */
const char *esp_drop_text(enum esp_drop why);

/** What the model calls it. @p why is not ESP_OK. */
enum ipm_drop esp_drop_model(enum esp_drop why);

/**
 * Limits of an SA; 0: none. A packet is refused once a hard one is reached, not when it would go beyond. That sequence
 * numbers run out is nothing that a soft limit tells by itself: without ESN one in packets has to be well below 2^32.
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
	/* AEAD: the cipher's key and behind it the salt of 4 octets, as IKE derives them. ENCR_NULL: none. */
	const uint8_t *encr_key;
	size_t encr_key_len;
	const uint8_t *integ_key; /* none with an AEAD */
	size_t integ_key_len;
	/* Inbound: packets, up to ESP_WINDOW_MAX; 0 switches anti-replay off, which ESN does not allow. */
	uint32_t replay_window;
	struct ipm_addr src, dst;  /* outer addresses; tunnel mode with esp_packet_seal() only */
	uint16_t udp_src, udp_dst; /* RFC 3948; 0: ESP is its own IP protocol */
	struct esp_limits soft, hard;
	uint64_t installed_ns;
	/* The last one sent, or the highest received so far, and all before it were; 0: a new SA. */
	uint64_t seq;
	struct ipm_lane lane; /* where to count, and to tell seq, for others to read; NULLs: nowhere but in the SA */
};

struct esp_sa;

/**
 * Make an SA: expand its keys, and prepare all that does not differ from packet to packet.
 *
 * @return 0; -EINVAL: the configuration contradicts itself; -ENOTSUP: a suite that is not one of ours, or that
 * libcrypto does not have; -ENOMEM. On error @p out is NULL.
 */
int esp_sa_new(const struct esp_conf *conf, struct esp_sa **out);

/** Cleanse and free; NULL is allowed. */
void esp_sa_free(struct esp_sa *sa);

enum esp_life { ESP_LIFE_FRESH, ESP_LIFE_SOFT, ESP_LIFE_HARD };

/** How far an SA has come: past its soft limits it is to be replaced, past its hard ones it carries nothing. */
enum esp_life esp_sa_life(const struct esp_sa *sa, uint64_t now_ns);

/** Packets that were dropped for @p why. */
uint64_t esp_sa_drops(const struct esp_sa *sa, enum esp_drop why);

/** The last sequence number sent, or the highest received. */
uint64_t esp_sa_seq(const struct esp_sa *sa);

/** What was carried so far. */
uint64_t esp_sa_pkts(const struct esp_sa *sa);
uint64_t esp_sa_octets(const struct esp_sa *sa);

/** Octets of ESP header and IV, in front of a payload. */
size_t esp_head_size(const struct esp_sa *sa);

/** Octets that esp_seal() makes of a payload of @p len: a multiple of 4. */
size_t esp_sealed_size(const struct esp_sa *sa, size_t len);

/**
 * Seal a payload: ESP header, IV, payload, padding, trailer, ICV.
 *
 * @param sa       an outbound one
 * @param payload  anywhere; nothing is copied when it is where it goes, esp_head_size() behind @p out
 * @param next     its IP protocol; in tunnel mode 4 or 41
 * @param out_len  in: octets of room at @p out; out: esp_sealed_size(), when ESP_OK
 */
enum esp_drop esp_seal(struct esp_sa *sa, uint64_t now_ns, uint8_t next, const uint8_t *payload, size_t len,
		       uint8_t *out, size_t *out_len);

/**
 * Open what esp_seal() made: authenticity first, then anything else.
 *
 * @param sa       an inbound one
 * @param esp      from the SPI to the ICV
 * @param out      where the payload goes: esp_head_size() behind @p esp, which is in place, or apart from it. When the
 *                 packet is dropped, what is there is of no use and must not be.
 * @param out_len  in: octets of room, for the padding too: @p len is always enough; out: the payload's, when ESP_OK
 * @param next     its IP protocol, when ESP_OK
 */
enum esp_drop esp_open(struct esp_sa *sa, uint64_t now_ns, const uint8_t *esp, size_t len, uint8_t *out,
		       size_t *out_len, uint8_t *next);

/** A packet of @p len octets, @p at octets into a buffer of @p size: the rest of it is room in front and behind. */
struct esp_buf {
	uint8_t *data;
	size_t size, at, len;
};

/**
 * Make a protected packet out of an IP packet. ESP_HEADROOM in front and ESP_TAILROOM behind are always enough.
 *
 * Tunnel mode (RFC 4301 5.1.2): the outer header has the SA's addresses, the inner one's DSCP, ECN, and DF, and a hop
 * limit of 64. It is for the caller to lower the inner hop limit, as a router that forwards does.
 * Transport mode: the packet's own header, with ESP behind it and the extension headers that are for the way.
 *
 * @param buf  on ESP_OK where the new packet is; else its contents are undefined
 */
enum esp_drop esp_packet_seal(struct esp_sa *sa, uint64_t now_ns, struct esp_buf *buf);

/**
 * Find the IP packet in a protected one: the other way round, and with an inner packet that is checked and trimmed to
 * its length (RFC 4303 2.7), and marked as congested if the outer one was (RFC 6040).
 *
 * Checksums of the outer headers are not looked at: the ICV is better than they are. Nor are those of TCP and UDP in
 * transport mode mended when a NAT has changed the addresses (RFC 3948 3.1.2): that is for who knows the original ones.
 */
enum esp_drop esp_packet_open(struct esp_sa *sa, uint64_t now_ns, struct esp_buf *buf);

#endif

/* SPDX-License-Identifier: ISC */
/**
 * @file vici_wire.h  The bytes of VICI: build packets, find frames, parse messages.
 *
 * Ownership: nothing is allocated or copied. A slice points into the caller's buffer, has no NUL at its end, and may
 *            contain any octet.
 * Errors:    0 or negative errno; @p why and vici_parser.why are sentences that never need freeing.
 * Threads:   no state but what the caller passes in.
 */
#ifndef VICI_WIRE_H
#define VICI_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define VICI_FRAME_MAX 524288u /* octets after the length field */
#define VICI_DEPTH_MAX 16u     /* sections within sections; charon needs four */

enum vici_type {
	VICI_CMD_REQUEST,
	VICI_CMD_RESPONSE,
	VICI_CMD_UNKNOWN,
	VICI_EVENT_REGISTER,
	VICI_EVENT_UNREGISTER,
	VICI_EVENT_CONFIRM,
	VICI_EVENT_UNKNOWN,
	VICI_EVENT,
};

struct vici_slice {
	const uint8_t *at;
	size_t len;
};

bool vici_is(struct vici_slice slice, const char *text);

/** A caller's buffer that packets are appended to. Start with { .buf = b, .cap = sizeof(b) }. */
struct vici_out {
	uint8_t *buf;
	size_t cap, len;
	size_t start;  /* of the packet being built */
	bool overflow; /* it does not fit, or one of its strings is too long for its length field */
};

/**
 * Begin a packet, add any number of values, and end it: "list-sas" with "noblock" = "yes", or VICI_EVENT_REGISTER of
 * "child-updown". vici_out_end() returns 0, or -ENOBUFS: then it removes the packet, so that the buffer never contains
 * half of one.
 */
void vici_out_begin(struct vici_out *out, enum vici_type type, const char *name);
void vici_out_value(struct vici_out *out, const char *key, const char *value);
int vici_out_end(struct vici_out *out);

/**
 * The length of the frame at the start of @p buf, with its header; 0: more octets are needed; -EBADMSG: it is empty;
 * -EMSGSIZE: it exceeds VICI_FRAME_MAX. The header is enough to tell.
 */
ssize_t vici_frame(const uint8_t *buf, size_t len, const char **why);

struct vici_packet {
	enum vici_type type;
	struct vici_slice name; /* of requests, (un)registrations and events; else empty */
	struct vici_slice msg;
};

/** Decode a frame of the length that vici_frame() returned. */
int vici_packet(const uint8_t *frame, size_t len, struct vici_packet *out, const char **why);

enum vici_kind {
	VICI_END, /* the end of the message, each time */
	VICI_SECTION_START,
	VICI_SECTION_END,
	VICI_KEY_VALUE,
	VICI_LIST_START,
	VICI_LIST_ITEM,
	VICI_LIST_END,
};

struct vici_element {
	enum vici_kind kind;
	struct vici_slice name;  /* of SECTION_START, KEY_VALUE, LIST_START */
	struct vici_slice value; /* of KEY_VALUE, LIST_ITEM */
};

/** A position in a message. A copy is a bookmark. */
struct vici_parser {
	const uint8_t *msg;
	size_t len, pos;
	unsigned int depth; /* sections that are open */
	bool in_list;
	const char *why; /* what is malformed; NULL: nothing so far */
};

struct vici_parser vici_parse(struct vici_slice msg);

/** Step to the next element: 0, or -EBADMSG with parser->why, and parser->pos where that element starts. */
int vici_next(struct vici_parser *parser, struct vici_element *out);

/** Go to the end of the innermost open section. */
int vici_leave(struct vici_parser *parser);

/**
 * The value of a reply's @p key outside of all sections ("success", "errmsg"): 0, -ENOENT, or -EBADMSG: the message is
 * malformed before the key.
 */
int vici_find(struct vici_slice msg, const char *key, struct vici_slice *value);

#endif

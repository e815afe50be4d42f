/* SPDX-License-Identifier: ISC */
/* The VICI protocol, as in strongSwan's src/libcharon/plugins/vici/README.md. */
#include "vici_wire.h"

#include <errno.h>
#include <string.h>

#define HEADER ((size_t)4) /* a frame's length field */

bool
vici_is(struct vici_slice slice, const char *text)
{
	size_t len = strlen(text);
	return slice.len == len && (len == 0 || memcmp(slice.at, text, len) == 0);
}

/* Append a string after a length field of @p width octets in network order. */
static void
put_string(struct vici_out *out, unsigned int width, const char *text)
{
	size_t len = strlen(text);
	if (out->overflow || len >> (8 * width) || out->cap - out->len < width + len) {
		out->overflow = true;
		return;
	}
	for (unsigned int i = width; i > 0; i--)
		out->buf[out->len++] = (uint8_t)(len >> (8 * (i - 1)));
	memcpy(out->buf + out->len, text, len);
	out->len += len;
}

static void
put_octet(struct vici_out *out, uint8_t octet)
{
	if (out->overflow || out->len == out->cap)
		out->overflow = true;
	else
		out->buf[out->len++] = octet;
}

void
vici_out_begin(struct vici_out *out, enum vici_type type, const char *name)
{
	out->start = out->len;
	out->overflow = false;
	for (size_t i = 0; i < HEADER; i++)
		put_octet(out, 0); /* the length, filled in later */
	put_octet(out, (uint8_t)type);
	put_string(out, 1, name);
}

void
vici_out_value(struct vici_out *out, const char *key, const char *value)
{
	put_octet(out, VICI_KEY_VALUE);
	put_string(out, 1, key);
	put_string(out, 2, value);
}

int
vici_out_end(struct vici_out *out)
{
	size_t len = out->len - out->start;
	if (out->overflow || len - HEADER > VICI_FRAME_MAX) {
		out->len = out->start;
		return -ENOBUFS;
	}
	for (size_t i = HEADER, body = len - HEADER; i > 0; i--, body >>= 8)
		out->buf[out->start + i - 1] = (uint8_t)body;
	return 0;
}

ssize_t
vici_frame(const uint8_t *buf, size_t len, const char **why)
{
	if (len < HEADER)
		return 0;
	uint32_t body = (uint32_t)buf[0] << 24 | (uint32_t)buf[1] << 16 | (uint32_t)buf[2] << 8 | buf[3];
	if (body == 0) {
		*why = "the frame is empty";
		return -EBADMSG;
	}
	if (body > VICI_FRAME_MAX) {
		*why = "the frame is larger than 512 KiB";
		return -EMSGSIZE;
	}
	return len - HEADER < body ? 0 : (ssize_t)(HEADER + body);
}

/* Take a string after a length field of @p width octets. False: the buffer ends before it. */
static bool
take_string(const uint8_t *buf, size_t len, size_t *pos, unsigned int width, struct vici_slice *out)
{
	size_t n = 0;
	if (len - *pos < width)
		return false;
	for (unsigned int i = 0; i < width; i++)
		n = n << 8 | buf[*pos + i];
	if (len - *pos - width < n)
		return false;
	*out = (struct vici_slice){ buf + *pos + width, n };
	*pos += width + n;
	return true;
}

int
vici_packet(const uint8_t *frame, size_t len, struct vici_packet *out, const char **why)
{
	size_t pos = HEADER + 1;
	if (len < pos) {
		*why = "the packet has no type";
		return -EBADMSG;
	}
	*out = (struct vici_packet){ .type = (enum vici_type)frame[HEADER] };
	switch (out->type) {
	case VICI_CMD_REQUEST:
	case VICI_EVENT_REGISTER:
	case VICI_EVENT_UNREGISTER:
	case VICI_EVENT:
		if (!take_string(frame, len, &pos, 1, &out->name)) {
			*why = "the packet ends within its name";
			return -EBADMSG;
		}
		break;
	case VICI_CMD_RESPONSE:
	case VICI_CMD_UNKNOWN:
	case VICI_EVENT_CONFIRM:
	case VICI_EVENT_UNKNOWN:
		break;
	default:
		*why = "the packet is of a type that VICI does not have";
		return -EBADMSG;
	}
	out->msg = (struct vici_slice){ frame + pos, len - pos };
	return 0;
}

struct vici_parser
vici_parse(struct vici_slice msg)
{
	return (struct vici_parser){ .msg = msg.at, .len = msg.len };
}

/* The parts of an element, and where it is allowed. */
static const struct {
	bool known, named, valued, in_list;
} rules[] = {
	[VICI_SECTION_START] = { .known = true, .named = true },
	[VICI_SECTION_END] = { .known = true },
	[VICI_KEY_VALUE] = { .known = true, .named = true, .valued = true },
	[VICI_LIST_START] = { .known = true, .named = true },
	[VICI_LIST_ITEM] = { .known = true, .valued = true, .in_list = true },
	[VICI_LIST_END] = { .known = true, .in_list = true },
};

/* Why an element of this kind is not allowed here, or NULL. */
static const char *
misplaced(const struct vici_parser *parser, enum vici_kind kind)
{
	if (parser->in_list && !rules[kind].in_list)
		return "something other than an item stands in a list";
	if (!parser->in_list && rules[kind].in_list)
		return "a list item or list end stands outside of a list";
	if (kind == VICI_SECTION_END && parser->depth == 0)
		return "a section ends that never started";
	if (kind == VICI_SECTION_START && parser->depth == VICI_DEPTH_MAX)
		return "sections are nested too deep";
	return NULL;
}

/* Parse the element at *pos, which is within the message. The error, or NULL. */
static const char *
element(const struct vici_parser *parser, size_t *pos, struct vici_element *out)
{
	uint8_t kind = parser->msg[(*pos)++];
	if (kind >= sizeof(rules) / sizeof(rules[0]) || !rules[kind].known)
		return "an element is of a type that VICI does not have";
	out->kind = (enum vici_kind)kind;
	const char *why = misplaced(parser, out->kind);
	if (why != NULL)
		return why;
	if (rules[kind].named && !take_string(parser->msg, parser->len, pos, 1, &out->name))
		return "the message ends within a name";
	if (rules[kind].valued && !take_string(parser->msg, parser->len, pos, 2, &out->value))
		return "the message ends within a value";
	return NULL;
}

int
vici_next(struct vici_parser *parser, struct vici_element *out)
{
	size_t pos = parser->pos;
	*out = (struct vici_element){ .kind = VICI_END };
	if (parser->why != NULL)
		return -EBADMSG;
	if (pos < parser->len)
		parser->why = element(parser, &pos, out);
	else if (parser->in_list)
		parser->why = "the message ends within a list";
	else if (parser->depth > 0)
		parser->why = "the message ends within a section";
	if (parser->why != NULL)
		return -EBADMSG;
	parser->pos = pos;
	parser->depth += out->kind == VICI_SECTION_START;
	parser->depth -= out->kind == VICI_SECTION_END;
	if (out->kind == VICI_LIST_START || out->kind == VICI_LIST_END)
		parser->in_list = out->kind == VICI_LIST_START;
	return 0;
}

int
vici_leave(struct vici_parser *parser)
{
	unsigned int outside = parser->depth - 1;
	struct vici_element e;
	int rc = 0;
	while (rc == 0 && parser->depth > outside)
		rc = vici_next(parser, &e);
	return rc;
}

int
vici_find(struct vici_slice msg, const char *key, struct vici_slice *value)
{
	struct vici_parser parser = vici_parse(msg);
	struct vici_element e;
	int rc;
	while ((rc = vici_next(&parser, &e)) == 0 && e.kind != VICI_END) {
		if (parser.depth == 0 && e.kind == VICI_KEY_VALUE && vici_is(e.name, key)) {
			*value = e.value;
			return 0;
		}
	}
	return rc == 0 ? -ENOENT : rc;
}
